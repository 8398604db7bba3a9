/** Whether a side is ready, where an autoscaler may ask for more of its pods at any time: those that it has just asked for hold nothing. */
import type { Observation } from '../model/observation.ts'
import { isChecked } from '../model/plan.ts'
import { podsOf } from '../model/selectors.ts'
import type { Analysis } from '../model/state.ts'
import { floorOnCopy, leastOfPrimary } from '../render/autoscaling.ts'
import { scalerOf } from './index.ts'
import { heldReplicas } from './pause.ts'

type Side = 'target' | 'primary'

/** The fewest pods that a side must have ready, whatever its autoscaler asks for; null where no autoscaler decides. */
function leastOf(o: Observation, side: Side): number | null {
  if (side === 'primary') return leastOfPrimary(o)
  const scaler = scalerOf(o)
  if (scaler?.object === undefined) return null
  // A paused one asks for no pod: all that it was paused at are needed.
  return Math.max(1, heldReplicas(scaler.object) ?? scaler.kind.limits(scaler.object).min)
}

/** How many pods a side must have to carry what it is there for: of a primary no fewer than its floor. */
export function sizeOf(o: Observation, side: Side): number {
  const replicas = o[side]?.replicas ?? 0
  const size = Math.min(replicas, leastOf(o, side) ?? replicas)
  return side === 'primary' ? Math.max(size, floorOnCopy(o)) : size
}

/** All desired pods of the present revision are ready, or as many as its autoscaler's minimum, and no other runs. */
export function isReady(o: Observation, side: Side): boolean {
  const workload = o[side]
  if (workload === null || workload.replicas < sizeOf(o, side)) return false
  if (workload.readiness !== 'progressing') return workload.readiness === 'ready'
  return leastOf(o, side) !== null && hasMinimum(o, side)
}

/** As many pods of the present revision are ready as its autoscaler's minimum, and no other runs. */
export function hasMinimum(o: Observation, side: Side): boolean {
  const workload = o[side]
  if (workload === null || workload.replicas === 0) return false
  const { primaryReadyThreshold, canaryReadyThreshold } = o.canary.spec.analysis
  const percent = side === 'primary' ? primaryReadyThreshold : canaryReadyThreshold
  const own = podsOf(workload, workload.revision)
  const needed = Math.max(1, Math.ceil((sizeOf(o, side) * percent) / 100))
  return own !== null && own.ready >= needed && workload.running <= own.replicas
}

/**
 * Pods are missing that carry, or are checked. Where weight 0 is no step, as by hand or while the analysis is suspended, none is:
 * those that carry later have their whole time then.
 */
export function lacksPods(o: Observation, run: Analysis): boolean {
  return o.target !== null && isChecked(o.canary.spec.analysis, run) && !isReady(o, 'target')
}
