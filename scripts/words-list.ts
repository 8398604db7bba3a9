/**
 * The words that Sluice does not use, each with what to write instead. Readers are Kubernetes engineers, most of them not
 * native speakers: one word for one thing, Kubernetes' own verbs, and the actor by name.
 */

export interface Word {
  /** The regular expression's source. A space in it also matches a line break inside a comment. */
  readonly find: string
  /** What to write. */
  readonly write: string
  /** `text` ignores case; `name` is the exact name of something in the code. */
  readonly as: 'text' | 'name'
}

export interface Exception {
  /** The start of the file's path. */
  readonly file: string
  /** What is found there: the `find` of a word, or a part of the line. */
  readonly allows: string
  readonly because: string
}

const text = (find: string, write: string): Word => ({ find, write, as: 'text' })
const name = (find: string, write: string): Word => ({ find, write, as: 'name' })
/** A name that is also a common word: only what is declared by it at the top level of a file counts. */
const declared = (names: string, write: string): Word =>
  name(`(?<=^(?:export )?(?:async )?(?:function|const|type|interface|class) )(?:${names})\\b`, write)

const finite =
  'is|are|has|have|had|was|were|would|may|can|cannot|could|must|does|do|did|keeps?|reads?|serves?|gets?|needs?'

export const words: readonly Word[] = [
  text('\\banew\\b', 'again, recreate, start over'),
  text('\\bwhoever\\b', 'name the actor: the new leader, the client that'),
  text("\\bnobody(?:'s)?\\b", 'no one by name: no caller, no other client'),
  text("\\bsomebody(?:'s)?\\b", 'name the actor: a user, another client'),
  text('\\b(?:stands?|stood|standing)\\b(?! for\\b)(?!-)', 'is, is written, blocks, stays'),
  text('\\blest\\b', 'so that … not'),
  text(
    `, for (?!(?:as|longer|how|the kinds|kinds|those|example|instance)\\b)(?:\\w+ ){1,6}?(?:${finite})\\b`,
    'because',
  ),
  text('\\b(?:tak(?:es?|en|ing)|took)(?: \\w+)? back\\b', 'roll back'),
  text('\\brungs?\\b', 'step'),
  text(
    '\\b(?:an?|the|each|every|next|last|first|second|same|earlier|failed|silent|this|that|per|one|two|no|many|fresh|of) looks?\\b(?! (?:like|fine|healthy|finished|born|the same))',
    'check',
  ),
  text('\\blook(?:s|ed|ing)? (?:at|back)\\b', 'check, read, evaluate'),
  text("\\b(?:an?|the|another|one|foreign) hand\\b(?!-)|\\bhand's\\b", 'a manual edit, a user'),
  text('\\bat hand\\b', 'in flight'),
  text('\\bhears? of\\b', 'receives'),
  text('\\bneeds? a person\\b', 'Manual intervention required'),
  text('\\bcallers could pass\\b', 'callers could bypass'),
  text('\\b(?:is|are) (?:not )?available yet\\b(?=:| )(?! \\()', 'is supported so far, are not supported yet'),
  text('\\bmay not be written\\b', 'forbidden: … grant the missing permission'),
  text('\\bright that is missing\\b', 'missing permission'),
  text('\\bInitialised: ', 'Ready: '),
  text('\\bgoes back on\\b', 'Rolled back to …, was restored on'),
  text('\\bwish(?:es|ed)?\\b', 'desired'),
  name('\\b(?:Grave|bury)\\b', 'Tombstone, recordTombstone'),
  name('\\b(?:Wired|wire\\.ts)\\b', 'ControllerApp, app.ts'),
  name('\\b(?:sceneOf|nextLookOf)\\b', 'checkContextOf, nextCheckTime'),
  name('\\b(?:notAhead|settleIn)\\b', 'clampToNow, finishInitialization'),
  name(
    '\\b(?:leaveDeadPods|standInForThePrimary|loseTheTarget|withdrawTheRun)\\b',
    'dropToZeroWhenCanaryUnready, holdWhilePrimaryUnready, abortWhenTargetDeleted, cancelWhenTargetReverted, rollBackWhenOverdue',
  ),
  name('\\b(?:carryable|spanOf)\\b', 'clampToReadySides, minMax'),
  declared(
    'Room|Interests|Following|Asks|Ledger',
    'Informer, DependencyIndex, NeededInformers, InFlightQueries, WriteContention',
  ),
  declared(
    'stay|go|tell|pass|still|remark',
    'hold, transition, holdAndReport, transitionSilently, keepMessage, recurringEvent',
  ),
  declared('noted|obey|claim|rest', 'withDerivedMemory, applyCommand, ensureFinalizer, idle'),
  declared('giveUp', 'rollBackWhenOverdue'),
  declared('Scene|look|shares|Known|Seen', 'CheckContext, runChecks, canaryShares, ReconcileContext'),
  name("(?<=')(?:clearing|emptying)(?=')", 'draining, stoppingOldPods'),
  name(
    '\\b(?:putBacks|leftAlone|silentLooks|lookedAt|heldFor|heldSince)\\b',
    'externalScaleEvents, ignoredManager, noTrafficChecks, lastCheckTime, pausedDuration, pausedSince',
  ),
  name('(?<=status\\.|\\?\\.)(?:barrier|announced)\\b', 'progress, pendingEvents'),
  name('\\b(?:HeldByHand|DataBack|ClusterNotVisible)\\b', 'WeightOverridden, MetricsRestored, WatchUnavailable'),
  name('(?<=[\'`"])(?:Blind|Parked)(?=[\'`"])', 'MetricsUnavailable, AnalysisSuspended'),
  name(
    '\\b(?:src/kube|adapters/kube|worth\\.ts|wishes\\.ts|trouble-hands|figures\\.ts|facts\\.ts|unreadable\\.ts|backward-clock|known-target)\\b(?!r)',
    'src/runtime, adapters/kubernetes, status-write-policy.ts, desired-replicas.ts, canary-metrics.ts, selectors.ts, invalid-canary.ts, clock-skew.ts, target-generation.ts',
  ),
]

export const exceptions: readonly Exception[] = [
  { file: 'scripts/words-list.ts', allows: '', because: 'this is the list' },
  { file: 'CHANGELOG.md', allows: 'is `', because: 'the list of renamed reasons and fields says what they were' },
]
