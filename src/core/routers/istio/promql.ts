/**
 * The built-in questions as PromQL, over Istio's standard metrics
 * (https://istio.io/latest/docs/reference/config/metrics/).
 *
 * Whose telemetry it is says `CheckContext.vantage`: that of the pods' own proxies, of the waypoint before them, or of callers. Each
 * request is in one of them once, so they are never added up.
 *
 * Known limits: after a longer gap a series looks born and counts over the life of its pod, which still is this candidate
 * only; and requests that an earlier candidate's pods served between their last scrape before the window and its start are
 * counted with it, if those pods live to be scraped again.
 */
import type { Milliseconds } from '../../time.ts'
import { growth, increments, quoted, within } from '../../analysis/promql.ts'
import type { CallerView, CheckContext, Side } from '../../analysis/check-context.ts'

/** gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAILURES = '2|4|8|13|14|15'

/** A selector for any of these response flags, among others. */
const flagged = (flags: string): string => `(.+,)?(${flags})(,.+)?`

/**
 * Envoy's response flags of requests that failed on the way: no healthy upstream, connection failure, connection closed by the
 * upstream, overflow, the route's timeout (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage).
 * The canary's own proxy counts none of them as an error: it never saw the request or, in a timeout, saw the caller leave. URX alone
 * (retries used up) is not among them: its attempts were answered, and counted, by the canary. A request without a route or a
 * cluster (NR, NC) has no destination in Istio's telemetry; see `withoutCluster`.
 */
const CALLER_FLAGS = flagged('UH|UF|UC|UO|UT')

/** Upstream connection termination. */
const RESET = flagged('UC')

const REQUESTS = 'istio_requests_total'
const DURATION = 'istio_request_duration_milliseconds_bucket'

const received = (namespace: string, workload: string): string =>
  `reporter="destination",destination_workload_namespace=${quoted(namespace)},destination_workload=${quoted(workload)}`

