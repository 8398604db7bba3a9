/** DestinationRules of the user's that would stop applying. */
import { at, recordOf, textOf } from '../json.ts'
import { isOurs } from '../resources/ownership.ts'
import { isHost } from '../routers/istio/hosts.ts'
import { called, type FindProblem, problem } from './problem.ts'

/** Routes lead to the sides' own hosts, where a rule for the apex says nothing any more. */
export const ruleThatStopsApplying: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.destinationRule !== undefined || service.virtualServices !== undefined) return null
  const rule = o.surroundings.destinationRules.find(
    one => !isOurs(o, one) && isHost(textOf(at(one.spec, 'host')), one.metadata.namespace ?? '', o.names.apexService),
  )
  const { subsets, trafficPolicy } = recordOf(rule?.spec)
  if (rule === undefined || (subsets === undefined && trafficPolicy === undefined)) return null
  const advice =
    subsets === undefined
      ? 'Move its trafficPolicy to service.trafficPolicy in the Canary and delete it.'
      : 'Split by its subsets with service.destinationRule, or move its trafficPolicy to service.trafficPolicy and delete it.'
  return problem(
    'Conflict',
    `${called(rule)} is for the host ${o.names.apexService.name} and would stop applying, because requests go to ${o.names.primaryService.name} and ${o.names.canaryService.name}. ${advice}`,
  )
}
