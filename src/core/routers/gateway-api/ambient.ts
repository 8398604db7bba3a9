/** Routes in ambient: every parent accepts them, and they are obeyed where a waypoint takes the requests. */
import type { Kind } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import type { Carried } from '../../model/traffic.ts'
import { dataPlaneOf } from '../istio/ambient/data-plane.ts'
import { unboundOf } from '../istio/ambient/waypoint.ts'
import type { Named } from '../provider.ts'
import { isService } from './parents.ts'
import { isInMesh, parentsInUse } from './users.ts'

/**
 * What routes carry, as far as a waypoint obeys them. Without one requests reach the primary, so nothing is missing where they are to.
 *
 * @param http HTTPRoute in the version of the provider.
 */
export function atWaypoint(
  o: Named & Pick<Observation, 'live' | 'samples' | 'target'>,
  http: Kind,
  carried: Carried | null,
): Carried | null {
  if (carried === null || carried.unconfirmed !== undefined) return carried
  if ((carried.high === 0 && carried.mirror === 0) || !isInMesh(o, http) || dataPlaneOf(o) !== 'ambient') return carried
  const unbound = unboundOf(o)
  // Gateways split by themselves, past a waypoint.
  return unbound === null
    ? carried
    : { ...carried, unconfirmed: { ...unbound, isAnswered: true, isPartial: isAtGateway(o, http) } }
}

const isAtGateway = (o: Named & Pick<Observation, 'live'>, http: Kind): boolean =>
  parentsInUse(o, http).some(one => !isService(one))
