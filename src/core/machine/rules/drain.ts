/** The primary serves alone: the canary drains, or an earlier revision that was asked for gets ready. */
import { kindAndName } from '../../model/names.ts'
import { isReady } from '../../autoscalers/readiness.ts'
import { progressDeadline } from '../../model/plan.ts'
import { formatDuration } from '../../../api/duration.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { deadlineOf, notInEndpoints, whenOverdue, holdUntil } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { unreached, withImage } from '../../model/selectors.ts'
import type { State } from '../../model/state.ts'
import { awaiting } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'
import { givenUp, returnedSince } from '../unconfirmed.ts'

/** A rollback that a person asked for is over once the primary is ready with the earlier revision, or does not get ready in time. */
export function finishRollingBack(o: Observation<'Finalising'>, now: Instant): Move | Read | undefined {
  const { state, primary, names } = o
  if (state.outcome !== 'RolledBack') return undefined
  const { promoted, rejected, because } = state
  const back = primary?.revision === promoted && isReady(o, 'primary')
  const missing = back ? unreached(o, 'primary', promoted) : 0
  const rolling = primary?.revision === promoted ? primary.message : 'the template is being put back'
  const waited = missing > 0 ? notInEndpoints(missing, names.primaryService.name) : rolling
  const failed: State = { phase: 'Failed', promoted, rejected, carriedAt: null, drained: o.target?.running === 0 }
  if (!back || missing > 0) {
    const message = `Waiting for ${kindAndName(names.primary)} to run ${withImage(o, promoted)} again, ${because}: ${waited}`
    const next = awaiting(state, 'primary', now)
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline !== null) return holdUntil(o, { reason: 'RollingBack', message }, deadline, next, now)
    // A revision that does not start any more does not prevent the release of another one.
    const late = `${kindAndName(names.primary)} was rolled back to ${withImage(o, promoted)}, ${because}, and was not ready within ${formatDuration(progressDeadline(o.canary))} (${waited}). Manual intervention required: release a revision that works on ${kindAndName(names.target)}`
    return whenOverdue(o, now, () =>
      transition(o, failed, { severity: 'error', reason: 'RolledBack', message: late }, now),
    )
  }
  const message = `Rolled back to ${withImage(o, promoted)}, ${because}; ${withImage(o, rejected ?? '')} is rejected`
  return transition(o, failed, { reason: 'RolledBack', message }, now)
}

/** The last answers of the canary are out: its pods may go. */
export function drain(o: Observation<'Finalising'>, now: Instant): Move {
  const { state, primary } = o
  const carriedAt = returnedSince(o, state.carriedAt, now)
  const next = { ...state, carriedAt }
  if (primary === null || primary.ready === 0) {
    const message = `${kindAndName(o.names.primary)} has no ready pod; the canary's pods keep running until it has one`
    return holdAndReport(o, { reason: 'PrimaryNotReady', message }, null, {
      state: { ...next, carriedAt: null },
    })
  }
  const drainedAt = carriedAt === null ? null : carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  const silence = state.carriedAt === null ? givenUp(o, now) : null
  if (silence !== null) return holdAndReport(o, silence, drainedAt, { state: next })
  const reason = state.outcome === 'Withdrawn' ? 'Withdrawn' : 'Finalising'
  const said = `${o.names.primary.name} serves ${withImage(o, state.promoted)}; waiting for in-flight requests of the canary`
  if (drainedAt === null || now < drainedAt) return hold(o, reason, said, drainedAt, { state: next })
  const succeeded: State = { phase: 'Succeeded', promoted: state.promoted, rejected: state.rejected }
  const message = o.memory.history[0]?.message ?? `${o.names.primary.name} serves ${withImage(o, state.promoted)}`
  // What was pushed since the run was withdrawn is not known yet.
  const back = state.outcome === 'Withdrawn' && o.target?.revision === state.promoted ? o.target.generation : null
  const memory = { ...o.memory, targetGeneration: back ?? o.memory.targetGeneration }
  const reasonAtRest = state.outcome === 'Withdrawn' ? 'Withdrawn' : 'Succeeded'
  return transition(o, succeeded, { reason: reasonAtRest, message }, now, memory)
}
