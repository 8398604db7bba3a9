/** Functions of one series over a stretch of time, as promql/functions.go of Prometheus 3 computes them. */
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { extreme, mean, sum } from './numbers.ts'

/** A sample that is no staleness marker. */
export interface Dot {
  readonly at: Instant
  readonly value: number
}

/** The stretch that was asked for; the dots within it are later than `from`, and at most at `to`. */
export interface Window {
  readonly from: Instant
  readonly to: Instant
  readonly length: Milliseconds
}

/** @returns undefined where the series has no answer. */
export type OverTime = (dots: readonly Dot[], window: Window) => number | undefined

const values = (dots: readonly Dot[]): number[] => dots.map(({ value }) => value)
const pairs = (dots: readonly Dot[]): [Dot, Dot][] => dots.slice(1).map((dot, index) => [dots[index] as Dot, dot])

/**
 * How much a series grew (`extrapolatedRate`): from its first to its last sample, stretched to the window's ends where these are
 * near, else by half of the usual distance of samples; a counter is not stretched to before it was zero.
 *
 * @param seconds what the growth is divided by.
 */
function extrapolated(dots: readonly Dot[], window: Window, isCounter: boolean, seconds = 1): number | undefined {
  const [first] = dots
  const last = dots.at(-1)
  if (first === undefined || last === undefined || dots.length < 2) return undefined
  let growth = last.value - first.value
  if (isCounter) for (const [before, dot] of pairs(dots)) if (dot.value < before.value) growth += before.value
  const sampled = (last.at - first.at) / 1000
  const distance = sampled / (dots.length - 1)
  const near = (gap: number): number => (gap >= distance * 1.1 ? distance / 2 : gap)
  let toStart = near((first.at - window.from) / 1000)
  const toEnd = near((window.to - last.at) / 1000)
  if (isCounter && growth > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / growth))
  return growth * ((sampled + toStart + toEnd) / sampled / seconds)
}

/** The rate of a counter, from its last two samples only. */
function instantRate(dots: readonly Dot[]): number | undefined {
  const [before, last] = dots.slice(-2)
  if (before === undefined || last === undefined) return undefined
  const growth = last.value < before.value ? last.value : last.value - before.value
  return growth / ((last.at - before.at) / 1000)
}

export const overTime: Readonly<Record<string, OverTime>> = {
  rate: (dots, window) => extrapolated(dots, window, true, window.length / 1000),
  increase: (dots, window) => extrapolated(dots, window, true),
  delta: (dots, window) => extrapolated(dots, window, false),
  irate: instantRate,
  sum_over_time: dots => sum(values(dots)),
  avg_over_time: dots => mean(values(dots)),
  min_over_time: dots => extreme(values(dots), (a, b) => a < b),
  max_over_time: dots => extreme(values(dots), (a, b) => a > b),
  count_over_time: dots => dots.length,
  last_over_time: dots => dots.at(-1)?.value,
}
