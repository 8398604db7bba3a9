/** What is around a canary of Istio: its mesh, and routes of both APIs. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { serviceParentKey } from '../gateway-api/refs.ts'
import type { Find, Named, RoutingProvider } from '../provider.ts'
import { delegateKey, isDelegate } from './bindings.ts'
import { canonicalHost } from './hosts.ts'
import { rivalKinds } from './kinds.ts'
import { wildcardsOver } from './mesh/kinds.ts'
import { distinct, meshAround, MOST_ELSEWHERE, oldestElsewhere } from './mesh/surroundings.ts'

/** Of VirtualServices see `routesAround`. */
export function surroundingsOf(
  o: Named & Pick<Observation, 'settings'>,
  find: Find,
): ReturnType<RoutingProvider['surroundings']> {
  return {
    ...meshAround(o, find),
    routes: routesAround(o, find),
    otherApiRoutes: rivalKinds
      .flatMap(({ kind }) => find(kind, 'parent', serviceParentKey(o.names.apexService)))
      .slice(0, MOST_ELSEWHERE),
  }
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
