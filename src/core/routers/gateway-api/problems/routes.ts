/** Routes of others: one of our name, rivals at the Service, and ways past the split. */
import type { Kind, KubeObject } from '../../../../api/object.ts'
import type { Observation } from '../../../model/observation.ts'
import { foreign } from '../../../problems/foreign.ts'
import { called, type FindProblem, listedInWords, type Problem, problem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import { precedes } from '../../around.ts'
import { dataPlaneOf } from '../../istio/ambient/data-plane.ts'
import { metricThatCounts } from '../../istio/ambient/problems.ts'
import { type Bypass, bypassedBy } from '../bypasses.ts'
import { httpRouteOf } from '../own.ts'
import { INGRESS, ingressUsesWaypoint, ingressWillUseWaypoint, isApexBound } from '../../istio/ambient/waypoint.ts'
import { isService, parentsOf } from '../parents.ts'
import { calledParent, type Parent, parentsIn } from '../refs.ts'
import { hasOurMatch, sharedParent } from '../rivals.ts'
import { telemetry } from '../telemetry.ts'
import { otherRoutes, serviceReached } from '../surroundings.ts'
import { isInMesh, leftOut, parentsInUse } from '../users.ts'

const isHere = (o: Observation, { metadata }: KubeObject): boolean => metadata.namespace === o.names.namespace

/** An HTTPRoute that another client made is never overwritten. */
export const foreignRoute =
  (kind: Kind): FindProblem =>
  o => {
    if (o.canary.spec.service.routes !== undefined) return null
    const ref = httpRouteOf(kind, o.names)
    const live = liveOf(o, ref)
    const serves = live === undefined ? null : serviceReached(o, live)
    return foreign(
      o,
      live,
      serves === null ? '' : `It leads to Service ${serves}`,
      serves === null
        ? 'Create it under another name, then delete this one; or recreate the Canary with another service.name.'
        : `Recreate the Canary with service.routes: [{name: ${ref.name}}].`,
    )
  }

const isApex = (o: Observation, { namespace, name }: Parent): boolean =>
  namespace === o.names.namespace && name === o.names.apexService.name

const isAtService = (o: Observation, route: KubeObject): boolean =>
  parentsIn(route).some(one => isService(one) && isApex(o, one))

/** Another route at a port of the Service at which ours is, too; a parent without a port has all. */
function isAtOurPorts(o: Observation, http: Kind, route: KubeObject): boolean {
  const portsOf = (parents: readonly Parent[]): (number | null)[] =>
    parents.filter(one => isService(one) && isApex(o, one)).map(({ port }) => port)
  const ours = portsOf(parentsInUse(o, http))
  return portsOf(parentsIn(route)).some(port => port === null || ours.some(own => own === null || own === port))
}

function rival(o: Observation, http: Kind, among: (route: KubeObject) => boolean): Problem | null {
  if (!isInMesh(o, http)) return null
  const other = otherRoutes(o).find(one => isAtOurPorts(o, http, one) && among(one))
  if (other === undefined) return null
  const { name } = o.names.apexService
  return problem(
    'Conflict',
    isHere(o, other)
      ? `${called(other)} has Service ${name} as its parent, as the HTTPRoute of this Canary: ${other.kind === 'HTTPRoute' ? 'their rules are merged' : 'of two kinds one hides the other'}, so some requests would bypass the split. Remove that parent from it, or recreate the Canary with service.routes: [{${other.kind === 'HTTPRoute' ? '' : `kind: ${other.kind}, `}name: ${other.metadata.name}}].`
      : `${called(other)} has Service ${o.names.namespace}/${name} as its parent, so callers in namespace ${other.metadata.namespace ?? ''} meet it instead of the split. Remove that parent from it.`,
  )
}

/** Of two routes at one Service the rules are merged: by their matches, then by age (tried with istiod). */
export const rivalRoute =
  (http: Kind): FindProblem =>
  o =>
    rival(o, http, one => isHere(o, one))

/** A consumer route works for the callers of its namespace, without any grant. */
export const consumerRoute =
  (http: Kind): FindProblem =>
  o =>
    rival(o, http, one => !isHere(o, one))

/** What is older at a listener of ours takes the requests of a match that both have: those never meet the split. */
export const olderRouteAtGateway =
  (http: Kind, where: 'here' | 'elsewhere'): FindProblem =>
  o => {
    const own = liveOf(o, httpRouteOf(http, o.names))
    const other = otherRoutes(o).find(
      one => isHere(o, one) === (where === 'here') && hasOurMatch(o, one) && (own === undefined || precedes(one, own)),
    )
    const parent = other === undefined ? undefined : sharedParent(o, other)
    if (other === undefined || parent === undefined) return null
    const instead =
      where === 'here' && serviceReached(o, other) !== null
        ? `, or recreate the Canary with service.routes: [{name: ${other.metadata.name}}]`
        : ''
    return problem(
      'Conflict',
      `${called(other)} is older, and at ${calledParent(parent)} it has a match and a host that the HTTPRoute of this Canary has, too: the older one gets those requests, and none would meet the split. Remove the host or the match from it${instead}.`,
    )
  }

/** A parent refuses the route while no release waits for it: its callers get something else. In a release that is what is waited for. */
export const refusedRoute: FindProblem = ({ traffic }) => {
  const { isAnswered = false, because = '' } = traffic?.unconfirmed ?? {}
  return isAnswered ? problem('RouteNotAccepted', because) : null
}

/** Requests that bypass the split never reach a candidate, so no check sees them. */
export const wayPastTheSplit =
  (http: Kind): FindProblem =>
  o => {
    const isTaken = dataPlaneOf(o) === 'ambient' && ingressUsesWaypoint(o, o.names.apexService)
    const apex = o.names.apexService.name
    const reaching = (routes: readonly KubeObject[], isLeftOut: boolean): Bypass[] =>
      routes.flatMap(route => {
        const service = serviceReached(o, route)
        return service === null || (isTaken && service === apex) ? [] : [{ route, service, isLeftOut }]
      })
    const others = [...otherRoutes(o).filter(one => !isAtService(o, one)), ...o.surroundings.otherApiRoutes]
    const ways = [...reaching(others, false), ...reaching(leftOut(o, http), true)]
    return bypassedBy(ways, service => (service === apex ? adviceInAmbient(o) : ''))
  }

/** A gateway leads them to the waypoint, if the Service says so. */
const adviceInAmbient = (o: Observation): string =>
  dataPlaneOf(o) === 'ambient' && isApexBound(o)
    ? `. To have them split write the label ${INGRESS}: "true" on Service ${o.names.apexService.name}`
    : ''

/**
 * A gateway splits by itself, and the waypoint sees of it what a side's own label leads there: one split, reported in two places. Where a
 * metric counts what the waypoint reports, no weight rises on requests that it leaves out.
 */
export const gatewayUncounted =
  (http: Kind): FindProblem =>
  o => {
    const asked = metricThatCounts(o)
    if (asked === undefined || telemetry(http).vantage(o).vantage !== 'waypoint') return null
    const gateways = parentsOf(o).filter(one => !isService(one))
    const sides = [o.names.primaryService, o.names.canaryService]
    if (gateways.length === 0 || sides.every(ref => ingressWillUseWaypoint(o, ref))) return null
    return problem(
      'Conflict',
      `${listedInWords(gateways.map(calledParent))} ${gateways.length === 1 ? 'splits' : 'split'} requests past the waypoint, and ${asked.path} counts those that the waypoint reports: the release would rise on requests that it does not judge. Write the label ${INGRESS}: "true" on Service ${o.names.apexService.name}, which both sides get, or measure with queries alone.`,
    )
  }
