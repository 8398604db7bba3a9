/**
 * Whether a waypoint takes the requests to the Service that callers use: in ambient nothing else evaluates routes. Without one the node's
 * proxy leads them to the pods that the Service selects, which are the primary's
 * (https://istio.io/latest/docs/ambient/usage/waypoint/).
 */
import type { KubeObject, Ref } from '../../../../api/object.ts'
import { textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import type { Unconfirmed } from '../../../model/traffic.ts'
import { isBoundToWaypoint, waypointCondition } from '../../../policies/attached.ts'
import { calledHere } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import type { Named } from '../../provider.ts'

export const USE_WAYPOINT = 'istio.io/use-waypoint'
export const INGRESS = 'istio.io/ingress-use-waypoint'

/** What is missing, and since when it may have been. */
type Unbound = Pick<Unconfirmed, 'because' | 'since'>

type Asked = Named & Pick<Observation, 'live' | 'samples'>

export const namespaceLabelsOf = ({ samples }: Pick<Observation, 'samples'>): Readonly<Record<string, string>> =>
  (samples.canary ?? samples.primary)?.namespaceLabels ?? samples.namespaceLabels ?? {}

const apexOf = (o: Named & Pick<Observation, 'live'>): KubeObject | undefined => liveOf(o, o.names.apexService)

export const isApexBound = (o: Named & Pick<Observation, 'live'>): boolean => isBoundToWaypoint(apexOf(o))

/** What keeps requests from the waypoint, and what to write; null where they are bound to one. */
export function unboundOf(o: Asked): Unbound | null {
  const live = apexOf(o)
  if (live === undefined) return unboundOfNone(o)
  const wanted = o.canary.spec.service.apex?.labels?.[USE_WAYPOINT]
  // The Canary's word is yet to be written: what istiod makes of it is seen then.
  if (wanted !== undefined && wanted !== 'none' && wanted !== live.metadata.labels?.[USE_WAYPOINT]) return null
  const condition = waypointCondition(live)
  if (condition?.['status'] === 'True') return null
  const who = calledHere(o, 'Service', o.names.apexService.name)
  if (condition !== undefined) {
    const said = textOf(condition['message']).replace(/\.$/, '')
    const reason = textOf(condition['reason'])
    const advice = Object.hasOwn(ADVICE, reason) ? `. ${ADVICE[reason]}` : ''
    return {
      because: `${who} is not bound to its waypoint: istio.io/WaypointBound is ${textOf(condition['status'])}, ${reason}${said === '' ? '' : ` (${said})`}${advice}`,
      since: 0,
    }
  }
  const since = Date.parse(live.metadata.creationTimestamp ?? '')
  return { because: unboundSentence(o, who, live), since: Number.isNaN(since) ? 0 : since }
}

/** What to do, by the reasons of istiod (`pilot/pkg/model/conditions.go`). */
const ADVICE: Readonly<Record<string, string>> = {
  WaypointIsNotReady: 'Create the Gateway that the label names, or see why it has no address',
  UnsupportedTrafficType: 'Write the label istio.io/waypoint-for: service on the Gateway of the waypoint',
}

const SPLIT = 'so no request in the mesh meets the split'

function unboundSentence(o: Asked, who: string, live: KubeObject): string {
  const own = live.metadata.labels?.[USE_WAYPOINT]
  const { namespace } = o.names
  const name = own ?? namespaceLabelsOf(o)[USE_WAYPOINT]
  if (name === undefined) {
    return `${who} is bound to no waypoint, ${SPLIT}. Write the label ${USE_WAYPOINT} with the name of a Gateway of class istio-waypoint on it, or on namespace ${namespace}`
  }
  const of = own === undefined ? `namespace ${namespace}` : who
  if (name === 'none') {
    return `${who} is bound to no waypoint, by the label ${USE_WAYPOINT}: none of ${of}, ${SPLIT}. Write the name of a Gateway of class istio-waypoint in it`
  }
  return `${who} has no condition istio.io/WaypointBound, although the label ${USE_WAYPOINT} of ${of} names ${name}, ${SPLIT}. Create Gateway ${name} of class istio-waypoint, and see that istiod runs with ambient on`
}

/** The Service is yet to be made: by its labels, or those of the namespace. */
function unboundOfNone(o: Asked): Unbound | null {
  const { namespace, apexService } = o.names
  const name = o.canary.spec.service.apex?.labels?.[USE_WAYPOINT] ?? namespaceLabelsOf(o)[USE_WAYPOINT]
  if (name !== undefined && name !== 'none') return null
  const because = `${calledHere(o, 'Service', apexService.name)} would be bound to no waypoint, ${SPLIT}. Write ${USE_WAYPOINT} with the name of a Gateway of class istio-waypoint in spec.service.apex.labels, or as a label of namespace ${namespace}`
  return { because, since: 0 }
}

/** A label names a waypoint, and istiod has not answered yet, as of a Service that was just made. */
export function isBindingAwaited(o: Pick<Observation, 'samples'>, service: KubeObject): boolean {
  const name = service.metadata.labels?.[USE_WAYPOINT] ?? namespaceLabelsOf(o)[USE_WAYPOINT]
  return waypointCondition(service) === undefined && name !== undefined && name !== 'none'
}

/**
 * Whether gateways send what their routes lead to this Service through its waypoint, in place of straight to its pods. The Service that
 * the route of the gateway names decides, or its namespace.
 */
export function ingressUsesWaypoint(o: Asked, ref: Ref): boolean {
  const service = liveOf(o, ref)
  const said = service?.metadata.labels?.[INGRESS] ?? namespaceLabelsOf(o)[INGRESS]
  return said === 'true' && isBoundToWaypoint(service)
}

/** The same of a side, which may be yet to be made, with the labels of the Service of the callers, or just made and not answered by istiod. */
export function ingressWillUseWaypoint(o: Asked, side: Ref): boolean {
  const service = liveOf(o, side)
  if (service === undefined) {
    const labels = { ...apexOf(o)?.metadata.labels, ...o.canary.spec.service.apex?.labels }
    return (labels[INGRESS] ?? namespaceLabelsOf(o)[INGRESS]) === 'true'
  }
  const labels = service.metadata.labels ?? {}
  const isAwaited = waypointCondition(service) === undefined && labels[USE_WAYPOINT] !== 'none'
  return ingressUsesWaypoint(o, side) || (isAwaited && (labels[INGRESS] ?? namespaceLabelsOf(o)[INGRESS]) === 'true')
}
