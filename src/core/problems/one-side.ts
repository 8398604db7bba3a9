/** Where the Service that callers use selects the pods of one side: can the sides be told apart, and do callers go that way. */
import { mayApexLeadToCanary, topologyOf } from '../../api/providers.ts'
import { at } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { liveOf } from '../render/ownership.ts'
import { calledHere, type FindProblem, problem } from './problem.ts'

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
