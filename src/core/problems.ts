/**
 * Everything that stops a release before it touches anything, in the order in which it is said. One policy a line; the first
 * that finds something speaks.
 */
import type { Observation } from './observation.ts'
import { ruleThatStopsApplying } from './problems/destination-rules.ts'
import {
  foreignPrimary,
  foreignRules,
  foreignSideServices,
  foreignVirtualService,
  olderRival,
} from './problems/neighbours.ts'
import { type FindProblem, firstProblem, type Problem } from './problems/problem.ts'
import {
  destinationRuleThatDoesNotFit,
  metricsServerNotAllowed,
  metricTemplateMissing,
  queryThatCannotBeFilledIn,
  virtualServicesThatDoNotFit,
} from './problems/references.ts'
import { externalService, serviceThatLosesItsPods } from './problems/services.ts'
import {
  autoscalerOnTarget,
  labelsChosenOtherwise,
  noLabelToSwitch,
  nothingToSelectBy,
  roleLabelTaken,
  targetAtZero,
  targetMissing,
  targetWithoutPorts,
  templateOutsideItsSubset,
} from './problems/target.ts'
import { otherVirtualService } from './problems/virtual-services.ts'

export type { Problem } from './problems/problem.ts'

const always: readonly FindProblem[] = [
  olderRival,
  targetMissing,
  destinationRuleThatDoesNotFit,
  virtualServicesThatDoNotFit,
  metricTemplateMissing,
  queryThatCannotBeFilledIn,
  metricsServerNotAllowed,
  nothingToSelectBy,
  labelsChosenOtherwise,
  noLabelToSwitch,
  roleLabelTaken,
  templateOutsideItsSubset,
  autoscalerOnTarget,
  foreignPrimary,
  foreignSideServices,
  foreignVirtualService,
  foreignRules,
  externalService,
  otherVirtualService,
  ruleThatStopsApplying,
  serviceThatLosesItsPods,
]

/** What only matters before anything was made. */
const atTheStart: readonly FindProblem[] = [targetWithoutPorts, targetAtZero]

/**
 * What stands in the way, or null.
 *
 * @param when `start`: before the first primary is made. `run`: at rest and while a candidate is judged; what is found then
 * holds the run where it is.
 */
export function problemOf(o: Observation, when: 'start' | 'run'): Problem | null {
  return firstProblem(o, when === 'start' ? [...always, ...atTheStart] : always)
}
