/**
 * The steps of a release and their times.
 * Law: a plan exposes more requests with each step and is never empty; no check falls before its traffic was carried.
 */
import type { Analysis, Canary, Metric } from '../../api/canary.ts'
import { fingerprint } from '../json.ts'
import { toShare } from '../shares.ts'
import type { Instant, Milliseconds, Percent } from '../time.ts'
import type { Analysis as Run, State, StateOf } from './state.ts'
import { compare, isNone, sameTraffic, type Traffic, trafficOf } from './traffic.ts'

/** One stage of a plan. */
export interface Step {
  readonly traffic: Traffic
  /** How many intervals must end with a check that passed. */
  readonly iterations: number
  /** The least time at this traffic, beside the interval. */
  readonly hold: Milliseconds
  /** Whether a person has to approve before the next step. */
  readonly approve: boolean
  /** Gates of this step, beside those of the analysis. */
  readonly metrics: readonly Metric[]
}

export type Plan = readonly [Step, ...Step[]]

const SECOND = 1000
const plain = (traffic: Traffic): Step => ({
  traffic: trafficOf(traffic),
  iterations: 1,
  hold: 0,
  approve: false,
  metrics: [],
})

/** Which requests the share is of: a fingerprint of `analysis.match`, '' for all. Another one is another plan. */
export function audienceOf({ match = [] }: Analysis): string {
  return match.length === 0 ? '' : fingerprint(match)
}

/** Judged without a request of callers, before all of them get it. */
export const isBlueGreen = (analysis: Analysis): boolean =>
  (analysis.iterations ?? 0) > 0 && audienceOf(analysis) === ''

/** The plan, from the ways that a spec can say it. */
export function planOf(analysis: Analysis): Plan {
  const { iterations = 0, steps, stepWeights, stepWeight, maxWeight: top = 100 } = analysis
  const among = audienceOf(analysis)
  const mirror = analysis.mirror ? (analysis.mirrorWeight ?? 100) : 0
  const share = (canary: Percent): Step => plain({ canary, among, mirror: 0 })
  const copies = plain({ canary: 0, among, mirror })
  // Copies come before the first share, for one interval.
  const before = mirror > 0 ? [copies] : []
  if (iterations > 0) {
    if (isBlueGreen(analysis)) return [{ ...copies, iterations }, share(100)]
    // A/B: judged with all that match.
    const matched = { ...share(100), iterations }
    return mirror > 0 ? [copies, matched] : [matched]
  }
  const written =
    steps?.map(({ weight, hold = 0, approve, metrics }) => ({ ...share(weight), hold, approve, metrics })) ??
    stepWeights?.map(share)
  const [first, ...rest] = [...before, ...(written ?? weightsUpTo(top, stepWeight).map(share))]
  return [first ?? share(top), ...rest]
}

function weightsUpTo(top: Percent, step: Percent | undefined): Percent[] {
  if (step === undefined) return [...[10, 25, 50].filter(weight => weight < top), top]
  const below = Array.from({ length: Math.floor(top / step) }, (_, i) => toShare(step * (i + 1)))
  return [...below.filter(weight => weight < top), top]
}

/**
 * The first step above the run's traffic; undefined where there is none, which alone does not mean that the last one is reached.
 * Copies that were judged are not sent again.
 */
export function nextStep(plan: Plan, { traffic, mirrored }: Pick<Run, 'traffic' | 'mirrored'>): Step | undefined {
  return plan.find(step => compare(step.traffic, traffic) > 0 && !(mirrored && step.traffic.mirror > 0))
}

/** The step at exactly this traffic; a plan that was edited in mid-run, or a weight that was set by hand, may have none. */
export function stepAt(plan: Plan, traffic: Traffic): Step | undefined {
  return plan.find(step => sameTraffic(step.traffic, traffic))
}

/** Whether metrics are checked now: the pods are ready, and the traffic is a step, or above 0 where it was set by hand. */
export function isChecked(
  analysis: Analysis,
  { stage, traffic, hold }: Pick<Run, 'stage' | 'traffic' | 'hold'>,
): boolean {
  if (stage !== 'advancing' || hold?.by === 'suspension') return false
  return !isNone(traffic) || stepAt(planOf(analysis), traffic) !== undefined
}

/** The last step: what is judged there is promoted. */
export function lastStep(plan: Plan): Step {
  return plan[plan.length - 1] ?? plan[0]
}

/** How many steps have been reached. */
export function stepsReached(plan: Plan, traffic: Traffic, mirrored: boolean): number {
  return plan.filter(step => compare(step.traffic, traffic) <= 0 || (mirrored && step.traffic.mirror > 0)).length
}

/**
 * How many steps a run has reached: none before its pods are ready, and all that it had reached while a promotion moves the traffic
 * back.
 */
export function positionOf(plan: Plan, state: StateOf<'Progressing' | 'WaitingPromotion' | 'Promoting'>): number {
  const { traffic } = state
  if (state.phase === 'Promoting') {
    const highest = { ...traffic, canary: Math.max(traffic.canary, state.highest), mirror: 0 }
    return stepsReached(plan, highest, true)
  }
  if (state.stage === 'advancing') return stepsReached(plan, traffic, state.mirrored)
  return state.mirrored ? plan.filter(step => step.traffic.mirror > 0).length : 0
}

/** `2/4`, as the column STEP shows it; '' outside of a run. */
export function progressOf(analysis: Analysis, state: State): string {
  if (!('id' in state)) return ''
  const plan = planOf(analysis)
  return `${positionOf(plan, state)}/${plan.length}`
}

/** When a step that has been carried since `carriedAt` may end. */
export function dueAt(analysis: Analysis, traffic: Traffic, carriedAt: Instant): Instant {
  return carriedAt + Math.max(analysis.interval, stepAt(planOf(analysis), traffic)?.hold ?? 0)
}

/**
 * The time of the next check, at traffic that has been carried since `carriedAt`: every checkInterval, and once when the step
 * is due. Instants are rounded up to whole seconds, so that the checks of all canaries fall on one grid and their queries
 * merge.
 */
export function nextCheckAfter(
  analysis: Analysis,
  traffic: Traffic,
  carriedAt: Instant,
  lastCheckTime: Instant | null,
): Instant {
  const grid = (instant: Instant): Instant => Math.ceil(instant / SECOND) * SECOND
  const due = grid(dueAt(analysis, traffic, carriedAt))
  const last = lastCheckTime === null || lastCheckTime < carriedAt ? carriedAt : lastCheckTime
  const next = grid(last + analysis.checkInterval)
  return last < due ? Math.min(next, due) : next
}

/** How long pods that do not get ready are waited for. */
export function progressDeadline(canary: Canary): Milliseconds {
  return canary.spec.progressDeadlineSeconds * SECOND
}
