/** Other Canaries that want the same, and objects that have our names. */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at } from '../json.ts'
import type { Observation } from '../observation.ts'
import { isOurs, liveOf } from '../resources/ownership.ts'
import { called, type FindProblem, problem } from './problem.ts'

/** Of two Canaries for one target or Service the older is served; of two of one age the first by name. */
export const olderRival: FindProblem = o => {
  const age = (canary: KubeObject): string => `${canary.metadata.creationTimestamp ?? ''}/${canary.metadata.name}`
  const older = o.surroundings.rivals.find(
    rival => rival.metadata.name !== o.names.canary && age(rival) < age(o.canary),
  )
  if (older === undefined) return null
  const target = at(older.spec, 'targetRef', 'name')
  const shared =
    target === o.names.target.name ? `Deployment ${o.names.target.name}` : `Service ${o.names.apexService.name}`
  const sameAge = older.metadata.creationTimestamp === o.canary.metadata.creationTimestamp
  return problem(
    'Conflict',
    `${called(older)} releases ${shared} too and is ${sameAge ? 'first by name' : 'older'}, so it is served and this Canary is not. Delete one of the two, or give this one another target and service.name.`,
  )
}

/** Something of our name that somebody else made is never overwritten. */
function foreign(o: Observation, ref: Ref, advice: string): ReturnType<FindProblem> {
  const live = liveOf(o, ref)
  if (live === undefined || isOurs(o, live)) return null
  return problem('Conflict', `${called(live)} exists and was not made by this Canary, which needs that name. ${advice}`)
}

const RENAME = 'Rename or delete it.'

export const foreignPrimary: FindProblem = o =>
  foreign(o, o.names.primary, 'Rename or delete it; the primary is made anew from the target.')

export const foreignSideServices: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  return foreign(o, o.names.primaryService, RENAME) ?? foreign(o, o.names.canaryService, RENAME)
}

export const foreignVirtualService: FindProblem = o => {
  const { name } = o.names.virtualService
  if (o.canary.spec.service.virtualServices !== undefined) return null
  return foreign(
    o,
    o.names.virtualService,
    `Create the Canary anew with it under service.virtualServices as {name: ${name}}, or delete it.`,
  )
}

export const foreignRules: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  return foreign(o, o.names.primaryRule, RENAME) ?? foreign(o, o.names.canaryRule, RENAME)
}
