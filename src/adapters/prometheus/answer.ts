/** What a metrics server's answer means (https://prometheus.io/docs/prometheus/latest/querying/api/). */
import { type Finding, NO_SERIES } from '../../core/model/check.ts'
import type { Series } from './merge.ts'

/** The reply to one request, before it is taken apart into findings. */
export type Reply =
  | { readonly kind: 'vector'; readonly series: readonly Series[]; readonly annotations: readonly string[] }
  /** A number without labels: it cannot be merged with others. */
  | { readonly kind: 'scalar'; readonly value: string; readonly annotations: readonly string[] }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'refused'; readonly error: string }
  /** The credentials of the question are not as they must be. */
  | { readonly kind: 'not-asked'; readonly error: string }
  | { readonly kind: 'unavailable'; readonly error: string; readonly retry: Retry }

/**
 * What may help: `now`, the same request may well succeed in a moment; `apart`, it took too long, and its parts may be answered;
 * `singly`, some of its parts may be answered whole; `no`, nothing will.
 */
export type Retry = 'now' | 'apart' | 'singly' | 'no'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSample = (value: unknown): value is [number, string] =>
  Array.isArray(value) && value.length === 2 && typeof value[1] === 'string'

/** The first 300 characters on one line: an error message goes into a status and an event. */
export function brief(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`
}

/** What a Prometheus API answers with instead of data. */
export interface ServerError {
  /** Without the words before it, and with long quotations left out: VictoriaMetrics has the whole query before the cause. */
  readonly error: string
  readonly type: unknown
  /** It says nothing of the query: see `isOfStorage`. */
  readonly isOfStorage: boolean
}

/** A query, or the value of a label. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g

/** Of a quotation that is left as it is. */
const LONGEST_QUOTED = 80

/** The error in a body; null when it is not one of a Prometheus API. */
export function errorOf(body: string): ServerError | null {
  const parsed = parse(body)
  if (!isRecord(parsed) || parsed['status'] !== 'error' || typeof parsed['error'] !== 'string') return null
  const { error, errorType: type } = parsed
  const told = error
    .replace(/^invalid parameter "query": /, '')
    .replace(QUOTED, quoted => (quoted.length > LONGEST_QUOTED ? '"…"' : quoted))
  return { error: brief(told), type, isOfStorage: type !== 'bad_data' && isOfStorage(error.replace(QUOTED, '""')) }
}

/** That what the server reads from cannot be reached. */
const OF_STORAGE =
  /\b(?:unavailable|unhealthy instances|live replicas|vmstorage|dial tcp|no such host|i\/o timeout|connection re(?:fused|set)|context (?:deadline exceeded|canceled)|code = (?:Aborted|DeadlineExceeded|Canceled|Internal|Unknown))\b/i

/** What is over a limit is the query's own. */
const OF_LIMIT = /\blimit|\bexceeds?\b|-search\.max(?!QueryDuration)|ResourceExhausted/i

/**
 * Whether an error says nothing of the query: stores that cannot be reached are answered with 422 like a query that cannot work, by
 * Thanos without partial answers and by VictoriaMetrics (https://github.com/VictoriaMetrics/VictoriaMetrics/issues/1148).
 *
 * @param error without what it quotes: a label may have any value.
 */
const isOfStorage = (error: string): boolean => OF_STORAGE.test(error) && !OF_LIMIT.test(error)

/** The reply in a body with status 200. */
export function replyOf(body: string, server: string): Reply {
  const parsed = parse(body)
  if (!isRecord(parsed) || parsed['status'] !== 'success' || !isRecord(parsed['data'])) {
    return foreign(server)
  }
  const { resultType, result } = parsed['data']
  const warnings = Array.isArray(parsed['warnings']) ? parsed['warnings'].map(String).map(brief) : []
  const missing = missingPart(warnings, parsed['isPartial'])
  if (missing !== null) {
    return { kind: 'unavailable', error: `${server} gave only a part of the answer: ${missing}`, retry: 'singly' }
  }
  const annotations = warnings
  if (resultType === 'scalar' && isSample(result)) return { kind: 'scalar', value: result[1], annotations }
  if (resultType === 'matrix') {
    return { kind: 'refused', error: 'the query returned a range of samples; wrap it, as in sum(rate(…[1m]))' }
  }
  if (resultType === 'string')
    return { kind: 'refused', error: 'the query returned a string; it must return one number' }
  if (resultType !== 'vector' || !Array.isArray(result)) return foreign(server)
  const series: Series[] = []
  for (const one of result as unknown[]) {
    if (!isRecord(one) || !isRecord(one['metric'])) return foreign(server)
    const value = one['value']
    if (!isSample(value)) {
      return {
        kind: 'refused',
        error: 'the query returned a histogram; take a number of it, as in histogram_quantile(0.99, …)',
      }
    }
    series.push({ labels: one['metric'] as Record<string, string>, value: value[1] })
  }
  return { kind: 'vector', series, annotations }
}

/** What PromQL remarks about the query itself; Thanos hands these on among its warnings, where Prometheus has a list `infos`. */
const ANNOTATION = /^PromQL (info|warning):/

/**
 * Why an answer may lack series that exist, or null when it is whole. Thanos, Mimir and Prometheus' remote read put what they
 * could not reach into `warnings`; VictoriaMetrics sets `isPartial`
 * (https://docs.victoriametrics.com/victoriametrics/cluster-victoriametrics/#cluster-availability). If the series of errors
 * are among those that are missing, a bad release has no errors.
 */
function missingPart(warnings: readonly string[], isPartial: unknown): string | null {
  const missing = warnings.find(warning => !ANNOTATION.test(warning))
  return missing ?? (isPartial === true ? 'it says isPartial: true' : null)
}

/** The finding in the series that answer one question. */
export function findingOf(series: readonly Series[]): Finding {
  const [first, ...rest] = series
  if (first === undefined) return { kind: 'no-data', because: NO_SERIES }
  if (rest.length > 0) {
    return { kind: 'refused', error: `the query returned ${series.length} series; aggregate it to one, as in sum(…)` }
  }
  return numberOf(first.value)
}

/** A number as Go writes it; JavaScript reads more than that as one, the empty text as 0. */
const NUMBER = /^[+-]?(\d+([.]\d*)?|[.]\d+)(e[+-]?\d+)?$/i

/** A sample as a finding; an empty one, NaN and the infinities (a division by 0) say nothing. */
export function numberOf(sample: string): Finding {
  const value = NUMBER.test(sample) ? Number(sample) : Number.NaN
  if (Number.isFinite(value)) return { kind: 'value', value }
  return {
    kind: 'no-data',
    because: sample === '' ? 'the query gave an empty sample' : `the query gave ${brief(sample)}`,
  }
}

function foreign(server: string): Reply {
  return {
    kind: 'unavailable',
    error: `${server} answered, but not as a Prometheus does; check the address`,
    retry: 'no',
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
