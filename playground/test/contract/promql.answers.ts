/**
 * Asking a Prometheus the cases, whichever it is, and comparing what two of them answered. Of a refusal the type of the error is
 * compared; its sentence is for people.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { prometheusApi } from '../../prometheus/http.ts'
import { Samples } from '../../prometheus/samples.ts'
import type { Case } from './promql.case.ts'
import { moments, START } from './promql.samples.ts'

/** An answer as JSON, with its HTTP status; series in an order that can be compared. Infos are about style and left out. */
export type Answer = { readonly code: number; readonly body: unknown }

/** The answers of the real Prometheus to all cases, and its version. */
export interface Golden {
  readonly prometheus: string
  readonly answers: ReadonlyMap<string, Answer>
}

const file = new URL('promql.golden.jsonl', import.meta.url)

/** Reads the committed file: the version in the first line, then a line for each case. */
export function readGolden(): Golden {
  const [first = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const answers = lines.map(line => JSON.parse(line) as { name: string } & Answer)
  const { prometheus } = JSON.parse(first) as Pick<Golden, 'prometheus'>
  return { prometheus, answers: new Map(answers.map(({ name, ...answer }) => [name, answer])) }
}

export function writeGolden({ prometheus, answers }: Golden): void {
  const lines = [...answers].map(([name, answer]) => JSON.stringify({ name, ...answer }))
  writeFileSync(file, `${[JSON.stringify({ prometheus }), ...lines].join('\n')}\n`)
}

/** What this repository's Prometheus answers to all cases, over HTTP. */
export async function ourAnswers(cases: readonly Case[]): Promise<Map<string, Answer>> {
  const samples = new Samples(3600_000)
  for (const [second, series] of moments()) {
    for (const [labels, value] of series) samples.append(labels, START + second * 1000, value)
  }
  const server = createServer(prometheusApi(samples, () => START))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    return await answersOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, cases)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

export async function answersOf(url: string, cases: readonly Case[]): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>()
  for (const one of cases) {
    const { name, path, form } = one
    const parameters = new URLSearchParams(form.map(([key, value]): [string, string] => [key, value]))
    const response = await fetch(`${url}/api/v1/${path}?${parameters.toString()}`)
    const text = await response.text()
    answers.set(name, { code: response.status, body: text.startsWith('{') ? comparable(JSON.parse(text), one) : text })
  }
  return answers
}

interface Body {
  readonly data?: { readonly resultType?: string; readonly result: { readonly metric: object }[] } | object[]
  readonly [key: string]: unknown
}

function comparable({ data, ...others }: Body, { ordered }: Case): unknown {
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => key !== 'infos'))
  if (data === undefined) return rest
  if (Array.isArray(data))
    return { ...rest, data: data.map(one => (typeof one === 'string' ? one : sortedKeys(one))).sort(byText) }
  const series = data.resultType === 'vector' || data.resultType === 'matrix'
  if (!series || data.result.length === 0) return { ...rest, data }
  const result = data.result.map(one => ({ ...one, metric: sortedKeys(one.metric) }))
  return { ...rest, data: { ...data, result: ordered ? result : result.sort((a, b) => byText(a.metric, b.metric)) } }
}

const sortedKeys = (labels: object): object =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

/** Where two answers differ, or null; sample values are equal within 1e-9 of their size. */
export function difference(wanted: Answer | undefined, given: Answer | undefined): string | null {
  return valueDifference(withoutSentence(wanted), withoutSentence(given), '')
}

function withoutSentence(answer: Answer | undefined): unknown {
  if (answer === undefined || answer.code < 400) return answer
  const { errorType } = Object(answer.body) as { readonly errorType?: unknown }
  return { code: answer.code, errorType }
}

function valueDifference(wanted: unknown, given: unknown, path: string): string | null {
  if (Object.is(wanted, given)) return null
  if (typeof wanted === 'string' && typeof given === 'string' && isNear(wanted, given)) return null
  if (typeof wanted !== 'object' || typeof given !== 'object' || wanted === null || given === null) {
    return `${path}: wanted ${JSON.stringify(wanted)}, given ${JSON.stringify(given)}`
  }
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(given)])) {
    const found = valueDifference((wanted as Body)[key], (given as Body)[key], `${path}/${key}`)
    if (found !== null) return found
  }
  return null
}

function isNear(a: string, b: string): boolean {
  const [x, y] = [Number(a), Number(b)]
  return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y))
}
