/** A promotion that is given up: the canary carries all, and only then does the promoted template go back on the primary. */
import { kindAndName } from '../../model/names.ts'
import { isReady } from '../../autoscalers/readiness.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { remember } from './end-run.ts'
import { deadlineOf, notInEndpoints, whenOverdue, holdUntil } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { atStage, carriedSince, judgedReady, recordedOf, short, unreached, withImage } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import { ALL, inWords } from '../../model/traffic.ts'
import { awaiting } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'

type Promoting = Observation<'Promoting'>

/** Gives a promotion up. Where the primary does not run the promoted template any more, the canary serves for it. */
export function undo(o: Promoting, because: string, now: Instant): Move {
  const { state, primary } = o
  const standsIn = judgedReady(o, state.candidate) > 0 && primary?.revision !== state.promoted
  const traffic = standsIn ? ALL : state.traffic
  const message = `Undoing the promotion: ${kindAndName(o.names.primary)} gets ${withImage(o, state.promoted)} back: ${because}`
  const next: State = {
    ...atStage(state, isToBeLeft(o) ? 'diverting' : 'undoing', now),
    because,
    traffic,
    highest: Math.max(state.highest, traffic.canary),
    carriedAt: null,
  }
  return transition(o, next, { reason: 'Undoing', message }, now)
}

/** The primary runs the candidate, and the canary can carry while that is taken off it. */
const isToBeLeft = (o: Promoting): boolean =>
  o.primary?.revision === o.state.candidate && judgedReady(o, o.state.candidate) > 0

/**
 * A template that is changed back just as its rollout ends can leave the primary without a ready pod, for the Deployment
 * controller counts the old pods by a status from before: the mesh carries the canary alone first.
 */
export function moveCallersOffPrimary(o: Promoting, now: Instant): Move | Read {
  const { state } = o
  const carriedAt = carriedSince(o, state.traffic, state.carriedAt, now)
  const settledAt = carriedAt === null ? null : carriedAt + o.settings.settle
  const putBack = (): Move => {
    const next: State = { ...atStage(state, 'undoing', now), carriedAt: null }
    return hold(o, 'Undoing', waiting(o, 'the template is being put back'), now, { state: next })
  }
  const next = awaiting({ ...state, carriedAt }, 'routes', now)
  const until = settledAt ?? deadlineOf(o, next.waiting, now)
  if (!isToBeLeft(o)) return putBack()
  // A mesh that cannot be told in time keeps no primary from its template.
  if (until === null) return whenOverdue(o, now, putBack)
  if (now >= until) return putBack()
  const message = `Promotion failed (${state.because}): waiting for the routes to carry weight ${inWords(state.traffic)} before ${kindAndName(o.names.primary)} gets ${withImage(o, state.promoted)} back`
  return hold(o, 'Undoing', message, until, { state: next })
}

/** The promoted template is back on the primary: the release has failed, and the canary drains. */
export function restorePrimary(o: Promoting, now: Instant): Move {
  const { state, primary } = o
  const back = primary !== null && primary.revision === state.promoted && isReady(o, 'primary')
  const missing = back ? unreached(o, 'primary', state.promoted) : 0
  if (back && missing === 0) {
    const message = `Promotion of ${withImage(o, state.candidate)} failed: ${state.because}`
    const failed: State = {
      phase: 'Failed',
      promoted: state.promoted,
      rejected: state.candidate,
      carriedAt: null,
      drained: false,
    }
    const memory = remember(o.memory, state, 'Failed', { reason: 'PromotionFailed', message }, now)
    return transition(o, failed, { reason: 'PromotionFailed', message }, now, memory)
  }
  if (recordedOf(o, state.promoted) === undefined && primary?.revision !== state.promoted) {
    const message = `Revision ${short(state.promoted)} is not recorded any more, so it cannot be put back on ${kindAndName(o.names.primary)}. Set ${kindAndName(o.names.target)} to the image and settings of ${short(state.promoted)}; they are copied from there. The promotion failed: ${state.because}`
    return holdAndReport(o, { reason: 'Undoing', message }, null)
  }
  const rolling = primary?.revision === state.promoted ? primary.message : 'the template is being put back'
  const waited = missing > 0 ? notInEndpoints(missing, o.names.primaryService.name) : rolling
  const message = waiting(o, waited)
  const next = awaiting(state, 'primary', now)
  const deadline = deadlineOf(o, next.waiting, now)
  if (deadline !== null) return holdUntil(o, { reason: 'Undoing', message }, deadline, next, now)
  return holdAndReport(o, { reason: 'Undoing', message: `${message}. Manual intervention required` }, null)
}

export const waiting = (o: Promoting, what: string): string =>
  `Promotion failed (${o.state.because}): waiting for ${kindAndName(o.names.primary)} to run ${withImage(o, o.state.promoted)} again: ${what}`
