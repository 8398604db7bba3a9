/**
 * The HTTP API of Prometheus over the samples in memory (https://prometheus.io/docs/prometheus/latest/querying/api/): instant and
 * range queries, series and labels, health. What it does not play is answered 404, as by a Prometheus that has no such path.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { type Answer, instantQuery, rangeQuery } from './evaluate.ts'
import { keyOf, type Labels } from './labels.ts'
import { durationOf } from './literals.ts'
import type { Matcher } from './matcher.ts'
import { parse } from './parse.ts'
import type { Samples } from './samples.ts'
import { QueryError } from './syntax.ts'

/** The release whose answers these are; the contract suite compares them. */
const VERSION = '3.13.5'
const MAX_BODY = 10 * 1024 * 1024
const MAX_STEPS = 11_000

/** A listener for `http.createServer`, or for a path of a larger server. `now` is the time of a query that names none. */
export function prometheusApi(samples: Samples, now: () => Instant): RequestListener {
  return (request, response) => void respond(samples, now(), request, response)
}

interface Reply {
  readonly data: unknown
  readonly warnings?: ReadonlySet<string>
}

/** @param captured what the path's pattern captured. */
type Endpoint = (samples: Samples, form: URLSearchParams, now: Instant, captured: string) => Reply

const endpoints: readonly (readonly [path: RegExp, endpoint: Endpoint])[] = [
  [
    /^query$/,
    (samples, form, now) => {
      const at = optionalTime(form, 'time', now)
      return reply(
        about('query', () => instantQuery(samples, form.get('query') ?? '', at)),
        at,
      )
    },
  ],
  [
    /^query_range$/,
    (samples, form) => {
      const from = about('start', () => timeOf(form.get('start')))
      const to = about('end', () => timeOf(form.get('end')))
      if (to < from) throw bad('invalid parameter "end": end timestamp must not be before start time')
      const step = about('step', () => stepOf(form.get('step')))
      const most = 'exceeded maximum resolution of 11,000 points per timeseries.'
      if ((to - from) / step > MAX_STEPS) throw bad(`${most} Try decreasing the query resolution (?step=XX)`)
      return reply(
        about('query', () => rangeQuery(samples, form.get('query') ?? '', from, to, step)),
        from,
      )
    },
  ],
  [
    /^series$/,
    (samples, form) => {
      if (!form.has('match[]')) throw bad('no match[] parameter provided')
      return { data: about('match[]', () => matching(samples, form)) }
    },
  ],
  [/^labels$/, (samples, form) => ({ data: sorted(matching(samples, form).flatMap(labels => Object.keys(labels))) })],
  [
    /^label\/([^/]+)\/values$/,
    (samples, form, _, label) => ({ data: sorted(matching(samples, form).flatMap(labels => labels[label] ?? [])) }),
  ],
  [
    /^status\/buildinfo$/,
    () => ({
      data: { version: VERSION, revision: 'in-memory', branch: '', buildUser: '', buildDate: '', goVersion: '' },
    }),
  ],
]

async function respond(
  samples: Samples,
  now: Instant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [pathname = '', search = ''] = (request.url ?? '').split(/\?(.*)/)
  const text = (code: number, body: string): unknown =>
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(body)
  const json = (code: number, body: object): unknown =>
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (pathname === '/-/ready') return void text(200, 'Prometheus Server is Ready.\n')
  if (pathname === '/-/healthy') return void text(200, 'Prometheus Server is Healthy.\n')
  const path = /^\/api\/v1\/(.+)$/.exec(pathname)?.[1] ?? ''
  const [pattern, endpoint] = endpoints.find(([one]) => one.test(path)) ?? []
  if (pattern === undefined || endpoint === undefined) return void text(404, '404 page not found\n')
  if (!/^(GET|POST)$/.test(request.method ?? '')) return void text(405, 'Method Not Allowed\n')
  try {
    const form = new URLSearchParams([...new URLSearchParams(await bodyOf(request)), ...new URLSearchParams(search)])
    const { data, warnings = new Set() } = endpoint(
      samples,
      form,
      now,
      decodeURIComponent(pattern.exec(path)?.[1] ?? ''),
    )
    json(200, { status: 'success', data, ...(warnings.size > 0 ? { warnings: [...warnings] } : {}) })
  } catch (error) {
    const kind = error instanceof QueryError ? error.kind : 'internal'
    const code = { bad_data: 400, execution: 422, internal: 500 }[kind]
    json(code, { status: 'error', errorType: kind, error: (error as Error).message })
  }
}

