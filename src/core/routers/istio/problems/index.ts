/** What may block a release by Istio, in the order in which it is reported. */
import { foreign, refusesService, stops, warnsOnly } from '../../../problems/policy.ts'
import type { RoutingProvider } from '../../provider.ts'
import { ruleForSomeCallers, ruleOfOtherNamespaces, ruleThatStopsApplying } from './destination-rules.ts'
import { gatewayNotAllowed, hostNotAllowed, hostOfOthers } from './hosts.ts'
import {
  everyPodEjected,
  ruleBesideOurs,
  rulesThatContradict,
  ruleThatHidesOurs,
  ruleThatOursWouldHide,
} from './hidden-rules.ts'
import { foreignRules, foreignVirtualService } from './objects.ts'
import { cookieThatCannotBeMatched, matchesThatCannotBeJoined, rewriteThatDiffersAmongMatches } from './matches.ts'
import { tlsOfOthersThatIsRefused, tlsThatIsRefused } from './mutual-tls.ts'
import { portThatIsNotHttp, tooManyMatches } from './ports.ts'
import { destinationRuleThatDoesNotFit, virtualServicesThatDoNotFit } from './references.ts'
import { templateOutsideItsSubset } from './subsets.ts'
import {
  otherWaysPastTheSplit,
  rivalVirtualService,
  rivalVirtualServiceElsewhere,
  wayPastTheSplit,
  wildcardThatStopsApplying,
} from './virtual-services.ts'

export const istioPolicies: RoutingProvider['policies'] = {
  spec: [
    refusesService(hostOfOthers),
    refusesService(hostNotAllowed),
    refusesService(gatewayNotAllowed),
    stops(matchesThatCannotBeJoined),
    stops(cookieThatCannotBeMatched),
    stops(rewriteThatDiffersAmongMatches),
    stops(destinationRuleThatDoesNotFit),
    stops(virtualServicesThatDoNotFit),
  ],
  pods: [stops(templateOutsideItsSubset)],
  objects: [stops(foreignVirtualService), stops(foreignRules)],
  routes: [
    stops(wayPastTheSplit),
    stops(rivalVirtualService),
    foreign(rivalVirtualServiceElsewhere),
    warnsOnly(otherWaysPastTheSplit),
    warnsOnly(wildcardThatStopsApplying),
    stops(ruleThatStopsApplying),
    stops(ruleForSomeCallers),
    warnsOnly(ruleOfOtherNamespaces),
    stops(ruleBesideOurs),
    stops(ruleThatOursWouldHide),
    warnsOnly(ruleThatHidesOurs),
    warnsOnly(rulesThatContradict),
    warnsOnly(everyPodEjected),
    stops(tlsThatIsRefused),
    warnsOnly(tlsOfOthersThatIsRefused),
  ],
  ports: [refusesService(tooManyMatches), stops(portThatIsNotHttp)],
}
