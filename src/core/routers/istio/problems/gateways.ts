/** Gateways that routes of the split are bound to: whether any request comes to the split by them. */
import type { KubeObject } from '../../../../api/object.ts'
import { listOf } from '../../../json.ts'
import { called, type FindProblem, listedInWords, type Problem, problem } from '../../../problems/problem.ts'
import { apexPorts } from '../../../render/ports.ts'
import { gatewaysIn, hostsOf, isMatchAt, MESH } from '../bindings.ts'
import { hostsAt, isTooLarge, portsOf, type Reception, receptionOf } from '../gateways.ts'
import { isHost } from '../hosts.ts'
import { type Asked, once } from '../once.ts'
import { canaryGateways } from '../ports.ts'
import type { SplitBinding } from '../joined-routes.ts'
import { splitBindings } from '../ways-past.ts'

/** Hosts that a sentence names. */
const NAMED = 3

const some = (words: readonly string[]): string =>
  listedInWords(words.length > NAMED ? [...words.slice(0, NAMED), 'others'] : words)

/** A Gateway by which no request comes to the split. */
interface Closed {
  readonly gateway: string
  readonly problem: Problem
  /** Nothing that is not seen here, as what is before the Gateway, may open it. */
  readonly isSure: boolean
}

/** null: it does not exist; undefined: it is not known, or too large to tell what it takes of these hosts. */
function gatewayOfName(o: Asked, name: string, hosts: readonly string[]): KubeObject | null | undefined {
  const found = o.surroundings.gateways[name]
  return found === undefined || found === null || !isTooLarge(found, hosts) ? found : undefined
}

/** All places at which routes of the split are bound: the mesh and Gateways; null for one that is open, or not known. */
const places = once((o): readonly (Closed | null)[] =>
  splitBindings(o).flatMap(binding => {
    const hosts = [...binding.istioHosts]
    return [...binding.gateways].map(gateway => {
      const found = gateway === MESH ? undefined : gatewayOfName(o, gateway, hosts)
      return found === undefined ? null : closedBecause(o, binding, gateway, found)
    })
  }),
)

function closedBecause(o: Asked, binding: SplitBinding, gateway: string, found: KubeObject | null): Closed | null {
  const owner = ownerOf(o, binding)
  const named = `${owner.gateways(gateway)} Gateway ${gateway}`
  if (found === null) {
    const missing = problem(
      'ReferenceMissing',
      `${named} (networking.istio.io), which does not exist, so no request comes to the split there. Create it, or write another one in ${owner.field('gateways')}.`,
    )
    return { gateway, problem: missing, isSure: true }
  }
  const namespace = owner.namespace
  const hosts = publicHosts(o, binding)
  const reception = receptionOf(found, [...binding.istioHosts], namespace)
  if (reception === 'routed') return null
  const said = problem('Conflict', `${named}, ${whyOf(reception, found, hosts, namespace, owner.field('hosts'))}`)
  // Envoy redirects no request that a trusted load balancer says came by HTTPS.
  return { gateway, problem: said, isSure: reception !== 'redirected' }
}

/** The rest of a sentence that opens with a Gateway. */
function whyOf(
  reception: Exclude<Reception, 'routed'>,
  gateway: KubeObject,
  hosts: readonly string[],
  namespace: string,
  field: string,
): string {
  const host = some(hosts)
  switch (reception) {
    case 'unserved':
      return `whose servers are for ${some(hostsAt(gateway))} and not for ${host}, so no request comes to the split there. Add a host to a server, or write one of its hosts in ${field}.`
    case 'of others':
      return `whose servers take VirtualServices for ${host} of other namespaces alone (${some(hostsAt(gateway))}), so no request comes to the split there. Write ${namespace}/${hosts[0] ?? '*'} among the hosts of a server.`
    case 'opaque':
      return `which passes connections for ${host} on, by SNI or as TCP, and reads no request that could be split. Give it a server for them with protocol HTTP, or HTTPS and tls.mode SIMPLE.`
    case 'redirected':
      return `which answers requests for ${host} with a redirect to HTTPS, unless a load balancer that it trusts says x-forwarded-proto: https. Where none does, give it a server for them with protocol HTTPS, or remove tls.httpsRedirect.`
  }
}

/** How sentences name what is bound to a Gateway. */
interface Owner {
  readonly namespace: string
  /** `… names`, before a Gateway. */
  gateways(gateway: string): string
  /** A field, in a sentence that began with it; and in any other one. */
  field(name: 'hosts' | 'gateways'): string
  fieldOf(name: 'hosts' | 'gateways'): string
}

