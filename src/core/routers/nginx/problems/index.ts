/** What may block a release by ingress-nginx, in the order in which it is reported. */
import { foreign, stops, warnsOnly } from '../../../problems/policy.ts'
import type { RoutingProvider } from '../../provider.ts'
import {
  backendMissing,
  backendPortMissing,
  callersKept,
  foreignCanaryIngress,
  ingressIsCanary,
  ingressMissing,
  ingressOfOtherClass,
  serviceUpstream,
  tlsPassedThrough,
} from './ingress.ts'
import { anotherCanary, olderIngress, wayPastTheSplit } from './others.ts'
import { matchThatDoesNotFit, mutualTlsUntold } from './spec.ts'

export const nginxPolicies: RoutingProvider['policies'] = {
  spec: [stops(matchThatDoesNotFit), stops(mutualTlsUntold)],
  pods: [],
  objects: [
    stops(ingressMissing),
    stops(ingressOfOtherClass),
    stops(ingressIsCanary),
    stops(backendMissing),
    stops(tlsPassedThrough),
    stops(callersKept),
    warnsOnly(serviceUpstream),
    stops(foreignCanaryIngress),
  ],
  routes: [
    stops(anotherCanary('here')),
    stops(olderIngress('here')),
    foreign(anotherCanary('elsewhere')),
    foreign(olderIngress('elsewhere')),
    warnsOnly(wayPastTheSplit),
  ],
  ports: [stops(backendPortMissing)],
}
