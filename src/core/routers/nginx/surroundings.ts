/** Ingresses around a canary: those to its Services, and those for the same hosts and paths. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import { isOurs } from '../../render/ownership.ts'
import { apexPorts } from '../../render/ports.ts'
import { oldestElsewhere } from '../around.ts'
import type { Find, Named, RoutingProvider } from '../provider.ts'
import {
  type IngressPath,
  isCanary,
  isServed,
  numberIn,
  pathsIn,
  pathsToApex,
  placeOf,
  usersIngress,
  usersRef,
} from './ingress.ts'

export function surroundingsOf(o: Named, find: Find): ReturnType<RoutingProvider['surroundings']> {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const leading = [apexService, primaryService, canaryService].flatMap(({ name }) =>
    find(kinds.Ingress, 'backend', `${namespace}/${name}`),
  )
  const users = leading.find(({ metadata }) => metadata.name === usersRef(o)?.name)
  const places = users === undefined ? [] : new Set(pathsToApex(o, users).map(placeOf))
  const rivals = [...places].flatMap(place => find(kinds.Ingress, 'place', place))
  const routes = oldestElsewhere([...leading, ...rivals], [namespace])
  const others = { trafficPolicies: [], policies: [], otherApiRoutes: [], aliases: [], ingresses: [], gateways: {} }
  return { ...others, routes, allRoutesSeen: false }
}

/** Ingresses around the canary that are neither the user's that is split nor ours. */
export const otherIngresses = (o: Pick<Observation, 'names' | 'canary' | 'surroundings'>): readonly KubeObject[] =>
  o.surroundings.routes.filter(
    one => one.metadata.namespace !== o.names.namespace || (one.metadata.name !== usersRef(o)?.name && !isOurs(o, one)),
  )

/** A path by which requests reach a side without meeting the split. */
export interface PathPast {
  readonly ingress: KubeObject
  readonly path: IngressPath
}

/**
 * ingress-nginx splits what goes to a Service and port, by whatever Ingress of the namespace it comes: so only other ports, the
 * Services of the sides, and Ingresses that another controller serves bypass the split.
 */
export function pathsPastSplit(o: Observation): readonly PathPast[] {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const users = usersIngress(o)
  const ports = apexPorts(o)
  const numberOf = ({ port }: IngressPath): number | null => numberIn(ports, port)
  const split = new Set(users === undefined ? [] : pathsToApex(o, users).map(numberOf))
  const isPast = (ingress: KubeObject, path: IngressPath): boolean => {
    if ([primaryService.name, canaryService.name].includes(path.service)) return true
    if (path.service !== apexService.name) return false
    return !split.has(numberOf(path)) || !isServed(o.settings, ingress)
  }
  return otherIngresses(o)
    .filter(one => one.metadata.namespace === namespace && !isCanary(o.settings, one))
    .flatMap(ingress =>
      pathsIn(ingress)
        .filter(path => isPast(ingress, path))
        .map(path => ({ ingress, path })),
    )
}