function ownerOf(o: Asked, { object }: SplitBinding): Owner {
  const { namespace } = o.names
  const { service } = o.canary.spec
  if (object === null || (service.virtualServices === undefined && !service.delegation)) {
    return {
      namespace,
      gateways: gateway => `spec.service.gateways[${canaryGateways(o).indexOf(gateway)}] names`,
      field: name => `spec.service.${name}`,
      fieldOf: name => `spec.service.${name}`,
    }
  }
  return {
    namespace: object.metadata.namespace ?? '',
    gateways: () => `${called(object)} is bound to`,
    field: name => `its spec.${name}`,
    fieldOf: name => `spec.${name} of ${called(object)}`,
  }
}

/** The hosts that are not the Service itself; that alone where there are no others. */
function publicHosts(o: Asked, { hosts }: SplitBinding): readonly string[] {
  const others = [...hosts].filter(host => !isHost(host, o.names.namespace, o.names.apexService))
  return others.length === 0 ? [...hosts] : others
}

/** Nothing comes to the split, so a release would prove nothing. */
export const noGatewayOpen: FindProblem = o => {
  const all = places(o)
  return isAllClosed(all) ? (all[0]?.problem ?? null) : null
}

/**
 * Hosts or gateways that serve are replaced by ones by which no request comes: callers would get 404. What stays as it is may close
 * later, which refuses nothing.
 */
export const editThatCloses: FindProblem = o => {
  const { delegation, virtualServices } = o.canary.spec.service
  const [binding] = splitBindings(o)
  if (delegation || virtualServices !== undefined || binding === undefined || binding.object === null) return null
  const served = { hosts: hostsOf(binding.object), gateways: gatewaysIn(binding.object) }
  const hasNews = (of: 'hosts' | 'gateways'): boolean => [...binding[of]].some(one => !served[of].includes(one))
  const isReplaced = (of: 'hosts' | 'gateways'): boolean => hasNews(of) && served[of].some(one => !binding[of].has(one))
  if (!isReplaced('hosts') && !isReplaced('gateways')) return null
  const closed = places(o).find(one => {
    if (one?.isSure !== true) return false
    return hasNews('hosts') || !served.gateways.includes(one.gateway)
  })
  return closed?.problem ?? null
}

/** Requests come in elsewhere, or may come in. */
export const gatewayClosed: FindProblem = o => {
  const all = places(o)
  return isAllClosed(all) ? null : (all.find(one => one !== null)?.problem ?? null)
}

const isAllClosed = (all: readonly (Closed | null)[]): boolean => all.every(one => one?.isSure === true)

/** One host of several that no Gateway has a server for. */
export const hostWithoutServer: FindProblem = o => {
  for (const binding of splitBindings(o)) {
    const gateways = [...binding.gateways].filter(gateway => gateway !== MESH)
    const hosts = publicHosts(o, binding)
    const found = gateways.flatMap(gateway => gatewayOfName(o, gateway, hosts) ?? [])
    const owner = ownerOf(o, binding)
    const isRouted = (host: string): boolean =>
      found.some(one => receptionOf(one, [host], owner.namespace) === 'routed')
    // Of a Gateway that is not seen, or has no host of these, nothing is said here.
    if (found.length === 0 || found.length < gateways.length || !hosts.some(isRouted)) continue
    const left = hosts.find(host => !isRouted(host))
    if (left === undefined) continue
    return problem(
      'Conflict',
      `${listedInWords(gateways.map(gateway => `Gateway ${gateway}`))} ${gateways.length === 1 ? 'routes' : 'route'} no requests for ${left}, which is in ${owner.fieldOf('hosts')}. Add it to a server with protocol HTTP or HTTPS, or remove it.`,
    )
  }
  return null
}

/** In a match `port` is that of the listener: of a Gateway's server, and in the mesh of the Service. */
export const portWithoutServer: FindProblem = o => {
  const { delegation, virtualServices, match = [] } = o.canary.spec.service
  const [binding] = splitBindings(o)
  if (delegation || virtualServices !== undefined || binding === undefined) return null
  const hosts = [...binding.istioHosts]
  for (const [index, one] of match.entries()) {
    const { port } = one
    const bound = canaryGateways(o).filter(gateway => isMatchAt(one, gateway, o.names.namespace))
    const found = bound.flatMap(gateway => (gateway === MESH ? [] : (gatewayOfName(o, gateway, hosts) ?? [])))
    const isSeen = found.length === bound.filter(gateway => gateway !== MESH).length
    if (port === undefined || bound.length === 0 || !isSeen) continue
    const ofMesh = bound.includes(MESH) ? listOf(apexPorts(o)).map(entry => (entry as { port?: unknown }).port) : []
    const ports = [...new Set([...ofMesh, ...found.flatMap(at => portsOf(at, hosts, o.names.namespace))])]
    if (ports.includes(port)) continue
    return problem(
      'Conflict',
      `No request meets spec.service.match[${index}]: its port is ${String(port)}, and requests for this Canary come by ${ports.length === 0 ? 'no port' : `port ${listedInWords(ports.map(String))}`}. A port there is that of a Gateway's server, or in the mesh of the Service. Write one of them, or leave port out.`,
    )
  }
  return null
}
