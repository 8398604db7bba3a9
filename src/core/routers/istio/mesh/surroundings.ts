/** DestinationRules and PeerAuthentications around a canary. */
import { kinds } from '../../../../api/object.ts'
import type { Observation, Surroundings } from '../../../model/observation.ts'
import type { Find, Named } from '../../provider.ts'
import { oldestElsewhere } from '../../around.ts'
import { coverKeys } from './kinds.ts'

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
      [...covering].flatMap(key => find(kinds.DestinationRule, 'covers', key)),
      own,
    ),
    policies: own.flatMap(one => find(kinds.PeerAuthentication, 'namespace', one)),
  }
}
