/** What callers report where Istio serves the routes: its standard metrics, with the two Services as destinations. */
import type { Kind, KubeObject } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { vantageOf } from '../istio/ambient/vantage.ts'
import { gatewaysIn, MESH } from '../istio/bindings.ts'
import { pastWaypoint } from '../istio/promql.ts'
import { telemetry as ofIstio } from '../istio/telemetry.ts'
import { ingressesPast } from '../outside.ts'
import type { Telemetry } from '../provider.ts'
import { isService, splitsMesh } from './parents.ts'
import { parentKeys, serviceParentKey } from './refs.ts'
import { hasOurMatch } from './rivals.ts'
import { leadsToSide, otherRoutes, serviceReached } from './surroundings.ts'
import { inMesh, parentsInUse } from './users.ts'

/** @param http HTTPRoute in the version of the provider. */
export const telemetry = (http: Kind): Telemetry => ({
  ...ofIstio,
  vantage: o => ({ ...sides(o), vantage: vantageOf(o, inMesh(http)), strangers: strangersOf(o) }),
  sides,
  pastWaypoint: (o, scene, window) =>
    scene.vantage === 'waypoint' && areCallersAlone(o, http) ? pastWaypoint(scene, window) : null,
  lostSentence: ({ names }) =>
    `requests to ${names.apexService.name} match no cluster (response flag NC), and none did before the first weight. A route leads to a port that Service ${names.canaryService.name} does not have; compare its backendRefs with the ports of the Service.`,
  splitsAll: o => {
    const { match = [], routes } = o.canary.spec.service
    return (
      routes === undefined &&
      splitsMesh(o) &&
      match.length === 0 &&
      // What is at a gateway of ours and leads elsewhere takes nothing from the mesh.
      otherRoutes(o).every(one => hasOurMatch(o, one) && serviceReached(o, one) === null) &&
      ingressesPast(o).length === 0 &&
      o.surroundings.otherApiRoutes.length === 0
    )
  },
  // What bypasses the split goes to the apex, which is counted by another name, unless a route of others leads to a side.
  tellsSplit: o => o.canary.spec.service.routes === undefined && routesAround(o).every(one => !leadsToSide(o, one)),
})

/** No gateway leads requests to a side by a route: its reports, of requests that the waypoint may report too, look like those of callers. */
const areCallersAlone = (o: Observation, http: Kind): boolean =>
  parentsInUse(o, http).every(isService) && routesAround(o).every(one => !leadsToSide(o, one))

/** Of both APIs. */
const routesAround = (o: Observation): readonly KubeObject[] => [...otherRoutes(o), ...o.surroundings.otherApiRoutes]

const sides: Telemetry['sides'] = ({ canary, names }) => {
  const { hosts = [], routes } = canary.spec.service
  return {
    // A wildcard is no Host header.
    hosts: hosts.filter(host => !host.includes('*')),
    canaryCallers: { services: [names.canaryService.name] },
    primaryCallers: {
      services: [names.primaryService.name, ...(routes === undefined ? [] : [names.apexService.name])],
    },
  }
}

/** Namespaces whose callers may meet a route of their own at the Service, of either API. */
function strangersOf(o: Observation): string[] {
  const { namespace, apexService } = o.names
  const atService = otherRoutes(o).filter(one => parentKeys(one).includes(serviceParentKey(apexService)))
  const ofVirtualServices = o.surroundings.otherApiRoutes.filter(one => gatewaysIn(one).includes(MESH))
  const consumers = [...atService, ...ofVirtualServices]
  const namespaces = new Set(consumers.map(({ metadata }) => metadata.namespace ?? ''))
  return [...namespaces].filter(one => one !== namespace).toSorted()
}
