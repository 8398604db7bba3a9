/**
 * What a cache keeps of an object: everything but the bookkeeping of others, which is often more than half of it. Of
 * managedFields only what we ask stays: who wrote, and who owns `spec.replicas`.
 */
import type { KubeObject, ManagedFields } from '../api/object.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The object as it is kept; the argument stays as it was. */
export function slim(object: KubeObject): KubeObject {
  const { annotations, managedFields } = object.metadata
  if (managedFields === undefined && annotations?.[LAST_APPLIED] === undefined) return object
  const metadata = { ...object.metadata }
  if (managedFields !== undefined) metadata.managedFields = managedFields.map(slimEntry)
  if (annotations?.[LAST_APPLIED] !== undefined) {
    const { [LAST_APPLIED]: _, ...others } = annotations
    metadata.annotations = others
  }
  return { ...object, metadata }
}

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
