/**
 * The status of the commit that is released, told to Git servers: pending while its run is under way, then how the run ended. Read off
 * the state and the history, so that a process that died before it told anything changes nothing of what is told.
 *
 * Which commit a run releases: one whose annotation is seen while the run is under way, because Argo CD applies a Deployment before
 * the Canary, and kubectl may do so, too; or one that was seen a moment before the run began, where the Canary was applied first. A commit
 * that was seen earlier is that of what serves already.
 */
import type { Alert } from '../../api/alert.ts'
import { runIdOf } from '../hooks/call.ts'
import { fingerprint } from '../json.ts'
import { LONGEST_MESSAGE, type OutboxEntry } from '../model/announcement.ts'
import { type CommitState, type CommitTold, gitCommitOf, isAllowedRepo } from '../model/commit.ts'
import type { Memory, RunRecord } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { candidateOf, withImage } from '../model/selectors.ts'
import type { State } from '../model/state.ts'
import type { Reason, Severity } from '../status/reasons.ts'
import { clipped } from '../text.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { gitProviderOf, isProviderRead, isToldOf } from './alerts.ts'

/** A Canary and its target that are applied together are seen within this time. */
const TOGETHER: Milliseconds = 5_000

const severities: Readonly<Record<CommitState, Severity>> = {
  pending: 'info',
  success: 'info',
  failure: 'error',
  error: 'error',
  canceled: 'warn',
}

/** The run ended for a cause that says nothing of its revision. */
const UNDECIDED: ReadonlySet<Reason> = new Set<Reason>(['Undecided', 'TargetDeleted'])

/** What is to be told of a commit, and the words. */
interface Verdict {
  readonly state: CommitState
  readonly reason: Reason
  readonly message: string
}

interface After {
  readonly state: State
  readonly memory: Memory
  readonly reason: Reason
  readonly message: string
}

/** The memory after a move, and what is to be told with it. */
export interface NotedStatuses {
  readonly memory: Memory
  readonly outbox: readonly OutboxEntry[]
}

/**
 * What Git servers are to be told after a move.
 *
 * @param o as it was before the move.
 */
export function noteCommitStatuses(o: Observation, after: After, now: Instant): NotedStatuses {
  const { memory } = after
  const alerts = o.canary.spec.analysis.alerts.filter(alert => gitProviderOf(o, alert) !== null)
  if (alerts.length === 0 && (memory.commitTold === null || isToldLater(o, after))) return { memory, outbox: [] }
  const before = takenOver(memory.commitTold, after)
  const begun = begunBy(after, before)
  const ended = before === null ? null : endOf(o, after, before, begun)
  const outbox: OutboxEntry[] = []
  let told = before
  if (before !== null && ended !== null) {
    told = { ...before, state: ended.state, takenOver: false }
    outbox.push(...entriesOf(o, alerts, told, ended, now))
  }
  if (begun !== null) {
    const message = `The release of ${withImage(o, begun.revision)} is under way`
    outbox.push(...entriesOf(o, alerts, begun, { state: 'pending', reason: 'NewRevision', message }, now))
    // One that no server takes may be told once its repository is allowed. An alert for errors alone takes it, and is told of no start.
    if (alerts.some(alert => takes(o, alert, begun.commit))) told = begun
  }
  return { memory: told === memory.commitTold ? memory : { ...memory, commitTold: told }, outbox }
}

/**
 * Of no alert it is known that it leads to a Git server, and of one it is not known where: its AlertProvider may be created, or mended, soon. The
 * next run ends the wait: its own status comes after that of the one before.
 */
function isToldLater(o: Observation, { state, memory }: After): boolean {
  const run = runIdOf(state)
  if (run !== '' && run !== memory.commitTold?.run) return false
  return o.canary.spec.analysis.alerts.some(alert => !isProviderRead(o, alert))
}

