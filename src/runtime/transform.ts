/**
 * What a cache keeps of an object: everything but the bookkeeping of others, which is often more than half of it. Of
 * managedFields only what we ask stays: who wrote, and who owns `spec.replicas`. Of kinds whose status others write all the
 * time only what a decision reads stays; so news that nobody would read wakes nobody.
 */
import type { KubeObject, ManagedFields } from '../api/object.ts'
import { at, type Json, listOf, recordOf, recordsOf } from '../core/json.ts'

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

/** By kind: what somebody reads of it. */
const read: Readonly<Record<string, (object: KubeObject) => KubeObject>> = {
  Deployment: deployment => ({ ...deployment, status: statusOfDeployment(deployment.status) }),
  ReplicaSet: ({ apiVersion, kind, metadata, spec, status }) => ({
    apiVersion,
    kind,
    metadata: identity(metadata),
    spec: only(spec, ['template']),
    status: only(status, ['replicas', 'readyReplicas', 'availableReplicas']),
  }),
  EndpointSlice: ({ apiVersion, kind, metadata, endpoints }) => ({
    apiVersion,
    kind,
    metadata: identity(metadata),
    endpoints: listOf(endpoints).map(endpoint => ({
      conditions: only(at(endpoint, 'conditions'), ['ready']),
      targetRef: only(at(endpoint, 'targetRef'), ['name']),
    })),
  }),
  HorizontalPodAutoscaler: withoutStatus,
  ScaledObject: withoutStatus,
  VerticalPodAutoscaler: withoutStatus,
  VirtualService: withoutStatus,
  DestinationRule: withoutStatus,
}

/** Conditions tell their times anew at every step of a rollout, and in words how far it is. */
function statusOfDeployment(status: unknown): Json {
  const conditions = recordsOf(at(status, 'conditions')).flatMap(condition => {
    if (condition['type'] === 'Progressing') return [only(condition, ['type', 'status', 'reason'])]
    return condition['type'] === 'ReplicaFailure' ? [only(condition, ['type', 'status', 'message'])] : []
  })
  return { ...only(status, ['observedGeneration', 'replicas', 'readyReplicas']), conditions }
}

/** Who an object is and whom it belongs to. */
export function identity(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  const fields = ['namespace', 'uid', 'resourceVersion', 'deletionTimestamp', 'labels', 'ownerReferences']
  return { name: metadata.name, ...only(metadata, fields) }
}

function only(value: unknown, fields: readonly string[]): Json {
  const record = recordOf(value)
  return Object.fromEntries(fields.flatMap(field => (field in record ? [[field, record[field]]] : [])))
}

/** Whoever writes a status writes the time of it, too. */
const isOfSpec = (entry: ManagedFields): boolean => entry.subresource !== 'status'

function slimEntry(entry: ManagedFields): ManagedFields {
  const { manager, operation, subresource, time, fieldsV1 } = entry
  return {
    ...(manager === undefined ? {} : { manager }),
    ...(operation === undefined ? {} : { operation }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
    ...(ownsReplicas(fieldsV1) ? { fieldsV1: { 'f:spec': { 'f:replicas': {} } } } : {}),
  }
}

function ownsReplicas(fields: Record<string, unknown> | undefined): boolean {
  const spec = fields?.['f:spec']
  return typeof spec === 'object' && spec !== null && 'f:replicas' in spec
}
