/** VirtualServices, DestinationRules and PeerAuthentications around a canary. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { serviceParentKey } from '../gateway-api/refs.ts'
import type { Find, Named, RoutingProvider } from '../provider.ts'
import { delegateKey, isDelegate, precedes } from './bindings.ts'
import { canonicalHost } from './hosts.ts'
import { coverKeys, wildcardsOver } from './kinds.ts'

/** Objects of one kind in other namespaces around one Canary: who makes more of them costs its owner nothing. */
const MOST_ELSEWHERE = 200

/**
 * Of VirtualServices see `routesAround`. DestinationRules of any namespace that cover the apex or a side; PeerAuthentications of the
 * Canary's and the root namespace.
 */
export function surroundingsOf(
  o: Named & Pick<Observation, 'settings'>,
  find: Find,
): ReturnType<RoutingProvider['surroundings']> {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const covering = new Set([apexService, primaryService, canaryService].flatMap(coverKeys))
  const own = [...new Set([namespace, o.settings.rootNamespace])]
  return {
    routes: routesAround(o, find),
    trafficPolicies: oldestElsewhere(
      distinct([...covering].flatMap(key => find(kinds.DestinationRule, 'covers', key))),
      own,
    ),
    policies: own.flatMap(one => find(kinds.PeerAuthentication, 'namespace', one)),
    otherApiRoutes: find(kinds.HTTPRoute, 'parent', serviceParentKey(apexService)).slice(0, MOST_ELSEWHERE),
  }
}

/** All of these namespaces, and of the others the oldest: those count first in the mesh, and at a gateway. */
function oldestElsewhere(found: readonly KubeObject[], own: readonly string[]): readonly KubeObject[] {
  if (found.length <= MOST_ELSEWHERE) return found
  const isHere = (one: KubeObject): boolean => own.includes(one.metadata.namespace ?? '')
  const elsewhere = found.filter(one => !isHere(one)).toSorted((a, b) => (precedes(a, b) ? -1 : 1))
  return [...found.filter(isHere), ...elsewhere.slice(0, MOST_ELSEWHERE)]
}

/** Those for our hosts or wildcards over the apex, those that lead to our Services, and those that delegate to one that does. */
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
  const found = distinct([
    ...hosts.flatMap(host => by('host', canonicalHost(host, namespace))),
    ...wildcardsOver(canonicalHost(apexService.name, namespace)).flatMap(host => by('host', host)),
    ...leading,
    ...delegating.flatMap(one => by('delegate', delegateKey(one))),
  ])
  return oldestElsewhere(found, [namespace])
}

function distinct(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.length < 2 ? objects : [...new Set(objects)]
}
