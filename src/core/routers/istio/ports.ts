/**
 * The http routes of a VirtualService of ours. For a Service with one port there is one. With several, each port of the mesh has
 * a route that names it: a route that named one port for all would bring the callers of the others there. At a gateway the port
 * of the listener is the gateway's own and says nothing, so its requests go to service.port. Istio reads `port` of a match as
 * the port of the listener, in the mesh and at a gateway alike.
 */
import { type Json, listOf, textOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { routedPorts } from './protocols.ts'
import type { Named } from '../provider.ts'
import { gatewayOf, MESH } from './bindings.ts'
import { isHost } from './hosts.ts'

/** What tells one http route from another. */
interface Route {
  readonly match: readonly Json[] | undefined
  /** The port that its destinations name; undefined: the only one. */
  readonly port: number | undefined
}

/**
 * The apex is always one of the hosts, in a notation by which Istio finds its Service, or callers in the mesh would bypass the split. One
 * with a dot at the end, in upper case or of another cluster domain may mean it and not be found; a Service that is named twice is used once
 * (pilot/pkg/networking/core/route/route.go).
 */
export function canaryHosts({ canary, names }: Named): string[] {
  const hosts = canary.spec.service.hosts ?? []
  const { name, namespace } = names.apexService
  const isApex = (host: string): boolean => host === name || host === `${name}.${namespace}.svc.cluster.local`
  return hosts.some(isApex) || hosts.includes('*') ? [...hosts] : [...hosts, name]
}

/** The gateways as a VirtualService names them: its webhook refuses `./name`, which istiod reads as one of the own namespace. */
export function writtenGateways({ canary }: Pick<Observation, 'canary'>): string[] {
  const { gateways = [] } = canary.spec.service
  const { namespace = '' } = canary.metadata
  return gateways.length === 0
    ? [MESH]
    : gateways.map(one => (one.startsWith('./') ? `${namespace}${one.slice(1)}` : one))
}

/** The gateways in one notation. */
export function canaryGateways(o: Named): string[] {
  return writtenGateways(o).map(gateway => gatewayOf(gateway, o.names.namespace))
}

/** Where Istio takes requests in the mesh to a host that is no Service, by their Host header alone. */
const PORT_OF_HOSTS = 80

/** A port of listeners in the mesh, and the one that its requests go to. */
interface MeshPort {
  readonly listener: number
  readonly port: number
}

/** Ports in the mesh that have routes of their own; null where the Service has one port, which routes need not name. */
export function meshPorts(o: Observation): readonly MeshPort[] | null {
  const ports = routedPorts(o)
  if (ports === null) return null
  const hasOtherHosts = canaryHosts(o).some(host => !isHost(host, o.names.namespace, o.names.apexService))
  return [
    ...ports.map(port => ({ listener: port, port })),
    ...(hasOtherHosts && !ports.includes(PORT_OF_HOSTS)
      ? [{ listener: PORT_OF_HOSTS, port: o.canary.spec.service.port }]
      : []),
  ]
}

export function routesOf(o: Observation): Route[] {
  const { match, delegation, port: main } = o.canary.spec.service
  const ports = meshPorts(o)
  if (ports === null) return [{ match, port: undefined }]
  const gateways = writtenGateways(o)
  if (!delegation && !gateways.includes(MESH)) return [{ match, port: main }]
  const beyond = gateways.filter(gateway => gateway !== MESH)
  const onlyMesh = !delegation && beyond.length === 0
  const entries = match ?? [{}]
  const routes = [
    ...ports.map(({ listener, port }): Route => ({ match: inMesh(entries, listener, onlyMesh), port })),
    // The hosts and gateways of what delegates here are not known.
    ...(delegation ? [{ match, port: main }] : [{ match: atGateways(entries, beyond), port: main }]),
  ]
  return routes.filter(route => route.match === undefined || route.match.length > 0)
}

/** The matches of the user's for requests in the mesh to one port of the Service. */
function inMesh(entries: readonly Json[], port: number, onlyMesh: boolean): Json[] {
  return entries.flatMap(entry => {
    const gateways = listOf(entry['gateways'])
    if (gateways.length > 0 && !gateways.includes(MESH)) return []
    if (entry['port'] !== undefined && entry['port'] !== port) return []
    return [{ ...(onlyMesh ? entry : within(entry, [MESH])), port }]
  })
}

/** Those for requests at gateways. */
function atGateways(entries: readonly Json[], gateways: readonly string[]): Json[] {
  return entries.flatMap(entry => {
    const named = listOf(entry['gateways']).map(textOf)
    const those = named.length === 0 ? gateways : named.filter(gateway => gateway !== MESH)
    return those.length === 0 ? [] : [within(entry, those)]
  })
}

/** Istio reads of a match that names gateways neither sourceLabels nor sourceNamespace; so one with those keeps to itself. */
function within(entry: Json, gateways: readonly string[]): Json {
  const ofCallers = entry['sourceLabels'] !== undefined || entry['sourceNamespace'] !== undefined
  return ofCallers && entry['gateways'] === undefined ? entry : { ...entry, gateways }
}
