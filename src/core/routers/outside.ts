/**
 * Requests from outside of the mesh to the Service that callers use: by an Ingress, whose controller calls the pods or the cluster IP, or by
 * the Service itself, where it is open to the outside. They meet no route, and the Service leads to the primary.
 */
import { kinds, type KubeObject } from '../../api/object.ts'
import { topologyOf } from '../../api/providers.ts'
import { at, listOf, textOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { called, calledHere, type FindProblem, listedInWords, problem } from '../problems/problem.ts'
import { liveOf } from '../render/ownership.ts'
import { inOrder, oldestElsewhere } from './around.ts'
import { namesAround } from './aliases.ts'
import { annotationOf, isTrue } from './nginx/ingress.ts'
import type { Find, Named } from './provider.ts'

/** Ingresses that lead to a Service of the canary, or to an alias of one. */
export const ingressesAround = (o: Named, aliases: readonly KubeObject[], find: Find): readonly KubeObject[] =>
  oldestElsewhere(
    namesAround(o, aliases).flatMap(({ namespace, name }) => find(kinds.Ingress, 'backend', `${namespace}/${name}`)),
    [o.names.namespace],
  )

/**
 * Those whose requests meet no route. What calls the cluster IP, as ingress-nginx does where it is told to, may have a proxy that knows the
 * routes of the Service, or a waypoint before it.
 */
export const ingressesPast = ({
  settings,
  surroundings,
}: Pick<Observation, 'settings' | 'surroundings'>): KubeObject[] =>
  inOrder(surroundings.ingresses).filter(one => !isTrue(annotationOf(settings, one, 'service-upstream')))

/** How many objects a warning names. */
const NAMED = 3

/** @param instead what splits such requests, as the end of a sentence. */
export const requestsFromOutside =
  (instead: string): FindProblem =>
  o => {
    const open = openness(o)
    const ways = [...(open === null ? [] : [open]), ...ingressesPast(o).map(called)]
    if (ways.length === 0) return null
    const named = ways.length > NAMED ? [...ways.slice(0, NAMED - 1), 'others'] : ways
    const reached =
      topologyOf(o.canary.spec) === 'subsets'
        ? 'They reach the pods of both sides, whatever the weights'
        : 'These requests never reach the canary'
    return problem(
      'Bypassed',
      `${listedInWords(named)} ${ways.length === 1 ? 'brings' : 'bring'} requests from outside of the mesh to Service ${o.names.apexService.name} that bypass the traffic split. ${reached}, and traffic checks ignore them. To split them, ${instead}`,
    )
  }

/** The Service, where callers from outside of the cluster may use it, in words; else null. */
function openness(o: Observation): string | null {
  const spec = liveOf(o, o.names.apexService)?.spec
  const type = textOf(at(spec, 'type'))
  const service = calledHere(o, 'Service', o.names.apexService.name)
  if (type === 'LoadBalancer' || type === 'NodePort') return `${service} (${type})`
  return listOf(at(spec, 'externalIPs')).length > 0 ? `${service} (externalIPs)` : null
}
