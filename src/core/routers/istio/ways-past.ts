/** VirtualServices through which requests reach the Services of a canary without meeting its split. */
import type { KubeObject, Ref } from '../../../api/object.ts'
import type { Json } from '../../json.ts'
import { isOurs, liveOf } from '../../render/ownership.ts'
import { aliasesOf, nameOf } from '../aliases.ts'
import { precedes } from '../around.ts'
import {
  delegateKey,
  destinationsIn,
  exportedTo,
  gatewaysIn,
  gatewaysOfRoutes,
  hostsOf,
  isDelegate,
  isExportedElsewhere,
  isVisibleAt,
  isVisibleFrom,
  MESH,
  type RouteDestination,
  writtenHosts,
} from './bindings.ts'
import { delegationsTo } from './delegation.ts'
import { canonicalHost, isHost, istioHost } from './hosts.ts'
import { virtualServiceOf } from './names.ts'
import { isTakenAt, olderThan, type SplitBinding } from './joined-routes.ts'
import { matchesOf } from './matches.ts'
import { type Asked, comparing, type MayCompare, once } from './once.ts'
import { canaryGateways, canaryHosts } from './ports.ts'
import { carryingRoutes, chosenRoutes, listed, refOfListed } from './users.ts'

/** Of a VirtualService of another namespace that delegates to the one with the split: anybody can write one, for hosts of their own. */
export const isOfOthers = ({ names }: Pick<Asked, 'names'>, { object }: Pick<SplitBinding, 'object'>): boolean =>
  object !== null && object.metadata.namespace !== names.namespace

/** Where our split is evaluated: where another VirtualService delegates to the one that has it, by the hosts and gateways of that one. */
export const splitBindings = once((o): readonly SplitBinding[] => {
  const { service } = o.canary.spec
  if (service.delegation) return delegatedBindings(o, virtualServiceOf(o.names).name, null)
  if (service.virtualServices === undefined) {
    const live = liveOf(o, virtualServiceOf(o.names))
    return [
      {
        object: live !== undefined && isOurs(o, live) ? live : null,
        hosts: new Set(canaryHosts(o).map(host => canonicalHost(host, o.names.namespace))),
        istioHosts: new Set(canaryHosts(o).map(host => istioHost(host, o.names.namespace))),
        gateways: new Set(canaryGateways(o)),
        matches: matchesOf(service.match),
      },
    ]
  }
  return listed(o).flatMap(one => {
    const live = liveOf(o, refOfListed(o, one))
    if (live === undefined) return []
    if (isDelegate(live)) return delegatedBindings(o, one.name, live)
    const routes = chosenRoutes(o, one, live.spec).map(({ route }) => route)
    return [bindingOf(live, routes, new Set(gatewaysIn(live)))]
  })
})

/** @param delegate null: it is ours, which is exported to all namespaces. */
function delegatedBindings(o: Asked, name: string, delegate: KubeObject | null): SplitBinding[] {
  return delegationsTo(o, `${o.names.namespace}/${name}`).flatMap(({ root, routes }) => {
    const { namespace = '' } = root.metadata
    if (delegate !== null && !isVisibleFrom(delegate, namespace)) return []
    const visible = new Set(gatewaysIn(root).filter(gateway => isVisibleAt(root, gateway)))
    return [bindingOf(root, routes, gatewaysOfRoutes(routes, visible, namespace))]
  })
}

/** Hosts of one VirtualService that has the split, or delegates to it, which others may be for, too. */
const MOST_HOSTS = 1000

