/** Whether another VirtualService delegates to the one that has the split, and whether Istio follows it. */
import { type KubeObject, kinds, type Ref } from '../../../../api/object.ts'
import { type Json, sameJson } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { called, calledHere, type FindProblem, type Problem, problem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import { delegatesIn, isDelegate, isVisibleFrom } from '../bindings.ts'
import { delegationsTo, outsideOf, rootsOf } from '../delegation.ts'
import { matchesOf } from '../matches.ts'
import { virtualServiceOf } from '../names.ts'
import { routesOf } from '../ports.ts'
import { listed, refOfListed } from '../users.ts'

/** VirtualServices that have the split: which take effect only where another one delegates to them, and which have hosts. */
function splitting(
  o: Observation,
): { readonly ref: Ref; readonly live: KubeObject | undefined; isDelegated: boolean }[] {
  const { delegation, virtualServices } = o.canary.spec.service
  if (virtualServices === undefined) {
    const ref = virtualServiceOf(o.names)
    return [{ ref, live: liveOf(o, ref), isDelegated: delegation }]
  }
  return listed(o).flatMap(one => {
    const ref = refOfListed(o, one)
    const live = liveOf(o, ref)
    return live === undefined ? [] : [{ ref, live, isDelegated: isDelegate(live) }]
  })
}

const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`

/** Without a root no request meets the split, and a release would prove nothing. */
export const noRoot: FindProblem = o => {
  for (const { ref, live, isDelegated } of splitting(o)) {
    if (!isDelegated || !o.surroundings.allRoutesSeen) continue
    const roots = rootsOf(o, keyOf(ref))
    const sees = (root: KubeObject): boolean => live === undefined || isVisibleFrom(live, root.metadata.namespace ?? '')
    if (roots.some(sees)) continue
    const named = calledHere(o, 'VirtualService', ref.name)
    const [unseen] = roots
    const write = `Write a route with delegate: {name: ${ref.name}, namespace: ${ref.namespace}} into the VirtualService that has the hosts.`
    if (unseen !== undefined) {
      return problem(
        'Conflict',
        `${called(unseen)} delegates to ${named}, whose exportTo leaves out its namespace, so Istio leaves that route out and no request meets the split. Add ${unseen.metadata.namespace ?? ''} to exportTo.`,
      )
    }
    const nested = o.surroundings.routes.find(one => isDelegate(one) && delegatesIn(one).includes(keyOf(ref)))
    if (nested !== undefined) {
      return problem(
        'Conflict',
        `${called(nested)} delegates to ${named} and has no hosts of its own, and Istio follows one delegation, so no request meets the split. ${write}`,
      )
    }
    return problem(
      'ReferenceMissing',
      `No VirtualService delegates to ${named}, so no request meets the split. ${write}`,
    )
  }
  return null
}

/** Istio delegates to nothing that has hosts: the route of the root is left out. */
export const delegateWithHosts: FindProblem = o => {
  for (const { ref, live, isDelegated } of splitting(o)) {
    if (isDelegated || live === undefined) continue
    const root = o.surroundings.routes.find(one => delegatesIn(one).includes(keyOf(ref)))
    if (root === undefined) continue
    const instead =
      o.canary.spec.service.virtualServices === undefined
        ? 'Write service.delegation: true into the Canary, without hosts and gateways, or a destination in place of delegate.'
        : `Remove hosts and gateways from ${calledHere(o, 'VirtualService', ref.name)}, or write a destination in place of delegate.`
    return problem(
      'Conflict',
      `${called(root)} delegates to ${calledHere(o, kinds.VirtualService.kind, ref.name)}, which has hosts of its own, so Istio leaves that route out. ${instead}`,
    )
  }
  return null
}

/** A route of the delegate whose match does not lie within the root's is left out, and its requests find no route. */
export const matchOutsideItsRoot: FindProblem = o => {
  const { roots, outside } = matchesOutside(o)
  const counting = outside.length === roots ? outside : outside.filter(({ root }) => isHere(o, root))
  return counting[0]?.problem ?? null
}

/** Anybody can write a root, for hosts of their own: one of another namespace stops nothing where another root has all matches. */
export const matchOutsideAnotherRoot: FindProblem = o => {
  const { roots, outside } = matchesOutside(o)
  return outside.length === roots ? null : (outside.find(({ root }) => !isHere(o, root))?.problem ?? null)
}

const isHere = ({ names }: Observation, { metadata }: KubeObject): boolean => metadata.namespace === names.namespace

interface MatchesOutside {
  /** How many there are. */
  readonly roots: number
  /** Those of the roots that leave out a match. */
  readonly outside: readonly { readonly root: KubeObject; readonly problem: Problem }[]
}

function matchesOutside(o: Observation): MatchesOutside {
  const { service, analysis } = o.canary.spec
  if (!service.delegation) return { roots: 0, outside: [] }
  const key = keyOf(virtualServiceOf(o.names))
  // A route without any match gets those of the root; with several ports each has one.
  const base = service.match ?? (routesOf(o).every(({ match }) => match === undefined) ? [] : [{}])
  const written: [string, Json][] = [
    ...base.map((match, index): [string, Json] => [`spec.service.match[${index}]`, match]),
    ...(analysis.match ?? []).map((match, index): [string, Json] => [`spec.analysis.match[${index}]`, match]),
  ]
  const delegations = delegationsTo(o, key)
  const outside = delegations.flatMap(({ root, routes }) => {
    for (const route of routes) {
      const wide = matchesOf(route['match'])
      for (const [field, match] of written) {
        const fields = wide.map(one => outsideOf(one, match))
        const [first] = fields
        if (fields.includes(null) || first === undefined) continue
        const its =
          service.match === undefined && sameJson(match, {}) ? 'the routes for the ports of the Service' : field
        const found = problem(
          'Conflict',
          `Of ${its} Istio makes no route, because ${called(root)} delegates by a match in which ${first} says otherwise: requests there find no route. Write ${first} in one of the two alone, or in the Canary one that lies within that of the VirtualService.`,
        )
        return [{ root, problem: found }]
      }
    }
    return []
  })
  return { roots: delegations.length, outside }
}
