/** What may block a release by the Gateway API, in the order in which it is reported. */
import type { Kind, KubeObject } from '../../../../api/object.ts'
import type { Observation } from '../../../model/observation.ts'
import { foreign, refusesService, stops, warnsOnly } from '../../../problems/policy.ts'
import { precedes } from '../../around.ts'
import { exportedTo, gatewaysIn, hostsOf, isExportedElsewhere, isVisibleAt, MESH } from '../../istio/bindings.ts'
import { canonicalHost } from '../../istio/hosts.ts'
import { hostNotAllowed, hostOfOthersAtGateways } from '../../istio/problems/hosts.ts'
import { meshPolicies } from '../../istio/mesh/problems/index.ts'
import {
  callersPastWaypoint,
  copiesUntold,
  headlessInAmbient,
  mutualTlsUntold,
  sidesUnbound,
  vantageChanged,
  waypointMissing,
  waypointShared,
} from '../../istio/ambient/problems.ts'
import { requestsFromOutside } from '../../outside.ts'
import type { RoutingProvider } from '../../provider.ts'
import { routeOfOtherApi, type TwoApis } from '../../two-apis.ts'
import { telemetry } from '../telemetry.ts'
import { inMesh, splittingRoutes } from '../users.ts'
import {
  cookieThatCannotBeMatched,
  corsThatDoesNotFit,
  matchesThatCannotBeJoined,
  matchThatDoesNotFit,
  prefixThatCannotBeReplaced,
  tooManyMatches,
} from './matches.ts'
import {
  everyHostNotAllowed,
  hostThatIsNone,
  meshCallersLeftOut,
  parentNotAllowed,
  parentPortThatIsNone,
  parentServiceOfOthers,
  portThatIsNotHttp,
} from './parents.ts'
import { routesThatDoNotFit } from './references.ts'
import {
  consumerRoute,
  foreignRoute,
  gatewayUncounted,
  olderRouteAtGateway,
  refusedRoute,
  rivalRoute,
  wayPastTheSplit,
} from './routes.ts'

/**
 * Of another namespace: what it keeps to itself concerns its own callers, and one that all see gets those of other namespaces where it
 * is older than the route of the split.
 */
function getsRequestsElsewhere(o: Observation, http: Kind, other: KubeObject): boolean {
  if (exportedTo(other) !== 'all') return isExportedElsewhere(other)
  const ours = splittingRoutes(o, http)
  return ours.length === 0 || ours.some(route => precedes(other, route))
}

const besideVirtualServices = (kind: Kind): TwoApis => ({
  splitsMesh: inMesh(kind),
  isRival: (o, other) =>
    gatewaysIn(other).includes(MESH) &&
    isVisibleAt(other, MESH) &&
    hostsOf(other).includes(canonicalHost(o.names.apexService.name, o.names.namespace)) &&
    (other.metadata.namespace === o.names.namespace || getsRequestsElsewhere(o, kind, other)),
  instead: o => `Remove the host ${o.names.apexService.name} from it, or recreate the Canary with provider: istio.`,
})

export const gatewayPolicies = (kind: Kind): RoutingProvider['policies'] => ({
  spec: [
    refusesService(parentServiceOfOthers),
    refusesService(hostOfOthersAtGateways),
    refusesService(hostNotAllowed),
    refusesService(everyHostNotAllowed),
    refusesService(parentNotAllowed),
    refusesService(hostThatIsNone),
    refusesService(matchThatDoesNotFit),
    refusesService(corsThatDoesNotFit),
    refusesService(prefixThatCannotBeReplaced),
    refusesService(meshCallersLeftOut),
    stops(routesThatDoNotFit(kind)),
    stops(matchesThatCannotBeJoined),
    stops(cookieThatCannotBeMatched),
  ],
  pods: meshPolicies.pods,
  objects: [
    stops(foreignRoute(kind)),
    ...meshPolicies.objects,
    stops(headlessInAmbient(inMesh(kind))),
    stops(waypointMissing(inMesh(kind))),
    stops(waypointShared),
    stops(vantageChanged(telemetry(kind))),
    stops(mutualTlsUntold(telemetry(kind))),
    stops(copiesUntold(telemetry(kind))),
    warnsOnly(sidesUnbound(inMesh(kind))),
    warnsOnly(callersPastWaypoint(telemetry(kind))),
  ],
  routes: [
    stops(rivalRoute(kind)),
    stops(routeOfOtherApi(besideVirtualServices(kind), 'here')),
    stops(olderRouteAtGateway(kind, 'here')),
    warnsOnly(consumerRoute(kind)),
    foreign(olderRouteAtGateway(kind, 'elsewhere')),
    foreign(routeOfOtherApi(besideVirtualServices(kind), 'elsewhere')),
    { find: refusedRoute, stops: [], warns: ['candidate', 'rest'] },
    warnsOnly(wayPastTheSplit(kind)),
    warnsOnly(requestsFromOutside('serve their hosts at a Gateway: service.gatewayRefs and service.hosts')),
    stops(gatewayUncounted(kind)),
    ...meshPolicies.routes,
  ],
  ports: [refusesService(tooManyMatches), refusesService(parentPortThatIsNone), stops(portThatIsNotHttp)],
})
