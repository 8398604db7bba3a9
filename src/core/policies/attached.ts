/** Policies that name what they are for (`targetRefs`) in place of a selector, as waypoints know them; proxies beside pods do not. */
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, recordsOf } from '../json.ts'

/** The names that a policy of an attachable kind is for, of Services in its own namespace; none where it has no `targetRefs`. */
export function attachedServices({ spec }: KubeObject): readonly string[] {
  const one = at(spec, 'targetRef')
  return [...recordsOf(at(spec, 'targetRefs')), ...(isRecord(one) ? [one] : [])].flatMap(({ kind, name }) =>
    kind === 'Service' && typeof name === 'string' ? [name] : [],
  )
}

/** What istiod says of the waypoint of a Service. No other object tells: an HTTPRoute is accepted without one. */
export const waypointCondition = (service: KubeObject | undefined): Json | undefined =>
  recordsOf(at(service?.['status'], 'conditions')).find(one => one['type'] === 'istio.io/WaypointBound')

/** Whether a waypoint takes the requests to a Service. */
export const isBoundToWaypoint = (service: KubeObject | undefined): boolean =>
  waypointCondition(service)?.['status'] === 'True'
