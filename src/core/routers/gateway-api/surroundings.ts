/** What is around a canary: its mesh, HTTPRoutes at its Service or to it, and VirtualServices for the same requests. */
import { kinds, type Kind, type KubeObject, type Ref } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { isOurs } from '../../render/ownership.ts'
import { bounded } from '../around.ts'
import { destinationsIn } from '../istio/bindings.ts'
import { canonicalHost, isHost } from '../istio/hosts.ts'
import { meshAround } from '../istio/mesh/surroundings.ts'
import type { Find, Named, RoutingProvider } from '../provider.ts'
import { otherRouteKinds } from './kinds.ts'
import { entriesOf, hasOurWeights, isChosen } from './listed.ts'
import { routesWithOurMatch } from './rivals.ts'
import { backendsIn, namespaceOf, serviceParentKey } from './refs.ts'

export function surroundingsOf(
  o: Named & Pick<Observation, 'settings'>,
  kind: Kind,
  find: Find,
): ReturnType<RoutingProvider['surroundings']> {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const sides = [apexService, primaryService, canaryService]
  const routes = [
    ...[kind, ...otherRouteKinds.map(other => other.kind)].flatMap(one => [
      ...find(one, 'parent', serviceParentKey(apexService)),
      ...sides.flatMap(({ name }) => find(one, 'backend', `${namespace}/${name}`)),
    ]),
    ...routesWithOurMatch(o, kind, find),
  ]
  const host = canonicalHost(apexService.name, namespace)
  const virtualServices = [
    ...find(kinds.VirtualService, 'host', host),
    ...sides.flatMap(({ name }) => find(kinds.VirtualService, 'destination', canonicalHost(name, namespace))),
  ]
  return {
    ...meshAround(o, find),
    routes: bounded(namespace, routes),
    otherApiRoutes: bounded(namespace, virtualServices),
    // A route says itself whether its parents have taken it up.
    gateways: {},
    allRoutesSeen: false,
  }
}

/** Routes around the canary that do not carry its split. */
export function otherRoutes(o: Pick<Observation, 'names' | 'canary' | 'surroundings'>): readonly KubeObject[] {
  const entries = entriesOf(o)
  const isListed = (one: KubeObject): boolean =>
    one.metadata.namespace === o.names.namespace &&
    entries.some(entry => isChosen(entry, one) || (entry.selector !== undefined && hasOurWeights(o, one)))
  return o.surroundings.routes.filter(one => !isOurs(o, one) && !isListed(one))
}

/** The Service of this canary that a route of others, of either API, leads to past the split: the apex, else a side; null for none. */
export function serviceReached(o: Pick<Observation, 'names'>, route: KubeObject): string | null {
  const { apexService, primaryService, canaryService } = o.names
  return [apexService, primaryService, canaryService].find(service => leadsTo(route, service))?.name ?? null
}

/** Whether a route of others leads to a side, beside whatever else it leads to. */
export const leadsToSide = ({ names }: Pick<Observation, 'names'>, route: KubeObject): boolean =>
  [names.primaryService, names.canaryService].some(side => leadsTo(route, side))

function leadsTo(route: KubeObject, { namespace, name }: Ref): boolean {
  if (route.kind !== 'VirtualService') {
    return backendsIn(route).some(one => one.namespace === namespace && one.name === name)
  }
  return destinationsIn(route).some(({ host }) => isHost(host, namespaceOf(route), { namespace, name }))
}
