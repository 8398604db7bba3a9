/** From "written" to "carried": a weight counts only once the routes are seen to carry it. */
import { hold, holdUnchanged, transition } from '../move.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { lastStep, planOf } from '../../model/plan.ts'
import { atTraffic, withClock } from '../../model/selectors.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { carries, compare, weighted } from '../../model/traffic.ts'
import { routingOf } from '../../routers/index.ts'
import type { Instant, Percent } from '../../time.ts'

/** A plan that was edited below the current weight: down to its last step, and that step again. */
export function followThePlan(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  const { traffic } = lastStep(planOf(o.canary.spec.analysis))
  if (compare(state.traffic, traffic) <= 0) return undefined
  const message = `The last step is now weight ${traffic.canary}; the weight goes down to it from ${state.traffic.canary}`
  const next = { ...atTraffic(state, traffic, now), phase: 'Progressing' } as const
  return transition(o, next, { reason: 'Advancing', message }, now)
}

/**
 * A weight counts once the routes are read back at it and have had time to settle. If they ask for a lower one than they have
 * carried, that is a manual edit, and the run holds there; a higher one is changed back by the posture.
 */
export function waitUntilCarried(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state, traffic } = o
  const requested = routingOf(o).requested(o)
  if (requested !== null && state.carriedAt !== null && requested < state.traffic.canary)
    return holdAtLoweredWeight(o, requested, now)
  if (!carries(traffic, state.traffic)) {
    const shown =
      traffic === null
        ? 'there is no route yet'
        : `the routes still have ${traffic.low === state.traffic.canary ? traffic.high : traffic.low}`
    const message = `Requested weight ${state.traffic.canary}; ${shown}`
    return hold(o, 'Routing', message, null, { state: { ...state, carriedAt: null } })
  }
  const carriedAt = state.carriedAt ?? now
  const settledAt = carriedAt + o.settings.settle
  if (now < settledAt) return holdUnchanged(o, settledAt, { state: { ...state, carriedAt } })
  return state.carriedAt === null ? holdUnchanged(o, now, { state: { ...state, carriedAt } }) : undefined
}

function holdAtLoweredWeight(o: Observation<AnalysisPhase>, weight: Percent, now: Instant): Move {
  const { state } = o
  const from = state.hold?.by === 'override' ? state.hold.from : state.traffic.canary
  const message = `The routes were edited by hand from weight ${from} to ${weight}; holding at ${weight} until \`resume\``
  const next = {
    ...atTraffic(withClock(state, 'stopped', now), weighted(weight), now),
    phase: 'Progressing',
    hold: { by: 'override', from },
  } as const
  return transition(o, next, { reason: 'WeightOverridden', message }, now)
}
