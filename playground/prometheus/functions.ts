/** The functions of PromQL that are played here: what they take, what they give, what they do. */
import type { RE2JS } from 're2js'
import type { Instant } from '../../src/core/time.ts'
import { largestFirst, smallestFirst } from './aggregate.ts'
import { histogramQuantile } from './histogram.ts'
import { drop, type Labels, labelsOf, NAME, withLabels } from './labels.ts'
import { anchored } from './matcher.ts'
import { type OverTime, overTime } from './overtime.ts'
import { type Expr, QueryError, type ValueType } from './syntax.ts'
import { distinct, type Sample } from './values.ts'

/** What a function may ask about its arguments; evaluate.ts answers. */
export interface Arguments {
  readonly now: Instant
  readonly args: readonly Expr[]
  vector(index: number): Sample[]
  scalar(index: number): number
  text(index: number): string
  warn(warning: string, index: number): void
}

interface Signature {
  readonly takes: readonly ValueType[]
  /** How often the last of them may stand, beside not at all; 0: exactly once. */
  readonly optional?: number
  readonly gives: ValueType
}

export type Function = Signature &
  (
    | { readonly kind: 'over time'; readonly of: OverTime; readonly keepsName: boolean }
    | { readonly kind: 'vector'; readonly of: (call: Arguments) => Sample[] }
    | { readonly kind: 'scalar'; readonly of: (call: Arguments) => number }
  )

const VECTOR: ValueType = 'instant vector'

/** A function of each value, and of a number that may stand behind it. */
function each(of: (value: number, parameter: number) => number, parameters: readonly 'scalar'[] = []): Function {
  return vector([VECTOR, ...parameters], call => {
    const parameter = call.args.length > 1 ? call.scalar(1) : 1
    return distinct(
      call.vector(0).map(({ labels, value }) => ({ labels: drop(labels, [NAME]), value: of(value, parameter) })),
    )
  })
}

const vector = (takes: readonly ValueType[], of: (call: Arguments) => Sample[]): Function => ({
  kind: 'vector',
  takes,
  gives: VECTOR,
  of,
})

const overTimes = Object.entries(overTime).map(([name, of]): [string, Function] => [
  name,
  {
    kind: 'over time',
    takes: ['range vector'],
    gives: VECTOR,
    of,
    keepsName: name === 'last_over_time',
  },
])

export const functions: Readonly<Record<string, Function>> = {
  ...Object.fromEntries(overTimes),
  abs: each(Math.abs),
  ceil: each(Math.ceil),
  floor: each(Math.floor),
  // Not Math.round: the divisor is turned over first, as Prometheus does, for the same error of rounding.
  round: {
    ...each((value, nearest) => Math.floor(value * (1 / nearest) + 0.5) / (1 / nearest), ['scalar']),
    optional: 1,
  },
  clamp_min: each((value, least) => Math.max(least, value), ['scalar']),
  clamp_max: each((value, most) => Math.min(most, value), ['scalar']),
  time: { kind: 'scalar', takes: [], gives: 'scalar', of: ({ now }) => now / 1000 },
  scalar: {
    kind: 'scalar',
    takes: [VECTOR],
    gives: 'scalar',
    of: call => {
      const [only, ...others] = call.vector(0)
      return only === undefined || others.length > 0 ? Number.NaN : only.value
    },
  },
  vector: vector(['scalar'], call => [{ labels: {}, value: call.scalar(0) }]),
  timestamp: vector([VECTOR], call =>
    distinct(
      call.vector(0).map(({ labels, at }) => ({ labels: drop(labels, [NAME]), value: (at ?? call.now) / 1000 })),
    ),
  ),
  absent: vector([VECTOR], absent),
  sort: vector([VECTOR], call => call.vector(0).sort(smallestFirst)),
  sort_desc: vector([VECTOR], call => call.vector(0).sort(largestFirst)),
  histogram_quantile: vector(['scalar', VECTOR], call => {
    const odd = (le: string): void =>
      call.warn(`bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)}`, 1)
    return distinct(histogramQuantile(call.scalar(0), call.vector(1), odd))
  }),
  label_replace: vector([VECTOR, 'string', 'string', 'string', 'string'], labelReplace),
  label_join: { ...vector([VECTOR, 'string', 'string', 'string'], labelJoin), optional: Number.POSITIVE_INFINITY },
}

/** 1 where nothing is, with the labels that the selector asks to be equal to something. */
function absent(call: Arguments): Sample[] {
  if (call.vector(0).length > 0) return []
  const [asked] = call.args
  const matchers = asked?.kind === 'selector' ? asked.matchers.filter(({ label }) => label !== NAME) : []
  const named = matchers.filter(
    ({ label, operator }) => operator === '=' && matchers.filter(other => other.label === label).length === 1,
  )
  return [{ labels: labelsOf(named.map(({ label, value }) => [label, value])), value: 1 }]
}

function labelReplace(call: Arguments): Sample[] {
  const [target, replacement, source, expression] = [1, 2, 3, 4].map(index => call.text(index)) as [
    string,
    string,
    string,
    string,
  ]
  let pattern: RE2JS
  try {
    pattern = anchored(expression)
  } catch {
    throw new QueryError('execution', `invalid regular expression in label_replace(): ${expression}`)
  }
  return relabelled(call, 'label_replace', target, labels => {
    const found = pattern.exec(labels[source] ?? '') as RegExpExecArray | null
    if (found === null) return null
    return replacement.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (all, bare?: string, braced?: string) => {
      const group = bare ?? braced
      if (group === undefined) return all.slice(1)
      return (/^\d+$/.test(group) ? found[Number(group)] : found.groups?.[group]) ?? ''
    })
  })
}

function labelJoin(call: Arguments): Sample[] {
  const sources = call.args.slice(3).map((_, index) => call.text(index + 3))
  const separator = call.text(2)
  return relabelled(call, 'label_join', call.text(1), labels =>
    sources.map(source => labels[source] ?? '').join(separator),
  )
}

function relabelled(call: Arguments, name: string, target: string, value: (labels: Labels) => string | null): Sample[] {
  if (target === '') throw new QueryError('execution', `invalid destination label name in ${name}(): ${target}`)
  return distinct(
    call.vector(0).map(sample => {
      const set = value(sample.labels)
      return set === null ? sample : { ...sample, labels: withLabels(sample.labels, { [target]: set }) }
    }),
  )
}
