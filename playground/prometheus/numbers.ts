/** Sums, means and order, computed in the way and the order of Prometheus. */

/** Sum with Neumaier's compensation. */
export function sum(values: readonly number[]): number {
  let total = 0
  let lost = 0
  for (const value of values) {
    const next = total + value
    if (!Number.isFinite(next)) lost = 0
    else lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
    total = next
  }
  return Number.isFinite(total) ? total + lost : total
}

export function mean(values: readonly number[]): number {
  const total = sum(values)
  // Larger than a number can be, yet the mean is not.
  if (!Number.isFinite(total) && values.every(Number.isFinite)) return sum(values.map(value => value / values.length))
  return total / values.length
}

/** Ascending; NaN is the smallest. */
export function ascending(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  return Number.isNaN(b) ? 1 : a - b
}

/** The largest by `isMore`; what is not NaN goes before NaN. */
export function extreme(values: readonly number[], isMore: (a: number, b: number) => boolean): number {
  return values.reduce((best, value) => (isMore(value, best) || Number.isNaN(best) ? value : best))
}
