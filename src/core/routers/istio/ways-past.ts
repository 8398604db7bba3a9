/** VirtualServices through which requests reach the Services of a canary without meeting its split. */
import type { KubeObject } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { isOurs, liveOf } from '../../render/ownership.ts'
import { precedes } from '../around.ts'
import {
  delegateKey,
  destinationsIn,
  exportedTo,
  gatewaysIn,
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
import { canaryGateways, canaryHosts } from './ports.ts'
import { chosenRoutes, listed, refOfListed } from './users.ts'

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
  /** Where callers find it, in one notation. */
  readonly gateways: readonly string[]
}

/** The ways past the split, one for each VirtualService: its first route that leads to the apex, else to a side. */
export function waysPast(o: Asked): WayPast[] {
  const all = otherVirtualServices(o)
  return all.flatMap(object => {
    const { namespace = '' } = object.metadata
    const destinations = destinationsIn(object)
    for (const service of [o.names.apexService, o.names.primaryService, o.names.canaryService]) {
      for (const destination of destinations) {
        if (!isHost(destination.host, namespace, service)) continue
        for (const { root, bound } of bindingsOf(o, object, all)) {
          const gateways = gatewaysOfRoute(destination.route, bound, namespace)
          if (gateways.length > 0) return [{ object, root, destination, service: service.name, gateways }]
        }
      }
    }
    return []
  })
}

/** Where a VirtualService takes effect: by itself, or by each one that delegates to it. */
function bindingsOf(
  o: Asked,
  object: KubeObject,
  all: readonly KubeObject[],
): { root: KubeObject | null; bound: readonly string[] }[] {
  if (!isDelegate(object)) return [{ root: null, bound: effectiveGateways(o, object) }]
  const key = delegateKey(object)
  return rootsOf(o, key)
    .filter(one => all.includes(one) && isVisibleFrom(object, one.metadata.namespace ?? ''))
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