function bindingOf(object: KubeObject, routes: readonly Json[], gateways: ReadonlySet<string>): SplitBinding {
  const { namespace = '' } = object.metadata
  const hosts = writtenHosts(object).slice(0, MOST_HOSTS)
  return {
    object,
    hosts: new Set(hosts.map(host => canonicalHost(host, namespace))),
    istioHosts: new Set(hosts.map(host => istioHost(host, namespace))),
    gateways,
    matches: routes.flatMap(route => matchesOf(route['match'])),
  }
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
 * Whether another VirtualService gets requests in the mesh for a host that ours is for, too. Istio uses one for each host: first what
 * is private to the caller's namespace, then what is exported to it, then what is public, the oldest first.
 *
 * @returns of a host as the other one writes it.
 */
export function winsInMesh(o: Asked, other: KubeObject, ours: SplitBinding): (host: string) => boolean {
  const { namespace = '' } = other.metadata
  if (exportedTo(other) !== 'all') {
    // What it keeps to its own namespace concerns its own callers.
    const isSeen = namespace === o.names.namespace ? isVisibleAt(other, MESH) : isExportedElsewhere(other)
    return () => isSeen
  }
  if (ours.object === null || precedes(other, ours.object)) return () => true
  return host => !ours.istioHosts.has(istioHost(host, namespace))
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
export const waysPast = once((o): readonly WayPast[] => {
  const mayCompare = comparing()
  const left = listed(o).flatMap(one => {
    const object = liveOf(o, refOfListed(o, one))
    if (object === undefined) return []
    const carrying = new Set(carryingRoutes(o, one, object).map(({ route }) => route))
    const destinations = destinationsIn(object).filter(({ route }) => !carrying.has(route))
    return wayOf(o, object, destinations, true, mayCompare)
  })
  const others = otherVirtualServices(o).flatMap(one => wayOf(o, one, destinationsIn(one), false, mayCompare))
  return [...others, ...left]
})

function wayOf(
  o: Asked,
  object: KubeObject,
  destinations: readonly RouteDestination[],
  isLeftOut: boolean,
  mayCompare: MayCompare,
): WayPast[] {
  const { namespace = '' } = object.metadata
  const leading = [o.names.apexService, o.names.primaryService, o.names.canaryService].flatMap(service =>
    leadingTo(o, service, destinations, namespace),
  )
  if (leading.length === 0) return []
  const bindings = bindingsOf(o, object)
  const older = olderThan(object, splitBindings(o))
  const hosts = new Set(hostsOf(object))
  for (const way of leading) {
    for (const { root, bound } of bindings) {
      const gateways = [...gatewaysOfRoutes([way.destination.route], bound, namespace)].filter(
        gateway =>
          root !== null || gateway === MESH || !isTakenAt(older, object, way.destination, gateway, hosts, mayCompare),
      )
      if (gateways.length > 0) return [{ ...way, object, root, gateways, isLeftOut }]
    }
  }
  return []
}

/** The first destination of each route that is a Service, by its own name or by one that stands for it. */
function leadingTo(
  o: Asked,
  service: Ref,
  destinations: readonly RouteDestination[],
  namespace: string,
): Pick<WayPast, 'destination' | 'service' | 'alias'>[] {
  const aliases = aliasesOf(o, service)
  const routes = new Set<Json>()
  return destinations.flatMap(destination => {
    const { host, route } = destination
    const alias = aliases.find(one => isHost(host, namespace, nameOf(one))) ?? null
    if (routes.has(route) || (alias === null && !isHost(host, namespace, service))) return []
    routes.add(route)
    return [{ destination, service: service.name, alias }]
  })
}

/** Where a VirtualService takes effect: by itself, or by each one that delegates to it. */
function bindingsOf(o: Asked, object: KubeObject): { root: KubeObject | null; bound: ReadonlySet<string> }[] {
  const gatewaysAt = effectiveGateways(o)
  if (!isDelegate(object)) return [{ root: null, bound: gatewaysAt(object) }]
  return delegationsTo(o, delegateKey(object)).flatMap(({ root, routes }) => {
    const { namespace = '' } = root.metadata
    if (!isVisibleFrom(object, namespace)) return []
    return [{ root, bound: gatewaysOfRoutes(routes, gatewaysAt(root), namespace) }]
  })
}

/** The gateways of a VirtualService with hosts at which it gets requests. */
const effectiveGateways = once(o => {
  const mayCompare = comparing()
  const known = new Map<KubeObject, ReadonlySet<string>>()
  return (object: KubeObject): ReadonlySet<string> => {
    const before = known.get(object)
    if (before !== undefined) return before
    const gateways = new Set(gatewaysIn(object).filter(gateway => isVisibleAt(object, gateway)))
    if (gateways.has(MESH) && !isUsedInMesh(o, object, mayCompare)) gateways.delete(MESH)
    known.set(object, gateways)
    return gateways
  }
})

/** In the mesh a VirtualService whose every host is ours gets nothing where ours comes first; it does where no more may be compared. */
function isUsedInMesh(o: Asked, object: KubeObject, mayCompare: MayCompare): boolean {
  if (exportedTo(object) !== 'all') return true
  const { namespace = '' } = object.metadata
  const rivals = splitBindings(o)
    .filter(ours => ours.object !== object && ours.gateways.has(MESH))
    .map(ours => ({ ours, wins: winsInMesh(o, object, ours) }))
  return writtenHosts(object).some(host =>
    rivals.every(({ ours, wins }) => !mayCompare() || !ours.hosts.has(canonicalHost(host, namespace)) || wins(host)),
  )
}
