/** Promotion, its failure, and the drain of the canary. */
import type { Move } from '../decision.ts'
import { carriedSince, judgedReady, short, unreached } from '../facts.ts'
import { go, stay, tell } from '../move.ts'
import type { Observation } from '../observation.ts'
import type { State } from '../state.ts'
import type { Instant, Percent } from '../time.ts'
import { remember } from './end-run.ts'
import { deadlineOf } from './start.ts'

type Promoting = Observation<'Promoting'>

/** The primary rolls to the judged template; in time, or the promoted one goes back on it. */
export function copyToThePrimary(o: Promoting, now: Instant): Move | undefined {
  const { state, primary } = o
  if (state.stage !== 'copying') return undefined
  const ours = primary !== null && primary.revision === state.candidate
  if (ours && primary.readiness === 'ready' && unreached(o, 'primary', state.candidate) === 0) {
    const message = `Deployment ${o.names.primary.name} runs ${short(state.candidate)}; traffic returns to it`
    const next: State = { ...state, stage: 'returning', carriedAt: null, waitingSince: now }
    return go(o, next, { severity: 'info', reason: 'Returning', message }, now)
  }
  const waited = ours ? primary.message : 'the template is being copied'
  const deadline = deadlineOf(o, state.waitingSince, now)
  if (deadline === null || (ours && primary.readiness === 'stuck')) return undo(o, waited, now)
  return stay(o, 'Promoting', `Waiting for Deployment ${o.names.primary.name}: ${waited}`, deadline)
}

/** Takes the judged template off the primary again; the canary carries meanwhile. */
export function undo(o: Promoting, because: string, now: Instant): Move {
  const { state } = o
  const weight: Percent = judgedReady(o, state.candidate) > 0 ? 100 : state.weight
  const message = `Deployment ${o.names.primary.name} goes back to ${short(state.promoted)}: ${because}`
  const next: State = { ...state, stage: 'undoing', because, weight, carriedAt: null, waitingSince: now }
  return go(o, next, { severity: 'error', reason: 'Undoing', message }, now)
}

/** Traffic goes back, at once or by stepWeightPromotion, and never further than the primary's ready pods can carry. */
export function returnTraffic(o: Promoting, now: Instant): Move | undefined {
  const { state, primary } = o
  if (state.stage !== 'returning') return undefined
  const carriedAt = carriedSince(o, state.weight, state.carriedAt, now)
  const next = { ...state, carriedAt }
  if (primary === null || primary.ready === 0) {
    const message = `Deployment ${o.names.primary.name} has no ready pod: ${primary?.message ?? 'it is gone'}`
    const deadline = deadlineOf(o, state.waitingSince, now)
    return deadline === null ? undo(o, message, now) : stay(o, 'PrimaryNotReady', message, deadline, { state: next })
  }
  if (carriedAt === null) return stay(o, 'Returning', o.memory.message, null, { state: next })
  const settledAt = carriedAt + o.settings.settle
  const { stepWeightPromotion, interval } = o.canary.spec.analysis
  // Nothing is waited for before the first step down.
  const first = state.weight === state.highest
  const dueAt = stepWeightPromotion > 0 && !first ? Math.max(settledAt, carriedAt + interval) : settledAt
  if (state.weight === 0)
    return now < settledAt ? stay(o, 'Returning', o.memory.message, settledAt, { state: next }) : undefined
  const weight = nextDown(state.weight, stepWeightPromotion, primary.ready, primary.replicas)
  if (weight === state.weight) {
    const message = `Weight ${weight}: ${primary.ready} of ${primary.replicas} pods of the primary are ready`
    return stay(o, 'Returning', message, null, { state: next })
  }
  if (now < dueAt && !first) return stay(o, 'Returning', o.memory.message, dueAt, { state: next })
  const message = `Weight ${state.weight} → ${weight} as Deployment ${o.names.primary.name} takes over`
  const lower: State = { ...state, weight, carriedAt: null, waitingSince: now }
  return go(o, lower, { severity: 'info', reason: 'Returning', message }, now)
}

/** The next weight on the way down: by the step, but no lower than what the primary's missing pods leave over. */
export function nextDown(weight: Percent, step: Percent, ready: number, wished: number): Percent {
  const wanted = step === 0 ? 0 : Math.max(0, weight - step)
  const leftOver = wished === 0 ? 0 : 100 - Math.floor((100 * Math.min(ready, wished)) / wished)
  return Math.min(weight, Math.max(wanted, leftOver))
}

/** The promoted template is back on the primary: the release has failed, and the canary drains. */
export function finishUndoing(o: Promoting, now: Instant): Move | undefined {
  const { state, primary } = o
  if (state.stage !== 'undoing') return undefined
  const back = primary !== null && primary.revision === state.promoted && primary.readiness === 'ready'
  if (back && unreached(o, 'primary', state.promoted) === 0) {
    const message = `Promotion of ${short(state.candidate)} failed: ${state.because}`
    const failed: State = {
      phase: 'Failed',
      promoted: state.promoted,
      rejected: state.candidate,
      carriedAt: null,
      drained: false,
    }
    const memory = remember(o.memory, state, 'Failed', { reason: 'PromotionFailed', message }, now)
    return go(o, failed, { severity: 'error', reason: 'PromotionFailed', message }, now, memory)
  }
  const waited = primary?.revision === state.promoted ? primary.message : 'the template is being put back'
  const message = `Waiting for Deployment ${o.names.primary.name} to run ${short(state.promoted)} again (${waited}); promotion failed: ${state.because}`
  const deadline = deadlineOf(o, state.waitingSince, now)
  if (deadline !== null) return stay(o, 'Undoing', message, deadline)
  return tell(o, { severity: 'error', reason: 'Undoing', message: `${message}. It needs a person` }, now, null)
}

/** Traffic is back: the candidate is what is promoted from here on. */
export function finalise(o: Promoting, now: Instant): Move {
  const { state } = o
  const message = `Promoted ${short(state.candidate)}`
  const next: State = {
    phase: 'Finalising',
    promoted: state.candidate,
    rejected: null,
    carriedAt: state.carriedAt,
    outcome: 'Succeeded',
  }
  const memory = {
    ...remember(o.memory, state, 'Succeeded', { reason: 'Succeeded', message }, now),
    previous: state.promoted,
  }
  return go(o, next, { severity: 'info', reason: 'Finalising', message: `${message}; its canary drains` }, now, memory)
}

/** The last answers of the canary are out: its pods may go. */
export function drain(o: Observation<'Finalising'>, now: Instant): Move {
  const { state, primary } = o
  const carriedAt = carriedSince(o, 0, state.carriedAt, now)
  const next = { ...state, carriedAt }
  if (primary === null || primary.ready === 0) {
    const message = `Deployment ${o.names.primary.name} has no ready pod; the canary's pods stay until it has`
    return tell(o, { severity: 'error', reason: 'PrimaryNotReady', message }, now, null, {
      state: { ...next, carriedAt: null },
    })
  }
  const drainedAt = carriedAt === null ? null : carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  if (drainedAt === null || now < drainedAt)
    return stay(o, o.memory.reason, o.memory.message, drainedAt, { state: next })
  const succeeded: State = { phase: 'Succeeded', promoted: state.promoted, rejected: state.rejected }
  const message = o.memory.history[0]?.message ?? `${short(state.promoted)} serves`
  const reason = state.outcome
  const generation = state.outcome === 'Withdrawn' ? o.target?.generation : undefined
  const memory = { ...o.memory, targetGeneration: generation ?? o.memory.targetGeneration }
  return go(o, succeeded, { severity: 'info', reason, message }, now, memory)
}
