/**
 * Copies of policies for the primary. They are there before its first pod, follow the user's as these are edited or deleted, and go
 * once the primary is gone.
 */
import { type KubeObject, refKey, type Ref } from '../../api/object.ts'
import { present, sameJson } from '../json.ts'
import { CANARY_LABEL, COPY_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { parityOf } from '../policies/copies.ts'
import { type Copy, isCopy } from '../policies/copy.ts'
import { policyKinds } from '../policies/index.ts'
import { readByMesh, withoutMeshKeys } from '../policies/mesh-metadata.ts'
import { deleteOurs, inherited, isCurrent, isOurs, liveOf, ours, stamped } from './ownership.ts'

export function renderPolicies(o: Observation, posture: Posture): Write[] {
  if (posture.remove === 'everything') {
    return primaryOf(o) === undefined ? copiesOf(o).flatMap(ref => deleteOurs(o, ref)) : []
  }
  // Before a primary is wanted there is nothing to cover.
  const parity = posture.primary === null && o.primary === null ? null : parityOf(o)
  if (parity === null) return []
  // What can no longer be kept equal stays as it was, until the user has changed the policy or the Canary.
  const kept = new Set([...parity.copies, ...parity.unequal].map(({ ref }) => refKey(ref)))
  return [
    ...parity.copies.flatMap(copy => write(o, copy)),
    ...copiesOf(o)
      .filter(ref => !kept.has(refKey(ref)))
      .flatMap(ref => deleteOurs(o, ref)),
  ]
}

/** The primary that this Canary made and deletes. */
function primaryOf(o: Observation): KubeObject | undefined {
  const live = liveOf(o, o.names.primary)
  return live?.metadata.labels?.[CANARY_LABEL] === o.names.canary ? live : undefined
}

/** The primary whose deletion is not over, as where another client's finalizer keeps it, and that still has copies; null: none. */
export function primaryBeforeCopies(o: Observation): KubeObject | null {
  const primary = primaryOf(o)
  return primary?.metadata.deletionTimestamp === undefined || copiesOf(o).length === 0 ? null : primary
}

/** The copies that are to be there before the first pod of the primary, and are not. */
export const missingCopies = (o: Observation): readonly Copy[] =>
  (parityOf(o)?.copies ?? []).filter(copy => {
    const live = liveOf(o, copy.ref)
    const isThere = live !== undefined && isOurs(o, live) && live.metadata.deletionTimestamp === undefined
    return !isThere || !isAsRendered(live, rendered(o, copy))
  })

/** Created, or replaced as a whole under its resourceVersion: an apply would keep what another client has added to it. */
function write(o: Observation, copy: Copy): Write[] {
  const { ref } = copy
  const live = liveOf(o, ref)
  const wanted = rendered(o, copy)
  if (live === undefined) return [{ verb: 'create', ref, object: wanted }]
  if (!isOurs(o, live) || live.metadata.deletionTimestamp !== undefined || isAsRendered(live, wanted)) return []
  return [{ verb: 'replace', ref, object: onto(live, wanted) }]
}

const isAsRendered = (live: KubeObject, wanted: KubeObject): boolean =>
  isCurrent(live, wanted, () => sameJson(live.spec, wanted.spec) && sameJson(readByMesh(live), readByMesh(wanted)))

interface Rendered {
  readonly basis: unknown
  readonly object: KubeObject
}

/** By original, and by the name of the copy: the last that was rendered of it. To stamp one takes long where a tenant's policy is large. */
const known = new WeakMap<KubeObject, Map<string, Rendered>>()

function rendered(o: Observation, copy: Copy): KubeObject {
  const { original, ref, spec } = copy
  const { canary, names, settings } = o
  const basis = [spec, names.canary, canary.apiVersion, canary.metadata.uid, settings.ownerReferences]
  const ofOriginal = known.get(original) ?? new Map<string, Rendered>()
  const last = ofOriginal.get(refKey(ref))
  if (last !== undefined && sameJson(last.basis, basis)) return last.object
  const object = stampedCopy(o, copy)
  known.set(original, ofOriginal.set(refKey(ref), { basis, object }))
  return object
}

function stampedCopy(o: Observation, { original, ref, spec }: Copy): KubeObject {
  const { namespace = '', name, labels, annotations } = original.metadata
  const metadata = {
    labels: inherited(labels),
    annotations: { ...inherited(annotations), [COPY_ANNOTATION]: `${namespace}/${name}` },
  }
  return stamped(ours(o, ref, metadata, { spec }))
}

/** `live` with our spec and our metadata; labels and annotations of others stay, but for those that the mesh reads. */
function onto(live: KubeObject, wanted: KubeObject): KubeObject {
  const { uid, resourceVersion, finalizers } = live.metadata
  return {
    ...live,
    metadata: {
      ...wanted.metadata,
      ...present({ uid, resourceVersion, finalizers }),
      labels: { ...withoutMeshKeys(live.metadata.labels), ...wanted.metadata.labels },
      annotations: { ...withoutMeshKeys(live.metadata.annotations), ...wanted.metadata.annotations },
    },
    spec: wanted.spec,
  }
}

/** Those that this Canary has made and that are still there. */
const copiesOf = (o: Observation): readonly Ref[] =>
  policyKinds.flatMap(({ kind }) =>
    Object.values(o.live)
      .filter(object => object.kind === kind.kind && isCopy(o, object))
      .map(({ metadata }) => ({ kind, namespace: o.names.namespace, name: metadata.name })),
  )
