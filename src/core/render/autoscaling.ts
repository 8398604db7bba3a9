/** Whether an autoscaler decides how many pods a side has, and how many the target starts with. */
import { refKey } from '../../api/object.ts'
import { isCopy, limitsOfPrimary, scalerOf, scalersOn } from '../autoscalers/index.ts'
import type { Observation } from '../model/observation.ts'

/** An HPA or a ScaledObject scales the primary, or will: the Canary names the one that it is to have. */
export function primaryIsAutoscaled(o: Observation): boolean {
  return o.canary.spec.autoscalerRef !== undefined || scalersOn(o, o.names.primary).length > 0
}

/** An HPA or a ScaledObject is on the target, whether the Canary names it or not. */
export const targetIsAutoscaled = (o: Observation): boolean => scalersOn(o, o.names.target).length > 0

/**
 * How many pods an autoscaled target starts with: what it has, what the user's minimum says, and what the primary runs now,
 * whichever is most, as far as its autoscaler goes.
 */
export function startSize(o: Observation): number {
  const scaler = scalerOf(o)
  const limits = scaler?.object === undefined ? null : scaler.kind.limits(scaler.object)
  const { desired } = o.memory.replicas
  const wanted = Math.max(1, desired ?? 1, o.target?.replicas ?? 0, o.primary?.replicas ?? 0, limits?.min ?? 0)
  return Math.max(1, Math.min(wanted, limits?.max ?? wanted))
}

/** The minimum that the primary's autoscaler has, whatever it should have; null where there is none of ours. */
export function liveMinimum(o: Observation): number | null {
  const scaler = scalerOf(o)
  const copy = scaler === null ? undefined : o.live[refKey(scaler.primaryRef)]
  return scaler === null || copy === undefined || !isCopy(o, copy) ? null : scaler.kind.limits(copy).min
}

/**
 * What the primary's autoscaler will have by its next check, where that is more than there is now: the floor, once it is on the copy.
 * 0 where there is no floor.
 */
export function floorOnCopy(o: Observation): number {
  if (o.memory.replicas.primaryFloor === null) return 0
  return Math.min(leastOfPrimary(o) ?? 0, liveMinimum(o) ?? 0)
}

/** Fewest pods of an autoscaled primary now; its autoscaler's own minimum, while no canary has traffic. */
export function leastOfPrimary(o: Observation): number | null {
  const scaler = scalerOf(o)
  if (scaler?.object === undefined) return null
  const { min, max } = limitsOfPrimary(scaler, scaler.object)
  return Math.min(max, Math.max(min, o.memory.replicas.primaryFloor ?? 0))
}
