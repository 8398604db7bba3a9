/** The kinds of the mesh itself: how Services are called, and what their servers demand. */
import { kinds, type KubeObject, type Ref } from '../../../../api/object.ts'
import { at, textOf } from '../../../json.ts'
import type { ProviderKind } from '../../provider.ts'
import { canonicalHost } from '../hosts.ts'

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''
/** The first release with networking.istio.io/v1 is 1.22 (https://istio.io/latest/news/releases/1.22.x/announcing-1.22/). */
export const ofIstio = {
  install: 'apply the CRDs of Istio',
  rights: 'manifests/rbac.yaml',
  since: 'Istio 1.22 or newer',
} as const

export const meshKinds: readonly ProviderKind[] = [
  {
    kind: kinds.DestinationRule,
    optional: true,
    ...ofIstio,
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
    ...ofIstio,
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
