/**
 * Everything that stops a release, or that people are warned of, in the order in which it is reported. One policy a line; the
 * first one that stops the release at this moment is the one that status shows.
 */
import { isUnjudged } from '../analysis/trials.ts'
import type { Observation } from '../model/observation.ts'
import { alertWithoutProvider, commitNotTold } from './alerts.ts'
import {
  autoscalerOnTarget,
  foreignPrimaryScaler,
  metricsOfTarget,
  overlappingScaler,
  scalerBesideCopy,
  scalerMissing,
  scalerOfPrimary,
  scalerRefused,
} from './autoscalers.ts'
import { foreignPolicyCopy, peerMissed, policyNotKept, policyWithoutEffect } from './copied-policies.ts'
import { foreignPrimary, foreignSideServices, olderRival } from './neighbours.ts'
import {
  durationInSeconds,
  inlineQueryNotAllowed,
  limitInAnotherUnit,
  metricsServerNotAllowed,
  metricTemplateMissing,
  queryThatCannotBeFilledIn,
  queryThatCannotWork,
  trustOfServerWithoutTls,
} from './metrics.ts'
import { providerChanged, specBeyondProvider } from './provider.ts'
import { headlessApex, nameTooLongToTellPods } from './one-side.ts'
import { candidateWithoutItsPort, otherPortThatLeadsNowhere, portThatLeadsNowhere, tooManyPorts } from './ports.ts'
import {
  type Moment,
  type Policy,
  refusesService,
  stops,
  stopsBetweenRuns,
  stopsOnlyTheStart,
  warnsOnly,
} from './policy.ts'
import type { FindProblem, Problem } from './problem.ts'
import { routing, routingOf } from '../routers/index.ts'
import type { RoutingProvider, Slot } from '../routers/provider.ts'
import {
  externalService,
  otherServiceOfBothSides,
  podsInSubset,
  podsBesidePrimary,
  podsLeftOut,
  serviceOfOtherPods,
  serviceThatLosesItsPods,
} from './services.ts'
import {
  labelsChosenOtherwise,
  noLabelToSwitch,
  nothingToSelectBy,
  roleLabelTaken,
  targetAtZero,
  targetMissing,
  targetWithoutPorts,
} from './target.ts'
import { webhookNotAllowed } from './webhooks.ts'

export type { Problem } from './problem.ts'

export type { Moment } from './policy.ts'

/** A policy, or the place of those of the provider. */
const policies: readonly (Policy | Slot)[] = [
  refusesService(providerChanged),
  stops(olderRival),
  stops(targetMissing),
  stops(specBeyondProvider),
  'spec',
  stops(metricTemplateMissing),
  stops(queryThatCannotBeFilledIn),
  stops(inlineQueryNotAllowed),
  stops(metricsServerNotAllowed),
  stops(trustOfServerWithoutTls),
  stopsBetweenRuns(webhookNotAllowed),
  stops(queryThatCannotWork),
  stops(limitInAnotherUnit),
  warnsOnly(durationInSeconds),
  warnsOnly(alertWithoutProvider),
  warnsOnly(commitNotTold),
  stops(nameTooLongToTellPods),
  stops(nothingToSelectBy),
  stops(labelsChosenOtherwise),
  stops(noLabelToSwitch),
  stops(roleLabelTaken),
  'pods',
  stopsBetweenRuns(scalerMissing),
  stopsBetweenRuns(scalerRefused),
  stops(overlappingScaler),
  stops(autoscalerOnTarget),
  stops(foreignPrimaryScaler),
  stops(scalerBesideCopy),
  warnsOnly(metricsOfTarget),
  warnsOnly(scalerOfPrimary),
  stops(foreignPrimary),
  stops(foreignSideServices),
  stopsBetweenRuns(policyNotKept),
  stopsBetweenRuns(foreignPolicyCopy),
  // A primary that serves already does so in spite of it.
  { find: peerMissed, stops: ['start'], warns: ['candidate', 'run', 'rest'] },
  warnsOnly(policyWithoutEffect),
  'objects',
  stops(externalService),
  stopsOnlyTheStart(serviceOfOtherPods),
  warnsOnly(podsLeftOut),
  // Before, they stop the start.
  { find: podsInSubset, stops: [], warns: ['candidate', 'run', 'rest'] },
  warnsOnly(podsBesidePrimary),
  // Its advice needs pods of the primary.
  { find: otherServiceOfBothSides, stops: [], warns: ['candidate', 'run', 'rest'] },
  warnsOnly(headlessApex),
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

/** In the order in which they are reported. */
export function policiesOf(o: Observation): readonly Policy[] {
  const provider = routingOf(o)
  return ordered.get(provider) ?? inOrder(provider)
}

/** What was found in one observation. Rules, warnings and render ask for the same several times in a pass. */
interface Findings {
  readonly of: Observation
  readonly found: Map<FindProblem, Problem | null>
}

const findings = new WeakMap<Observation['surroundings'], Findings>()

/** A policy reads of the state whether a run is judged, and little of the memory: most moves in the same pass leave the findings as they are. */
function findOnce(o: Observation): (policy: Policy) => Problem | null {
  let known = findings.get(o.surroundings)
  if (known === undefined || !isSameToPolicies(known.of, o)) {
    known = { of: o, found: new Map() }
    findings.set(o.surroundings, known)
  }
  const { found } = known
  return ({ find: policy }) => {
    const before = found.get(policy)
    if (before !== undefined) return before
    const problem = policy(o)
    found.set(policy, problem)
    return problem
  }
}

function isSameToPolicies(one: Observation, other: Observation): boolean {
  if (one === other) return true
  if ((['labels', 'provider', 'vantage', 'pastWaypoint'] as const).some(key => one.memory[key] !== other.memory[key]))
    return false
  if (isUnjudged(one) !== isUnjudged(other)) return false
  return (Object.keys(other) as (keyof Observation)[]).every(
    key => key === 'state' || key === 'memory' || one[key] === other[key],
  )
}

/** What stops the release at this moment, or null. */
export function problemOf(o: Observation, when: Moment): Problem | null {
  const find = findOnce(o)
  for (const policy of policiesOf(o)) {
    const found = policy.stops.includes(when) ? find(policy) : null
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
  const find = findOnce(o)
  return policiesOf(o).flatMap(policy => (policy.warns.includes(when) ? (find(policy) ?? []) : []))
}

/** Why `spec.service` is not carried out as it is written, or null. */
export function serviceRefusal(o: Observation): Problem | null {
  const find = findOnce(o)
  for (const policy of policiesOf(o)) {
    const found = policy.refusesService === true ? find(policy) : null
    if (found !== null) return found
  }
  return null
}
