/** Routes of the Gateway API around a canary that is split by a VirtualService: of callers elsewhere, and ways past the split. */
import type { KubeObject } from '../../../../api/object.ts'
import type { Observation } from '../../../model/observation.ts'
import { called, type FindProblem, problem } from '../../../problems/problem.ts'
import { bypassedBy } from '../../gateway-api/bypasses.ts'
import { parentKeys, serviceParentKey } from '../../gateway-api/refs.ts'
import { serviceReached } from '../../gateway-api/surroundings.ts'
import { splitsMesh } from '../split-scope.ts'

/** Whether a route is for requests in the mesh to the Service. */
export const isAtService = (o: Observation, route: KubeObject): boolean =>
  parentKeys(route).includes(serviceParentKey(o.names.apexService))

/** One of another namespace is for the callers there alone (GEP-1426; tried with istiod), so it stops no release. */
export const consumerRoute: FindProblem = o => {
  if (!splitsMesh(o)) return null
  const { namespace, apexService } = o.names
  const other = o.surroundings.otherApiRoutes.find(one => one.metadata.namespace !== namespace && isAtService(o, one))
  if (other === undefined) return null
  return problem(
    'Conflict',
    `${called(other)} has Service ${namespace}/${apexService.name} as its parent, so callers in namespace ${other.metadata.namespace ?? ''} meet it instead of the split. Remove that parent from it.`,
  )
}

/** A Gateway leads to the pods of the Service itself: requests that it takes there never reach a candidate. */
export const routePastTheSplit: FindProblem = o =>
  bypassedBy(
    o.surroundings.otherApiRoutes
      .filter(route => !isAtService(o, route))
      .flatMap(route => {
        const service = serviceReached(o, route)
        return service === null ? [] : [{ route, service }]
      }),
    () => '',
  )
