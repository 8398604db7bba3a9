/** Other Canaries that want the same, and objects that have our names. */
import { kindAndName } from '../model/names.ts'
import type { KubeObject, Ref } from '../../api/object.ts'
import { topologyOf } from '../../api/providers.ts'
import { at, textsOf } from '../json.ts'
import { selects, templateLabels } from '../render/labels.ts'
import type { Observation } from '../model/observation.ts'
import { liveOf } from '../render/ownership.ts'
import { routingOf } from '../routers/index.ts'
import { foreign } from './foreign.ts'
import { called, type FindProblem, listedInWords, problem } from './problem.ts'

/** Of two Canaries for one target or Service the older is served; of two of one age the first by name. */
export const olderRival: FindProblem = o => {
  const age = (canary: KubeObject): string => `${canary.metadata.creationTimestamp ?? ''}/${canary.metadata.name}`
  const older = o.surroundings.rivals.find(
    rival => rival.metadata.name !== o.names.canary && age(rival) < age(o.canary),
  )
  if (older === undefined) return null
  const target = at(older.spec, 'targetRef', 'name')
  const shared =
    target === o.names.target.name
      ? `targets ${kindAndName(o.names.target)}`
      : `uses Service ${o.names.apexService.name}`
  const sameAge = older.metadata.creationTimestamp === o.canary.metadata.creationTimestamp
  return problem(
    'Conflict',
    `${called(older)} also ${shared} and takes precedence (${sameAge ? 'same age, first by name' : 'it is older'}), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.`,
  )
}

export const foreignPrimary: FindProblem = o => {
  const live = liveOf(o, o.names.primary)
  const services = live === undefined ? [] : servicesOf(o, live)
  if (services.length === 0) {
    const advice =
      'Make sure that nothing needs it, then rename or delete it; Sluice creates the primary from the target.'
    return foreign(o, live, '', advice)
  }
  const them = services.length === 1 ? 'that Service' : 'those Services'
  const advice = `Let ${them} select ready pods of ${kindAndName(o.names.target)}, then rename or delete it; Sluice creates the primary from the target.`
  return foreign(o, live, `It serves: ${listedInWords(services)} selects its pods`, advice)
}

/** Services, of those that concern this Canary, that lead to the pods of a Deployment. */
function servicesOf(o: Observation, deployment: KubeObject): string[] {
  if (at(deployment.spec, 'replicas') === 0) return []
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].flatMap(ref => liveOf(o, ref) ?? [])
  return [...own, ...o.surroundings.services]
    .filter(service => selects(textsOf(at(service.spec, 'selector')), templateLabels(deployment)))
    .map(called)
}

export const foreignSideServices: FindProblem = o => {
  if (topologyOf(o.canary.spec) === 'subsets') return null
  return foreignSide(o, o.names.primaryService) ?? foreignSide(o, o.names.canaryService)
}

function foreignSide(o: Observation, ref: Ref): ReturnType<FindProblem> {
  const live = liveOf(o, ref)
  const leading = routingOf(o).leadingTo(o, ref).map(called)
  if (leading.length === 0) {
    const advice =
      'Recreate the Canary with another service.name; or make sure that nothing calls it, then rename or delete it.'
    return foreign(o, live, '', advice)
  }
  const advice =
    'Recreate the Canary with another service.name; or let the routes lead elsewhere, then rename or delete it.'
  return foreign(o, live, `It serves: ${listedInWords(leading)} leads to it`, advice)
}
