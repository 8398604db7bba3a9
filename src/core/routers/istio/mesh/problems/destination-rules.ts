/** DestinationRules of others that would stop applying, because requests go to the hosts of the two sides; or that have our names. */
import type { KubeObject, Ref } from '../../../../../api/object.ts'
import { hasOwnRoutes } from '../../../../../api/providers.ts'
import { at, recordOf, textsOf } from '../../../../json.ts'
import type { Observation } from '../../../../model/observation.ts'
import { liveOf } from '../../../../render/ownership.ts'
import { precedes } from '../../../around.ts'
import { ruleRefOf } from '../../names.ts'
import {
  callingNamespaces,
  ELSEWHERE,
  exportedIn,
  hostOf,
  isExportedTo,
  isWildcard,
  rulesFor,
  selectorOf,
} from '../policies.ts'
import { ruleOf } from '../rules.ts'
import { foreign } from '../../../../problems/foreign.ts'
import { called, type FindProblem, listedInWords, problem } from '../../../../problems/problem.ts'

/** The apex is the destination of the routes no longer, so a rule for it alone says nothing any more. */
export const ruleThatStopsApplying: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.destinationRule !== undefined || service.virtualServices !== undefined) return null
  if (service.trafficPolicy !== undefined) return null
  const rule = rulesFor(o, o.names.apexService).find(
    one => one.metadata.namespace === o.names.namespace && !isWildcard(hostOf(one)) && saysSomething(one),
  )
  if (rule === undefined) return null
  // The rule still serves callers of the Service itself after the Canary is deleted.
  const copy = 'copy its trafficPolicy to service.trafficPolicy in the Canary; the rule itself may stay'
  const advice =
    recordOf(rule.spec)['subsets'] === undefined
      ? `To keep its policy, ${copy}.`
      : `Split by its subsets with service.destinationRule; or ${copy}.`
  return problem(
    'Conflict',
    `${called(rule)} is for the host ${o.names.apexService.name} and would stop applying, because requests go to ${sides(o)}. ${advice}`,
  )
}

/** The same for one of the own namespace that callers elsewhere see, and those here do not: nothing that is written for all carries it. */
export const ruleOfCallersElsewhere: FindProblem = o => {
  const { names, canary } = o
  const { destinationRule, trafficPolicy } = canary.spec.service
  if (destinationRule !== undefined || trafficPolicy !== undefined || !hasOwnRoutes(canary.spec)) return null
  const seenHere = rulesFor(o, names.apexService)
  const isExact = (one: KubeObject): boolean => !isWildcard(hostOf(one)) && saysSomething(one)
  for (const callers of callingNamespaces(o)) {
    const rule = rulesFor(o, names.apexService, callers).find(
      one => one.metadata.namespace === names.namespace && isExact(one) && !seenHere.includes(one),
    )
    const kept = [names.primaryService, names.canaryService].every(side => rulesFor(o, side, callers).some(isExact))
    if (rule === undefined || kept) continue
    return problem(
      'Conflict',
      `${called(rule)} is for the host ${names.apexService.name} and callers in ${callers === ELSEWHERE ? 'other namespaces' : `namespace ${callers}`}, and would stop applying, because requests go to ${sides(o)}. Write one like it for each of these two hosts.`,
    )
  }
  return null
}

/** What speaks to some callers only is carried alone, or not at all: a side has one rule of ours. */
export const ruleForSomeCallers: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  const written = ruleOf(o, o.names.canaryService)
  if (written === null || at(written, 'workloadSelector') !== undefined) return null
  const forSome = (one: KubeObject): boolean => selectorOf(one) !== undefined && saysSomething(one)
  const rule = rulesFor(o, o.names.apexService).find(forSome)
  // The user's own for a side counts beside ours.
  if (rule === undefined || rulesFor(o, o.names.canaryService).some(one => forSome(one) && !isWildcard(hostOf(one)))) {
    return null
  }
  const labels = Object.entries(textsOf(at(selectorOf(rule), 'matchLabels'))).map(([key, value]) => `${key}: ${value}`)
  return problem(
    'Conflict',
    `${called(rule)} is for requests to ${hostOf(rule)} from pods with ${listedInWords(labels)} and would stop applying, because requests go to ${sides(o)}, for which Sluice writes DestinationRules without a workloadSelector. Write one like it for each of these two hosts.`,
  )
}

/**
 * A rule of a third namespace applies to callers of that namespace alone. It is theirs, and stops nothing here; but they
 * lose it.
 */
export const ruleOfOtherNamespaces: FindProblem = o => {
  const { namespace, apexService } = o.names
  if (o.canary.spec.service.destinationRule !== undefined) return null
  const { rootNamespace } = o.settings
  const isOfOwnCallers = (one: KubeObject): boolean => {
    const of = one.metadata.namespace ?? ''
    const exportTo = exportedIn(one.spec)
    return of === rootNamespace ? exportTo.has('.') && !isExportedTo(namespace, exportTo) : of !== namespace
  }
  const full = `${apexService.name}.${namespace}.svc.cluster.local`
  // The oldest, and no number: more of them change neither the message nor the count of its Events.
  const [rule, ...more] = o.surroundings.trafficPolicies
    .filter(one => isOfOwnCallers(one) && hostOf(one) === full && saysSomething(one))
    .toSorted((a, b) => (precedes(a, b) ? -1 : 1))
  if (rule === undefined) return null
  const others = more.length === 0 ? '' : ' (and others)'
  return problem(
    'Conflict',
    `${called(rule)}${others} is for the host ${full} and applies to callers in its own namespace only. Their requests go to ${sides(o)}, so it stops applying. Write one like it there for each of these two hosts`,
  )
}

const sides = ({ names }: Observation): string => `${names.primaryService.name} and ${names.canaryService.name}`

function saysSomething(rule: KubeObject): boolean {
  const { subsets, trafficPolicy } = recordOf(rule.spec)
  return subsets !== undefined || trafficPolicy !== undefined
}

/** A DestinationRule that another client made is never overwritten. */
export const foreignRules: FindProblem = o => {
  const { primaryService, canaryService } = o.names
  if (o.canary.spec.service.destinationRule !== undefined) return null
  const advice = 'Create it under another name, then delete this one.'
  const ofSide = (service: Ref): ReturnType<FindProblem> =>
    // Where Sluice has nothing to say it needs no rule.
    ruleOf(o, service) === null ? null : foreign(o, liveOf(o, ruleRefOf(service)), '', advice)
  return ofSide(primaryService) ?? ofSide(canaryService)
}
