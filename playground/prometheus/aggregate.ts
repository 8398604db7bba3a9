/** Aggregations: many series to one for each group, or the k largest or smallest of each group. */
import { drop, keep, keyOf, type Labels, NAME } from './labels.ts'
import { ascending, extreme, mean, sum } from './numbers.ts'
import { type Grouping, QueryError } from './syntax.ts'
import type { Sample } from './values.ts'

/** What becomes of a group: one value, or some of its samples. */
interface Rule {
  readonly takesParameter: boolean
  readonly of: (samples: readonly Sample[], parameter: number) => number | Sample[]
}

const reduced = (of: (values: readonly number[]) => number): Rule => ({
  takesParameter: false,
  of: samples => of(samples.map(({ value }) => value)),
})

const chosen = (order: (a: Sample, b: Sample) => number): Rule => ({
  takesParameter: true,
  of: (samples, most) => {
    if (Number.isNaN(most)) throw new QueryError('execution', 'Parameter value is NaN')
    return [...samples].sort(order).slice(0, Math.max(0, Math.trunc(most)))
  },
})

/** What is not a number comes last, whichever way the others are sorted. */
export function smallestFirst({ value: a }: Sample, { value: b }: Sample): number {
  return Number.isNaN(a) || Number.isNaN(b) ? ascending(b, a) : a - b
}

export function largestFirst({ value: a }: Sample, { value: b }: Sample): number {
  return ascending(b, a)
}

export const aggregations: Readonly<Record<string, Rule>> = {
  sum: reduced(sum),
  avg: reduced(mean),
  min: reduced(values => extreme(values, (a, b) => a < b)),
  max: reduced(values => extreme(values, (a, b) => a > b)),
  count: reduced(values => values.length),
  topk: chosen(largestFirst),
  bottomk: chosen(smallestFirst),
}

/** @throws QueryError when the k of topk is no number. */
export function aggregate(
  operator: string,
  { without, labels: names }: Grouping,
  vector: readonly Sample[],
  parameter: number,
): Sample[] {
  const groups = new Map<string, { labels: Labels; samples: Sample[] }>()
  for (const sample of vector) {
    const labels = without ? drop(sample.labels, [...names, NAME]) : keep(sample.labels, names)
    const group = groups.get(keyOf(labels)) ?? { labels, samples: [] }
    group.samples.push(sample)
    groups.set(keyOf(labels), group)
  }
  return [...groups.values()].flatMap(({ labels, samples }) => {
    const result = aggregations[operator]?.of(samples, parameter) ?? []
    return typeof result === 'number' ? [{ labels, value: result }] : result
  })
}
