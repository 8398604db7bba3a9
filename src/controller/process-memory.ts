/** What this process remembers of its Canaries between passes; everything that must not be lost is in their status. */
import type { CanaryStatus } from '../api/status.ts'
import type { KubeObject } from '../api/object.ts'
import { recordOf, sameJson } from '../core/json.ts'
import type { Memory } from '../core/model/memory.ts'
import type { Observation, WriteError } from '../core/model/observation.ts'
import type { State } from '../core/model/state.ts'
import { NO_PRUNED_FIELDS, type PrunedFields } from '../core/status/pruned-fields.ts'
import { readStatus } from '../core/status/read-status.ts'
import type { Instant } from '../core/time.ts'
import { WriteContention } from './write-contention.ts'

/** One Canary. */
export interface ProcessMemory {
  readonly uid: string
  state: State
  memory: Memory
  /** The status that `state` and `memory` belong to, as it was last read or written. */
  status: CanaryStatus
  /** Fields of the status that the API server dropped from the last write: its definition of Canaries is older, and they live here alone. */
  pruned: PrunedFields
  /** A write of this status is under way; null: none is. */
  statusBeingWritten: CanaryStatus | null
  /** When a status was last written. */
  informedAt: Instant
  /** The last observation of a run; null at rest, where it would only take memory. */
  observed: Observation | null
  /** Why the last writes failed; null when they did not. */
  writeError: WriteError | null
  /** Whether the last status was written is not known, so its events may not have been recorded. */
  isStatusUncertain: boolean
  /** A create was refused because the namespace is being deleted, which is final. */
  isNamespaceTerminating: boolean
  /** Passes in a row whose writes met something newer than was read. */
  stalePasses: number
  readonly contention: WriteContention
}

export class ProcessMemories {
  readonly #byKey = new Map<string, ProcessMemory>()

  get(key: string): ProcessMemory | undefined {
    return this.#byKey.get(key)
  }

  /** What is remembered of a Canary, or was read from its status where that is not the one that is remembered. */
  of(key: string, canary: KubeObject, now: Instant): ProcessMemory {
    const known = this.#byKey.get(key)
    const { uid = '' } = canary.metadata
    const status = recordOf(canary['status']) as CanaryStatus
    if (known !== undefined && known.uid === uid && sameJson(known.status, status)) return known
    const read: ProcessMemory = {
      uid,
      ...readStatus(status, now),
      status,
      pruned: known?.pruned ?? NO_PRUNED_FIELDS,
      statusBeingWritten: null,
      informedAt: 0,
      observed: known?.observed ?? null,
      writeError: known?.writeError ?? null,
      isStatusUncertain: known?.isStatusUncertain ?? false,
      isNamespaceTerminating: known?.uid === uid && known.isNamespaceTerminating,
      stalePasses: 0,
      contention: known?.contention ?? new WriteContention(),
    }
    this.#byKey.set(key, read)
    return read
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }
}
