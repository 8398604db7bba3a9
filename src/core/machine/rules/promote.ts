/** Promotion: the primary takes the judged template, and then the traffic. */
import { kindAndName } from '../../model/names.ts'
import { isReady, sizeOf } from '../../autoscalers/readiness.ts'
import { hold, holdAndReport, holdUnchanged, transition, transitionSilently } from '../move.ts'
import { traitsOf } from '../../../api/providers.ts'
import { remember } from './end-run.ts'
import { undo } from './undo.ts'
import { deadlineOf, isNotTakenUp, notInEndpoints, whenOverdue, holdUntil, notReadyInTime } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { atStage, carriedSince, judgedReady, unreached, withImage } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import { audienceOf } from '../../model/plan.ts'
import { inWords, NONE, trafficOf } from '../../model/traffic.ts'
import { awaiting } from '../../model/waiting.ts'
import { toShare } from '../../shares.ts'
import type { Instant, Percent } from '../../time.ts'

export type Promoting = Observation<'Promoting'>

/** A match that was changed since is the one that routes follow; without any the primary serves all. What was judged may carry either. */
export function followMatch(o: Promoting, now: Instant): Move | undefined {
  const { state } = o
  const among = audienceOf(o.canary.spec.analysis)
  if (state.traffic.among === '' || state.traffic.among === among) return undefined
  const traffic = among === '' ? NONE : { ...state.traffic, among }
  return holdUnchanged(o, now, { state: { ...state, traffic, carriedAt: null } })
}

/** The primary rolls to the judged template; in time, or the promoted one is restored on it. */
export function copyToPrimary(o: Promoting, now: Instant): Move | Read {
  const { state, primary } = o
  const ours = primary !== null && primary.revision === state.candidate
  const missing = ours && isReady(o, 'primary') ? unreached(o, 'primary', state.candidate) : null
  if (missing === 0) return lower(o, now)
  const rolling = ours ? primary.message : 'the template is being copied'
  const waited = missing === null ? rolling : notInEndpoints(missing, o.names.primaryService.name)
  const message = `Waiting for ${kindAndName(o.names.primary)}: ${waited}`
  if (ours && isNotTakenUp(o, primary, state.waiting, now))
    return whenOverdue(o, now, () => {
      const said = `${message}. The promotion of ${withImage(o, state.candidate)} continues when it does; check kube-controller-manager`
      const held = awaiting(state, 'takeUp', now)
      return holdAndReport(o, { severity: 'warn', reason: 'Promoting', message: said }, null, { state: held })
    })
  const next = awaiting(state, missing === null ? 'primary' : 'endpoints', now)
  const deadline = deadlineOf(o, next.waiting, now)
  if (deadline !== null && !(ours && primary.readiness === 'stuck'))
    return holdUntil(o, { reason: 'Promoting', message }, deadline, next, now)
  return whenOverdue(o, now, () => undo(o, missing === null ? notReadyInTime(o, 'primary') : waited, now))
}

/** Traffic goes back step by step: each weight is carried, and lasts its interval. */
export function returnTraffic(o: Promoting, now: Instant): Move | Read {
  const { state, primary } = o
  const carriedAt = carriedSince(o, state.traffic, state.carriedAt, now)
  // One wait, whether all of its pods are missing or some: those that fail by turns get no new deadline each time.
  const isWhole = primary !== null && primary.ready >= Math.max(1, sizeOf(o, 'primary'))
  const next = awaiting({ ...state, carriedAt }, isWhole ? null : 'primary', now)
  if (primary === null || primary.ready === 0) {
    const message = `${kindAndName(o.names.primary)} has no ready pod: ${primary?.message ?? 'it was deleted'}`
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline === null) return whenOverdue(o, now, () => undo(o, message, now))
    return holdUntil(o, { reason: 'PrimaryNotReady', message }, deadline, next, now)
  }
  // Without a ready pod of the canary the primary carries all already: no weight above 0 would ever be read back.
  if (judgedReady(o, state.candidate) === 0) return finalise(o, now)
  const said = `Weight ${inWords(state.traffic)} while ${kindAndName(o.names.primary)} takes over the traffic`
  if (carriedAt === null) return hold(o, 'Returning', said, null, { state: next })
  const dueAt = lowerAt(o, carriedAt)
  return now < dueAt ? hold(o, 'Returning', said, dueAt, { state: next }) : lower({ ...o, state: next }, now)
}

