/** Writes to the API server, whose answers are in the caches at once; and the one that comes first, of the status. */
import { kinds, type KubeObject, refKey, refOf } from '../api/object.ts'
import type { CanaryStatus } from '../api/status.ts'
import { ApiError, isConflict, isNotFound } from '../core/errors.ts'
import { recordOf, sameJson } from '../core/json.ts'
import { mergePatch } from '../core/render/merge.ts'
import type { Lane } from '../core/ports.ts'
import type { Write } from '../core/model/write.ts'
import { withDeadline } from '../runtime/timing.ts'
import { DEADLINE, type LiveReadPorts, type LiveReads } from './live-reads.ts'

/** What is known of the status that was written last. */
export interface Committed {
  status: CanaryStatus
  /** Whether it arrived is not known. */
  doubtful: boolean
}

export class Writer {
  readonly #ports: LiveReadPorts
  readonly #live: LiveReads

  constructor(ports: LiveReadPorts, live: LiveReads) {
    this.#ports = ports
    this.#live = live
  }

  async send(write: Write, lane: Lane, signal: AbortSignal): Promise<KubeObject | null> {
    const { api, steady, cache } = this.#ports
    const known = cache.get(write.ref)
    const written = await withDeadline(steady, DEADLINE, signal, `The write of ${refKey(write.ref)}`, inner =>
      api.write(write, { lane, signal: inner }),
    )
    if (written !== null) cache.accept(write.ref.kind, written)
    // Deleted by us, or gone before we came; its watch says so too, only later.
    else if (write.verb !== 'disown' && write.verb !== 'copy') cache.removed(write.ref, known)
    return written
  }

  /**
   * Writes the status. A conflict because somebody annotated is written again in the same pass: a rollback must not starve.
   *
   * @returns the canary as it is then; null when it has changed in a way that the decision did not know.
   */
  async commit(
    known: Committed,
    canary: KubeObject,
    status: CanaryStatus,
    lane: Lane,
    signal: AbortSignal,
  ): Promise<KubeObject | null> {
    const ref = refOf(kinds.Canary, canary)
    const patch = mergePatch(recordOf(canary['status']), status)
    if (patch === null) return canary
    let { resourceVersion } = canary.metadata
    for (let attempt = 0; ; attempt += 1) {
      const metadata = resourceVersion === undefined ? {} : { resourceVersion }
      try {
        const written = await this.send({ verb: 'status', ref, patch: { metadata, status: patch } }, lane, signal)
        if (written === null) return null
        known.status = recordOf(written['status'])
        return written
      } catch (error) {
        if (isNotFound(error)) return null
        if (!isConflict(error)) {
          // A clear no wrote nothing.
          known.doubtful ||= !(error instanceof ApiError && error.code < 500)
          throw error
        }
        const live = await this.#live.one(ref, signal)
        const same =
          live !== null &&
          live.metadata.uid === canary.metadata.uid &&
          live.metadata.generation === canary.metadata.generation &&
          live.metadata.deletionTimestamp === canary.metadata.deletionTimestamp &&
          sameJson(live['status'], canary['status'])
        if (!same || attempt >= 3) return null
        resourceVersion = live.metadata.resourceVersion
      }
    }
  }
}

/**
 * A write of the Canary itself that names the version which was read: our own status has made that an old one. Where nobody
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