/** A form; Prometheus, too, reads no more than 10 MiB of one. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw bad('error parsing form values: http: request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** An answer as JSON; `at` is the time of those that have one only. */
function reply({ warnings, ...answer }: Answer, at: Instant): Reply {
  const dot = (time: Instant, value: number): [number, string] => [time / 1000, goNumber(value)]
  const result = (): unknown => {
    if (answer.type === 'scalar') return dot(at, answer.value)
    if (answer.type === 'string') return [at / 1000, answer.text]
    if (answer.type === 'vector') {
      return answer.samples.map(({ labels, value }) => ({ metric: labels, value: dot(at, value) }))
    }
    return answer.rows.map(({ labels, dots }) => ({ metric: labels, values: dots.map(one => dot(one.at, one.value)) }))
  }
  return { data: { resultType: answer.type, result: result() }, warnings }
}

/** A number as Go prints it: the shortest text that is read as the same number. */
function goNumber(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? '+Inf' : '-Inf'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** The label sets with a sample between `start` and `end` that match one of the selectors; all, without a selector. */
function matching(samples: Samples, form: URLSearchParams): Labels[] {
  const [from, to] = [optionalTime(form, 'start', 0), optionalTime(form, 'end', Number.MAX_SAFE_INTEGER)]
  const selectors = form.has('match[]') ? form.getAll('match[]').map(matchersOf) : [[]]
  const found = selectors.flatMap(matchers => samples.select(matchers, from, to))
  return [...new Map(found.map(({ labels }) => [keyOf(labels), labels])).values()]
}

function matchersOf(text: string): readonly Matcher[] {
  const expr = parse(text)
  if (expr.kind === 'selector' && expr.range === undefined && expr.offset === undefined) return expr.matchers
  throw bad(`${JSON.stringify(text)} must be a series selector`)
}

function optionalTime(form: URLSearchParams, name: string, otherwise: Instant): Instant {
  const text = form.get(name)
  if (!text) return otherwise
  return about(name, () => timeOf(text), `invalid time value for '${name}': `)
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()

const bad = (message: string): QueryError => new QueryError('bad_data', message)

/** Errors of one parameter say its name. */
function about<T>(parameter: string, read: () => T, prefix = ''): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof QueryError && error.kind === 'bad_data')
      throw bad(`invalid parameter "${parameter}": ${prefix}${error.message}`)
    throw error
  }
}

/** Seconds since 1970, or RFC 3339. */
function timeOf(text: string | null): Instant {
  const at =
    text !== null && /^-?[\d.]+(e[+-]?\d+)?$/i.test(text)
      ? Math.round(Number(text) * 1000)
      : Date.parse(/T/.test(text ?? '') ? (text ?? '') : '')
  if (Number.isNaN(at)) throw bad(`cannot parse ${JSON.stringify(text ?? '')} to a valid timestamp`)
  return at
}

/** Seconds, or a duration. */
function stepOf(text: string | null): Milliseconds {
  const step = durationOf(text ?? '') ?? (text ? Number(text) * 1000 : Number.NaN)
  if (Number.isNaN(step)) throw bad(`cannot parse ${JSON.stringify(text ?? '')} to a valid duration`)
  if (step <= 0) throw bad('zero or negative query resolution step widths are not accepted. Try a positive integer')
  return step
}
