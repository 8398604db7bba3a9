/**
 * Istio: the split is in the weights of a VirtualService
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination).
 *
 * - Sluice's own VirtualService, between two hosts or between two subsets of one.
 * - The user's VirtualServices, in which nothing but weights and the canary's destination is touched.
 */
import { kinds, type Ref } from '../../../api/object.ts'
import { requestedOf } from '../../model/selectors.ts'
import type { Named, RoutingProvider } from '../provider.ts'
import { ambientPolicyKinds } from './ambient/policies.ts'
import { istioKinds, istioNeighbours } from './kinds.ts'
import { leadingTo } from './leading.ts'
import { virtualServiceOf } from './names.ts'
import { ownVirtualService } from './own.ts'
import { istioPolicies } from './problems/index.ts'
import type { Routes } from './routes.ts'
import { ownRuleRefs, renderRules } from './mesh/rules.ts'
import { subsetsOf } from './subsets.ts'
import { surroundingsOf } from './surroundings.ts'
import { telemetry } from './telemetry.ts'
import { usersVirtualServices } from './users.ts'

const routesOf = (o: Named): Routes =>
  o.canary.spec.service.virtualServices === undefined ? ownVirtualService : usersVirtualServices

export const istio: RoutingProvider = {
  kinds: istioKinds,
  neighbours: istioNeighbours,
  injects: true,
  policyKinds: ambientPolicyKinds,
  refs: o => [virtualServiceOf(o.names), ...routesOf(o).refs(o), ...ruleRefs(o)],
  routes: o => routesOf(o).refs(o),
  namedKinds: () => [],
  surroundings: surroundingsOf,
  subsets: subsetsOf,
  read: o => routesOf(o).read(o),
  // Without the routes for what is matched nothing tells which share they were to have.
  requested: ({ traffic, state }) =>
    traffic === null || (requestedOf(state).among !== '' && traffic.among === '') ? null : traffic.low,
  render: (o, posture) => [...renderRules(o, posture), ...routesOf(o).render(o, posture)],
  leadingTo,
  policies: istioPolicies,
  telemetry,
}

function ruleRefs(o: Named): Ref[] {
  const { canary, names } = o
  const rule = canary.spec.service.destinationRule
  if (rule === undefined) return ownRuleRefs(o)
  return [...ownRuleRefs(o), { kind: kinds.DestinationRule, namespace: names.namespace, name: rule.name }]
}
