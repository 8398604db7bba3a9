/** Announces what a status tells: as Events, and not before the status is written. */
import type { KubeObject } from '../api/object.ts'
import { fingerprint } from '../core/json.ts'
import { outboxWithout } from '../core/machine/outbox.ts'
import type { Announcement } from '../core/model/announcement.ts'
import type { EventRecorder } from '../runtime/events.ts'
import type { ProcessMemories } from './process-memory.ts'

/** Of an Event. */
export type Annotations = Readonly<Record<string, string>>

/**
 * An Event with a name of its own, which the API server stores once: announcing again is harmless.
 *
 * @param annotations of the Events: the trace of the run that they are about.
 */
export function announce(
  recorder: Pick<EventRecorder, 'record'>,
  memories: ProcessMemories,
  key: string,
  about: KubeObject,
  announcements: readonly Announcement[],
  annotations: Annotations,
): void {
  for (const one of announcements) {
    const event = {
      name: `${about.metadata.name}.${fingerprint([about.metadata.uid, one.key])}`,
      about,
      type: one.severity === 'info' ? 'Normal' : 'Warning',
      reason: one.reason,
      message: one.message,
      at: one.at,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    } as const
    recorder.record(event, () => {
      const known = memories.get(key)
      if (known === undefined) return
      // It leaves the status with the next write of it: an acknowledgement is worth none of its own.
      known.memory = { ...known.memory, outbox: outboxWithout(known.memory.outbox, one.key) }
    })
  }
}
