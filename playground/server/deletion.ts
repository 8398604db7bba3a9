/** What becomes of an object that is to be deleted (https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/). */
import { kindKey, kinds, type KubeObject, type Ref } from '../../src/api/object.ts'
import type { Instant } from '../../src/core/time.ts'
import { conflictOfKind } from '../answers.ts'
import { at, recordOf } from '../json.ts'
import { Pod } from '../kinds.ts'

export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
  /** Background: dependents go after it. Foreground: it goes after them. Orphan: they stay, and forget it. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan'
  /** Of pods: 0 removes at once, as the kubelet does at the end. */
  readonly gracePeriodSeconds?: number
}

/** The finalizers of deletions in the foreground, and of those that orphan; garbage collection takes them off. */
export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** How long a pod still may run after its deletion began; what has none may go as soon as its finalizers are off. */
export const GRACE = 'deletionGracePeriodSeconds'
export const graceOf = (object: KubeObject): number => Number(at(object, 'metadata', GRACE) ?? 0)

/**
 * The object as its deletion leaves it: marked, as it is if it was marked before, or null: gone.
 *
 * @throws ApiError 409 for an object that is not the one that was meant.
 */
export function afterDeletion(
  ref: Ref,
  object: KubeObject,
  preconditions: Preconditions,
  now: Instant,
): KubeObject | null {
  const { metadata } = object
  mustBeMeant(ref, object, preconditions)
  const { propagation } = preconditions
  const own = propagation === 'Foreground' ? [FOREGROUND] : propagation === 'Orphan' ? [ORPHAN] : []
  const finalizers = [...new Set([...(metadata.finalizers ?? []), ...own])]
  const isNamespace = kindKey(ref.kind) === kindKey(kinds.Namespace)
  const usual = isPod(ref) ? Number(at(object, 'spec', 'terminationGracePeriodSeconds') ?? 30) : 0
  const asked = preconditions.gracePeriodSeconds ?? usual
  const grace = isPod(ref) ? (asked < 0 ? 1 : asked) : 0
  if (finalizers.length === 0 && grace === 0 && !isNamespace) return null
  const isMarked = metadata.deletionTimestamp !== undefined
  if (isMarked && grace >= graceOf(object)) return object
  const generation = metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }
  const marks = isMarked
    ? {}
    : {
        deletionTimestamp: stampOf(now + grace * 1000),
        ...generation,
        ...(finalizers.length > 0 ? { finalizers } : {}),
      }
  const phase = isNamespace ? { status: { ...recordOf(object['status']), phase: 'Terminating' } } : {}
  const marked = { ...metadata, ...marks, [GRACE]: grace }
  return { ...object, ...phase, metadata: marked }
}

export const isPod = ({ kind }: Ref): boolean => kindKey(kind) === kindKey(Pod)

/** The last state of an object that goes at once: of a pod, that it was told to. */
export function withoutGrace(ref: Ref, object: KubeObject, now: Instant): KubeObject {
  if (!isPod(ref)) return object
  const { deletionTimestamp = stampOf(now), ...metadata } = object.metadata
  const marked = { ...metadata, deletionTimestamp, [GRACE]: 0 }
  return { ...object, metadata: marked }
}

function mustBeMeant(ref: Ref, { metadata }: KubeObject, preconditions: Preconditions): void {
  for (const key of ['uid', 'resourceVersion'] as const) {
    const wanted = preconditions[key]
    if (wanted === undefined || wanted === metadata[key]) continue
    const [name, fate] = key === 'uid' ? ['UID', 'deleted and then recreated'] : ['ResourceVersion', 'modified']
    const mismatch = `the ${name} in the precondition (${wanted}) does not match the ${name} in record (${metadata[key]})`
    throw conflictOfKind(ref, `${mismatch}. The object might have been ${fate}`)
  }
}

/** RFC 3339 to the second, as the API server writes times. */
export function stampOf(instant: Instant): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z')
}
