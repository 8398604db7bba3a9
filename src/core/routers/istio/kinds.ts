/** The kinds of Istio that Sluice watches, and how their objects are found around a canary. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import { httpRouteKind, otherRouteKinds } from '../gateway-api/kinds.ts'
import { ingressKind } from '../nginx/kinds.ts'
import type { ProviderKind } from '../provider.ts'
import { delegatesIn, destinationsIn, hostsOf } from './bindings.ts'
import { canonicalHost } from './hosts.ts'
import { meshKinds, ofIstio } from './mesh/kinds.ts'

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''

export const virtualServiceKind: ProviderKind = {
  kind: kinds.VirtualService,
  optional: false,
  ...ofIstio,
  indexes: {
    host: hostsOf,
    destination: service => destinationsIn(service).map(one => canonicalHost(one.host, namespaceOf(service))),
    delegate: delegatesIn,
  },
}

export const istioKinds: readonly ProviderKind[] = [virtualServiceKind, ...meshKinds]

/** Only read: whether a Gateway is there, and takes the requests for the hosts of a VirtualService. */
const gatewayKind: ProviderKind = {
  kind: kinds.IstioGateway,
  optional: true,
  ...ofIstio,
  indexes: { name: gateway => [`${namespaceOf(gateway)}/${gateway.metadata.name}`] },
}

/**
 * Routes of the Gateway API that may be for the same requests in the mesh as a VirtualService. Those of connections are left out: each
 * kind costs a watch, or a request every ten minutes where it is not installed.
 */
export const rivalKinds: readonly ProviderKind[] = [
  httpRouteKind(kinds.HTTPRoute),
  ...otherRouteKinds.filter(({ kind }) => kind === kinds.GRPCRoute),
]

/** What is watched where it is installed and may be read. */
export const istioNeighbours: readonly ProviderKind[] = [gatewayKind, ...rivalKinds, ingressKind]
