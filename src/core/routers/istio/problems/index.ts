/** What may block a release by Istio, in the order in which it is reported. */
import { foreign, type Policy, refusesService, stops, warnsOnly } from '../../../problems/policy.ts'
import type { FindProblem } from '../../../problems/problem.ts'
import type { RoutingProvider } from '../../provider.ts'
import {
  copiesUntold,
  mutualTlsUntold,
  subsetsBehindWaypoint,
  vantageChanged,
  virtualServiceInAmbient,
} from '../ambient/problems.ts'
import { requestsFromOutside } from '../../outside.ts'
import { routeOfOtherApi, type TwoApis } from '../../two-apis.ts'
import { splitsMesh } from '../split-scope.ts'
import { telemetry } from '../telemetry.ts'
import { ruleThatStopsApplying } from '../mesh/problems/destination-rules.ts'
import { meshPolicies } from '../mesh/problems/index.ts'
import { delegateWithHosts, matchOutsideAnotherRoot, matchOutsideItsRoot, noRoot } from './delegation.ts'
import { editThatCloses, gatewayClosed, hostWithoutServer, noGatewayOpen, portWithoutServer } from './gateways.ts'
import { gatewayNotAllowed, hostNotAllowed, hostOfOthers } from './hosts.ts'
import { consumerRoute, isAtService, routePastTheSplit } from './http-routes.ts'
import { foreignVirtualService } from './objects.ts'
import { cookieThatCannotBeMatched, matchesThatCannotBeJoined, rewriteThatDiffersAmongMatches } from './matches.ts'
import { portThatIsNotHttp, tooManyMatches } from './ports.ts'
import { destinationRuleThatDoesNotFit, virtualServicesThatDoNotFit } from './references.ts'
import { templateOutsideItsSubset } from './subsets.ts'
import {
  otherWaysPastTheSplit,
  rivalOfAnotherRoot,
  rivalVirtualService,
  rivalVirtualServiceElsewhere,
  wayPastTheDelegate,
  wayPastTheSplit,
  wildcardThatStopsApplying,
} from './virtual-services.ts'

const besideHttpRoutes: TwoApis = {
  splitsMesh,
  isRival: isAtService,
  instead: () => 'Remove the Service from its parentRefs, or recreate the Canary with provider: gatewayapi:v1.',
}

/** What is delegated to has to be there first: until then nothing can be wrong. */
const beforeARelease = (find: FindProblem): Policy => ({ find, stops: ['candidate'], warns: ['run', 'rest'] })
const afterTheStart = (find: FindProblem): Policy => ({ find, stops: ['candidate', 'run'], warns: ['rest'] })

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
  pods: [stops(templateOutsideItsSubset), ...meshPolicies.pods],
  objects: [
    stops(foreignVirtualService),
    ...meshPolicies.objects,
    stops(subsetsBehindWaypoint),
    stops(vantageChanged(telemetry)),
    stops(mutualTlsUntold(telemetry)),
    stops(copiesUntold(telemetry)),
    stops(virtualServiceInAmbient(splitsMesh)),
  ],
  routes: [
    stops(wayPastTheSplit),
    afterTheStart(wayPastTheDelegate),
    beforeARelease(noRoot),
    beforeARelease(matchOutsideItsRoot),
    warnsOnly(matchOutsideAnotherRoot),
    warnsOnly(delegateWithHosts),
    stops(rivalVirtualService),
    stops(routeOfOtherApi(besideHttpRoutes, 'here')),
    foreign(rivalVirtualServiceElsewhere),
    warnsOnly(rivalOfAnotherRoot),
    warnsOnly(consumerRoute),
    warnsOnly(otherWaysPastTheSplit),
    warnsOnly(routePastTheSplit),
    warnsOnly(requestsFromOutside('serve their hosts at a Gateway: service.gateways and service.hosts')),
    warnsOnly(wildcardThatStopsApplying),
    stops(ruleThatStopsApplying),
    ...meshPolicies.routes,
    refusesService(editThatCloses),
    foreign(noGatewayOpen),
    foreign(portWithoutServer),
    warnsOnly(gatewayClosed),
    warnsOnly(hostWithoutServer),
  ],
  ports: [refusesService(tooManyMatches), stops(portThatIsNotHttp)],
}
