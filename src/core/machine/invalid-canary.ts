/** A Canary that makes no sense: it got past admission because it is older than the rule that refuses it. */
import { FINALIZER } from '../model/names.ts'
import type { Write } from '../model/write.ts'
import type { CanaryStatus } from '../../api/status.ts'
import { kinds, type KubeObject } from '../../api/object.ts'
import type { Announcement } from '../model/announcement.ts'
import { reasons } from '../status/reasons.ts'
import { recordOf } from '../json.ts'
import { beginning } from '../text.ts'
import type { Instant } from '../time.ts'

/**
 * The status that says so, everything else as it was, and the event. `release` lets one go that is being deleted: its spec does
 * not say what to hand back, and what serves has no owner, so it serves on.
 */
export function unreadable(
  object: KubeObject,
  problems: readonly string[],
  now: Instant,
): { status: CanaryStatus; announcement: Announcement; release: Write | null } {
  const release = releaseOf(object)
  const left =
    release === null
      ? ''
      : '. Its finalizer is removed; the objects that Sluice created for it are kept and continue to serve'
  const { namespace = '', name } = object.metadata
  const message = beginning(`${object.kind} ${namespace}/${name}: ${problems.join('; ')}${left}`, 1024)
  const before = recordOf(object['status']) as CanaryStatus
  const observedGeneration = object.metadata.generation ?? 0
  const condition = (type: string, status: 'True' | 'False'): NonNullable<CanaryStatus['conditions']>[number] => {
    const earlier = before.conditions?.find(one => one.type === type)
    const lastTransitionTime = earlier?.status === status ? earlier.lastTransitionTime : new Date(now).toISOString()
    return { type, status, reason: 'Invalid', message, lastTransitionTime, observedGeneration }
  }
  const promoted = before.conditions?.filter(one => one.type === 'Promoted') ?? []
  const conditions = [
    ...promoted,
    condition('Ready', 'False'),
    condition('Reconciling', 'False'),
    condition('Stalled', 'True'),
  ]
  const key = [object.metadata.uid ?? '', 'Invalid', message].join('|')
  return {
    status: { ...before, observedGeneration, reason: 'Invalid', message, conditions },
    announcement: { severity: reasons.Invalid.severity, reason: 'Invalid', message, key, at: now },
    release,
  }
}

function releaseOf(object: KubeObject): Write | null {
  const { deletionTimestamp, finalizers = [], namespace = '', name, resourceVersion = '' } = object.metadata
  if (deletionTimestamp === undefined || !finalizers.includes(FINALIZER)) return null
  const patch = { metadata: { resourceVersion, finalizers: finalizers.filter(one => one !== FINALIZER) } }
  return { verb: 'merge', ref: { kind: kinds.Canary, namespace, name }, patch }
}
