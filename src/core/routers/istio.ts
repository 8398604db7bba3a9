/**
 * Istio: the split stands in the weights of a VirtualService
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination).
 *
 * - Sluice's own VirtualService, between two hosts or between two subsets of one.
 * - The user's VirtualServices, in which nothing but weights and the canary's destination is touched.
 */
import { kinds, type Ref } from '../../api/object.ts'
import { carriedBy } from '../model/traffic.ts'
import { ownVirtualService } from './istio/own.ts'
import type { Routes } from './istio/routes.ts'
import { renderRules } from './istio/rules.ts'
import { usersVirtualServices } from './istio/users.ts'
import type { Named, Router } from './router.ts'

const routesOf = (o: Named): Routes =>
  o.canary.spec.service.virtualServices === undefined ? ownVirtualService : usersVirtualServices

export const istio: Router = {
  refs: o => [...routesOf(o).refs(o), ...ruleRefs(o)],
  read: o => carriedBy(routesOf(o).canaryShares(o)),
  render: (o, posture) => [...renderRules(o, posture), ...routesOf(o).render(o, posture)],
}

function ruleRefs({ canary, names }: Named): Ref[] {
  const rule = canary.spec.service.destinationRule
  if (rule === undefined) return [names.primaryRule, names.canaryRule]
  return [{ kind: kinds.DestinationRule, namespace: names.namespace, name: rule.name }]
}
