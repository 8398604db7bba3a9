/** What clients cannot write, whatever they send: identity, the server's own marks, the other side of the status subresource. */
import { apiVersionOf, type KubeObject, type ObjectMeta, type Ref } from '../../src/api/object.ts'
import { invalid } from '../answers.ts'
import { GRACE, graceOf } from './deletion.ts'
import { withoutUndefined } from '../json.ts'
import type { Resource } from '../resource.ts'
import { forbidden } from '../schema/causes.ts'

/** A new object as it may be: it has no status of its own yet, and was never deleted. `at` is a stamp. */
export function asCreated(
  ref: Ref,
  { generation, subresources }: Resource,
  wanted: KubeObject,
  { uid, at }: { readonly uid: string; readonly at: string },
): KubeObject {
  const object = ofKind(ref, wanted)
  if (subresources.status) delete object['status']
  const metadata = withoutUndefined({
    ...wanted.metadata,
    name: ref.name,
    namespace: ref.kind.namespaced ? ref.namespace : undefined,
    uid,
    generation: generation ? 1 : wanted.metadata.generation,
    creationTimestamp: at,
    resourceVersion: undefined,
    deletionTimestamp: undefined,
    selfLink: undefined,
    [GRACE]: undefined,
  }) as ObjectMeta
  return { ...object, metadata }
}

/**
 * An object as a write of it, or of its status alone, may change it.
 *
 * @throws ApiError 422 for finalizers that come after the deletion.
 */
export function asUpdated(
  ref: Ref,
  { subresources }: Resource,
  before: KubeObject,
  wanted: KubeObject,
  subresource: string,
): KubeObject {
  const object = ofKind(ref, wanted)
  if (subresource === 'status') return { ...before, status: object['status'] ?? {} }
  if (subresources.status) {
    delete object['status']
    if ('status' in before) object['status'] = before['status']
  }
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = before.metadata
  const grace = deletionTimestamp !== undefined ? { [GRACE]: graceOf(before) } : {}
  const fixed = { ...grace, name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp }
  const added = (wanted.metadata.finalizers ?? []).filter(one => !before.metadata.finalizers?.includes(one))
  if (deletionTimestamp !== undefined && added.length > 0) {
    const because = 'no new finalizers can be added if the object is being deleted'
    const found = `found new finalizers []string{${added.map(one => JSON.stringify(one)).join(', ')}}`
    const cause = forbidden('metadata.finalizers', `${because}, ${found}`)
    throw invalid(ref, [cause, cause]) // the real one, too, says it twice
  }
  const metadata = withoutUndefined({ ...wanted.metadata, ...fixed, selfLink: undefined }) as ObjectMeta
  return { ...object, metadata }
}

const ofKind = ({ kind }: Ref, object: KubeObject): KubeObject => ({
  ...object,
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
})