/** When a weight that has been carried since then has lasted long enough on the way down. */
function lowerAt(o: Promoting, carriedAt: Instant): Instant {
  const { stepWeightPromotion, interval } = o.canary.spec.analysis
  return carriedAt + Math.max(o.settings.settle, stepWeightPromotion > 0 ? interval : 0)
}

/** The next weight down, by stepWeightPromotion or all at once, and never further than the primary's ready pods can carry. */
function lower(o: Promoting, now: Instant): Move | Read {
  const { state, primary } = o
  const ready = primary?.ready ?? 0
  const replicas = sizeOf(o, 'primary')
  const share = nextDown(state.traffic.canary, o.canary.spec.analysis.stepWeightPromotion, ready, replicas)
  // All or none: the canary keeps all requests until the primary is ready, by primaryReadyThreshold, to take them.
  const allOrNone = isReady(o, 'primary') ? 0 : state.traffic.canary
  const { shares, sharesOfMatched } = traitsOf(o.canary.spec)
  const weight = (state.traffic.among === '' ? shares : sharesOfMatched) === 'all or none' ? allOrNone : share
  if (weight === 0) return finalise(o, now)
  if (weight === state.traffic.canary && state.stage === 'returning') {
    const missing = `${ready} of ${replicas} pods of ${kindAndName(o.names.primary)} are ready`
    const deadline = deadlineOf(o, state.waiting, now)
    if (deadline === null) return whenOverdue(o, now, () => undo(o, missing, now))
    return hold(o, 'Returning', `Weight ${weight}: ${missing}`, deadline)
  }
  const traffic = trafficOf({ ...state.traffic, canary: weight })
  const message = `Weight ${inWords(state.traffic)} → ${inWords(traffic)} while ${kindAndName(o.names.primary)} takes over the traffic`
  const next: State = { ...atStage(state, 'returning', now), traffic, carriedAt: null }
  return transition(o, next, { reason: 'Returning', message }, now)
}

/** The next weight on the way down: by the step, but no lower than what the primary's missing pods leave over. */
export function nextDown(weight: Percent, step: Percent, ready: number, desired: number): Percent {
  const wanted = step === 0 ? 0 : Math.max(0, toShare(weight - step))
  const leftOver = desired === 0 ? 0 : 100 - Math.floor((100 * Math.min(ready, desired)) / desired)
  return Math.min(weight, Math.max(wanted, leftOver))
}

/** The primary runs the candidate and takes all traffic: it is what is promoted from here on. */
function finalise(o: Promoting, now: Instant): Move {
  const { state } = o
  const message = `Promoted ${withImage(o, state.candidate)}${unjudged(o)}`
  const next: State = {
    phase: 'Finalising',
    promoted: state.candidate,
    rejected: null,
    carriedAt: null,
    outcome: 'Succeeded',
    because: '',
    waiting: null,
  }
  const memory = {
    ...remember(o.memory, state, 'Succeeded', { reason: 'Succeeded', message }, now),
    previous: state.promoted,
  }
  return transitionSilently(
    next,
    'Finalising',
    `${message}; the primary takes all traffic, and the canary drains`,
    now,
    memory,
  )
}

/** A release that nothing judged, by `skipAnalysis` or `approve full`, says so for good. */
function unjudged({ memory: { checks } }: Promoting): string {
  if (checks.length === 0) return ' without a check'
  return checks.every(({ verdict }) => verdict === 'hold') ? ', whose last checks had no verdict' : ''
}
