/** The kinds of Istio that Sluice watches, and how their objects are found around a canary. */
import { kinds, type KubeObject } from '../../../api/object.ts'
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
