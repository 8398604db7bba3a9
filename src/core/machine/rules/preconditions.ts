/** What comes before everything else in every phase: the finalizer, and a view of the cluster that decisions can be made on. */
import { hold, holdAndReport } from '../move.ts'
import { SIGHT_RETRY } from './verdict.ts'
import type { Move } from '../../model/decision.ts'
import { FINALIZER } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import type { Instant } from '../../time.ts'

/** Our finalizer comes before anything else of ours: what we make can then never be left behind. */
export function ensureFinalizer(o: Observation): Move | undefined {
  if (o.canary.metadata.finalizers?.includes(FINALIZER)) return undefined
  return hold(o, 'Initializing', 'Adding the finalizer to the Canary', null)
}

/** Nothing is decided on half a view; the kinds may appear, or the rights be given, at any time. */
export function holdWhileUnwatched(o: Observation, now: Instant): Move | undefined {
  if (o.unseen === null) return undefined
  return holdAndReport(o, { reason: 'WatchUnavailable', message: o.unseen }, now + SIGHT_RETRY)
}
