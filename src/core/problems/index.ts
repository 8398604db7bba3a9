/**
 * Everything that stops a release, or that people are warned of, in the order in which it is reported. One policy a line; the
 * first one that stops the release at this moment is the one that status shows.
 */
import type { Observation } from '../model/observation.ts'
import { foreignPrimary, foreignSideServices, olderRival } from './neighbours.ts'
import {
  durationInSeconds,
  inlineQueryNotAllowed,
  limitInAnotherUnit,
  metricsServerNotAllowed,
  metricTemplateMissing,
  queryThatCannotBeFilledIn,
  queryThatCannotWork,
} from './metrics.ts'
import { candidateWithoutItsPort, otherPortThatLeadsNowhere, portThatLeadsNowhere, tooManyPorts } from './ports.ts'
import { type Moment, type Policy, refusesService, stops, stopsOnlyTheStart, warnsOnly } from './policy.ts'
import type { Problem } from './problem.ts'
import { routing, routingOf } from '../routers/index.ts'
import type { RoutingProvider, Slot } from '../routers/provider.ts'
import { externalService, podsLeftOut, serviceOfOtherPods, serviceThatLosesItsPods } from './services.ts'
import {
  autoscalerOnTarget,
  labelsChosenOtherwise,
  noLabelToSwitch,
  nothingToSelectBy,
  roleLabelTaken,
  targetAtZero,
  targetMissing,
  targetWithoutPorts,
} from './target.ts'

export type { Problem } from './problem.ts'

export type { Moment } from './policy.ts'

/** A policy, or the place of those of the provider. */
const policies: readonly (Policy | Slot)[] = [
  stops(olderRival),
  stops(targetMissing),
  'spec',
  stops(metricTemplateMissing),
  stops(queryThatCannotBeFilledIn),
  stops(inlineQueryNotAllowed),
  stops(metricsServerNotAllowed),
  stops(queryThatCannotWork),
  stops(limitInAnotherUnit),
  warnsOnly(durationInSeconds),
  stops(nothingToSelectBy),
  stops(labelsChosenOtherwise),
  stops(noLabelToSwitch),
  stops(roleLabelTaken),
  'pods',
  stops(autoscalerOnTarget),
  stops(foreignPrimary),
  stops(foreignSideServices),
  'objects',
  stops(externalService),
  stopsOnlyTheStart(serviceOfOtherPods),
  warnsOnly(podsLeftOut),
  'routes',
  stops(serviceThatLosesItsPods),
  refusesService(tooManyPorts),
  refusesService(portThatLeadsNowhere),
  refusesService(otherPortThatLeadsNowhere),
  { find: candidateWithoutItsPort, stops: ['candidate', 'run'], warns: [] },
  'ports',
  stopsOnlyTheStart(targetWithoutPorts),
  stopsOnlyTheStart(targetAtZero),
]

const inOrder = (provider: RoutingProvider): readonly Policy[] =>
  policies.flatMap(one => (typeof one === 'string' ? provider.policies[one] : [one]))

/** The whole list of each provider. */
const ordered = new Map(Object.values(routing).map(provider => [provider, inOrder(provider)]))

function policiesOf(o: Observation): readonly Policy[] {
  const provider = routingOf(o)
  return ordered.get(provider) ?? inOrder(provider)
}

/** What stops the release at this moment, or null. */
export function problemOf(o: Observation, when: Moment): Problem | null {
  for (const policy of policiesOf(o)) {
    const found = policy.stops.includes(when) ? policy.find(o) : null
    if (found !== null) return found
  }
  return null
}

/** At which moment of its life the canary is; null while it is being deleted, when nothing is looked for. */
export function momentOf({ state }: Pick<Observation, 'state'>): Moment | null {
  switch (state.phase) {
    case 'Terminating':
      return null
    case 'Initializing':
      return 'start'
    case 'Progressing':
    case 'WaitingPromotion':
      // One that had traffic and waits at weight 0 is under way: objects of other namespaces do not stop it half way.
      return state.highest > 0 ? 'run' : 'candidate'
    case 'Promoting':
    case 'Finalising':
      return 'run'
    case 'Initialized':
    case 'Waiting':
    case 'Succeeded':
    case 'Failed':
      return 'rest'
  }
}

/** What is found at this moment and stops nothing. */
export function warningsOf(o: Observation): Problem[] {
  const when = momentOf(o)
  if (when === null) return []
  return policiesOf(o).flatMap(policy => (policy.warns.includes(when) ? (policy.find(o) ?? []) : []))
}

/** Why `spec.service` is not carried out as it is written, or null. */
export function serviceRefusal(o: Observation): Problem | null {
  for (const policy of policiesOf(o)) {
    const found = policy.refusesService === true ? policy.find(o) : null
    if (found !== null) return found
  }
  return null
}
