/** What people hear about. */
import type { Reason, Severity } from '../status/reasons.ts'
import type { Instant } from '../time.ts'

/** Something people should hear about once: an event, later also an alert. */
export interface Announcement {
  readonly severity: Severity
  readonly reason: Reason
  readonly message: string
  /** Makes the event's name deterministic: the same thing announced twice is one event. */
  readonly key: string
  readonly at: Instant
}

/** Bytes of a message in the outbox, which a status has room for. */
export const LONGEST_MESSAGE = 320

/** Who is told. */
export const SINKS = ['event', 'event hook', 'post-rollout'] as const
export type Sink = (typeof SINKS)[number]

/** What must not be lost: committed with the decision, performed by the shell, and removed when it was acknowledged or given up. */
export interface OutboxEntry extends Announcement {
  readonly sink: Sink
  /** Name of the webhook; '' of an Event. */
  readonly hook: string
  /** The run that ended, for post-rollout; else ''. */
  readonly run: string
}
