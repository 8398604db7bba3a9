/** Response times: their distribution, and its shares in the buckets of Istio's histogram. */
import type { Milliseconds } from '../../src/core/time.ts'

/** Response times in milliseconds, log-normal through these two points; the same point twice: always that long. */
export interface Latency {
  readonly median: Milliseconds
  readonly p99: Milliseconds
  /** Slower ones are not among them: somebody gave up by then. */
  readonly atMost?: Milliseconds
  /** What was spent before, on top of each. */
  readonly plus?: Milliseconds
}

/** Always that long. */
export const exactly = (ms: Milliseconds): Latency => ({ median: ms, p99: ms })

/** Upper bounds of the buckets of `istio_request_duration_milliseconds`: Envoy's own. The last bucket has none. */
export const BOUNDS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
] as const

const known = new WeakMap<Latency, readonly number[]>()

/** The share of response times in each bucket; one more than there are bounds, together 1. */
export function bucketShares(latency: Latency): readonly number[] {
  const found = known.get(latency)
  if (found !== undefined) return found
  const below = [0, ...BOUNDS.map(bound => shareBelow(bound, latency)), 1]
  const shares = below.slice(1).map((share, index) => share - (below[index] ?? 0))
  known.set(latency, shares)
  return shares
}

/** Standard score of the 99th percentile. */
const Z99 = 2.326_347_874

/** The share of response times of at most `ms`. */
export function shareBelow(ms: Milliseconds, { median, p99, atMost, plus = 0 }: Latency): number {
  const own = ms - plus
  if (atMost !== undefined)
    return own >= atMost ? 1 : shareBelow(own, { median, p99 }) / shareBelow(atMost, { median, p99 })
  if (median === p99) return own >= median ? 1 : 0
  return own <= 0 ? 0 : normal((Math.log(own / median) * Z99) / Math.log(p99 / median))
}

/** The normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = series.reduceRight((rest, term) => t * (term + rest), 0)
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
  return z > 0 ? 1 - tail : tail
}
