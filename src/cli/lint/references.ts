/** What a manifest names outside of itself. Pure. */
import type { AlertProvider } from '../../api/alert-provider.ts'
import type { Canary } from '../../api/canary.ts'
import { kinds, type Kind, kindKey, type Ref } from '../../api/object.ts'
import type { MetricTemplate } from '../../api/templates.ts'

/** An object that is named, and by which field. */
export interface Reference extends Ref {
  readonly field: string
  /** Said without a cluster, too: nothing works without it. */
  readonly isNeeded: boolean
}

/** Its key among references and objects. */
export const referenceKey = ({ kind, namespace, name }: Ref): string => `${kindKey(kind)} ${namespace}/${name}`

const gatewayApi = (kind: string, plural: string): Kind => ({ ...kinds.HTTPRoute, kind, plural })
const Gateway = gatewayApi('Gateway', 'gateways')
const ListenerSet = gatewayApi('ListenerSet', 'listenersets')

const routes = {
  HTTPRoute: kinds.HTTPRoute,
  GRPCRoute: kinds.GRPCRoute,
  TCPRoute: kinds.TCPRoute,
  TLSRoute: kinds.TLSRoute,
} as const

/** Everything that a Canary names, each once. */
export function referencesOf({ metadata, spec }: Canary): Reference[] {
  const { namespace = '' } = metadata
  const { service, analysis, targetRef, autoscalerRef, ingressRef } = spec
  const here = (field: string, kind: Kind, name: string, isNeeded = false): Reference => ({
    field,
    kind,
    namespace,
    name,
    isNeeded,
  })
  const metrics = [...analysis.metrics, ...(analysis.steps ?? []).flatMap(step => step.metrics)]
  const found = [
    here('spec.targetRef', kinds[targetRef.kind], targetRef.name, true),
    ...(autoscalerRef === undefined ? [] : [here('spec.autoscalerRef', kinds[autoscalerRef.kind], autoscalerRef.name)]),
    ...(ingressRef === undefined ? [] : [here('spec.ingressRef', kinds.Ingress, ingressRef.name)]),
    ...(service.virtualServices ?? []).map(({ name }) =>
      here('spec.service.virtualServices', kinds.VirtualService, name),
    ),
    ...(service.destinationRule === undefined
      ? []
      : [here('spec.service.destinationRule', kinds.DestinationRule, service.destinationRule.name)]),
    // What is chosen by labels has no name here.
    ...(service.routes ?? []).flatMap(({ kind = 'HTTPRoute', name }) =>
      name === undefined ? [] : [here('spec.service.routes', routes[kind], name)],
    ),
    ...(service.gateways ?? [])
      .filter(one => one !== 'mesh')
      .map(one => {
        const [name = '', of = namespace] = one.split('/').toReversed()
        return { ...here('spec.service.gateways', kinds.IstioGateway, name), namespace: of === '.' ? namespace : of }
      }),
    ...(service.gatewayRefs ?? [])
      .filter(({ kind }) => kind !== 'Service')
      .map(({ kind, namespace: of = namespace, name }) => ({
        ...here('spec.service.gatewayRefs', kind === 'ListenerSet' ? ListenerSet : Gateway, name),
        namespace: of,
      })),
    ...metrics.flatMap(({ templateRef }) =>
      templateRef === undefined
        ? []
        : [here('spec.analysis.metrics[].templateRef', kinds.MetricTemplate, templateRef.name, true)],
    ),
    ...analysis.alerts.map(({ providerRef }) =>
      here('spec.analysis.alerts[].providerRef', kinds.AlertProvider, providerRef.name, true),
    ),
    ...analysis.webhooks.flatMap(({ secretRef, caSecretRef }) =>
      [secretRef, caSecretRef].flatMap(one =>
        one === undefined ? [] : [here('spec.analysis.webhooks', kinds.Secret, one.name)],
      ),
    ),
  ]
  return [...new Map(found.map(one => [referenceKey(one), one])).values()]
}

/** The Secrets that a MetricTemplate, or an AlertProvider, names. */
export function secretsOf(object: MetricTemplate | AlertProvider): Reference[] {
  const { metadata, spec } = object
  const isTemplate = 'provider' in spec
  const { secretRef, caSecretRef } = isTemplate ? (spec.provider.access ?? {}) : spec
  return [secretRef, caSecretRef].flatMap(one =>
    one === undefined
      ? []
      : [
          {
            field: isTemplate ? 'spec.provider' : 'spec',
            kind: kinds.Secret,
            namespace: metadata.namespace ?? '',
            name: one.name,
            isNeeded: false,
          },
        ],
  )
}
