/** `histogram_quantile` of classic histograms, as promql/quantile.go of Prometheus 3 computes it. */
import { drop, keyOf, type Labels, NAME } from './labels.ts'
import type { Sample } from './values.ts'

interface Bucket {
  readonly upTo: number
  count: number
}

/** Counts of buckets that differ by less than this, relatively, are the same count and an error of rounding. */
const TOLERANCE = 1e-12

/** One quantile for each histogram among the buckets. `odd` is told of a series whose label `le` is missing or no number. */
export function histogramQuantile(phi: number, buckets: readonly Sample[], odd: (le: string) => void): Sample[] {
  const histograms = new Map<string, { labels: Labels; buckets: Bucket[] }>()
  for (const { labels, value } of buckets) {
    const le = labels['le'] ?? ''
    const upTo = /^\+?inf$/i.test(le) ? Number.POSITIVE_INFINITY : le.trim() === '' ? Number.NaN : Number(le)
    if (Number.isNaN(upTo)) {
      odd(le)
      continue
    }
    const rest = drop(labels, ['le'])
    const histogram = histograms.get(keyOf(rest)) ?? { labels: drop(rest, [NAME]), buckets: [] }
    histogram.buckets.push({ upTo, count: value })
    histograms.set(keyOf(rest), histogram)
  }
  return [...histograms.values()].map(histogram => ({
    labels: histogram.labels,
    value: bucketQuantile(phi, histogram.buckets),
  }))
}

function bucketQuantile(phi: number, given: readonly Bucket[]): number {
  if (Number.isNaN(phi)) return phi
  if (phi < 0 || phi > 1) return phi * Number.POSITIVE_INFINITY
  const buckets = monotonic(merged([...given].sort((a, b) => (a.upTo === b.upTo ? 0 : a.upTo - b.upTo))))
  const top = buckets.at(-1)
  const belowTop = buckets.at(-2)
  if (top?.upTo !== Number.POSITIVE_INFINITY || belowTop === undefined || top.count === 0) return Number.NaN
  const rank = phi * top.count
  const index = buckets.slice(0, -1).findIndex(({ count }) => count >= rank)
  const bucket = buckets[index]
  if (bucket === undefined) return belowTop.upTo
  if (index === 0 && bucket.upTo <= 0) return bucket.upTo
  const below = buckets[index - 1] ?? { upTo: 0, count: 0 }
  return below.upTo + (bucket.upTo - below.upTo) * ((rank - below.count) / (bucket.count - below.count))
}

/** Buckets of the same bound are one. */
function merged(sorted: readonly Bucket[]): Bucket[] {
  const result: Bucket[] = []
  for (const bucket of sorted) {
    const last = result.at(-1)
    if (last?.upTo === bucket.upTo) last.count += bucket.count
    else result.push({ ...bucket })
  }
  return result
}

/** A bucket counts at least what the one below it counts, whatever was scraped when. */
function monotonic(buckets: Bucket[]): Bucket[] {
  let before = buckets[0]?.count ?? 0
  for (const bucket of buckets) {
    if (bucket.count < before || isAlmost(bucket.count, before)) bucket.count = before
    else before = bucket.count
  }
  return buckets
}

const isAlmost = (a: number, b: number): boolean =>
  a === b || (a !== 0 && b !== 0 && Math.abs(a - b) / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < TOLERANCE)