const escapeRegex = (value: string): string => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * What callers, or the waypoint, report of these Services. By their full names, because before Istio 1.23
 * `destination_service_namespace` is `unknown` for the requests that reached no pod (https://github.com/istio/istio/issues/49842), and a
 * waypoint says its own namespace there. A waypoint names the backend that the split has chosen, not the Service that was called.
 */
function sent({ vantage, namespace }: CheckContext, view: CallerView): string {
  const services = view.services.map(escapeRegex).join('|')
  const version = view.version === undefined ? '' : `,destination_version=${quoted(view.version)}`
  return `reporter=${quoted(callersOf(vantage))},destination_service=~${quoted(`(${services})\\.${escapeRegex(namespace)}\\.svc\\..+`)}${version}`
}

/** Who reports of requests on their way. */
const callersOf = (vantage: CheckContext['vantage']): string => (vantage === 'waypoint' ? 'waypoint' : 'source')

const callersView = (scene: CheckContext, side: Side): CallerView =>
  side === 'canary' ? scene.canaryCallers : scene.primaryCallers

/**
 * Requests that the `fault` of a VirtualService aborted or delayed: what became of them is no side's doing. A proxy before the pods counts
 * them under the side that the split has chosen; those of the pods know nothing of faults.
 */
const FAULT = `response_flags!~"${flagged('FI|DI')}"`

/** What the vantage point of the Canary reports of one side. */
function observed(scene: CheckContext, side: Side): string {
  if (scene.vantage !== 'destination') return `${sent(scene, callersView(scene, side))},${FAULT}`
  return received(scene.namespace, side === 'canary' ? scene.target : scene.primary)
}

/**
 * Selectors of the requests that a side had to answer. A waypoint and a gateway count what their own policies deny, too, under the side
 * that the split has chosen: without a workload, because nothing was reached. That is no side's answer, good or bad.
 */
function answerable(scene: CheckContext, side: Side): readonly string[] {
  const selector = observed(scene, side)
  if (scene.vantage === 'destination') return [selector]
  return [
    `${selector},response_code!~"401|403"`,
    `${selector},response_code=~"401|403",destination_workload!="unknown"`,
  ]
}

/** Requests to one side, whatever came of them. */
export function requests(scene: CheckContext, window: Milliseconds, side: Side = 'canary'): string {
  const counted = answerable(scene, side).map(selector => increments(`${REQUESTS}{${selector}}`, window))
  return `sum(${counted.join(' or ')})`
}

/**
 * Requests to the primary that met the split, as a lower bound: a gap in the telemetry must not look like traffic. Callers without a
 * proxy, as an Ingress outside of the mesh, obey no routes; the pods' proxies say `unknown` of who they are (istio_stats.cc in istio/proxy).
 *
 * @param ago how long ago the window ended, so that what it implies for the canary has had time to show.
 */
export function primaryRequests(scene: CheckContext, window: Milliseconds, ago: Milliseconds): string {
  const ofProxies = scene.vantage === 'destination' ? ',source_workload!="unknown"' : ''
  return `sum(${growth(`${REQUESTS}{${observed(scene, 'primary')}${ofProxies}}`, window, ago)})`
}

/** The caller closed its connection or, in HTTP/2 as every gRPC client that cancels and every proxy before it, reset the one request. */
const DISCONNECTED = flagged('DC|DR')

/**
 * Requests that the canary's pods answered badly: 5xx, no answer at all, or a gRPC failure within HTTP 200. Callers that went away
 * before the answer are counted by `disconnects`; a stream that they end has the status UNKNOWN.
 */
export function errors(scene: CheckContext, window: Milliseconds): string {
  const canary = observed(scene, 'canary')
  const http = `${REQUESTS}{${canary},response_code=~"5..|0",response_flags!~"${DISCONNECTED}"}`
  const grpc = `${REQUESTS}{${canary},response_code!~"5..|0",grpc_response_status=~"${GRPC_FAILURES}",response_flags!~"${DISCONNECTED}"}`
  return `sum(${increments(http, window)} or ${increments(grpc, window)})`
}

/**
 * Requests to the canary of which the telemetry does not tell how they were answered: a Telemetry or a relabeling removed the label, and
 * bad answers look like good ones. A gRPC request has the code 200 whatever came of it.
 */
export function untold(scene: CheckContext, window: Milliseconds): string {
  const canary = observed(scene, 'canary')
  const http = `${REQUESTS}{${canary},response_code="",grpc_response_status=""}`
  const grpc = `${REQUESTS}{${canary},response_code=~"2..",request_protocol="grpc",grpc_response_status="",response_flags!~"${DISCONNECTED}"}`
  return `sum(${increments(http, window)} or ${increments(grpc, window)})`
}

/** Requests to one side whose callers went away before the answer. */
export function disconnects(scene: CheckContext, window: Milliseconds, side: Side): string {
  const selector = `${REQUESTS}{${observed(scene, side)},response_flags=~"${DISCONNECTED}"}`
  return `sum(${increments(selector, window)})`
}

/**
 * Requests for the canary that failed before it saw them, by the callers' telemetry. With subsets a failure without a chosen
 * pod has no version; it counts as the canary's, because a side that no caller can reach must not look healthy. Where the vantage point
 * is before the pods, they are among its errors.
 */
export function callerFailures(scene: CheckContext, window: Milliseconds): string {
  if (scene.vantage !== 'destination') return 'vector(0)'
  return failedOnTheWay(scene, window, CALLER_FLAGS)
}

/**
 * Requests for the canary whose connection its proxy closed before it answered. That is all that a server which demands mutual
 * TLS leaves of a request in plaintext: its own telemetry has none, because none arrived.
 */
export function resets(scene: CheckContext, window: Milliseconds): string {
  return failedOnTheWay(scene, window, RESET)
}

function failedOnTheWay(scene: CheckContext, window: Milliseconds, flags: string): string {
  const { version, services } = scene.canaryCallers
  const versions = version === undefined ? '' : `,destination_version=~${quoted(`${escapeRegex(version)}|unknown`)}`
  const selector = `${REQUESTS}{${sent(scene, { services })}${versions},response_flags=~${quoted(flags)},${FAULT}}`
  return `sum(${increments(selector, window)})`
}

/**
 * Requests that the canary's pods received over mutual TLS: both ends showed a certificate of the mesh (istio_stats.cc in
 * istio/proxy, `populatePeerInfo`). Only the server's proxy knows: callers' proxies say `unknown` of every request.
 */
export function mutualTls(scene: CheckContext, window: Milliseconds): string {
  return securedBy('mutual_tls', scene, window)
}

/** Requests that the canary's pods received without it. One without the label is in neither: a Telemetry may remove it. */
export function plaintext(scene: CheckContext, window: Milliseconds): string {
  return securedBy('none', scene, window)
}

function securedBy(policy: string, scene: CheckContext, window: Milliseconds): string {
  const selector = `${received(scene.namespace, scene.target)},connection_security_policy=${quoted(policy)}`
  return `sum(${increments(`${REQUESTS}{${selector}}`, window)})`
}

/** The 99th percentile of the canary's response times in ms, failures included. NaN without requests. */
export function latency(scene: CheckContext, window: Milliseconds): string {
  const buckets = answerable(scene, 'canary').map(selector => increments(`${DURATION}{${selector}}`, window))
  return `histogram_quantile(0.99, sum by (le) ${buckets.length === 1 ? buckets.join() : `(${buckets.join(' or ')})`})`
}

/** Requests that callers sent to one side, whatever came of them: what the mesh really carries. */
export function carried(scene: CheckContext, side: Side, window: Milliseconds): string {
  return `sum(${increments(`${REQUESTS}{${sent(scene, callersView(scene, side))}}`, window)})`
}

/** The same, of which nothing lies before the window, however long ago the last scrape before it was. */
export function carriedWithin(scene: CheckContext, side: Side, window: Milliseconds): string {
  return `sum(${within(`${REQUESTS}{${sent(scene, callersView(scene, side))}}`, window)})`
}

/**
 * Requests that callers' own proxies sent to the canary, of which nothing lies before the window. A proxy beside a caller evaluates the routes of
 * the mesh itself and reaches a pod in ambient without the waypoint (`findServiceWaypoint` in istiod's
 * `pilot/pkg/xds/endpoints/endpoint_builder.go`), and ztunnel reports no requests: there the reporter `source` is such a proxy, or a gateway.
 */
export function pastWaypoint(scene: CheckContext, window: Milliseconds): string {
  const atCallers = { ...scene, vantage: 'source' } as const
  return carriedWithin(atCallers, 'canary', window)
}

/**
 * Requests for the apex that a caller's proxy had no cluster for (flag NC): a route leads to a port or a subset that is not there.
 * Istio's telemetry has no destination for them but the Host header, as the caller wrote it (istio_stats.cc in istio/proxy,
 * `disable_host_header_fallback`); a bare name is that of the caller's own namespace. Gateways do not report the header.
 * Callers in a namespace that has routes of its own for the Service are left out: it could stop the release of another one.
 */
export function withoutCluster(scene: CheckContext, window: Milliseconds, ago: Milliseconds): string {
  const [service, namespace] = [escapeRegex(scene.service), escapeRegex(scene.namespace)]
  const full = [`${service}\\.${namespace}(\\.svc(\\..+)?)?`, ...scene.hosts.map(escapeRegex)].join('|')
  const lost = `reporter=${quoted(callersOf(scene.vantage))},response_flags=~${quoted(flagged('NC'))}`
  const strangers = scene.strangers.map(escapeRegex).join('|')
  const ofOurRoutes = strangers === '' ? '' : `,source_workload_namespace!~${quoted(strangers)}`
  const byFullName = `${REQUESTS}{${lost}${ofOurRoutes},destination_service=~${quoted(`(${full})(:[0-9]+)?`)}}`
  const near = `source_workload_namespace=${quoted(scene.namespace)}`
  const byName = `${REQUESTS}{${lost},${near},destination_service=~${quoted(`${service}(:[0-9]+)?`)}}`
  return `sum(${increments(byFullName, window, ago)} or ${increments(byName, window, ago)})`
}
