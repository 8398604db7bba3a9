/** What an alert says of a release, and how it is sent. */
import type { AlertProvider } from '../../api/alert-provider.ts'
import type { Milliseconds, Percent } from '../time.ts'
import type { Announcement } from './announcement.ts'
import type { CommitNote } from './commit.ts'

/** The facts of the moment that an alert is about, in words that fit into a status. */
export interface AlertFacts {
  readonly phase: string
  /** Percent of requests; the highest weight of a run that ended. */
  readonly weight: Percent
  /** The first digits of the revision that is released, or was; '' before there is one. */
  readonly revision: string
  /** Of its first container; '' where its template is not known. */
  readonly image: string
  /** The revision that the primary runs, with its image; '' before there is one. */
  readonly promoted: string
  /** The first gate that failed; left out where none did. */
  readonly metric?: FailedMetric
  /** What happens next, or what to do; '' where there is nothing. */
  readonly next: string
}

/** A value beside its limit, with units: `87.7 %`, `≥ 99 %`. */
export interface FailedMetric {
  readonly name: string
  readonly value: string
  readonly limit: string
}

/** One alert as it is told: an announcement, with its facts and its canary. */
export interface AlertMessage extends AlertFacts, Pick<Announcement, 'severity' | 'reason' | 'message' | 'at'> {
  readonly canary: string
  readonly namespace: string
  /** Names the run; '' where there is none. */
  readonly run: string
  /** URL of the canary on the dashboard; '' where none is known. */
  readonly link: string
  /** 32 hex digits; '' where the run is not traced. */
  readonly traceId: string
  /** URL of the search for the traces of the requests of the run; '' where there is none. */
  readonly traceLink: string
}

/** One alert to be sent. A repeat has the same id. */
export interface AlertCall {
  readonly id: string
  readonly namespace: string
  readonly provider: AlertProvider
  readonly alert: AlertMessage
  /** What the server called the first message of this run, so that this one follows it; null: it is the first, or nothing is known. */
  readonly thread: string | null
  /** For a Git server: the commit, and how it is; null: it is a message for a chat. */
  readonly commit: CommitNote | null
}

/**
 * - `delivered`: the server has it; `thread` is what it calls the message, where messages of a run can follow it, else null.
 * - `refused`: the server does not take this message, and will not take it later unless a user mends its template.
 * - `final`: it never takes this message.
 * - `rejected`: it does not take messages as it is called: the address, the credentials or the channel are for a user to mend.
 * - `missing`: what the message is about is not there, or may not be seen as the server is called: one of the two is for a user to mend.
 * - `failed`: it may take it later; `after` is when it wants to be asked, from now, null where it does not say.
 *
 * `error` is a clause that follows the name of the AlertProvider, and shows no secret.
 */
export type AlertOutcome =
  | { readonly kind: 'delivered'; readonly thread: string | null }
  | { readonly kind: 'refused' | 'final' | 'rejected' | 'missing'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string; readonly after: Milliseconds | null }

/** The first message of a run to an alert, which the next ones follow. */
export interface AlertThread {
  readonly alert: string
  readonly run: string
  readonly thread: string
}
