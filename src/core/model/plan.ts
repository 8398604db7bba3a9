/**
 * The ladder of a canary and its times.
 * Law: a ladder is strictly rising and never empty; no look falls before its weight was carried.
 */
import type { Analysis, Canary, Metric } from '../../api/canary.ts'
import type { Instant, Milliseconds, Percent } from '../time.ts'

/** One step of the ladder. */
export interface Rung {
  readonly weight: Percent
  /** The least time at this weight, beside the interval. */
  readonly hold: Milliseconds
  /** Whether a person has to approve before the next step. */
  readonly approve: boolean
  /** Gates of this step, beside those of the analysis. */
  readonly metrics: readonly Metric[]
}

export type Ladder = readonly [Rung, ...Rung[]]

const SECOND = 1000
const plain = (weight: Percent): Rung => ({ weight, hold: 0, approve: false, metrics: [] })

/** The ladder, from the four ways that a spec can say it. */
export function ladderOf(analysis: Analysis): Ladder {
  const { steps, stepWeights, stepWeight, maxWeight: top = 100 } = analysis
  const written = steps?.map(step => ({ ...step, hold: step.hold ?? 0 })) ?? stepWeights?.map(plain)
  const [first, ...rest] = written ?? weightsUpTo(top, stepWeight).map(plain)
  return [first ?? plain(top), ...rest]
}

function weightsUpTo(top: Percent, step: Percent | undefined): Percent[] {
  if (step === undefined) return [...[10, 25, 50].filter(weight => weight < top), top]
  return Array.from({ length: Math.ceil(top / step) }, (_, i) => Math.min(top, step * (i + 1)))
}

/** The lowest rung above `current`; undefined where there is none, which alone does not mean that the top is reached. */
export function nextStep(ladder: Ladder, current: Percent): Rung | undefined {
  return ladder.find(rung => rung.weight > current)
}

/** The rung at exactly `weight`; a ladder that was edited in mid-run, or a weight that a hand set, may have none. */
export function stepAt(ladder: Ladder, weight: Percent): Rung | undefined {
  return ladder.find(rung => rung.weight === weight)
}

export function topOf(ladder: Ladder): Percent {
  return (ladder[ladder.length - 1] ?? ladder[0]).weight
}

/** `2/4`, as the column STEP shows it. */
export function stepOf(ladder: Ladder, weight: Percent): string {
  return `${ladder.filter(rung => rung.weight <= weight).length}/${ladder.length}`
}

/** When a step that has been carried since `carriedAt` may end. */
export function dueAt(analysis: Analysis, weight: Percent, carriedAt: Instant): Instant {
  return carriedAt + Math.max(analysis.interval, stepAt(ladderOf(analysis), weight)?.hold ?? 0)
}

/**
 * When the metrics are looked at next, at a weight that has been carried since `carriedAt`: every checkInterval, and once
 * when the step is due. Instants are rounded up to whole seconds, so that the looks of all canaries fall on one grid and
 * their queries merge.
 */
export function nextCheckAfter(
  analysis: Analysis,
  weight: Percent,
  carriedAt: Instant,
  lastCheckTime: Instant | null,
): Instant {
  const grid = (instant: Instant): Instant => Math.ceil(instant / SECOND) * SECOND
  const due = grid(dueAt(analysis, weight, carriedAt))
  const last = lastCheckTime === null || lastCheckTime < carriedAt ? carriedAt : lastCheckTime
  const next = grid(last + analysis.checkInterval)
  return last < due ? Math.min(next, due) : next
}

/** How long pods that do not get ready are waited for. */
export function progressDeadline(canary: Canary): Milliseconds {
  return canary.spec.progressDeadlineSeconds * SECOND
}
