/**
 * How many pods the user wants, told from who wrote `spec.replicas` and when. What anybody but us wrote above 0 is a wish;
 * at rest, after the target was seen at 0, the same number once more is a wish that was put back.
 */
import type { Replicas } from '../model/memory.ts'
import { REPLICAS_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { primaryIsAutoscaled } from '../render/autoscaling.ts'
import type { State } from '../model/state.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { FIELD_MANAGER } from '../model/write.ts'

const TEN_MINUTES: Milliseconds = 600_000
/** The same manager putting replicas back this often in ten minutes is left alone. */
const PATIENCE = 3

/** Whether no run is under way: the target has nothing to carry. */
export const isResting = (state: State): boolean =>
  state.phase === 'Initialized' ||
  state.phase === 'Succeeded' ||
  state.phase === 'Waiting' ||
  (state.phase === 'Failed' && state.drained)

/**
 * What somebody else set the primary to since Sluice wrote it. The last wish stands on the primary beside its replicas: a
 * wish that is not written there yet is newer than what the primary has.
 */
function askedOfThePrimary(o: Observation): number | null {
  const { primary } = o
  const { wished } = o.memory.replicas
  if (primary === null || primary.replicas === 0 || primary.replicas === wished || primaryIsAutoscaled(o)) return null
  if (primary.replicasBy === '' || primary.replicasBy === FIELD_MANAGER) return null
  const written = primary.object.metadata.annotations?.[REPLICAS_ANNOTATION]
  return written !== undefined && written === String(wished) ? primary.replicas : null
}

/** The wish is what somebody set the primary itself to. */
const isHandsOn = ({ primary }: Observation, wished: number | null): boolean =>
  primary !== null && primary.replicas === wished && primary.replicasBy !== '' && primary.replicasBy !== FIELD_MANAGER

/** The wish after this look at the target. */
export function noteReplicas(o: Observation, now: Instant): Replicas {
  const { target } = o
  const replicas = { ...o.memory.replicas, wished: askedOfThePrimary(o) ?? o.memory.replicas.wished }
  if (target === null) return replicas
  const known = replicas.wished ?? (o.primary?.replicas || null)
  if (target.replicas === 0) {
    const emptied = isResting(o.state)
    return { ...replicas, wished: known, emptied, leftAlone: emptied ? null : replicas.leftAlone }
  }
  const ours = target.replicasBy === FIELD_MANAGER
  const wished = ours ? (known ?? target.replicas) : (askedOfThePrimary(o) ?? target.replicas)
  // Told to leave `replicas` out, it did: an API server sets a field that is taken out of a manifest to 1, which is no wish.
  if (target.replicas === 1 && known !== null && known > 1 && replicas.leftAlone === target.replicasBy) {
    return { wished: known, emptied: false, putBacks: [], leftAlone: null }
  }
  // What is left alone is what a manifest says; a person who scaled the primary meant the primary.
  if (!ours && replicas.leftAlone === target.replicasBy && isHandsOn(o, known)) {
    return { ...replicas, wished: known, emptied: false }
  }
  // Another number is a new wish; who puts the same one back goes by a manifest.
  const putBack = !ours && isResting(o.state) && replicas.emptied && wished === known
  if (!putBack) return { ...replicas, wished, emptied: false }
  const manager = target.replicasBy === '' ? 'unknown' : target.replicasBy
  const lately = [...replicas.putBacks.filter(one => now - one.at < TEN_MINUTES), { manager, at: now }]
  const leftAlone = lately.filter(one => one.manager === manager).length >= PATIENCE ? manager : replicas.leftAlone
  return { wished, emptied: false, putBacks: lately.slice(-10), leftAlone }
}
