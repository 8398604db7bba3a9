/** Where the Service that callers use selects the pods of one side: can the sides be told apart, and do callers go that way. */
import { mayApexLeadToCanary, topologyOf } from '../../api/providers.ts'
import { at, textsOf } from '../json.ts'
import { PRIMARY_ROLE, ROLE_LABEL } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { labelMode, primaryLabels, selects, templateLabels } from '../render/labels.ts'
import { liveOf } from '../render/ownership.ts'
import { called, calledHere, type FindProblem, problem } from './problem.ts'

const isOneSided = ({ canary }: Observation): boolean => topologyOf(canary.spec) === 'selector'

/**
 * Names of pods keep 58 characters of `<deployment>-<hash>-` (model/selectors.ts). `-pri` is what no hash begins with, because it
 * has no vowels; with a longer name it is cut off.
 */
const LONGEST_NAME = 54

export const nameTooLongToTellPods: FindProblem = o => {
  const { name } = o.names.target
  if (!mayApexLeadToCanary(o.canary.spec) || name.length <= LONGEST_NAME) return null
  return problem(
    'TargetInvalid',
    `${calledHere(o, 'Deployment', name)} has a name of ${name.length} characters; with provider ${o.canary.spec.provider} it must have at most ${LONGEST_NAME}, because names of pods are cut and those of ${o.names.primary.name} would begin like its own. Create a Deployment with a shorter name, and a Canary for that; delete this one once the other serves.`,
  )
}

/** Its callers are not split: they reach both sides, whatever was judged. */
export const otherServiceOfBothSides: FindProblem = o => {
  if (!isOneSided(o) || o.target === null || labelMode(o) !== 'keep') return null
  const target = templateLabels(o.target.object)
  const primary = primaryLabels(o, target)
  if (primary === null) return null
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].map(ref => ref.name)
  const other = o.surroundings.services.find(({ metadata, spec }) => {
    const selector = textsOf(at(spec, 'selector'))
    return !own.includes(metadata.name) && selects(selector, target) && selects(selector, primary)
  })
  if (other === undefined) return null
  return problem(
    'Conflict',
    `${called(other)} selects the pods of both sides, so its callers reach a candidate before it has passed. Let them use Service ${o.names.apexService.name}, or, while this Canary exists, add ${ROLE_LABEL}: ${PRIMARY_ROLE} to its selector`,
  )
}

/** Its callers have addresses of pods, from DNS, and keep them as long as they like. */
export const headlessApex: FindProblem = o => {
  if (!isOneSided(o)) return null
  const live = liveOf(o, o.names.apexService)
  const isHeadless = live === undefined ? o.canary.spec.service.headless : at(live.spec, 'clusterIP') === 'None'
  if (!isHeadless) return null
  return problem(
    'Conflict',
    `${calledHere(o, 'Service', o.names.apexService.name)} is headless: callers that cache DNS answers for longer than spec.analysis.drain call pods that have ended. Write a longer spec.analysis.drain, or recreate the Canary with a Service that has a cluster IP`,
  )
}
