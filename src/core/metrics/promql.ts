/**
 * The built-in questions as PromQL, over Istio's standard metrics
 * (https://istio.io/latest/docs/reference/config/metrics/).
 *
 * `rate()` and `increase()` are not used. They extrapolate, and a series has no rate before its second sample; but an Istio
 * series of errors is *born* with its first error, so the errors that matter most would be the ones not seen. Counters
 * are subtracted instead, series by series:
 *
 *     last_over_time(x[W]) - last_over_time(x[5m] offset W) >= 0 or last_over_time(x[W])
 *
 * - A series born within the window has no left side, so it counts from 0. So does one that was reset (a restarted proxy).
 * - `last_over_time` and not `x` on the left: a pod that died within the window still counts, and a series without a sample in
 *   the window (Prometheus was down, or scrapes more rarely than W) is no data, not an old value that looks like silence.
 * - And on the right: a failed scrape just before the window, or a Prometheus that was away for less than 5 min, does not make
 *   an old series look born.
 * - Every series of one pod is scraped at the same instants, so good and bad requests cover the same stretch of time,
 *   however the window falls between two scrapes.
 *
 * Known limits: after a longer gap a series looks born and counts over the life of its pod, which still is this candidate
 * only; and requests that an earlier candidate's pods served between their last scrape before the window and its start are
 * counted with it, if those pods live to be scraped again.
 */
import type { Milliseconds } from '../time.ts'
import type { CallerView, Scene } from './scene.ts'

/** gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAILURES = '2|4|8|13|14|15'

/**
 * Envoy's response flags of requests that failed on the way: no healthy upstream, connection failure, overflow, the
 * route's timeout, no route, no cluster (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage).
 * The canary's own proxy counts none of them as an error: it never saw the request or, in a timeout, saw the caller leave. URX alone
 * (retries used up) is not among them: its attempts were answered, and counted, by the canary.
 */
const CALLER_FLAGS = '(.+,)?(UH|UF|UO|UT|NR|NC)(,.+)?'

const REQUESTS = 'istio_requests_total'
const DURATION = 'istio_request_duration_milliseconds_bucket'

/** A length of time in PromQL (and Go): `30s`, `1500ms`. */
export function promDuration(length: Milliseconds): string {
  return length % 1000 === 0 ? `${length / 1000}s` : `${Math.round(length)}ms`
}

/** A label value as a PromQL string. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}

/** How far back the value before a window is looked for: Prometheus' own lookback. */
const BEFORE = '5m'

/** What each series of the selector grew by, births and resets counted from 0. */
function increments(selector: string, window: Milliseconds): string {
  const w = promDuration(window)
  const last = `last_over_time(${selector}[${w}])`
  return `(${last} - last_over_time(${selector}[${BEFORE}] offset ${w}) >= 0 or ${last})`
}

/** The same without births, over a window that ended a while ago: never more than what was surely counted within it. */
function growth(selector: string, window: Milliseconds, ago: Milliseconds): string {
  const last = `last_over_time(${selector}[${promDuration(window)}] offset ${promDuration(ago)})`
  return `(${last} - last_over_time(${selector}[${BEFORE}] offset ${promDuration(window + ago)}) >= 0)`
}

const received = (namespace: string, workload: string): string =>
  `reporter="destination",destination_workload_namespace=${quoted(namespace)},destination_workload=${quoted(workload)}`

const escapeRegex = (value: string): string => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const oneOf = (label: string, values: readonly string[]): string => {
  const [first, ...rest] = values
  if (first !== undefined && rest.length === 0) return `${label}=${quoted(first)}`
  return `${label}=~${quoted(values.map(escapeRegex).join('|'))}`
}

const sent = (namespace: string, view: CallerView): string =>
  `reporter="source",destination_service_namespace=${quoted(namespace)},${oneOf('destination_service_name', view.services)}`

/** Requests that the canary's pods received, whatever came of them. */
export function requests(scene: Scene, window: Milliseconds): string {
  return `sum(${increments(`${REQUESTS}{${received(scene.namespace, scene.target)}}`, window)})`
}

/**
 * Requests that the primary's pods received, as a lower bound: a gap in the telemetry must not look like traffic.
 *
 * @param ago how long ago the window ended, so that what it implies for the canary has had time to show.
 */
export function primaryRequests(scene: Scene, window: Milliseconds, ago: Milliseconds): string {
  return `sum(${growth(`${REQUESTS}{${received(scene.namespace, scene.primary)}}`, window, ago)})`
}

/**
 * Requests that the canary's pods answered badly: 5xx, no answer at all, or a gRPC failure within HTTP 200. A caller that went
 * away before the answer (flag DC) is no error of the canary's; if it was made to go by the route's timeout, its own proxy says so.
 */
export function errors(scene: Scene, window: Milliseconds): string {
  const canary = received(scene.namespace, scene.target)
  const http = `${REQUESTS}{${canary},response_code=~"5..|0",response_flags!~"(.+,)?DC(,.+)?"}`
  const grpc = `${REQUESTS}{${canary},response_code!~"5..|0",grpc_response_status=~"${GRPC_FAILURES}"}`
  return `sum(${increments(http, window)} or ${increments(grpc, window)})`
}

/**
 * Requests for the canary that failed before it saw them, by the callers' telemetry. With subsets a failure without a chosen
 * pod has no version; it counts as the canary's, for a side that nobody can reach must not look healthy.
 */
export function callerFailures(scene: Scene, window: Milliseconds): string {
  const { version } = scene.canaryCallers
  const versions = version === undefined ? '' : `,destination_version=~${quoted(`${escapeRegex(version)}|unknown`)}`
  const selector = `${REQUESTS}{${sent(scene.namespace, scene.canaryCallers)}${versions},response_flags=~${quoted(CALLER_FLAGS)}}`
  return `sum(${increments(selector, window)})`
}

/** The 99th percentile of the canary's response times in ms, failures included. NaN without requests. */
export function latency(scene: Scene, window: Milliseconds): string {
  const buckets = increments(`${DURATION}{${received(scene.namespace, scene.target)}}`, window)
  return `histogram_quantile(0.99, sum by (le) ${buckets})`
}

/** Requests that callers sent to one side, whatever came of them: what the mesh really carries. */
export function carried(namespace: string, view: CallerView, window: Milliseconds): string {
  const version = view.version === undefined ? '' : `,destination_version=${quoted(view.version)}`
  return `sum(${increments(`${REQUESTS}{${sent(namespace, view)}${version}}`, window)})`
}
