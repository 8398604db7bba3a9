/**
 * Gateways of Istio: whether one of their servers brings requests for a host to the http routes of a VirtualService
 * (pilot/pkg/networking/core/gateway.go `buildGatewayHTTPRouteConfig`, pkg/config/gateway/gateway.go).
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, listOf, recordsOf, textOf } from '../../json.ts'
import { coversHost } from './hosts.ts'

/**
 * What becomes of requests for some hosts at a Gateway.
 * - `routed`: http routes get them.
 * - `redirected`: each is answered with a redirect to HTTPS, but for those that came by HTTPS to a load balancer before it.
 * - `opaque`: connections are passed on, by their SNI or as TCP, and no request is read.
 * - `of others`: the servers take VirtualServices of other namespaces alone.
 * - `unserved`: no server is for the hosts.
 */
export type Reception = 'routed' | 'redirected' | 'opaque' | 'of others' | 'unserved'

const HTTP = new Set(['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB', 'GRPC-WEB-TEXT'])

/** Comparisons of hosts of a Gateway with those of a VirtualService: users write both. */
const MOST_COMPARISONS = 10_000

/** Whether a Gateway has so many hosts that nothing is told of what it takes. */
export const isTooLarge = (gateway: KubeObject, hosts: readonly string[]): boolean =>
  serversOf(gateway).reduce((sum, server) => sum + listOf(server['hosts']).length, 0) * hosts.length > MOST_COMPARISONS

/**
 * @param hosts of a VirtualService, as Istio reads them.
 * @param namespace of that VirtualService.
 */
export function receptionOf(gateway: KubeObject, hosts: readonly string[], namespace: string): Reception {
  const servers = serversOf(gateway)
  const forHosts = servers.filter(server => entriesOf(gateway, server).some(entry => concerns(entry.host, hosts)))
  const open = forHosts.filter(server => isOpenTo(gateway, server, hosts, namespace))
  const all = open.map(doesWith)
  if (open.length === 0) return forHosts.length === 0 ? 'unserved' : 'of others'
  return all.find(one => one === 'routed') ?? all.find(one => one === 'redirected') ?? 'opaque'
}

/** The ports at which the http routes of such a VirtualService get requests, or may get some. */
export function portsOf(gateway: KubeObject, hosts: readonly string[], namespace: string): unknown[] {
  return serversOf(gateway)
    .filter(server => doesWith(server) !== 'opaque' && isOpenTo(gateway, server, hosts, namespace))
    .map(server => at(server, 'port', 'number'))
}

/** The hosts of all its servers as they are written, each once. */
export const hostsAt = (gateway: KubeObject): string[] => [
  ...new Set(serversOf(gateway).flatMap(server => listOf(server['hosts']).map(textOf))),
]

const serversOf = (gateway: KubeObject): readonly Json[] => recordsOf(at(gateway.spec, 'servers'))

interface Entry {
  /** Whose VirtualServices it takes; `*`: of all namespaces. */
  readonly from: string
  readonly host: string
}

function entriesOf({ metadata }: KubeObject, server: Json): Entry[] {
  return listOf(server['hosts']).map(written => {
    const text = textOf(written)
    const slash = text.indexOf('/')
    if (slash === -1) return { from: '*', host: text }
    const from = text.slice(0, slash)
    return { from: from === '.' ? (metadata.namespace ?? '') : from, host: text.slice(slash + 1) }
  })
}

/** A wildcard of the Gateway takes an exact host of the route, and a wildcard of the route an exact one of the Gateway. */
const concerns = (pattern: string, hosts: readonly string[]): boolean =>
  hosts.some(host => coversHost(pattern, host) || coversHost(host, pattern))

function isOpenTo(gateway: KubeObject, server: Json, hosts: readonly string[], namespace: string): boolean {
  return entriesOf(gateway, server).some(
    ({ from, host }) => (from === '*' || from === namespace) && concerns(host, hosts),
  )
}

function doesWith(server: Json): 'routed' | 'redirected' | 'opaque' {
  const protocol = textOf(at(server, 'port', 'protocol')).toUpperCase()
  if (HTTP.has(protocol)) return at(server, 'tls', 'httpsRedirect') === true ? 'redirected' : 'routed'
  const mode = textOf(at(server, 'tls', 'mode'))
  return protocol === 'HTTPS' && mode !== 'PASSTHROUGH' && mode !== 'AUTO_PASSTHROUGH' ? 'routed' : 'opaque'
}
