/** A metrics server asked over a range, for charts (https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries). */
import { isRecord, listOf } from '../../core/json.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import { HttpClient, type HttpOptions } from '../http/client.ts'
import { shownUrl } from '../http/redaction.ts'
import { brief, errorOf } from './answer.ts'

export interface RangeQuestion {
  readonly query: string
  readonly start: Instant
  readonly end: Instant
  readonly step: Milliseconds
  /** Of the Canary. */
  readonly namespace: string
}

export type RangeReply =
  | { readonly kind: 'points'; readonly points: ReadonlyMap<Instant, number> }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unavailable'; readonly error: string }

export interface RangeOptions extends HttpOptions {
  readonly tenantHeader?: string
}

const DEADLINE: Milliseconds = 8000
/** 600 points of one series have some 30 KiB; a question of a tenant may be answered with thousands of series. */
const LARGEST = 2 * 1024 * 1024
/** Charts wait for each other, and checks of the controller never for them. */
const AT_ONCE = 4

export class RangeServer {
  readonly #endpoint: URL
  readonly #shown: string
  readonly #http: HttpClient
  readonly #tenantHeader: string | null
  #free = AT_ONCE
  readonly #waiting: (() => void)[] = []

  /** @throws TypeError when `address` is not a URL of http or https. */
  constructor(address: string, { tenantHeader, ...options }: RangeOptions) {
    const url = URL.canParse(address) ? new URL(address) : null
    if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError('the metrics server is not a URL')
    this.#shown = shownUrl(url)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query_range`
    this.#endpoint = url
    this.#http = new HttpClient(options)
    this.#tenantHeader = tenantHeader ?? null
  }

  /** Never rejects. */
  async ask(question: RangeQuestion, signal: AbortSignal): Promise<RangeReply> {
    await this.#enter()
    try {
      return await this.#asked(question, signal)
    } finally {
      this.#leave()
    }
  }

  close(): void {
    this.#http.close()
  }

  async #asked(question: RangeQuestion, signal: AbortSignal): Promise<RangeReply> {
    const outcome = await this.#http.send({
      method: 'POST',
      url: this.#endpoint,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(this.#tenantHeader === null ? {} : { [this.#tenantHeader]: question.namespace }),
      },
      body: rangeParameters(question, DEADLINE),
      deadline: DEADLINE,
      sizeLimit: LARGEST,
      signal,
    })
    if (outcome.kind === 'failed') return { kind: 'unavailable', error: `${this.#shown} ${brief(outcome.error)}` }
    const { status, body } = outcome
    if (body === null) return { kind: 'refused', error: 'the answer is too large for a chart' }
    if (status === 200) return replyOfRange(parsed(body), question, this.#shown)
    const error = errorOf(outcome.redact(body))?.error
    if ((status === 400 || status === 422) && error !== undefined) return { kind: 'refused', error }
    return { kind: 'unavailable', error: `${this.#shown} answered ${status}${error === undefined ? '' : `: ${error}`}` }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}

/** The parameters of a range query: times in seconds. */
export function rangeParameters({ query, start, end, step }: RangeQuestion, timeout: Milliseconds): string {
  return new URLSearchParams({
    query,
    start: String(start / 1000),
    end: String(end / 1000),
    step: String(step / 1000),
    timeout: `${timeout}ms`,
  }).toString()
}

/** The points of the one series of an answer; several series are no answer, as for a check. */
export function replyOfRange(body: unknown, { start, step }: RangeQuestion, server: string): RangeReply {
  const data = isRecord(body) && body['status'] === 'success' ? body['data'] : null
  if (!isRecord(data) || data['resultType'] !== 'matrix') {
    return { kind: 'unavailable', error: `${server} answered, but not as a Prometheus does; check the address` }
  }
  const series = listOf(data['result'])
  if (series.length > 1) {
    return { kind: 'refused', error: `the query returned ${series.length} series; aggregate it to one, as in sum(…)` }
  }
  const [one] = series
  const points = new Map<Instant, number>()
  for (const sample of listOf(isRecord(one) ? one['values'] : [])) {
    const [seconds, text] = listOf(sample)
    const value = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN
    if (typeof seconds !== 'number' || !Number.isFinite(value)) continue
    // By its place on the grid: seconds are written with rounding.
    points.set(start + Math.round((seconds * 1000 - start) / step) * step, value)
  }
  return { kind: 'points', points }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
