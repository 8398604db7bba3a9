/**
 * The fewest pods of an autoscaled primary while a canary takes its traffic: a rollback must not meet a primary that was
 * shrunk meanwhile. Lowering a minimum takes effect at the autoscaler's next check, without its stabilization window, so the
 * floor stays until the autoscaler has seen the traffic return.
 */
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { requestedOf } from '../model/selectors.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** After so long with all traffic the primary's autoscaler has seen it: metrics are up to a minute behind, and it looks every 15 s. */
const SEEN: Milliseconds = 120_000

/** @param o with the state and memory that the move leads to. */
export function noteFloor(o: Observation, now: Instant): Memory['replicas'] {
  const { replicas } = o.memory
  const { primaryFloor: floor, returnedAt } = replicas
  if (o.canary.spec.autoscalerRef === undefined || o.state.phase === 'Initializing')
    return floor === null && returnedAt === null ? replicas : { ...replicas, primaryFloor: null, returnedAt: null }
  if (requestedOf(o.state).canary > 0 || (o.traffic?.high ?? 0) > 0) {
    const running = o.primary?.replicas ?? 0
    const primaryFloor = floor ?? (running === 0 ? null : running)
    return primaryFloor === floor && returnedAt === null ? replicas : { ...replicas, primaryFloor, returnedAt: null }
  }
  if (floor === null) return replicas
  const since = returnedAt ?? now
  if (now - since >= SEEN) return { ...replicas, primaryFloor: null, returnedAt: null }
  return returnedAt === null ? { ...replicas, returnedAt: now } : replicas
}

/** When the floor is lifted, if nothing changes before; null where nothing is due. */
export const floorEndsAt = ({ replicas }: Memory): Instant | null =>
  replicas.primaryFloor === null || replicas.returnedAt === null ? null : replicas.returnedAt + SEEN
