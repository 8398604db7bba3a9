/**
 * `status.commit`: the commit of Git that the rest of the status speaks of. Argo CD calls no Canary Healthy before it. The target may have been
 * pushed a moment before, and its watch may be late, so it is read from the API server itself first.
 */
import type { Move, Read } from '../model/decision.ts'
import { commitOf } from '../model/commit.ts'
import type { Observation } from '../model/observation.ts'
import { candidateOf } from '../model/selectors.ts'
import type { Instant } from '../time.ts'
import { wantedCandidate } from './rules/start-run.ts'
import { SIGHT_RETRY } from './rules/verdict.ts'

/**
 * The move with the commit that it speaks of, or what has to be read before that is known.
 *
 * @param isWait the move stays where it was. One that goes on does not wait for a read: the next pass reads.
 */
export function noteCommit<M extends Omit<Move, 'report'>>(
  o: Observation,
  move: M,
  isWait: boolean,
  now: Instant,
): M | Read {
  const commit = commitOf(o.canary)
  const { memory, state } = move
  const wakeBy = (at: Instant): M => ({ ...move, wakeAt: Math.min(move.wakeAt ?? at, at) })
  if (commit === memory.commit) return move
  if (commit === null) return { ...move, memory: { ...memory, commit, commitSeenAt: null } }
  if (!tellsOfTarget({ ...o, state, memory })) return move
  if (!isWait) return wakeBy(now)
  if (o.sight === 'cached') return { read: [{ ref: o.names.target }], sight: 'target' }
  if (typeof o.sight === 'object') return wakeBy(now + SIGHT_RETRY)
  return { ...move, memory: { ...memory, commit, commitSeenAt: now } }
}

/** Whether the state is about what the target holds, or a later pass will be: a push during a promotion waits its turn. */
function tellsOfTarget(o: Observation): boolean {
  const { target, state } = o
  if (state.phase === 'Terminating') return false
  if (target === null) return true
  if (state.phase === 'Initializing') return target.revision === state.revision
  const candidate = candidateOf(state)
  if (candidate !== null) return target.revision === candidate
  if (target.revision === state.promoted || target.revision === state.rejected) return true
  if (state.phase !== 'Initialized' && state.phase !== 'Succeeded' && state.phase !== 'Failed') return false
  // A default that a newer API server fills in changes the hash of a template that no client changed.
  return wantedCandidate({ ...o, state }) === null
}
