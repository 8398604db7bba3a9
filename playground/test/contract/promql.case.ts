/** One request to the HTTP API of Prometheus, by the time of the stories in promql.samples.ts. */
import { START } from './promql.samples.ts'

export interface Case {
  /** Unlike all others. */
  readonly name: string
  /** Below `/api/v1/`. */
  readonly path: string
  readonly form: readonly (readonly [string, string])[]
  readonly ordered?: true
}

export const timeAt = (second: number): string => String(START / 1000 + second)

/** Instant queries at the given seconds. */
export const at = (seconds: readonly number[], queries: readonly string[], order: Pick<Case, 'ordered'> = {}): Case[] =>
  queries.flatMap(query =>
    seconds.map(second => ({
      name: `${query} at ${second}`,
      path: 'query',
      form: [
        ['query', query],
        ['time', timeAt(second)],
      ] as const,
      ...order,
    })),
  )

export const over = (from: number, to: number, step: string, queries: readonly string[]): Case[] =>
  queries.map(query => ({
    name: `${query} from ${from} to ${to} by ${step}`,
    path: 'query_range',
    form: [
      ['query', query],
      ['start', timeAt(from)],
      ['end', timeAt(to)],
      ['step', step],
    ],
  }))

export const ask = (path: string, form: Readonly<Record<string, string>>): Case => ({
  name: `${path} ${JSON.stringify(form)}`,
  path,
  form: Object.entries(form),
})
