/** VirtualServices through which requests reach the Services of a canary without meeting its split. */
import type { KubeObject } from '../../../api/object.ts'
import type { Json } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { isOurs, liveOf } from '../../render/ownership.ts'
import { aliasesOf, nameOf } from '../aliases.ts'
import { precedes } from '../around.ts'
import {
  delegateKey,
  destinationsIn,
  exportedTo,
  gatewaysIn,
  gatewaysOfMatch,
  gatewaysOfRoute,
  hostsOf,
  isDelegate,
  isVisibleAt,
  isVisibleFrom,
  MESH,
  type RouteDestination,
  writtenHosts,
} from './bindings.ts'
import { delegatingGateways, delegatingRoutes, rootsOf } from './delegation.ts'
import { canonicalHost, isHost, istioHost } from './hosts.ts'
import { virtualServiceOf } from './names.ts'
import { isShadowed, matchesOf } from './matches.ts'
import { canaryGateways, canaryHosts } from './ports.ts'
import { carryingRoutes, chosenRoutes, listed, refOfListed } from './users.ts'

type Asked = Pick<Observation, 'canary' | 'names' | 'live' | 'surroundings'>

/** Routes that carry the split, and where they are bound. */
export interface SplitBinding {
  /** null: the VirtualService is ours and was not made yet. */
  readonly object: KubeObject | null
  /** In one notation. */
  readonly hosts: readonly string[]
  /** As Istio reads them. */
  readonly istioHosts: readonly string[]
  readonly gateways: readonly string[]
  /** The `match` of each of its routes that carry the split. */
  readonly matches: readonly unknown[]
}

/** Of a VirtualService of another namespace that delegates to the one with the split: anybody can write one, for hosts of their own. */
export const isOfOthers = ({ names }: Pick<Asked, 'names'>, { object }: Pick<SplitBinding, 'object'>): boolean =>
  object !== null && object.metadata.namespace !== names.namespace

/** Where our split is evaluated: where another VirtualService delegates to the one that has it, by the hosts and gateways of that one. */
export function splitBindings(o: Asked): SplitBinding[] {
  const { service } = o.canary.spec
  if (service.delegation) return delegatedBindings(o, virtualServiceOf(o.names).name, null)
  if (service.virtualServices === undefined) {
    const live = liveOf(o, virtualServiceOf(o.names))
    return [
      {
        object: live !== undefined && isOurs(o, live) ? live : null,
        hosts: canaryHosts(o).map(host => canonicalHost(host, o.names.namespace)),
        istioHosts: canaryHosts(o).map(host => istioHost(host, o.names.namespace)),
        gateways: canaryGateways(o),
        matches: [service.match],
      },
    ]
  }
  return listed(o).flatMap(one => {
    const live = liveOf(o, refOfListed(o, one))
    if (live === undefined) return []
    if (isDelegate(live)) return delegatedBindings(o, one.name, live)
    const matches = chosenRoutes(o, one, live.spec).map(({ route }) => route['match'])
    const istioHosts = writtenHosts(live).map(host => istioHost(host, o.names.namespace))
    return [{ object: live, hosts: hostsOf(live), istioHosts, gateways: gatewaysIn(live), matches }]
  })
}

/** @param delegate null: it is ours, which is exported to all namespaces. */
function delegatedBindings(o: Asked, name: string, delegate: KubeObject | null): SplitBinding[] {
  const key = `${o.names.namespace}/${name}`
  return rootsOf(o, key).flatMap(root => {
    const { namespace = '' } = root.metadata
    if (delegate !== null && !isVisibleFrom(delegate, namespace)) return []
    const visible = gatewaysIn(root).filter(gateway => isVisibleAt(root, gateway))
    return [
      {
        object: root,
        hosts: hostsOf(root),
        istioHosts: writtenHosts(root).map(host => istioHost(host, namespace)),
        gateways: delegatingGateways(root, key, visible),
        matches: delegatingRoutes(root, key).map(route => route['match']),
      },
    ]
  })
}

/** VirtualServices around the canary that do not carry its split. */
export function otherVirtualServices(o: Asked): KubeObject[] {
  const { virtualServices } = o.canary.spec.service
  const ours = new Set(virtualServices?.map(one => one.name) ?? [virtualServiceOf(o.names).name])
  return o.surroundings.routes.filter(
    one => one.metadata.namespace !== o.names.namespace || !ours.has(one.metadata.name),
  )
}

/**
 * Whether another VirtualService gets requests for a host in the mesh that ours is for. Istio uses one for each host: first what
 * is private to the caller's namespace, then what is exported to it, then what is public, the oldest first.
 *
 * @param host as the other one writes it.
 */
export function winsInMesh(o: Asked, other: KubeObject, ours: SplitBinding, host: string): boolean {
  const to = exportedTo(other)
  const { namespace = '' } = other.metadata
  if (to === 'all') {
    const same = ours.istioHosts.includes(istioHost(host, namespace))
    return !same || ours.object === null || precedes(other, ours.object)
  }
  // What it keeps to its own namespace concerns its own callers.
  return to.some(one => one !== namespace || namespace === o.names.namespace)
}

