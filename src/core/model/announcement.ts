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
