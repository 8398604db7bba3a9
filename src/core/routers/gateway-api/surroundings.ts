/** What is around a canary: its mesh, HTTPRoutes at its Service or to it, and VirtualServices for the same requests. */
import { kinds, type Kind, type KubeObject, type Ref } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { isOurs } from '../../render/ownership.ts'
import { aliasesAround, aliasesOf, nameOf, namesAround } from '../aliases.ts'
import { oldestElsewhere } from '../around.ts'
import { destinationsIn } from '../istio/bindings.ts'
import { canonicalHost, isHost } from '../istio/hosts.ts'
import { meshAround } from '../istio/mesh/surroundings.ts'
import { ingressesAround } from '../outside.ts'
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
  const { namespace, apexService } = o.names
  const aliases = aliasesAround(o, find)
  const named = namesAround(o, aliases)
  const routes = [
    ...[kind, ...otherRouteKinds.map(other => other.kind)].flatMap(one => [
      ...find(one, 'parent', serviceParentKey(apexService)),
      ...named.flatMap(place => find(one, 'backend', `${place.namespace}/${place.name}`)),
    ]),
    ...routesWithOurMatch(o, kind, find),
  ]
  const host = canonicalHost(apexService.name, namespace)
  const virtualServices = [
    ...find(kinds.VirtualService, 'host', host),
    ...named.flatMap(one => find(kinds.VirtualService, 'destination', canonicalHost(one.name, one.namespace))),
  ]
  return {
    ...meshAround(o, find),
    routes: oldestElsewhere(routes, [namespace]),
    otherApiRoutes: oldestElsewhere(virtualServices, [namespace]),
    aliases,
    ingresses: ingressesAround(o, aliases, find),
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
export function serviceReached(o: Pick<Observation, 'names' | 'surroundings'>, route: KubeObject): string | null {
  const { apexService, primaryService, canaryService } = o.names
  return [apexService, primaryService, canaryService].find(service => isReached(o, route, service))?.name ?? null
}

/** Whether a route of others leads to a side, beside whatever else it leads to. */
export const leadsToSide = (o: Pick<Observation, 'names' | 'surroundings'>, route: KubeObject): boolean =>
  [o.names.primaryService, o.names.canaryService].some(side => isReached(o, route, side))

/** By its own name, or by that of an alias. */
const isReached = (o: Pick<Observation, 'surroundings'>, route: KubeObject, service: Ref): boolean =>
  [service, ...aliasesOf(o, service).map(nameOf)].some(one => leadsTo(route, one))

function leadsTo(route: KubeObject, { namespace, name }: Pick<Ref, 'namespace' | 'name'>): boolean {
  if (route.kind !== 'VirtualService') {
    return backendsIn(route).some(one => one.namespace === namespace && one.name === name)
  }
  return destinationsIn(route).some(({ host }) => isHost(host, namespaceOf(route), { namespace, name }))
}
