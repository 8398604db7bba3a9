/**
 * Which target, at which generation, is known to hold what is promoted or was rejected. A run needs a newer generation as
 * well as another hash: a default that a newer API server fills in changes the hash of a template that no client changed.
 */
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'

export type KnownTarget = Pick<Memory, 'targetUid' | 'targetGeneration'>

/** What is known after this read of the target. */
export function noteTarget(o: Observation): KnownTarget {
  const { target, state, memory } = o
  const { targetUid, targetGeneration } = memory
  if (target === null) return { targetUid, targetGeneration }
  const uid = target.object.metadata.uid ?? null
  const resting = state.phase === 'Initialized' || state.phase === 'Succeeded' || state.phase === 'Failed'
  // Our own scaling makes new generations of what is known.
  if (resting && (target.revision === state.promoted || target.revision === state.rejected)) {
    return { targetUid: uid, targetGeneration: target.generation }
  }
  // One that was recreated counts its generations from 1.
  if (targetUid !== null && targetUid !== uid) return { targetUid: uid, targetGeneration: 0 }
  return { targetUid: uid, targetGeneration }
}
