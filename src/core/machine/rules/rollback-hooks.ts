/** Webhooks of type rollback: asked at every check, wherever a run can still be rolled back. An error is a no. */
import { askAll } from '../../hooks/ask.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { withImage } from '../../model/selectors.ts'
import type { AnalysisPhase, StateOf } from '../../model/state.ts'
import type { Instant } from '../../time.ts'
import { holdUnchanged, transition } from '../move.ts'
import { waitUntilCarried } from './carry.ts'
import { rollBack } from './end-run.ts'
import { undo } from './undo.ts'

/** Why the release goes back, or a move that has news of the calls. */
function requested(o: Observation, place: string, now: Instant): { readonly because: string } | Move | undefined {
  const { all, memory, isChanged } = askAll(o, 'rollback', place, now)
  const yes = all.find(({ record }) => record.last?.verdict === 'pass')
  if (yes !== undefined) return { because: `requested by webhook ${yes.hook.name}, which ${yes.record.last?.said}` }
  return isChanged ? holdUnchanged(o, now, { memory }) : undefined
}

/**
 * Under analysis: as a failed release. A pass that has news of the calls writes the routes as every pass does, so
 * manual edits of them are read first.
 */
export function rollBackWhenRequested(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const said = requested(o, 'run', now)
  if (said === undefined) return undefined
  if ('state' in said) {
    const edited = o.state.stage === 'advancing' ? waitUntilCarried({ ...o, memory: said.memory }, now) : undefined
    return edited === undefined ? said : { ...edited, wakeAt: now }
  }
  return rollBack(o, o.state, 'RollbackRequested', said.because, now)
}

/** Before a run starts: it does not. */
export function rejectWhenRequested(o: Observation<'Waiting'>, now: Instant): Move | undefined {
  const said = requested(o, `start/${o.state.candidate}`, now)
  if (said === undefined || 'state' in said) return said
  return rejectWaiting(
    o,
    'RollbackRequested',
    `Rolled back ${withImage(o, o.state.candidate)} before it started: ${said.because}`,
    now,
  )
}

/** While the primary takes the template: as `abort`. */
export function undoWhenRequested(o: Observation<'Promoting'>, now: Instant): Move | undefined {
  const said = requested(o, 'run', now)
  if (said === undefined || 'state' in said) return said
  return undo(o, `a rollback was ${said.because}`, now)
}

/** A revision that waits to start is rejected: it had no pods. */
export function rejectWaiting(
  o: Observation<'Waiting'>,
  reason: 'Aborted' | 'RollbackRequested',
  message: string,
  now: Instant,
): Move {
  const { promoted, candidate } = o.state
  const failed: StateOf<'Failed'> = { phase: 'Failed', promoted, rejected: candidate, carriedAt: null, drained: true }
  // A `retry` that came before is obeyed no more: it would start what was just rejected.
  return transition(o, failed, { reason, message }, now, { ...o.memory, retry: null })
}
