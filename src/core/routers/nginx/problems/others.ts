/** Ingresses of others for the same hosts and paths, and ways past the split. */
import type { KubeObject } from '../../../../api/object.ts'
import type { Observation } from '../../../model/observation.ts'
import { called, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'
import { precedes } from '../../around.ts'
import { calledPlace, isCanary, isServed, pathsIn, pathsToApex, placeOf, usersIngress } from '../ingress.ts'
import { otherIngresses, pathsPastSplit } from '../surroundings.ts'

type Where = 'here' | 'elsewhere'

interface Shared {
  readonly ingress: KubeObject
  /** Host and path in words. */
  readonly place: string
  /** It leads to the Service of the Canary, too: whichever Ingress has the requests, they are split. */
  readonly isOfApex: boolean
}

/** Other Ingresses that ingress-nginx serves, each with a place that the user's has for the Service, too. */
function atOurPlaces(o: Observation, where: Where): readonly Shared[] {
  const users = usersIngress(o)
  if (users === undefined) return []
  const places = new Map(pathsToApex(o, users).map(path => [placeOf(path), calledPlace(path)]))
  return otherIngresses(o)
    .filter(one => (one.metadata.namespace === o.names.namespace) === (where === 'here') && isServed(o.settings, one))
    .flatMap(ingress => {
      const shared = pathsIn(ingress).find(path => places.has(placeOf(path)))
      if (shared === undefined) return []
      const isOfApex = where === 'here' && shared.service === o.names.apexService.name
      return [{ ingress, place: calledPlace(shared), isOfApex }]
    })
}

/** Of several canaries for one place ingress-nginx uses one. */
export const anotherCanary =
  (where: Where): FindProblem =>
  o => {
    const [other] = atOurPlaces(o, where).filter(({ ingress }) => isCanary(o.settings, ingress))
    if (other === undefined) return null
    return problem(
      'Conflict',
      `${called(other.ingress)} is a canary for ${other.place}, too, and ingress-nginx uses one canary and ignores the others. Delete it, or remove that path from it.`,
    )
  }

/** The oldest Ingress for a place has its requests; a canary would take its share of those. */
export const olderIngress =
  (where: Where): FindProblem =>
  o => {
    const users = usersIngress(o)
    const other = atOurPlaces(o, where).find(
      ({ ingress, isOfApex }) =>
        users !== undefined && !isOfApex && !isCanary(o.settings, ingress) && precedes(ingress, users),
    )
    if (users === undefined || other === undefined) return null
    return problem(
      'Conflict',
      `${called(other.ingress)} is older than ${called(users)} and has ${other.place}, too: the older one gets these requests, and the canary would take a share of them. Remove the path from one of the two.`,
    )
  }

/** How many Ingresses a warning names. */
const NAMED = 3

/** Requests that bypass the split decide nothing. */
export const wayPastTheSplit: FindProblem = o => {
  const [first, ...others] = pathsPastSplit(o)
  if (first === undefined) return null
  const port = first.path.port === null ? '' : ` port ${first.path.port}`
  const names = [...new Set(others.map(({ ingress }) => called(ingress)))].filter(
    name => name !== called(first.ingress),
  )
  const more = listedInWords([...names.slice(0, NAMED - 1), ...(names.length >= NAMED ? ['others'] : [])])
  const also = names.length === 0 ? '' : `; so ${names.length === 1 ? 'does' : 'do'} ${more}`
  return problem(
    'Bypassed',
    `${called(first.ingress)} leads ${calledPlace(first.path)} to Service ${first.path.service}${port} and bypasses the traffic split${also}. Traffic checks do not count on these requests`,
  )
}
