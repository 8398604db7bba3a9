/** The kinds of Istio that Sluice watches, and how their objects are found around a canary. */
import { kinds, type KubeObject, type Ref } from '../../../api/object.ts'
import { at, textOf } from '../../json.ts'
import type { ProviderKind } from '../provider.ts'
import { delegatesIn, destinationsIn, hostsOf } from './bindings.ts'
import { canonicalHost } from './hosts.ts'

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''
const install = 'apply the CRDs of Istio'
const rights = 'manifests/rbac.yaml'
/** The first release with networking.istio.io/v1 (https://istio.io/latest/news/releases/1.22.x/announcing-1.22/). */
const since = 'Istio 1.22 or newer'

export const istioKinds: readonly ProviderKind[] = [
  {
    kind: kinds.VirtualService,
    optional: false,
    install,
    rights,
    since,
    indexes: {
      host: hostsOf,
      destination: service => destinationsIn(service).map(one => canonicalHost(one.host, namespaceOf(service))),
      delegate: delegatesIn,
    },
  },
  {
    kind: kinds.DestinationRule,
    optional: true,
    install,
    rights,
    since,
    indexes: {
      covers: rule => {
        const host = canonicalHost(textOf(at(rule.spec, 'host')), namespaceOf(rule))
        const dot = host.indexOf('.')
        // `*-web.shop.svc.cluster.local` is among the wildcards of its domain: hosts know those that may cover them.
        return [host.startsWith('*') && dot !== -1 ? `*${host.slice(dot)}` : host]
      },
    },
  },
  {
    kind: kinds.PeerAuthentication,
    optional: true,
    install,
    rights,
    since,
    indexes: { namespace: policy => [namespaceOf(policy)] },
  },
]

/** The wildcard hosts that cover a host, the narrowest first; the last is `*` alone. */
export function wildcardsOver(host: string): string[] {
  const labels = host.split('.')
  return labels.map((_, i) => ['*', ...labels.slice(i + 1)].join('.'))
}

/** Keys of `covers` for the DestinationRules that may apply to a Service: exact ones, and wildcards. */
export function coverKeys(service: Ref): string[] {
  const host = canonicalHost(service.name, service.namespace)
  return [host, ...wildcardsOver(host)]
}
