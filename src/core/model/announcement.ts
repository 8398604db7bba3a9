/** What people hear about. */
import type { Reason, Severity } from '../status/reasons.ts'
import type { Instant } from '../time.ts'
import type { AlertFacts } from './alert.ts'
import type { CommitNote } from './commit.ts'

/** Something people should hear about once: an event, and what is told of it: webhooks, alerts. */
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
export const SINKS = ['event', 'event hook', 'post-rollout', 'alert', 'commit status'] as const
export type Sink = (typeof SINKS)[number]

/** What must not be lost: committed with the decision, performed by the shell, and removed when it was acknowledged or given up. */
export interface OutboxEntry extends Announcement {
  readonly sink: Sink
  /** Name of the webhook, or of the alert that leads to a chat or to a Git server; '' of an Event. */
  readonly hook: string
  /** The run that ended, for post-rollout; the run that an alert or a commit status is about, '' for none; else ''. */
  readonly run: string
  /** Of an alert: told later, it speaks of the moment at which it happened. */
  readonly about?: AlertFacts
  /** Of a commit status: which commit, and how it is. */
  readonly commit?: CommitNote
}
