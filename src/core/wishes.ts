/**
 * How many pods the user wants, told from who wrote `spec.replicas` and when. What anybody but us wrote above 0 is a wish;
 * at rest, after the target was seen at 0, it is a wish that was put back.
 */
import type { Replicas } from './memory.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'
import type { Instant, Milliseconds } from './time.ts'
import { FIELD_MANAGER } from './write.ts'

const TEN_MINUTES: Milliseconds = 600_000
/** The same manager putting replicas back this often in ten minutes is left alone. */
const PATIENCE = 3

/** Whether no run is under way: the target has nothing to carry. */
export const isResting = (state: State): boolean =>
  state.phase === 'Initialized' ||
  state.phase === 'Succeeded' ||
  state.phase === 'Waiting' ||
  (state.phase === 'Failed' && state.drained)

/** The wish after this look at the target. */
export function noteReplicas(o: Observation, now: Instant): Replicas {
  const { replicas } = o.memory
  const { target } = o
  if (target === null) return replicas
  const known = replicas.wished ?? (o.primary?.replicas || null)
  if (target.replicas === 0) {
    const emptied = isResting(o.state)
    return { ...replicas, wished: known, emptied, leftAlone: emptied ? null : replicas.leftAlone }
  }
  const ours = target.replicasBy === FIELD_MANAGER
  const wished = ours ? (known ?? target.replicas) : target.replicas
  if (ours || !isResting(o.state) || !replicas.emptied) return { ...replicas, wished, emptied: false }
  const manager = target.replicasBy === '' ? 'unknown' : target.replicasBy
  const lately = [...replicas.putBacks.filter(one => now - one.at < TEN_MINUTES), { manager, at: now }]
  const leftAlone = lately.filter(one => one.manager === manager).length >= PATIENCE ? manager : replicas.leftAlone
  return { wished, emptied: false, putBacks: lately.slice(-10), leftAlone }
}
