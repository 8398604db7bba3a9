/**
 * ingress-nginx (https://kubernetes.github.io/ingress-nginx/): the split is in the annotations of a second Ingress, which takes a share of the
 * requests of the user's. The controller is archived since March 2026; the provider is there for those who move on.
 */
import type { KubeObject } from '../../../api/object.ts'
import { liveOf } from '../../render/ownership.ts'
import type { RoutingProvider } from '../provider.ts'
import { canaryRef, pathsIn, usersRef } from './ingress.ts'
import { ingressKind } from './kinds.ts'
import { read, render, requested } from './own.ts'
import { nginxPolicies } from './problems/index.ts'
import { surroundingsOf } from './surroundings.ts'
import { telemetry } from './telemetry.ts'

export const nginx: RoutingProvider = {
  kinds: [ingressKind],
  neighbours: [],
  injects: false,
  policyKinds: () => [],
  refs: o => [usersRef(o), canaryRef(o)].filter(ref => ref !== null),
  routes: o => [...[canaryRef(o)].filter(ref => ref !== null), o.names.apexService],
  namedKinds: () => [],
  surroundings: surroundingsOf,
  subsets: () => null,
  read,
  requested,
  render,
  leadingTo: (o, service) => {
    const own = [usersRef(o), canaryRef(o)].flatMap(ref => (ref === null ? [] : (liveOf(o, ref) ?? [])))
    const leads = (one: KubeObject): boolean =>
      one.metadata.namespace === service.namespace && pathsIn(one).some(path => path.service === service.name)
    return [...new Set([...own, ...o.surroundings.routes])].filter(leads)
  },
  policies: nginxPolicies,
  telemetry,
}
