/** Aggregations: many series to one for each group, or the k largest or smallest of each group. */
import { drop, keep, keyOf, type Labels, NAME } from './labels.ts'
import { ascending, extreme, mean, quantile, sum, variance } from './numbers.ts'
import { type Grouping, QueryError } from './syntax.ts'
import type { Sample } from './values.ts'

const reductions: Readonly<Record<string, (values: readonly number[], parameter: number) => number>> = {
  sum,
  avg: mean,
  min: values => extreme(values, (a, b) => a < b),
  max: values => extreme(values, (a, b) => a > b),
  count: values => values.length,
  group: () => 1,
  stddev: values => Math.sqrt(variance(values)),
  stdvar: variance,
  quantile: (values, phi) => quantile(phi, values),
}

/** @throws QueryError when the k of topk is no number. */
export function aggregate(
  operator: string,
  grouping: Grouping,
  vector: readonly Sample[],
  parameter: number,
): Sample[] {
  const groups = new Map<string, { labels: Labels; samples: Sample[] }>()
  for (const sample of vector) {
    const names = grouping.labels
    const labels = grouping.without ? drop(sample.labels, [...names, NAME]) : keep(sample.labels, names)
    const group = groups.get(keyOf(labels)) ?? { labels, samples: [] }
    group.samples.push(sample)
    groups.set(keyOf(labels), group)
  }
  const reduce = reductions[operator]
  if (reduce !== undefined) {
    return [...groups.values()].map(({ labels, samples }) => ({
      labels,
      value: reduce(
        samples.map(({ value }) => value),
        parameter,
      ),
    }))
  }
  if (Number.isNaN(parameter)) throw new QueryError('execution', 'Parameter value is NaN')
  const most = Math.max(0, Math.trunc(parameter))
  return [...groups.values()].flatMap(({ samples }) =>
    [...samples].sort(operator === 'topk' ? largestFirst : smallestFirst).slice(0, most),
  )
}

/** What is not a number comes last, whichever way the others are sorted. */
export function smallestFirst({ value: a }: Sample, { value: b }: Sample): number {
  return Number.isNaN(a) || Number.isNaN(b) ? ascending(b, a) : a - b
}

export function largestFirst({ value: a }: Sample, { value: b }: Sample): number {
  return ascending(b, a)
}
