/** What of the mesh may block a release, whatever routes carry its split, in the order in which it is reported. */
import { stops, warnsOnly } from '../../../../problems/policy.ts'
import type { RoutingProvider } from '../../../provider.ts'
import { policyAgainstWaypoint, policyOfRequests } from '../../ambient/policies.ts'
import { foreignRules, ruleForSomeCallers, ruleOfCallersElsewhere, ruleOfOtherNamespaces } from './destination-rules.ts'
import {
  everyPodEjected,
  ruleBesideOurs,
  rulesThatContradict,
  ruleThatHidesOurs,
  ruleThatOursWouldHide,
} from './hidden-rules.ts'
import { mutualTlsNotOffered, tlsOfOthersThatIsRefused, tlsThatIsRefused } from './mutual-tls.ts'
import { proxyMissing } from './proxies.ts'

export const meshPolicies: Pick<RoutingProvider['policies'], 'pods' | 'objects' | 'routes'> = {
  pods: [stops(proxyMissing)],
  objects: [stops(foreignRules), warnsOnly(policyOfRequests), warnsOnly(policyAgainstWaypoint)],
  routes: [
    stops(ruleForSomeCallers),
    { find: ruleOfCallersElsewhere, stops: ['start'], warns: ['candidate', 'run', 'rest'] },
    warnsOnly(ruleOfOtherNamespaces),
    stops(ruleBesideOurs),
    stops(ruleThatOursWouldHide),
    warnsOnly(ruleThatHidesOurs),
    warnsOnly(rulesThatContradict),
    warnsOnly(everyPodEjected),
    stops(tlsThatIsRefused),
    stops(mutualTlsNotOffered),
    warnsOnly(tlsOfOthersThatIsRefused),
  ],
}
