/** The worth of a query at one moment, or at each step of a stretch of time, over the samples in memory. */
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { aggregate } from './aggregate.ts'
import { parseError } from './complaint.ts'
import { type Arguments, functions } from './functions.ts'
import { drop, keyOf, NAME } from './labels.ts'
import { scalars, sets, vectors, withScalar } from './operators.ts'
import type { Dot, Window } from './overtime.ts'
import { parse } from './parse.ts'
import type { Samples } from './samples.ts'
import { type Expr, isSet, type Of, QueryError } from './syntax.ts'
import { distinct, type Row, type Sample } from './values.ts'

/** How far an instant vector looks back for the last sample of a series. */
const LOOKBACK: Milliseconds = 5 * 60_000

export type Answer = { readonly warnings: ReadonlySet<string> } & (
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'vector'; readonly samples: readonly Sample[] }
  | { readonly type: 'matrix'; readonly rows: readonly Row[] }
)

/** An instant query. @throws QueryError */
export function instantQuery(samples: Samples, query: string, at: Instant): Answer {
  const expr = parse(query)
  const evaluation = new Evaluation(samples, query)
  const { warnings } = evaluation
  if (expr.type === 'scalar') return { type: 'scalar', value: evaluation.scalar(expr, at), warnings }
  if (expr.type === 'string') return { type: 'string', text: evaluation.text(expr), warnings }
  if (expr.type === 'range vector') return { type: 'matrix', rows: byLabels(evaluation.rows(expr, at)), warnings }
  return { type: 'vector', samples: evaluation.vector(expr, at), warnings }
}

/** A range query: its worth at `from` and each `step` from then on, until `to`. @throws QueryError */
export function rangeQuery(samples: Samples, query: string, from: Instant, to: Instant, step: Milliseconds): Answer {
  const expr = parse(query)
  if (expr.type !== 'scalar' && expr.type !== 'instant vector') {
    const message = `invalid expression type ${JSON.stringify(expr.type)} for range query, must be Scalar or instant Vector`
    throw new QueryError('bad_data', message)
  }
  const evaluation = new Evaluation(samples, query)
  const rows = evaluation.steps(expr, from, to, step)
  return { type: 'matrix', rows: byLabels(rows), warnings: evaluation.warnings }
}

const byLabels = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (keyOf(a.labels) < keyOf(b.labels) ? -1 : 1))

class Evaluation {
  readonly warnings = new Set<string>()
  readonly #samples: Samples
  readonly #query: string

  constructor(samples: Samples, query: string) {
    this.#samples = samples
    this.#query = query
  }

  /** Each series of an expression, at each step. */
  steps(expr: Expr, from: Instant, to: Instant, step: Milliseconds): Row[] {
    const rows = new Map<string, Row & { dots: Dot[] }>()
    for (let at = from; at <= to; at += step) {
      const samples = expr.type === 'scalar' ? [{ labels: {}, value: this.scalar(expr, at) }] : this.vector(expr, at)
      for (const { labels, value } of samples) {
        const row = rows.get(keyOf(labels)) ?? { labels, dots: [] }
        row.dots.push({ at, value })
        rows.set(keyOf(labels), row)
      }
    }
    return [...rows.values()]
  }

  vector(expr: Expr, now: Instant): Sample[] {
    if (expr.kind === 'selector') return this.#latest(expr, now)
    if (expr.kind === 'call') return this.#call(expr, now)
    if (expr.kind === 'binary') return this.#binary(expr, now)
    if (expr.kind === 'aggregation') return this.#aggregation(expr, now)
    if (expr.kind !== 'negation') throw this.#impossible(expr)
    const negated = this.vector(expr.of, now).map(({ labels, value }) => ({
      labels: drop(labels, [NAME]),
      value: -value,
    }))
    return distinct(negated)
  }