/** A run that replaces another one takes over its commit, until another commit is seen. */
function takenOver(told: CommitTold | null, { state, memory }: After): CommitTold | null {
  const run = runIdOf(state)
  const candidate = candidateOf(state)
  if (told?.state !== 'pending' || run === '' || run === told.run || candidate === null) return told
  const ended = memory.history.find(({ id }) => id === told.run)
  if (ended !== undefined && ended.outcome !== 'Superseded') return told
  return { ...told, run, revision: candidate, takenOver: true }
}

/** The commit whose release is under way and was not told of; null: there is none. */
function begunBy({ state, memory }: After, before: CommitTold | null): CommitTold | null {
  const run = runIdOf(state)
  const revision = candidateOf(state)
  if (run === '' || revision === null) return null
  // The first commit of a run is the one that changed the target.
  if (before?.run === run && !before.takenOver) return null
  const commit = commitOfRun(state, memory, before)
  if (commit === null || gitCommitOf(commit) === null) return null
  if (before?.run === run && before.commit === commit) return null
  return { commit, revision, run, state: 'pending', takenOver: false }
}

/** Also that of a revision which is tried again. */
function commitOfRun(state: State, { commit, commitSeenAt }: Memory, before: CommitTold | null): string | null {
  if (commit !== null && commitSeenAt !== null && commitSeenAt >= beganAt(state) - TOGETHER) return commit
  if (before === null || before.takenOver) return null
  return before.revision === candidateOf(state) ? before.commit : null
}

const beganAt = (state: State): Instant => {
  if ('startedAt' in state) return state.startedAt
  return state.phase === 'Waiting' ? state.waiting.since : 0
}

/** How the release of a commit ended; null: it has not, or it was told. */
function endOf(o: Observation, after: After, told: CommitTold, begun: CommitTold | null): Verdict | null {
  const { state, memory } = after
  if (told.state === 'success') return rolledBackLater(after, told)
  if (told.state !== 'pending') return null
  if (runIdOf(state) === told.run) {
    if (begun === null) return null
    return { state: 'canceled', reason: 'Restarted', message: `Replaced by ${withImage(o, begun.revision)}` }
  }
  const ended = memory.history.find(({ id }) => id === told.run)
  if (ended === undefined) return endOfWaiting(after, told)
  // The canary still drains.
  if (ended.outcome === 'Succeeded' && state.phase === 'Finalising') return null
  return { state: stateOf(ended), reason: ended.reason, message: ended.message }
}

function stateOf({ outcome, reason }: RunRecord): CommitState {
  if (outcome === 'Succeeded') return 'success'
  if (outcome !== 'Failed') return 'canceled'
  return UNDECIDED.has(reason) ? 'error' : 'failure'
}

/** A revision that waited to start, and never did, has no record. */
function endOfWaiting({ state, reason, message }: After, told: CommitTold): Verdict {
  const isRejected = state.phase === 'Failed' && state.rejected === told.revision
  return { state: isRejected ? 'failure' : 'canceled', reason, message }
}

/** A revision that was promoted, and that a user took out of production again. */
function rolledBackLater({ state, reason, message }: After, told: CommitTold): Verdict | null {
  if (state.phase !== 'Failed' || state.rejected !== told.revision) return null
  return { state: 'failure', reason, message }
}

function entriesOf(
  o: Observation,
  alerts: readonly Alert[],
  { commit, run }: CommitTold,
  { state, reason, message }: Verdict,
  now: Instant,
): OutboxEntry[] {
  const severity = severities[state]
  return alerts
    .filter(alert => isToldOf(alert, severity) && takes(o, alert, commit))
    .map(({ name }) => ({
      severity,
      reason,
      message: clipped(message, LONGEST_MESSAGE),
      key: fingerprint([o.canary.metadata.uid, run, 'commit status', commit, state, name]),
      at: now,
      sink: 'commit status',
      hook: name,
      run,
      commit: { of: commit, state },
    }))
}

/** Whether the server of an alert has the commit, in a repository that is allowed. */
function takes(o: Observation, alert: Alert, text: string): boolean {
  const provider = gitProviderOf(o, alert)
  const commit = gitCommitOf(text)
  if (provider === null || commit === null) return false
  return provider.type === commit.type && isAllowedRepo(provider.repos, commit.repo)
}
