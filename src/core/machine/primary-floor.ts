/**
 * The fewest pods of an autoscaled primary while a canary takes its traffic: a rollback must not meet a primary that was
 * shrunk meanwhile. Lowering a minimum takes effect at the autoscaler's next check, without its stabilization window, so the
 * floor stays until the autoscaler has seen the traffic return.
 */
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { requestedOf } from '../model/selectors.ts'
import type { State } from '../model/state.ts'
import { startSize } from '../render/autoscaling.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** After so long with all traffic the primary's autoscaler has seen it: metrics are up to a minute behind, and it looks every 15 s. */
export const SEEN: Milliseconds = 120_000

/**
 * @param o with the state and memory that the move leads to.
 * @param before the state that it starts from.
 */
export function noteFloor(o: Observation, before: State, now: Instant): Memory['replicas'] {
  const { primaryFloor: floor, returnedAt } = o.memory.replicas
  const isNew = o.state.phase === 'Initializing'
  if (o.canary.spec.autoscalerRef === undefined || (isNew && o.primary === null)) return withFloor(o, null, null)
  // A first primary is idle until the callers are moved to it, and has to be as large then as what served before.
  if (isNew) return withFloor(o, Math.max(floor ?? 0, startSize(o), o.primary?.replicas ?? 0), null)
  if (requestedOf(o.state).canary > 0 || (o.traffic?.high ?? 0) > 0) return withFloor(o, floorOf(o, before), null)
  // Raised before the first share, which may wait for a webhook or an approval.
  if (floor !== null && isBeforeShare(o.state)) return withFloor(o, floor, null)
  const since = returnedAt ?? now
  return floor === null || now - since >= SEEN ? withFloor(o, null, null) : withFloor(o, floor, since)
}

/** A run that goes on to a share by itself. */
const isBeforeShare = (state: State): boolean =>
  (state.phase === 'Progressing' || state.phase === 'WaitingPromotion') &&
  state.hold === null &&
  state.stage !== 'draining' &&
  state.stage !== 'stoppingOldPods'

/**
 * What the primary has when traffic leaves it, for the first time or further. A promotion moves what the canary has carried onto the
 * primary, which by then may have had little to do for long.
 */
function floorOf(o: Observation, before: State): number | null {
  const { primaryFloor: floor, returnedAt } = o.memory.replicas
  const running = o.primary?.replicas ?? 0
  const leaves = floor === null || returnedAt !== null || requestedOf(o.state).canary > requestedOf(before).canary
  const primaryFloor = leaves ? Math.max(floor ?? 0, running) : floor
  const carried = o.state.phase === 'Promoting' && requestedOf(o.state).canary > 0 ? (o.target?.replicas ?? 0) : 0
  return Math.max(primaryFloor, carried) || null
}

function withFloor(
  { memory: { replicas } }: Observation,
  primaryFloor: number | null,
  returnedAt: Instant | null,
): Memory['replicas'] {
  const isSame = replicas.primaryFloor === primaryFloor && replicas.returnedAt === returnedAt
  return isSame ? replicas : { ...replicas, primaryFloor, returnedAt }
}

/** When the floor is lifted, if nothing changes before; null where nothing is due. */
export const floorEndsAt = ({ replicas }: Memory): Instant | null =>
  replicas.primaryFloor === null || replicas.returnedAt === null ? null : replicas.returnedAt + SEEN
