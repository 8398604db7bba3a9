/**
 * The Gateway API: the split is in the weights of an HTTPRoute
 * (https://gateway-api.sigs.k8s.io/reference/spec/#httproute), at Gateways, ListenerSets and, in a mesh, at the Service itself.
 *
 * - Sluice's own HTTPRoute.
 * - The user's routes, in which nothing but weights and the canary's backend is touched.
 */
import type { KubeObject, Ref } from '../../../api/object.ts'
import { liveOf } from '../../render/ownership.ts'
import { virtualServiceKind } from '../istio/kinds.ts'
import { meshKinds } from '../istio/mesh/kinds.ts'
import { ownRuleRefs, renderRules } from '../istio/mesh/rules.ts'
import { ingressKind } from '../nginx/kinds.ts'
import type { Named, RoutingProvider } from '../provider.ts'
import { ambientPolicyKinds } from '../istio/ambient/policies.ts'
import { atWaypoint } from './ambient.ts'
import { httpRouteIn, httpRouteKind, otherRouteKinds } from './kinds.ts'
import { httpRouteOf, readOwn, renderOwn } from './own.ts'
import { gatewayPolicies } from './problems/index.ts'
import { backendsIn } from './refs.ts'
import { surroundingsOf } from './surroundings.ts'
import { telemetry } from './telemetry.ts'
import { listed, listedKinds, listedRefs } from './listed.ts'
import { readUsers, renderUsers } from './users.ts'

const isUsers = ({ canary }: Named): boolean => canary.spec.service.routes !== undefined

/** @param version in which HTTPRoutes are read and written; both say the same. */
export function gatewayApi(version: 'v1' | 'v1beta1'): RoutingProvider {
  const kind = httpRouteIn(version)
  const leadsTo = (route: KubeObject, { namespace, name }: Ref): boolean =>
    backendsIn(route).some(one => one.namespace === namespace && one.name === name)
  return {
    kinds: [httpRouteKind(kind)],
    // Where the mesh is Istio, its rules hold for what these routes lead to; elsewhere there are none.
    neighbours: [...otherRouteKinds, virtualServiceKind, ...meshKinds, ingressKind],
    injects: true,
    policyKinds: ambientPolicyKinds,
    refs: (o, find) => [httpRouteOf(kind, o.names), ...listedRefs(o, kind, find), ...ownRuleRefs(o)],
    routes: o => (isUsers(o) ? listed(o, kind).map(({ ref }) => ref) : [httpRouteOf(kind, o.names)]),
    namedKinds: o => listedKinds(o, kind),
    surroundings: (o, find) => surroundingsOf(o, kind, find),
    subsets: () => null,
    read: o => atWaypoint(o, kind, isUsers(o) ? readUsers(o, kind) : readOwn(o, kind)),
    // Without the rule for what is matched nothing tells which share it was to have.
    requested: ({ traffic, state }) => {
      const among = 'traffic' in state ? state.traffic.among : ''
      return traffic === null || (among !== '' && traffic.among === '') ? null : traffic.low
    },
    render: (o, posture) => [
      ...renderRules(o, posture),
      ...(isUsers(o) ? renderUsers(o, kind, posture) : renderOwn(o, kind, posture)),
    ],
    leadingTo: (o, service) => {
      const own = liveOf(o, httpRouteOf(kind, o.names))
      const routes = new Set([...(own === undefined ? [] : [own]), ...o.surroundings.routes])
      return [...routes].filter(one => leadsTo(one, service))
    },
    policies: gatewayPolicies(kind),
    telemetry: telemetry(kind),
  }
}
