/**
 * No mesh: the split is in the selector of the Service that callers use, so one side has all requests. Carried is what its
 * EndpointSlices lead to (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/); connections that are open
 * stay where they are until their pods end.
 */
import { carriedBy } from '../../model/traffic.ts'
import { renderApex } from '../../render/services.ts'
import { apexShares, selectedShare } from '../apex-shares.ts'
import type { RoutingProvider } from '../provider.ts'

export const kubernetes: RoutingProvider = {
  kinds: [],
  neighbours: [],
  injects: false,
  policyKinds: () => [],
  refs: () => [],
  routes: o => [o.names.apexService],
  namedKinds: () => [],
  surroundings: () => ({
    routes: [],
    trafficPolicies: [],
    policies: [],
    otherApiRoutes: [],
    aliases: [],
    ingresses: [],
    gateways: {},
    allRoutesSeen: false,
  }),
  subsets: () => null,
  read: o => {
    const shares = apexShares(o)
    return shares === null ? null : carriedBy(shares)
  },
  requested: o => {
    const share = selectedShare(o)
    return share === 'other' ? null : share
  },
  render: renderApex,
  leadingTo: () => [],
  policies: { spec: [], pods: [], objects: [], routes: [], ports: [] },
  telemetry: null,
}
