/**
 * A VirtualService and an HTTPRoute for one Service in the mesh are two answers at once: callers in the namespace of the HTTPRoute meet
 * it, and the others the older of the two (tried with istiod); neither has a status that says so.
 */
import type { KubeObject } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import { called, type FindProblem, problem } from '../problems/problem.ts'

export interface TwoApis {
  /** Whether routes of the Canary are evaluated in the mesh. */
  splitsMesh(o: Observation): boolean
  /** Whether an object is a route for the Service in the mesh. */
  isRival(o: Observation, route: KubeObject): boolean
  /** What there is to be done about it, as the end of a sentence. */
  instead(o: Observation, route: KubeObject): string
}

/** @param where of the Canary's own namespace, or of others. */
export const routeOfOtherApi =
  (apis: TwoApis, where: 'here' | 'elsewhere'): FindProblem =>
  o => {
    if (!apis.splitsMesh(o)) return null
    const other = o.surroundings.otherApiRoutes.find(
      one => (one.metadata.namespace === o.names.namespace) === (where === 'here') && apis.isRival(o, one),
    )
    return other === undefined
      ? null
      : problem(
          'Conflict',
          `${called(other)} is for requests in the mesh to Service ${o.names.apexService.name}, which this Canary splits by routes of another API: some callers would meet the one, and some the other. ${apis.instead(o, other)}`,
        )
  }