  scalar(expr: Expr, now: Instant): number {
    if (expr.kind === 'number') return expr.value
    if (expr.kind === 'negation') return -this.scalar(expr.of, now)
    if (expr.kind === 'binary') return scalars(expr, this.scalar(expr.left, now), this.scalar(expr.right, now))
    const known = expr.kind === 'call' ? functions[expr.name] : undefined
    if (expr.kind !== 'call' || known?.kind !== 'scalar') throw this.#impossible(expr)
    return known.of(this.#arguments(expr, now))
  }

  text(expr: Expr): string {
    if (expr.kind === 'string') return expr.text
    throw this.#impossible(expr)
  }

  /** The series of a range vector, with what they have within it; markers of staleness are not among it. */
  rows(expr: Expr, now: Instant): Row[] {
    if (expr.kind !== 'selector') throw this.#impossible(expr)
    const { from, to } = this.#window(expr, now)
    return this.#samples.select(expr.matchers, from + 1, to).flatMap(({ labels, points }) => {
      const dots = points.filter((point): point is Dot => point.value !== null)
      return dots.length === 0 ? [] : [{ labels, dots }]
    })
  }

  #window({ range: length = LOOKBACK, offset = 0 }: Of<'selector'>, now: Instant): Window {
    const to = now - offset
    return { from: to - length, to, length }
  }

  #latest(selector: Of<'selector'>, now: Instant): Sample[] {
    const { from, to } = this.#window(selector, now)
    return this.#samples.select(selector.matchers, from + 1, to).flatMap(({ labels, points }) => {
      const last = points.at(-1)
      return last === undefined || last.value === null ? [] : [{ labels, value: last.value, at: last.at }]
    })
  }

  #call(call: Of<'call'>, now: Instant): Sample[] {
    const known = functions[call.name]
    if (known?.kind === 'vector') return known.of(this.#arguments(call, now))
    const [ranged] = call.args
    if (known?.kind !== 'over time' || ranged?.kind !== 'selector') throw this.#impossible(call)
    const window = this.#window(ranged, now)
    const samples = this.rows(ranged, now).flatMap(({ labels, dots }) => {
      const value = known.of(dots, window)
      return value === undefined ? [] : [{ labels: known.keepsName ? labels : drop(labels, [NAME]), value }]
    })
    return distinct(samples)
  }

  #arguments({ name, args }: Of<'call'>, now: Instant): Arguments {
    const arg = (index: number): Expr => args[index] ?? { kind: 'string', type: 'string', position: 0, text: '' }
    return {
      now,
      args,
      vector: index => this.vector(arg(index), now),
      scalar: index => {
        const value = this.scalar(arg(index), now)
        if (name === 'histogram_quantile') this.#mustBeQuantile(value, arg(index))
        return value
      },
      text: index => this.text(arg(index)),
      warn: (warning, index) => this.#warn(warning, arg(index)),
    }
  }

  #binary(binary: Of<'binary'>, now: Instant): Sample[] {
    const { left, right, operator } = binary
    if (left.type === 'scalar') return withScalar(binary, this.vector(right, now), this.scalar(left, now), 'left')
    if (right.type === 'scalar') return withScalar(binary, this.vector(left, now), this.scalar(right, now), 'right')
    const both = [this.vector(left, now), this.vector(right, now)] as const
    return isSet(operator) ? sets(binary, ...both) : vectors(binary, ...both)
  }

  #aggregation({ operator, grouping, args }: Of<'aggregation'>, now: Instant): Sample[] {
    const [of, parameter] = args.toReversed()
    if (of === undefined) return []
    const number = parameter === undefined ? 0 : this.scalar(parameter, now)
    return aggregate(operator, grouping, this.vector(of, now), number)
  }

  #mustBeQuantile(phi: number, expr: Expr): void {
    if (phi >= 0 && phi <= 1) return
    this.#warn(`quantile value should be between 0 and 1, got ${phi}`, expr)
  }

  #warn(warning: string, { position }: Expr): void {
    const [place = ''] = parseError(this.#query, position, '').message.split(': ')
    this.warnings.add(`PromQL warning: ${warning} (${place})`)
  }

  /** The parser has checked the types, so this is a fault of ours. */
  #impossible({ kind, type }: Expr): Error {
    return new Error(`a ${kind} of type ${type} stands where the parser should have refused it`)
  }
}
