/** What is around a canary of Istio: its mesh, and routes of both APIs. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import type { Observation, Surroundings } from '../../model/observation.ts'
import { serviceParentKey } from '../gateway-api/refs.ts'
import type { Find, Named, RoutingProvider, Sees } from '../provider.ts'
import { delegateKey, delegatesIn, gatewaysIn, hostsOf, isDelegate, MESH } from './bindings.ts'
import { canonicalHost } from './hosts.ts'
import { rivalKinds } from './kinds.ts'
import { wildcardsOver } from './mesh/kinds.ts'
import { virtualServiceOf } from './names.ts'
import { canaryGateways } from './ports.ts'
import { distinct, meshAround, MOST_ELSEWHERE, oldestElsewhere } from './mesh/surroundings.ts'

/** Of VirtualServices see `routesAround`. */
export function surroundingsOf(
  o: Named & Pick<Observation, 'settings'>,
  find: Find,
  sees: Sees,
): ReturnType<RoutingProvider['surroundings']> {
  const routes = routesAround(o, find)
  return {
    ...meshAround(o, find),
    routes,
    allRoutesSeen: sees(kinds.VirtualService, ''),
    gateways: gatewaysAround(o, routes, find, sees),
    otherApiRoutes: rivalKinds
      .flatMap(({ kind }) => find(kind, 'parent', serviceParentKey(o.names.apexService)))
      .slice(0, MOST_ELSEWHERE),
  }
}

/**
 * Those for our hosts or wildcards over the apex, those that lead to our Services, those that delegate to one that does or to one that
 * has the split, and those for the hosts of the latter.
 */
function routesAround({ canary, names }: Named, find: Find): readonly KubeObject[] {
  const by = (index: string, key: string): readonly KubeObject[] => find(kinds.VirtualService, index, key)
  const { namespace, apexService, primaryService, canaryService } = names
  const hosts = [apexService.name, ...(canary.spec.service.hosts ?? [])]
  const leading = [apexService, primaryService, canaryService].flatMap(({ name }) =>
    by('destination', canonicalHost(name, namespace)),
  )
  const isHere = (one: KubeObject): boolean => one.metadata.namespace === namespace
  const delegates = leading.filter(isDelegate)
  const delegating = [...delegates.filter(isHere), ...delegates.filter(one => !isHere(one)).slice(0, MOST_ELSEWHERE)]
  const carrying = new Set(splittingKeys({ canary, names }))
  const roots = [...carrying].flatMap(key => by('delegate', key)).slice(0, MOST_ELSEWHERE)
  const found = distinct([
    ...hosts.flatMap(host => by('host', canonicalHost(host, namespace))),
    ...wildcardsOver(canonicalHost(apexService.name, namespace)).flatMap(host => by('host', host)),
    ...leading,
    ...delegating.flatMap(one => by('delegate', delegateKey(one))),
    ...roots,
    ...roots.flatMap(hostsOf).flatMap(host => by('host', host)),
  ])
  return oldestElsewhere(found, [namespace])
}

/** The VirtualServices that have the split, as `namespace/name`. */
function splittingKeys({ canary, names }: Named): string[] {
  const listed = canary.spec.service.virtualServices?.map(({ name }) => name)
  return (listed ?? [virtualServiceOf(names).name]).map(name => `${names.namespace}/${name}`)
}

/** The Gateways of the Canary or, where the hosts are in VirtualServices of the user's, those of these. */
function gatewaysAround(o: Named, routes: readonly KubeObject[], find: Find, sees: Sees): Surroundings['gateways'] {
  const { delegation, virtualServices } = o.canary.spec.service
  const keys = splittingKeys(o)
  const isBinding = (one: KubeObject): boolean =>
    keys.includes(delegateKey(one)) || delegatesIn(one).some(key => keys.includes(key))
  const bound =
    delegation || virtualServices !== undefined ? routes.filter(isBinding).flatMap(gatewaysIn) : canaryGateways(o)
  const known = [...new Set(bound)].filter(gateway => gateway !== MESH).slice(0, MOST_ELSEWHERE)
  return Object.fromEntries(
    known.flatMap(gateway => {
      const [found] = find(kinds.IstioGateway, 'name', gateway)
      const isSeen = found !== undefined || sees(kinds.IstioGateway, gateway.split('/')[0] ?? '')
      return isSeen ? [[gateway, found ?? null]] : []
    }),
  )
}
