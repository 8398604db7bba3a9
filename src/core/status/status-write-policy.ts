/**
 * Which changes of the status are worth a write. What a later decision depends on is written at once; what only informs
 * (values, wordings) at most every ten seconds; what memory alone has to know, with the next write.
 */
import type { CanaryStatus } from '../../api/status.ts'
import { sameJson } from '../json.ts'
import { isReason, reasons } from './reasons.ts'
import type { Milliseconds } from '../time.ts'

/** At most this often for a change that only informs. */
export const INFORM_EVERY: Milliseconds = 10_000

export type Worth = 'at once' | 'later' | 'nothing'

export function worthOf(before: CanaryStatus, after: CanaryStatus): Worth {
  if (!sameJson(decisive(before), decisive(after)) || isDiverted(before, after)) return 'at once'
  return sameJson(informing(before), informing(after)) ? 'nothing' : 'later'
}

/**
 * The routes have come to carry something other than what is requested, and that was not told yet: one side has no ready pod, or a client
 * wrote them. On the way to what is requested, as at every step, they are told with other news.
 */
function isDiverted({ traffic: before }: CanaryStatus, { traffic: after }: CanaryStatus): boolean {
  if (before === undefined || after === undefined || before.requested !== after.requested) return false
  return after.carried !== after.requested && after.carried !== before.carried
}

/** The reason as far as it is worth a write at once: those that every run passes through within seconds are all the same. */
export const decisiveReason = (reason: string): string =>
  isReason(reason) && reasons[reason].shown === 'seconds' ? '' : reason

/** What a later decision, or a person who waits for it, depends on. */
function decisive(status: CanaryStatus): unknown {
  const {
    nextCheckTime: _1,
    message: _2,
    traffic: _3,
    images: _5,
    requestsPastWaypoint: _7,
    reported: _4,
    // It changes with the run; where the flag alone has changed, it goes with the next write.
    traceLink: _6,
    pendingEvents,
    webhooks,
    reason = '',
    conditions,
    checks,
    ...rest
  } = status
  const { run, progress, replicas, ...plain } = rest
  return {
    ...plain,
    // Known again after the next read, and written with what follows from it.
    targetUid: null,
    targetGeneration: null,
    reason: decisiveReason(reason),
    // Times of checks, of being carried and of waits start again after a crash, which only makes a wait longer.
    run: run && {
      ...run,
      stage: run.stage === 'pausingRollout' ? 'startingPods' : run.stage,
      carriedAt: null,
      waiting: null,
      lastCheckTime: null,
      lastCheckPassed: null,
      blindSince: run.blindSince && 'blind',
    },
    progress: progress && { ...progress, carriedAt: null, waiting: null },
    replicas: replicas && { ...replicas, scaledDown: null },
    // As they are: another version, or a user, may have written anything.
    conditions: Array.isArray(conditions) ? conditions.map(({ type, status: is }) => ({ type, is })) : conditions,
    checks: Array.isArray(checks) ? checks.map(({ name, verdict }) => ({ name, verdict })) : checks,
    // Of a gate that is asked again and again it is written at most every ten seconds, like other news.
    webhooks: Array.isArray(webhooks)
      ? webhooks.map(({ name, place, verdict, answers }) => {
          return { name, place, verdict, answers: place.startsWith('step/') ? answers : null }
        })
      : webhooks,
    // The call at the end of a run, an alert and a commit status are made once: that it was acknowledged is worth a write.
    // So is, at rest, where no other write comes, that the last webhook of type event was told: else each leader tells it again.
    isTelling:
      run === undefined && Array.isArray(pendingEvents) && pendingEvents.some(({ sink }) => sink === 'event hook'),
    ended: Array.isArray(pendingEvents)
      ? pendingEvents.filter(({ sink }) => sink === 'post-rollout' || sink === 'alert' || sink === 'commit status')
      : [],
  }
}

function informing(status: CanaryStatus): unknown {
  const waiting = status.run?.waiting ?? status.progress?.waiting
  const { reason, message, checks, traffic, images, webhooks, requestsPastWaypoint } = status
  // The number of a call is part of its id: a receiver that knows an id gives its earlier answer.
  const hooks = Array.isArray(webhooks)
    ? webhooks.map(({ name, said, answers }) => ({ name, said, answers }))
    : webhooks
  return { reason, message, checks, traffic, images, waiting, hooks, requestsPastWaypoint }
}
