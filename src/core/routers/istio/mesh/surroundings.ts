/** DestinationRules and PeerAuthentications around a canary. */
import { kinds, type KubeObject } from '../../../../api/object.ts'
import type { Observation, Surroundings } from '../../../model/observation.ts'
import type { Find, Named } from '../../provider.ts'
import { inOrder } from '../../around.ts'
import { coverKeys } from './kinds.ts'

/** Objects of one kind in other namespaces around one Canary: who makes more of them costs its owner nothing. */
export const MOST_ELSEWHERE = 200

/**
 * DestinationRules of any namespace that cover the apex or a side; PeerAuthentications of the Canary's and the root namespace. None
 * where the mesh is another.
 */
export function meshAround(
  o: Named & Pick<Observation, 'settings'>,
  find: Find,
): Pick<Surroundings, 'trafficPolicies' | 'policies'> {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const covering = new Set([apexService, primaryService, canaryService].flatMap(coverKeys))
  const own = [...new Set([namespace, o.settings.rootNamespace])]
  return {
    trafficPolicies: oldestElsewhere(
      distinct([...covering].flatMap(key => find(kinds.DestinationRule, 'covers', key))),
      own,
    ),
    policies: own.flatMap(one => find(kinds.PeerAuthentication, 'namespace', one)),
  }
}

/** All of these namespaces, and of the others the oldest: those count first in the mesh, and at a gateway. */
export function oldestElsewhere(found: readonly KubeObject[], own: readonly string[]): readonly KubeObject[] {
  if (found.length <= MOST_ELSEWHERE) return found
  const isHere = (one: KubeObject): boolean => own.includes(one.metadata.namespace ?? '')
  const elsewhere = inOrder(found.filter(one => !isHere(one)))
  return [...found.filter(isHere), ...elsewhere.slice(0, MOST_ELSEWHERE)]
}

export function distinct(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.length < 2 ? objects : [...new Set(objects)]
}
