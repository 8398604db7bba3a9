/** Services of the user's: the adopted apex, and others that select the target's pods. */
import { at, textsOf } from '../json.ts'
import { primaryLabels, selects, templateLabels } from '../labels.ts'
import { liveOf } from '../resources/ownership.ts'
import { called, type FindProblem, listedInWords, problem } from './problem.ts'

/** A Service that is only a name elsewhere has no pods to select. */
export const externalService: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || at(live.spec, 'type') !== 'ExternalName') return null
  return problem(
    'Conflict',
    `${called(live)} is of type ExternalName, so it cannot lead to pods of the primary. Give the Canary another service.name, or make it a ClusterIP Service.`,
  )
}

/** A Service that finds the target's pods but would not find the primary's has nobody once the target rests. */
export const serviceThatLosesItsPods: FindProblem = o => {
  const target = templateLabels(o.target?.object)
  const primary = primaryLabels(o, target)
  if (o.target === null || primary === null) return null
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].map(ref => ref.name)
  const loser = o.surroundings.services.find(service => {
    const selector = textsOf(at(service.spec, 'selector'))
    return !own.includes(service.metadata.name) && selects(selector, target) && !selects(selector, primary)
  })
  if (loser === undefined) return null
  const missed = Object.entries(textsOf(at(loser.spec, 'selector')))
    .filter(([key, value]) => primary[key] !== value)
    .map(([key, value]) => `${key}: ${value}`)
  return problem(
    'Conflict',
    `${called(loser)} selects the pods of ${called(o.target.object)} by ${listedInWords(missed)}, which the primary's pods do not have, so it would have no endpoints between runs. Remove that from its selector, or create the Canary anew with primary.labels: keep.`,
  )
}
