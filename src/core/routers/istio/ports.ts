/**
 * The http routes of a VirtualService of ours. For a Service with one port there is one. With several, each port of the mesh has
 * a route that names it: a route that named one port for all would bring the callers of the others there. At a gateway the port
 * of the listener is the gateway's own and says nothing, so its requests go to service.port. Istio reads `port` of a match as
 * the port of the listener, in the mesh and at a gateway alike.
 */
import { type Json, listOf, textOf } from '../../json.ts'
import type { Observation } from '../../observation.ts'
import { routedPorts } from '../../resources/ports.ts'
import type { Named } from '../router.ts'
import { gatewayOf, MESH } from './bindings.ts'

/** What tells one http route from another. */
interface Route {
  readonly match: readonly Json[] | undefined
  /** The port that its destinations name; undefined: the only one. */
  readonly port: number | undefined
}

/** The apex is always one of the hosts, or callers in the mesh would bypass the split. */
export function canaryHosts({ canary, names }: Named): string[] {
  const hosts = canary.spec.service.hosts ?? []
  const { name, namespace } = names.apexService
  const isApex = (host: string): boolean => host === name || host.toLowerCase().startsWith(`${name}.${namespace}.svc.`)
  return hosts.some(isApex) || hosts.includes('*') ? [...hosts] : [...hosts, name]
}

/** The gateways as they are written. */
export function writtenGateways({ canary }: Pick<Observation, 'canary'>): string[] {
  const gateways = canary.spec.service.gateways ?? []
  return gateways.length === 0 ? [MESH] : [...gateways]
}

/** The gateways in one notation. */
export function canaryGateways(o: Named): string[] {
  return writtenGateways(o).map(gateway => gatewayOf(gateway, o.names.namespace))
}

export function routesOf(o: Observation): Route[] {
  const { match, delegation, port: main } = o.canary.spec.service
  const ports = routedPorts(o)
  if (ports === null) return [{ match, port: undefined }]
  const gateways = writtenGateways(o)
  if (!delegation && !gateways.includes(MESH)) return [{ match, port: main }]
  const beyond = gateways.filter(gateway => gateway !== MESH)
  // Callers of other hosts come to a port of theirs.
  const otherHosts = canaryHosts(o).some(host => host !== o.names.apexService.name)
  const onlyMesh = !delegation && beyond.length === 0
  const ofMesh = ports.flatMap(port => {
    const entries = inMesh(match ?? [{}], port, onlyMesh)
    return entries.length === 0 ? [] : [{ match: entries, port }]
  })
  if (onlyMesh && !otherHosts) return ofMesh
  const others = delegation || otherHosts ? match : atGateways(match ?? [{}], beyond)
  return others?.length === 0 ? ofMesh : [...ofMesh, { match: others, port: main }]
}

/** The matches of the user's for requests in the mesh to one port of the Service. */
function inMesh(match: readonly Json[], port: number, onlyMesh: boolean): Json[] {
  return match.flatMap(entry => {
    const gateways = listOf(entry['gateways'])
    if (gateways.length > 0 && !gateways.includes(MESH)) return []
    if (entry['port'] !== undefined && entry['port'] !== port) return []
    return [{ ...entry, ...(onlyMesh ? {} : { gateways: [MESH] }), port }]
  })
}

/** Those for requests at gateways. */
function atGateways(match: readonly Json[], gateways: readonly string[]): Json[] {
  return match.flatMap(entry => {
    const named = listOf(entry['gateways'])
    const those = named.length === 0 ? gateways : named.map(textOf).filter(gateway => gateway !== MESH)
    return those.length === 0 ? [] : [{ ...entry, gateways: those }]
  })
}
