/** Commits a decision: the status is written before anything that follows from it, guarded by its resourceVersion. */
import type { CanaryStatus } from '../api/status.ts'
import { kinds, type KubeObject, refOf } from '../api/object.ts'
import { ApiError, isConflict, isNotFound } from '../core/errors.ts'
import { recordOf, sameJson } from '../core/json.ts'
import type { Write } from '../core/model/write.ts'
import type { Lane } from '../core/ports.ts'
import { mergePatch } from '../core/render/merge.ts'
import { prunedFields, withoutPruned } from '../core/status/pruned-fields.ts'
import { INFORM_EVERY, worthOf } from '../core/status/status-write-policy.ts'
import type { Instant } from '../core/time.ts'
import type { Calls } from './calls.ts'
import { readLive } from './live-reads.ts'
import type { ObjectCache } from './object-cache.ts'
import type { ProcessMemory } from './process-memory.ts'
import { sendWrite } from './send-write.ts'
import type { Step } from './step.ts'

/** Conflicts in a row after which the next pass starts over. */
const MOST_CONFLICTS = 3

/** When a status has to be written: now, at a time (if nothing better comes before), or never. */
export function commitTime(
  { status: before, pruned, informedAt }: ProcessMemory,
  status: CanaryStatus,
  hasNews: boolean,
  now: Instant,
): Instant | null {
  // What is announced is recorded first: the next leader announces it under the same name, and not once more.
  if (hasNews) return now
  // What would be dropped again is no reason to write; it goes with the next write, and stays once the definition knows it.
  const worth = worthOf(before, withoutPruned(status, pruned))
  if (worth === 'nothing') return null
  return worth === 'at once' ? now : Math.max(now, informedAt + INFORM_EVERY)
}

/**
 * Writes the status. After a conflict with a client that changed nothing that was decided on, it is written again in the same
 * pass: a rollback must not starve.
 *
 * @returns the Canary as it is then; null when it has changed in a way that the decision did not know.
 */
export function* commitStatus(
  cache: ObjectCache,
  calls: Calls,
  known: ProcessMemory,
  canary: KubeObject,
  status: CanaryStatus,
  lane: Lane,
): Step<KubeObject | null> {
  const ref = refOf(kinds.Canary, canary)
  const patch = mergePatch(recordOf(canary['status']), status)
  if (patch === null) return canary
  let { resourceVersion } = canary.metadata
  for (let attempt = 0; ; attempt += 1) {
    const metadata = resourceVersion === undefined ? {} : { resourceVersion }
    try {
      // Its watch event may come before its answer.
      known.statusBeingWritten = status
      const written = yield* sendWrite(cache, calls, { verb: 'status', ref, patch: { metadata, status: patch } }, lane)
      if (written === null) return null
      known.status = recordOf(written['status'])
      known.pruned = prunedFields(status, known.status)
      return written
    } catch (error) {
      if (isNotFound(error)) return null
      if (!isConflict(error)) {
        // A request that was refused wrote nothing.
        known.isStatusUncertain ||= !(error instanceof ApiError && error.code < 500)
        throw error
      }
      const live = yield* readLive(cache, calls, ref)
      if (live === null || attempt >= MOST_CONFLICTS || !isSameToDecide(canary, live)) return null
      resourceVersion = live.metadata.resourceVersion
    } finally {
      known.statusBeingWritten = null
    }
  }
}

/** Whether nothing that a decision depends on differs between two versions of a Canary. */
function isSameToDecide(before: KubeObject, now: KubeObject): boolean {
  return (
    now.metadata.uid === before.metadata.uid &&
    now.metadata.generation === before.metadata.generation &&
    now.metadata.deletionTimestamp === before.metadata.deletionTimestamp &&
    sameJson(now['status'], before['status'])
  )
}

/**
 * A write of the Canary itself that names the version which was read: our own status has made that an old one. Where no client
 * changed the finalizers in between, it names the present one, and is not refused.
 */
export function afterCommit(write: Write, before: KubeObject, now: KubeObject): Write {
  if (write.verb !== 'merge' || write.ref.kind !== kinds.Canary) return write
  if (!sameJson(before.metadata.finalizers ?? [], now.metadata.finalizers ?? [])) return write
  const metadata = recordOf(write.patch['metadata'])
  if (metadata['resourceVersion'] !== before.metadata.resourceVersion) return write
  const { resourceVersion } = now.metadata
  return { ...write, patch: { ...write.patch, metadata: { ...metadata, resourceVersion } } }
}
