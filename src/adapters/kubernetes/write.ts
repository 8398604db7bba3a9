/**
 * Writes as HTTP requests. One table says for every verb which method, path, content type and body it is; the two verbs
 * that take more than one request (`disown`, `copy`) are built of the others.
 */
import { createHash } from 'node:crypto'
import type { KubeObject, ManagedFields, Ref } from '../../api/object.ts'
import { apiVersionOf } from '../../api/object.ts'
import type { Sha256 } from '../../core/ports.ts'
import { mustBeAsNamed } from '../../core/render/content.ts'
import { FIELD_MANAGER, type PatchOperation, type Write } from '../../core/model/write.ts'
import { collectionPath, objectPath, queryString } from './url.ts'

/** A request, as the transport sends it. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly contentType?: string
  /** Media type of the answer; not said: plain JSON. */
  readonly accept?: string
  readonly body?: string
  /** Sending it twice leaves the same world as sending it once, so it may be sent again after a lost connection. */
  readonly repeatable: boolean
}

/** The writes that are one request. */
export type SingleWrite = Exclude<Write, { verb: 'disown' | 'copy' }>

const sha256: Sha256 = text => createHash('sha256').update(text).digest('hex')
const JSON_TYPE = 'application/json'
const manager = queryString({ fieldManager: FIELD_MANAGER })

/** The one request of a write. */
export function requestFor(write: SingleWrite): Request {
  const { ref } = write
  switch (write.verb) {
    case 'apply':
      return {
        method: 'PATCH',
        path: objectPath(ref) + queryString({ fieldManager: FIELD_MANAGER, force: true }),
        contentType: 'application/apply-patch+yaml', // JSON is YAML
        body: JSON.stringify(withoutManagedFields(write.object)),
        repeatable: true,
      }
    case 'create':
      return {
        method: 'POST',
        path: collectionPath(ref.kind, ref.namespace) + manager,
        contentType: JSON_TYPE,
        body: JSON.stringify(write.object),
        repeatable: false,
      }
    case 'replace':
      return {
        method: 'PUT',
        path: objectPath(ref) + manager,
        contentType: JSON_TYPE,
        body: JSON.stringify(write.object),
        repeatable: false,
      }
    case 'merge':
      return mergePatch(objectPath(ref), write.patch, write)
    case 'status':
      return mergePatch(objectPath(ref, 'status'), write.patch, {})
    case 'patch':
      return {
        method: 'PATCH',
        path: objectPath(ref) + manager,
        contentType: 'application/json-patch+json',
        body: JSON.stringify([guardOf(write), ...write.operations]),
        repeatable: false,
      }
    case 'delete':
      break
  }
  const preconditions = { uid: write.uid, resourceVersion: write.resourceVersion }
  return {
    method: 'DELETE',
    path: objectPath(ref),
    contentType: JSON_TYPE,
    body: JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions }),
    repeatable: true,
  }
}

function mergePatch(
  path: string,
  patch: Readonly<Record<string, unknown>>,
  { manager: by = FIELD_MANAGER, rehearsed }: Pick<Extract<Write, { verb: 'merge' }>, 'manager' | 'rehearsed'>,
): Request {
  return {
    method: 'PATCH',
    path: path + queryString({ fieldManager: by, dryRun: rehearsed === true ? 'All' : undefined }),
    contentType: 'application/merge-patch+json',
    body: JSON.stringify(patch),
    repeatable: false,
  }
}

/** Fails the patch as a whole, with 422, when the object, or its spec, is not the one that was read. */
export function guardOf({ resourceVersion, generation }: Extract<Write, { verb: 'patch' }>): PatchOperation {
  return generation === undefined
    ? { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }
    : { op: 'test', path: '/metadata/generation', value: generation }
}

/** An apply that carries managedFields is refused, and they are never ours to say. */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/**
 * The guarded patch that takes our entries out of an object's managedFields, or null when there are none. What we wrote
 * stays; it only has no owner any more. The indexes are removed from the last to the first, so that each still fits.
 */
export function disownPatch(ref: Ref, live: KubeObject): Extract<Write, { verb: 'patch' }> | null {
  const entries: readonly ManagedFields[] = live.metadata.managedFields ?? []
  const ours = entries.flatMap((entry, index) => (entry.manager === FIELD_MANAGER ? [index] : []))
  if (ours.length === 0) return null
  // An empty list would be "not said": only a list of one empty entry clears managedFields
  // (https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields).
  const operations: PatchOperation[] =
    ours.length === entries.length
      ? [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]
      : ours.toReversed().map(index => ({ op: 'remove', path: `/metadata/managedFields/${index}` }))
  return { verb: 'patch', ref, resourceVersion: live.metadata.resourceVersion ?? '', operations }
}

/**
 * The copy of a ConfigMap or Secret under another name: the same content, immutable, with our labels only.
 *
 * @throws ApiError (409) when the source is not, or no longer, what the name of the copy says.
 */
export function copyOf(write: Extract<Write, { verb: 'copy' }>, source: KubeObject): SingleWrite {
  const { ref } = write
  mustBeAsNamed(write, source, sha256)
  const object: KubeObject = {
    apiVersion: apiVersionOf(ref.kind),
    kind: ref.kind.kind,
    metadata: { name: ref.name, namespace: ref.namespace, labels: { ...write.labels } },
    immutable: true,
  }
  for (const field of ['data', 'binaryData', 'type']) if (source[field] !== undefined) object[field] = source[field]
  // The server ties a Secret of this type to a ServiceAccount and would refuse or refill the copy; a pod that mounts it
  // sees the same files either way.
  if (object['type'] === 'kubernetes.io/service-account-token') object['type'] = 'Opaque'
  return { verb: 'create', ref, object }
}
