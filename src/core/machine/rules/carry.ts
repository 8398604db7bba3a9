/** From "written" to "carried": a weight counts only once the routes are seen to carry it. */
import { hold, holdUnchanged, transition } from '../move.ts'
import { nextCheckTime } from './check-questions.ts'
import { unconfirmedUntil } from '../unconfirmed.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { audienceOf, isBlueGreen, lastStep, planOf, stepAt } from '../../model/plan.ts'
import { nextWake } from './advance.ts'
import { atStage, atTraffic, withClock } from '../../model/selectors.ts'
import { stickyOf } from '../../model/sticky.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { asks, carries, compare, inWords, keeps, NONE, type Traffic, trafficOf } from '../../model/traffic.ts'
import { routingOf } from '../../routers/index.ts'
import type { Instant, Percent } from '../../time.ts'

/**
 * A plan that was edited to be about other requests, or other copies: no share of it was judged for those, so the steps start again.
 * What the routes still match, they carry nothing for.
 */
export function restartForOtherRequests(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  const { traffic } = state
  const { analysis } = o.canary.spec
  const isOther = traffic.canary > 0 && traffic.among !== audienceOf(analysis)
  if (!isOther && !(traffic.mirror > 0 && stepAt(planOf(analysis), traffic) === undefined)) return undefined
  const what = isOther ? 'spec.analysis.match' : 'the mirror of spec.analysis'
  // Who lowered the weight by hand has not asked for more since.
  const override = state.hold?.by === 'override' ? state.hold : null
  const then = override === null ? 'the steps start from the first' : 'the weight is 0 until `resume`'
  const message = `${what} was changed at weight ${inWords(traffic)}; ${then}`
  const next = {
    ...atStage(
      atTraffic(withClock(state, override === null ? 'running' : 'stopped', now), NONE, now),
      'startingPods',
      now,
    ),
    phase: 'Progressing',
    hold: override,
    mirrored: false,
    blindSince: null,
  } as const
  return transition(o, next, { reason: 'Advancing', message }, now)
}

/**
 * A plan that was edited below the current weight: down to its last step, and that step again. And one that judges before the first
 * request of callers, edited at a weight that is none of its steps: down to where it judges.
 */
export function followThePlan(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  const plan = planOf(o.canary.spec.analysis)
  const { traffic } = lastStep(plan)
  const down = (to: Traffic, message: string): Move =>
    transition(o, { ...atTraffic(state, to, now), phase: 'Progressing' }, { reason: 'Advancing', message }, now)
  if (compare(state.traffic, traffic) > 0)
    return down(
      traffic,
      `The last step is now weight ${inWords(traffic)}; the weight goes down to it from ${inWords(state.traffic)}`,
    )
  const [first] = plan
  const isBeyond = state.traffic.canary > 0 && stepAt(plan, state.traffic) === undefined
  if (!isBeyond || !isBlueGreen(o.canary.spec.analysis) || state.hold?.by === 'override') return undefined
  return down(
    first.traffic,
    `The steps are now ${first.iterations} iterations at weight ${inWords(first.traffic)}, then everything; the weight goes down to them from ${inWords(state.traffic)}`,
  )
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
  if (!isInEffect(o)) {
    const { low = 0, high = 0 } = traffic ?? {}
    const shown =
      traffic === null
        ? 'there is no route yet'
        : traffic.unconfirmed !== undefined
          ? traffic.unconfirmed.because
          : low === state.traffic.canary && high === low
            ? 'the routes match or mirror other requests'
            : `the routes still have ${low === state.traffic.canary ? high : low}`
    const message = `Requested weight ${inWords(state.traffic)}; ${shown}`
    return hold(o, 'Routing', message, null, { state: { ...state, carriedAt: null } })
  }
  const carriedAt = state.carriedAt ?? now
  const settledAt = carriedAt + o.settings.settle
  if (now < settledAt) return holdUnchanged(o, settledAt, { state: { ...state, carriedAt } })
  return state.carriedAt === null ? holdUnchanged(o, now, { state: { ...state, carriedAt } }) : undefined
}

/**
 * Callers meet the weight. Where a parent of the routes takes it up no more, or has not yet while others have, the others go on
 * sending requests to the candidate: it is judged, and does not rise.
 */
function isInEffect({ state, traffic }: Observation<AnalysisPhase>): boolean {
  if (carries(traffic, state.traffic)) return true
  const isPartly = state.carriedAt !== null || traffic?.unconfirmed?.isPartial === true
  return isPartly && asks(traffic, state.traffic)
}

/** Nothing rises before every parent of the routes has taken up the weight; checks go on, and a bad candidate is still rolled back. */
export function holdWhileUnconfirmed(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state, traffic } = o
  const until = unconfirmedUntil(o)
  if (until === null || traffic?.unconfirmed === undefined) return undefined
  const message = `Requested weight ${inWords(state.traffic)}; ${traffic.unconfirmed.because}`
  // A moment is usual after each edit of a route; after more than that the step begins again.
  const begun = { carriedAt: state.lastCheckTime ?? state.carriedAt, lastCheckPassed: false }
  return hold(o, 'Routing', message, nextWake(o), { state: now < until ? state : { ...state, ...begun } })
}

/** A share that is carried is judged, whatever callers stay on the canary; but no more of them come before the routes keep them. */
export function holdWhileCallersNotKept(o: Observation<AnalysisPhase>): Move | undefined {
  const { state, traffic } = o
  if (keeps(traffic, stickyOf(o, state))) return undefined
  const message = `Holding at weight ${inWords(state.traffic)}: the routes keep other callers than spec.analysis.sessionAffinity says`
  return hold(o, 'Routing', message, nextCheckTime(o))
}

function holdAtLoweredWeight(o: Observation<AnalysisPhase>, weight: Percent, now: Instant): Move {
  const { state } = o
  const from = state.hold?.by === 'override' ? state.hold.from : state.traffic.canary
  const message = `The routes were edited by hand from weight ${from} to ${weight}; holding at ${weight} until \`resume\``
  const next = {
    ...atTraffic(withClock(state, 'stopped', now), trafficOf({ ...state.traffic, canary: weight }), now),
    phase: 'Progressing',
    hold: { by: 'override', from },
  } as const
  return transition(o, next, { reason: 'WeightOverridden', message }, now)
}
