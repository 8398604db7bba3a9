/** The cookie of a run that is over is expired at its callers, until all have lost it or the next run begins. */
import type { Move } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { runOf } from '../model/selectors.ts'
import { retiredCookieOf } from '../model/sticky.ts'
import type { State } from '../model/state.ts'
import type { Instant } from '../time.ts'

/** @param o before the move. */
export function withRetiredCookie<M extends Omit<Move, 'report'>>(o: Observation, move: M, now: Instant): M {
  const retiredCookie = after(o, move.state, now)
  const memory: Memory = retiredCookie === move.memory.retiredCookie ? move.memory : { ...move.memory, retiredCookie }
  if (retiredCookie === null) return memory === move.memory ? move : { ...move, memory }
  return { ...move, memory, wakeAt: Math.min(move.wakeAt ?? retiredCookie.until, retiredCookie.until) }
}

function after(o: Observation, state: State, now: Instant): Memory['retiredCookie'] {
  // A run has a cookie of its own, and a Canary that is deleted leaves nothing: what is not followed is sent in vain.
  if (runOf(state) !== null || state.phase === 'Terminating') return null
  const ended = runOf(o.state)
  const retired = ended === null ? o.memory.retiredCookie : retiredCookieOf(o, ended, now)
  return retired !== null && retired.until > now ? retired : null
}
