/** Routes that were written, and that what serves them has not taken up: a moment is usual, longer is trouble. */
import type { Observation } from '../model/observation.ts'
import { type Problem, problem } from '../problems/problem.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Controllers of routes answer within a second (0.1 s, measured); after so long the lack of an answer is said. */
const GRACE: Milliseconds = 10_000

/** When the wait for the parents of a route becomes trouble; null where none is waited for. */
export function unconfirmedUntil({ traffic }: Pick<Observation, 'traffic'>): Instant | null {
  return traffic?.unconfirmed === undefined ? null : traffic.unconfirmed.since + GRACE
}

/** Why routes are not in effect, once that is more than a moment. */
export function unconfirmedProblem(o: Pick<Observation, 'traffic'>, now: Instant): Problem | null {
  const until = unconfirmedUntil(o)
  const because = o.traffic?.unconfirmed?.because
  return until === null || because === undefined || now < until ? null : problem('RouteNotAccepted', because)
}
