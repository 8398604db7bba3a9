/**
 * What a cache keeps of an object: everything but the bookkeeping of others, which is often more than half of it. Of
 * managedFields only what we ask stays: who wrote, and who owns `spec.replicas`. Of kinds whose status others write all the
 * time only what a decision reads stays; so a change that no decision reads triggers no pass.
 */
import type { KubeObject, ManagedFields } from '../api/object.ts'
import { at, isRecord, type Json, listOf, recordOf, recordsOf } from '../core/json.ts'
import { SharedValues } from './shared-values.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The object as it is kept; the argument stays as it was. */
export function slim(object: KubeObject): KubeObject {
  const kept = read[object.kind]?.(object) ?? object
  const { annotations, managedFields } = kept.metadata
  if (managedFields === undefined && annotations?.[LAST_APPLIED] === undefined) return kept
  const metadata = { ...kept.metadata }
  if (managedFields !== undefined) metadata.managedFields = managedFields.filter(isOfSpec).map(slimEntry)
  if (annotations?.[LAST_APPLIED] !== undefined) {
    const { [LAST_APPLIED]: _, ...others } = annotations
    metadata.annotations = others
  }
  return { ...kept, metadata }
}

function withoutStatus(object: KubeObject): KubeObject {
  const { status: _, ...kept } = object
  return kept
}

/** Of the status of a route what its parents say of it: times change without it, and implementations add fields of their own. */
function withParents(route: KubeObject): KubeObject {
  const parents = recordsOf(at(route['status'], 'parents')).map(parent => ({
    parentRef: parent['parentRef'],
    controllerName: parent['controllerName'],
    conditions: recordsOf(parent['conditions']).map(condition =>
      only(condition, ['type', 'status', 'reason', 'message', 'observedGeneration']),
    ),
  }))
  return { ...route, status: { parents } }
}

/** For all caches of the process: one holds what another has of the same object. */
const shared = new SharedValues()

/** `template.spec` shared with every other object that has the same one. */
function withSharedPodSpec(value: unknown): unknown {
  const podSpec = at(value, 'template', 'spec')
  if (!isRecord(value) || !isRecord(podSpec)) return value
  return { ...value, template: { ...recordOf(value['template']), spec: shared.of(podSpec) } }
}

/** By kind: what is read of it. */
const read: Readonly<Record<string, (object: KubeObject) => KubeObject>> = {
  Deployment: deployment => ({
    ...deployment,
    spec: withSharedPodSpec(deployment.spec),
    status: statusOfDeployment(deployment.status),
  }),
  ReplicaSet: ({ apiVersion, kind, metadata, spec, status }) => ({
    apiVersion,
    kind,
    metadata: identity(metadata),
    spec: withSharedPodSpec(only(spec, ['template'])),
    status: shared.of(only(status, ['replicas', 'readyReplicas', 'availableReplicas'])),
  }),
  ControllerRevision: revision => ({ ...revision, data: withSharedPodSpec(revision['data']) }),
  EndpointSlice: ({ apiVersion, kind, metadata, endpoints }) => ({
    apiVersion,
    kind,
    metadata: metadataOf(metadata, WHO),
    endpoints: listOf(endpoints).map(endpoint => ({
      conditions: shared.of(only(at(endpoint, 'conditions'), ['ready'])),
      targetRef: only(at(endpoint, 'targetRef'), ['name']),
    })),
  }),
  Service: service => {
    const conditions = recordsOf(at(service['status'], 'conditions')).map(one => only(one, ['type', 'status']))
    return conditions.length === 0 ? withoutStatus(service) : { ...service, status: { conditions } }
  },
  HorizontalPodAutoscaler: withoutStatus,
  ScaledObject: withoutStatus,
  VerticalPodAutoscaler: withoutStatus,
  VirtualService: withoutStatus,
  DestinationRule: withoutStatus,
  Sidecar: withoutStatus,
  ServiceEntry: withoutStatus,
  EnvoyFilter: withoutStatus,
  ProxyConfig: withoutStatus,
  AuthorizationPolicy: withoutStatus,
  PeerAuthentication: withoutStatus,
  RequestAuthentication: withoutStatus,
  Telemetry: withoutStatus,
  WasmPlugin: withoutStatus,
  NetworkPolicy: withoutStatus,
  // Counts pods all the time.
  PodDisruptionBudget: withoutStatus,
  HTTPRoute: withParents,
  GRPCRoute: withParents,
  TCPRoute: withParents,
  TLSRoute: withParents,
}

/** Conditions have new times at every step of a rollout, and messages that say how far it is. */
function statusOfDeployment(status: unknown): Json {
  const kept = only(status, ['observedGeneration', 'replicas', 'readyReplicas'])
  kept['conditions'] = recordsOf(at(status, 'conditions')).flatMap(condition => {
    if (condition['type'] === 'Progressing') return [only(condition, ['type', 'status', 'reason'])]
    return condition['type'] === 'ReplicaFailure' ? [only(condition, ['type', 'status', 'message'])] : []
  })
  return kept
}

/** Who an object is and whom it belongs to. */
export function identity(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  return metadataOf(metadata, [...WHO, 'ownerReferences'])
}

const WHO = ['namespace', 'uid', 'resourceVersion', 'deletionTimestamp', 'labels']

const metadataOf = (metadata: KubeObject['metadata'], fields: readonly string[]): KubeObject['metadata'] =>
  Object.assign({ name: metadata.name }, only(metadata, fields))

/**
 * These fields of a record. They are assigned one by one, because V8 then gives all records of a kind one hidden class; what
 * is made by spreading several records gets one of its own for each object, 160 bytes (Node 20, measured).
 */
function only(value: unknown, fields: readonly string[]): Record<string, unknown> {
  const record = recordOf(value)
  const kept: Record<string, unknown> = {}
  for (const field of fields) if (Object.hasOwn(record, field)) kept[field] = record[field]
  return kept
}

/** Who writes a status writes its time, too. */
const isOfSpec = (entry: ManagedFields): boolean => entry.subresource !== 'status'

function slimEntry(entry: ManagedFields): ManagedFields {
  const kept: ManagedFields = only(entry, ['manager', 'operation', 'subresource', 'time'])
  if (ownsReplicas(entry.fieldsV1)) kept.fieldsV1 = OWNS_REPLICAS
  return kept
}

/** One for all objects: nothing changes what a cache holds. */
const OWNS_REPLICAS = { 'f:spec': { 'f:replicas': {} } }

function ownsReplicas(fields: Record<string, unknown> | undefined): boolean {
  const spec = fields?.['f:spec']
  return typeof spec === 'object' && spec !== null && 'f:replicas' in spec
}
