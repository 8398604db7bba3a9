/** Routes that were written, and that what serves them has not taken up: a moment is usual, longer is trouble. */
import { formatDuration } from '../../api/duration.ts'
import type { Observation } from '../model/observation.ts'
import { progressDeadline } from '../model/plan.ts'
import { carriedSince } from '../model/selectors.ts'
import { asks, NONE } from '../model/traffic.ts'
import { kindAndName } from '../model/names.ts'
import { type Problem, problem } from '../problems/problem.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** Controllers of routes answer within a second (0.1 s, measured); after so long the lack of an answer is said. */
const GRACE: Milliseconds = 10_000

/** When the wait for the parents of a route becomes trouble; null where none is waited for. */
export function unconfirmedUntil({ traffic }: Pick<Observation, 'traffic'>): Instant | null {
  return traffic?.unconfirmed === undefined ? null : traffic.unconfirmed.since + GRACE
}

/** Why routes are not in effect, once that is more than a moment. */
export function unconfirmedProblem(o: Observation, now: Instant): Problem | null {
  const until = unconfirmedUntil(o)
  const because = o.traffic?.unconfirmed?.because
  if (until === null || because === undefined || now < until) return null
  const kept = silentUntil(o, now) !== null
  const pods = `. It may still send requests by the weights before, so the pods of ${kindAndName(o.names.target)} stop ${deadlineInWords(o)} after the last change of the route`
  return problem('RouteNotAccepted', `${because}${kept ? pods : ''}`)
}

const deadlineInWords = ({ canary }: Observation): string => formatDuration(progressDeadline(canary))

/** Pods stop once the canary is known to get no more requests. */
const isDraining = ({ state }: Observation): boolean =>
  (state.phase === 'Failed' && !state.drained) ||
  state.phase === 'Finalising' ||
  ('stage' in state && state.stage === 'draining')

/** When parents that say nothing of routes without a share for the canary are no longer waited for; null where none is. */
function silenceEndsAt(o: Observation): Instant | null {
  const { unconfirmed } = o.traffic ?? {}
  if (!isDraining(o) || unconfirmed === undefined || unconfirmed.isAnswered || !asks(o.traffic, NONE)) return null
  return unconfirmed.since + progressDeadline(o.canary)
}

/** The same as long as it lies ahead. */
export function silentUntil(o: Observation, now: Instant): Instant | null {
  const until = silenceEndsAt(o)
  return until !== null && until > now ? until : null
}

const isGivenUp = (o: Observation, now: Instant): boolean => silenceEndsAt(o) !== null && silentUntil(o, now) === null

/** Since when the canary gets no request, as far as that can be known: what does not answer is not waited for for ever. */
export const returnedSince = (o: Observation, remembered: Instant | null, now: Instant): Instant | null =>
  isGivenUp(o, now) ? (remembered ?? now) : carriedSince(o, NONE, remembered, now)

/** What is said once as the wait for a parent that does not answer ends. */
export function givenUp(o: Observation, now: Instant): Problem | null {
  const because = o.traffic?.unconfirmed?.because
  if (because === undefined || !isGivenUp(o, now)) return null
  return problem(
    'RouteNotAccepted',
    `${because}. Nothing was said of it for ${deadlineInWords(o)}, so the pods of ${kindAndName(o.names.target)} stop; what it still sends to them fails`,
  )
}
