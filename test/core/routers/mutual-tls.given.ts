/** DestinationRules, PeerAuthentications and pods: what callers send, and what servers demand. */
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation, PodSample } from '../../../src/core/model/observation.ts'
import { canary, deployment, noSurroundings, object, observation, template, workload } from '../given-objects.ts'

export type Spec = Readonly<Record<string, unknown>>

const made = (kind: (typeof kinds)[keyof typeof kinds], name: string, spec: Spec, namespace = 'shop'): KubeObject =>
  object(kind, name, { spec }, { namespace, creationTimestamp: '2026-01-01T00:00:00Z' })
/** A DestinationRule; `more` are other fields of its spec. */
export const rule = (
  name: string,
  host: string,
  trafficPolicy: Spec,
  more: Spec = {},
  namespace = 'shop',
): KubeObject => made(kinds.DestinationRule, name, { host, trafficPolicy, ...more }, namespace)
/** A PeerAuthentication. */
export const peers = (name: string, spec: Spec, namespace = 'shop'): KubeObject =>
  made(kinds.PeerAuthentication, name, spec, namespace)
/** A trafficPolicy with this TLS alone. */
export const tls = (mode: string, more: Spec = {}): Spec => ({ tls: { mode, ...more } })
/** The host of every Service of namespace shop. */
export const wild = '*.shop.svc.cluster.local'
/** All pods of namespace shop demand mutual TLS. */
export const strict = peers('default', { mtls: { mode: 'STRICT' } })

/** What stands around a Canary, and what its pods are like. */
export interface Given {
  readonly provider?: string
  readonly service?: Spec
  readonly rules?: readonly KubeObject[]
  readonly policies?: readonly KubeObject[]
  readonly pods?: Spec
  readonly labels?: Spec
  readonly pod?: Partial<PodSample>
}

/** A pod as injection makes it. */
const injectedPod: PodSample = {
  name: 'web-abc-1',
  labels: { app: 'web', 'pod-template-hash': 'abc', 'security.istio.io/tlsMode': 'istio' },
  annotations: { 'sidecar.istio.io/status': '{}' },
  containers: ['web', 'istio-proxy'],
  namespaceLabels: { 'istio-injection': 'enabled' },
}
/** Of a pod without a proxy. */
export const bare = { annotations: {}, containers: ['web'], labels: { 'pod-template-hash': 'abc' } }

/** In the mesh no VirtualService splits what is in ambient. */
export const atGateway = { gateways: ['infra/public'], hosts: ['shop.example.com'] }

export function given({
  provider = 'istio',
  service = {},
  rules = [],
  policies = [],
  pods = {},
  labels = { app: 'web' },
  pod,
}: Given): Observation {
  return {
    ...observation({ canary: canary({ provider }, service) }),
    target: workload(deployment('web', { template: template('web:2', labels, pods) })),
    samples: { namespaceLabels: null, primary: null, canary: pod === undefined ? null : { ...injectedPod, ...pod } },
    surroundings: { ...noSurroundings, trafficPolicies: rules, policies },
  }
}
