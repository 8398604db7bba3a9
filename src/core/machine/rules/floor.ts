/** The barrier before each share: the primary's autoscaler has the minimum that a rollback needs, before traffic leaves the primary. */
import { limitsOfPrimary, scalerOf } from '../../autoscalers/index.ts'
import type { Move } from '../../model/decision.ts'
import { kindAndName } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { withClock } from '../../model/selectors.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { inWords } from '../../model/traffic.ts'
import { scalerMissing, scalerRefusal } from '../../problems/autoscalers.ts'
import { liveMinimum } from '../../render/autoscaling.ts'
import type { Instant } from '../../time.ts'
import { hold, holdAndReport } from '../move.ts'
import { nextWake } from './advance.ts'
import { nextRise } from './confirm.ts'

/**
 * The copy is written in the same pass as the routes, and the API server may refuse it. So the floor is raised one pass before the
 * weight, which rises once the copy has the floor. Where the copy cannot be written, the run holds with the reason.
 */
export function raiseFloor(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const scaler = scalerOf(o)
  if (scaler === null || nextRise(o) === null) return undefined
  const floor = Math.max(o.memory.replicas.primaryFloor ?? 0, o.primary?.replicas ?? 0)
  const live = liveMinimum(o)
  const problem = scalerMissing(o) ?? scalerRefusal(o)
  const { object } = scaler
  // What cannot be copied now keeps the copy that there is, with the limits that it has.
  const limits = object === undefined || problem !== null ? null : limitsOfPrimary(scaler, object)
  const least = limits === null ? floor : Math.min(limits.max, Math.max(limits.min, floor))
  if (live !== null && live >= least) return undefined
  const replicas = { ...o.memory.replicas, primaryFloor: floor, returnedAt: null }
  const memory = { ...o.memory, replicas }
  const wanted = `${kindAndName(scaler.primaryRef)} keeps at least ${least} pods of ${o.names.primary.name} for a rollback`
  const message = `Holding at weight ${inWords(o.state.traffic)} until ${wanted}`
  if (problem === null) return hold(o, 'Advancing', message, nextWake(o), { memory })
  const state = { ...withClock(o.state, 'stopped', now), phase: o.state.phase }
  const said = `${message}, which cannot be written: ${problem.message}`
  return holdAndReport(o, { reason: problem.reason, message: said }, nextWake(o), { state, memory })
}
