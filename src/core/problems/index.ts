/**
 * Everything that stops a release, or that people are warned of, in the order in which it is reported. One policy a line; the
 * first one that stops the release at this moment is the one that status shows.
 */
import type { Observation } from '../model/observation.ts'
import { ruleForSomeCallers, ruleOfOtherNamespaces, ruleThatStopsApplying } from './destination-rules.ts'
import { foreignPrimary, foreignRules, foreignSideServices, foreignVirtualService, olderRival } from './neighbours.ts'
import {
  durationInSeconds,
  inlineQueryNotAllowed,
  limitInAnotherUnit,
  metricsServerNotAllowed,
  metricTemplateMissing,
  queryThatCannotBeFilledIn,
  queryThatCannotWork,
} from './metrics.ts'
import {
  candidateWithoutItsPort,
  otherPortThatLeadsNowhere,
  portThatIsNotHttp,
  portThatLeadsNowhere,
  tooManyPorts,
} from './ports.ts'
import type { FindProblem, Problem } from './problem.ts'
import { destinationRuleThatDoesNotFit, virtualServicesThatDoNotFit } from './references.ts'
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
  templateOutsideItsSubset,
} from './target.ts'
import { gatewayNotAllowed, hostNotAllowed, hostOfOthers } from './hosts.ts'
import {
  otherWaysPastTheSplit,
  rivalVirtualService,
  rivalVirtualServiceElsewhere,
  wayPastTheSplit,
  wildcardThatStopsApplying,
} from './virtual-services.ts'

export type { Problem } from './problem.ts'

/**
 * When policies are evaluated. `start`: before the first primary is made. `candidate`: before a candidate gets traffic. `run`: it
 * has traffic. `rest`: between runs.
 */
export type Moment = 'start' | 'candidate' | 'run' | 'rest'

interface Policy {
  readonly find: FindProblem
  /** At which moments a finding stops the release. */
  readonly stops: readonly Moment[]
  /** At which moments people are only warned of it. */
  readonly warns: readonly Moment[]
  /** The finding refuses `spec.service`: live Services and routes stay as they are, apart from the weights. */
  readonly refusesService?: true
}

const ALWAYS: readonly Moment[] = ['start', 'candidate', 'run', 'rest']

const stops = (find: FindProblem): Policy => ({ find, stops: ALWAYS, warns: [] })
const warnsOnly = (find: FindProblem): Policy => ({ find, stops: [], warns: ALWAYS })
/** The finding refuses `spec.service` as well: nothing that serves is changed by it. */
const refusesService = (find: FindProblem): Policy => ({ ...stops(find), refusesService: true })
/** Objects of other namespaces stop a release only before it has begun: nobody freezes the release of another one half way. */
const foreign = (find: FindProblem): Policy => ({ find, stops: ['start', 'candidate'], warns: ['run', 'rest'] })
const stopsOnlyTheStart = (find: FindProblem): Policy => ({ find, stops: ['start'], warns: [] })

const policies: readonly Policy[] = [
  stops(olderRival),
  stops(targetMissing),
  refusesService(hostOfOthers),
  refusesService(hostNotAllowed),
  refusesService(gatewayNotAllowed),
  stops(destinationRuleThatDoesNotFit),
  stops(virtualServicesThatDoNotFit),
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
  stops(templateOutsideItsSubset),
  stops(autoscalerOnTarget),
  stops(foreignPrimary),
  stops(foreignSideServices),
  stops(foreignVirtualService),
  stops(foreignRules),
  stops(externalService),
  stopsOnlyTheStart(serviceOfOtherPods),
  warnsOnly(podsLeftOut),
  stops(wayPastTheSplit),
  stops(rivalVirtualService),
  foreign(rivalVirtualServiceElsewhere),
  warnsOnly(otherWaysPastTheSplit),
  warnsOnly(wildcardThatStopsApplying),
  stops(ruleThatStopsApplying),
  stops(ruleForSomeCallers),
  warnsOnly(ruleOfOtherNamespaces),
  stops(serviceThatLosesItsPods),
  refusesService(tooManyPorts),
  refusesService(portThatLeadsNowhere),
  refusesService(otherPortThatLeadsNowhere),
  { find: candidateWithoutItsPort, stops: ['candidate', 'run'], warns: [] },
  stops(portThatIsNotHttp),
  stopsOnlyTheStart(targetWithoutPorts),
  stopsOnlyTheStart(targetAtZero),
]

/** What stops the release at this moment, or null. */
export function problemOf(o: Observation, when: Moment): Problem | null {
  for (const policy of policies) {
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
  return policies.flatMap(policy => (policy.warns.includes(when) ? (policy.find(o) ?? []) : []))
}

/** Why `spec.service` is not carried out as it is written, or null. */
export function serviceRefusal(o: Observation): Problem | null {
  for (const policy of policies) {
    const found = policy.refusesService === true ? policy.find(o) : null
    if (found !== null) return found
  }
  return null
}
