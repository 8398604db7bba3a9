/**
 * The built-in questions as PromQL, over the metrics of ingress-nginx
 * (https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/#exposed-metrics), which it writes once a request, with the status
 * that the caller got.
 *
 * `ingress` and `service` are those of the user's Ingress whichever side answered (issue 4026 of ingress-nginx). Which one did, the label
 * `canary` says since 1.0.2: `<namespace>-<service>-<port>` of the canary, and nothing of the primary.
 */
import { growth, increments, quoted, within } from '../../analysis/promql.ts'
import type { CheckContext, Side } from '../../analysis/check-context.ts'
import type { Milliseconds } from '../../time.ts'

const REQUESTS = 'nginx_ingress_controller_requests'
/** From the first byte of the request to the last of the answer, in seconds. */
const DURATION = 'nginx_ingress_controller_request_duration_seconds_bucket'

/** With --report-status-classes the status is `5xx`. */
const FAILED = 'status=~"5.."'
/** nginx's own status for a caller that went away before the answer. */
const DISCONNECTED = 'status="499"'

/**
 * Requests to the Service of the Canary of which one side had to answer, by whatever Ingress they came. Names of Services have no character that means
 * something in a pattern.
 */
function side({ namespace, service, canaryCallers, primaryCallers }: CheckContext, of: Side): string {
  const { services } = of === 'canary' ? canaryCallers : primaryCallers
  const backends = services.map(name => (name === service ? '' : `${namespace}-${name}-[0-9]+`))
  return `namespace=${quoted(namespace)},service=${quoted(service)},canary=~${quoted(backends.join('|'))}`
}

const counted = (scene: CheckContext, of: Side, more = ''): string => `${REQUESTS}{${side(scene, of)}${more}}`

/** Requests to one side, whatever came of them. */
export const requests = (scene: CheckContext, window: Milliseconds, of: Side): string =>
  `sum(${increments(counted(scene, of), window)})`

/** Requests to one side, as a lower bound; the window ended `ago`. */
export const surelyReceived = (scene: CheckContext, of: Side, window: Milliseconds, ago: Milliseconds): string =>
  `sum(${growth(counted(scene, of), window, ago)})`

/** Requests to one side, none of them from before the window. */
export const requestsWithin = (scene: CheckContext, window: Milliseconds, of: Side): string =>
  `sum(${within(counted(scene, of), window)})`

/** Requests that the canary answered badly, or that nginx could not get answered by it (502, 504). */
export const errors = (scene: CheckContext, window: Milliseconds): string =>
  `sum(${increments(counted(scene, 'canary', `,${FAILED}`), window)})`

/** Requests to the canary whose status a relabeling removed: bad answers look like good ones. */
export const untold = (scene: CheckContext, window: Milliseconds): string =>
  `sum(${increments(counted(scene, 'canary', ',status=""'), window)})`

/** Requests to one side whose callers went away before the answer. */
export const disconnects = (scene: CheckContext, window: Milliseconds, of: Side): string =>
  `sum(${increments(counted(scene, of, `,${DISCONNECTED}`), window)})`

/** The 99th percentile of the canary's response times in ms, failures included. NaN without requests. */
export const latency = (scene: CheckContext, window: Milliseconds): string =>
  `1000 * histogram_quantile(0.99, sum by (le) ${increments(`${DURATION}{${side(scene, 'canary')}}`, window)})`