/** A VirtualService with a route past the split. */
export interface WayPast {
  readonly object: KubeObject
  /** Where it has no hosts: the VirtualService that delegates to it. */
  readonly root: KubeObject | null
  readonly destination: RouteDestination
  /** Name of the Service that it leads to: the apex, or one side. */
  readonly service: string
  /** The Service that stands for that one in the route; null: none does. */
  readonly alias: KubeObject | null
  /** Where callers find it, in one notation. */
  readonly gateways: readonly string[]
  /** The object is listed, and this route is none of those that its entry chooses. */
  readonly isLeftOut: boolean
}

/** The ways past the split, one for each VirtualService: its first route that leads to the apex, else to a side. */
export function waysPast(o: Asked): WayPast[] {
  const others = otherVirtualServices(o)
  const left = listed(o).flatMap(one => {
    const object = liveOf(o, refOfListed(o, one))
    if (object === undefined) return []
    const carrying = carryingRoutes(o, one, object).map(({ route }) => route)
    const destinations = destinationsIn(object).filter(({ route }) => !carrying.includes(route))
    return wayOf(o, object, destinations, true)
  })
  return [...others.flatMap(object => wayOf(o, object, destinationsIn(object), false)), ...left]
}

function wayOf(o: Asked, object: KubeObject, destinations: readonly RouteDestination[], isLeftOut: boolean): WayPast[] {
  const { namespace = '' } = object.metadata
  for (const service of [o.names.apexService, o.names.primaryService, o.names.canaryService]) {
    const aliases = aliasesOf(o, service)
    for (const destination of destinations) {
      const alias = aliases.find(one => isHost(destination.host, namespace, nameOf(one))) ?? null
      if (alias === null && !isHost(destination.host, namespace, service)) continue
      for (const { root, bound } of bindingsOf(o, object)) {
        const gateways = gatewaysOfRoute(destination.route, bound, namespace).filter(
          gateway => root !== null || gateway === MESH || !isTakenAt(o, object, destination, gateway),
        )
        if (gateways.length > 0)
          return [{ object, root, destination, service: service.name, alias, gateways, isLeftOut }]
      }
    }
  }
  return []
}

/**
 * Whether our routes get all requests of another one for these hosts at a gateway, where Istio joins those for a host: ours are older, and
 * take at least the same requests.
 */
export function isTakenAt(
  o: Asked,
  object: KubeObject,
  { protocol, route }: Pick<RouteDestination, 'protocol' | 'route'>,
  gateway: string,
  hosts: readonly string[] = hostsOf(object),
): boolean {
  if (protocol !== 'http') return false
  const atGateway = (match: Json, namespace: string): boolean => gatewaysOfMatch(match, [gateway], namespace).length > 0
  const { namespace = '' } = object.metadata
  const theirs = matchesOf(route['match']).filter(match => atGateway(match, namespace))
  const older = splitBindings(o).filter(
    ours => ours.object !== null && ours.gateways.includes(gateway) && precedes(ours.object, object),
  )
  return hosts.every(host => {
    const ours = older
      .filter(binding => binding.hosts.includes(host))
      .flatMap(({ object: of, matches }) =>
        matches.flatMap(matchesOf).filter(match => atGateway(match, of?.metadata.namespace ?? '')),
      )
    return theirs.every(match => ours.some(own => isShadowed(match, own)))
  })
}

/** Where a VirtualService takes effect: by itself, or by each one that delegates to it. */
function bindingsOf(o: Asked, object: KubeObject): { root: KubeObject | null; bound: readonly string[] }[] {
  if (!isDelegate(object)) return [{ root: null, bound: effectiveGateways(o, object) }]
  const key = delegateKey(object)
  return rootsOf(o, key)
    .filter(one => isVisibleFrom(object, one.metadata.namespace ?? ''))
    .map(root => ({ root, bound: delegatingGateways(root, key, effectiveGateways(o, root)) }))
}

function effectiveGateways(o: Asked, object: KubeObject): readonly string[] {
  return gatewaysIn(object).filter(gateway =>
    gateway === MESH ? isUsedInMesh(o, object) : isVisibleAt(object, gateway),
  )
}

/** In the mesh a VirtualService whose every host is ours gets nothing where ours comes first. */
function isUsedInMesh(o: Asked, object: KubeObject): boolean {
  if (!isVisibleAt(object, MESH)) return false
  if (exportedTo(object) !== 'all') return true
  const inMesh = splitBindings(o).filter(ours => ours.gateways.includes(MESH))
  const { namespace = '' } = object.metadata
  return writtenHosts(object).some(host =>
    inMesh.every(
      ours =>
        ours.object === object ||
        !ours.hosts.includes(canonicalHost(host, namespace)) ||
        winsInMesh(o, object, ours, host),
    ),
  )
}
