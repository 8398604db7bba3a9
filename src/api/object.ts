/**
 * Kubernetes objects as they travel: raw JSON. Typed models of a client library drop the fields they do not know, and a
 * primary that lost a field of its template would not be what was judged; so an object keeps everything that the API
 * server sent, and we name only the few fields that we read.
 */

/** The part of metadata that Sluice reads or writes. */
export interface ObjectMeta {
  name: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** Who wrote which fields last (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). */
export interface ManagedFields {
  manager?: string
  operation?: string
  apiVersion?: string
  subresource?: string
  time?: string
  fieldsType?: string
  fieldsV1?: Record<string, unknown>
}

/** Any object of any kind. `spec`, `status` and the rest are plain JSON; readers narrow what they use. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

/** A kind as the API server addresses it; `group` is empty for the core group. */
export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** Versions that have the same fields as far as Sluice reads and writes them; read where a server does not serve `version`. The newest first. */
  readonly older?: readonly string[]
}

/** One object, by name. `namespace` is empty for what is not namespaced. */
export interface Ref {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

const namespaced = (group: string, version: string, kind: string, plural: string): Kind => ({
  group,
  version,
  kind,
  plural,
  namespaced: true,
})

/** The kinds that Sluice touches. */
export const kinds = {
  Canary: namespaced('sluice.dev', 'v1beta1', 'Canary', 'canaries'),
  MetricTemplate: namespaced('sluice.dev', 'v1beta1', 'MetricTemplate', 'metrictemplates'),
  AlertProvider: namespaced('sluice.dev', 'v1beta1', 'AlertProvider', 'alertproviders'),
  Deployment: namespaced('apps', 'v1', 'Deployment', 'deployments'),
  ReplicaSet: namespaced('apps', 'v1', 'ReplicaSet', 'replicasets'),
  ControllerRevision: namespaced('apps', 'v1', 'ControllerRevision', 'controllerrevisions'),
  Service: namespaced('', 'v1', 'Service', 'services'),
  Pod: namespaced('', 'v1', 'Pod', 'pods'),
  ConfigMap: namespaced('', 'v1', 'ConfigMap', 'configmaps'),
  Secret: namespaced('', 'v1', 'Secret', 'secrets'),
  Event: namespaced('', 'v1', 'Event', 'events'),
  Namespace: { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false } as Kind,
  CustomResourceDefinition: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  } as Kind,
  EndpointSlice: namespaced('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'),
  Lease: namespaced('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  HorizontalPodAutoscaler: namespaced('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  VerticalPodAutoscaler: namespaced('autoscaling.k8s.io', 'v1', 'VerticalPodAutoscaler', 'verticalpodautoscalers'),
  ScaledObject: namespaced('keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'),
  VirtualService: namespaced('networking.istio.io', 'v1', 'VirtualService', 'virtualservices'),
  DestinationRule: namespaced('networking.istio.io', 'v1', 'DestinationRule', 'destinationrules'),
  /** Istio's, and not that of the Gateway API. */
  IstioGateway: namespaced('networking.istio.io', 'v1', 'Gateway', 'gateways'),
  Sidecar: namespaced('networking.istio.io', 'v1', 'Sidecar', 'sidecars'),
  ServiceEntry: namespaced('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries'),
  EnvoyFilter: namespaced('networking.istio.io', 'v1alpha3', 'EnvoyFilter', 'envoyfilters'),
  ProxyConfig: namespaced('networking.istio.io', 'v1beta1', 'ProxyConfig', 'proxyconfigs'),
  AuthorizationPolicy: namespaced('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
  PeerAuthentication: namespaced('security.istio.io', 'v1', 'PeerAuthentication', 'peerauthentications'),
  RequestAuthentication: namespaced('security.istio.io', 'v1', 'RequestAuthentication', 'requestauthentications'),
  Telemetry: namespaced('telemetry.istio.io', 'v1', 'Telemetry', 'telemetries'),
  WasmPlugin: namespaced('extensions.istio.io', 'v1alpha1', 'WasmPlugin', 'wasmplugins'),
  Ingress: namespaced('networking.k8s.io', 'v1', 'Ingress', 'ingresses'),
  NetworkPolicy: namespaced('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  PodDisruptionBudget: namespaced('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  // v1 since Gateway API 1.1; 1.2 serves nothing else.
  GRPCRoute: {
    ...namespaced('gateway.networking.k8s.io', 'v1', 'GRPCRoute', 'grpcroutes'),
    older: ['v1alpha2'],
  } as Kind,
  // Of these two Gateway API 1.6 serves v1 alone, and earlier versions alphas.
  TCPRoute: { ...namespaced('gateway.networking.k8s.io', 'v1', 'TCPRoute', 'tcproutes'), older: ['v1alpha2'] } as Kind,
  TLSRoute: {
    ...namespaced('gateway.networking.k8s.io', 'v1', 'TLSRoute', 'tlsroutes'),
    older: ['v1alpha3', 'v1alpha2'],
  } as Kind,
  HTTPRoute: namespaced('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'),
} as const satisfies Record<string, Kind>

/** `group/version`, or the bare version of the core group. */
export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** The kind in each version in which it may be served, ours first. */
export const versionsOf = (kind: Kind): readonly Kind[] => [
  kind,
  ...(kind.older ?? []).map(version => ({ ...kind, version })),
]

/** The kind in the version that a server has of it: ours, else the newest of the older ones; ours, too, where it has none. */
export function asServed(kind: Kind, served: readonly string[]): Kind {
  return versionsOf(kind).find(({ version }) => served.includes(version)) ?? kind
}

/** The kind in the version in which an object was read. */
export function asRead(kind: Kind, object: KubeObject | undefined): Kind {
  const version = object?.apiVersion.split('/').at(-1) ?? kind.version
  return kind.older?.includes(version) === true ? { ...kind, version } : kind
}

/** The identity of a kind, whatever its version: `deployments.apps`. */
export function kindKey(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
}

/** The identity of an object in caches, indexes and logs: `deployments.apps/shop/web`. */
export function refKey(ref: Ref): string {
  return `${kindKey(ref.kind)}/${ref.namespace}/${ref.name}`
}

/** `shop/web`, as people write it. */
export function namespacedName(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** The reference of an object of a known kind. */
export function refOf(kind: Kind, object: KubeObject): Ref {
  return { kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name }
}

/** The answer to a DELETE, where finalizers keep the object: it is there until they are gone. null: it is gone. */
export function keptByFinalizers(answer: KubeObject | null): KubeObject | null {
  const { deletionTimestamp, finalizers = [] } = answer?.metadata ?? {}
  return deletionTimestamp === undefined || finalizers.length === 0 ? null : answer
}
