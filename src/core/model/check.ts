/** Questions to the metrics server, and their answers. */
import type { Access } from '../../api/credentials.ts'
import type { Instant, Milliseconds } from '../time.ts'

/** What a question is about, beside its PromQL: it names the part in logs and status. */
export interface Subject {
  readonly measure:
    | 'requests'
    | 'errors'
    | 'untold'
    | 'disconnects'
    | 'caller-failures'
    | 'latency'
    | 'mutual-tls'
    | 'plaintext'
    | 'resets'
    | 'value'
    | 'probe'
    | 'sent'
    | 'lost'
    | 'past-waypoint'
  readonly side: 'canary' | 'primary'
  readonly namespace: string
  /** Name of the workload whose telemetry it is. */
  readonly workload: string
  readonly window: Milliseconds
}

/** One question. `id` is unique to the canary, the check and the part: no question has the id of another one. */
export interface Check {
  readonly id: string
  /** PromQL of an instant query. */
  readonly query: string
  /** URL of a metrics server from the allowed list; null means the one of the flag. */
  readonly server: string | null
  /** How the server is called, where the question is a MetricTemplate's that says so; its Secrets are those of the subject's namespace. */
  readonly access?: Access
  readonly subject: Subject
}

/** Why there is no data when a query that worked matched no series. */
export const NO_SERIES = 'the query returned no data'

/** An answer. Only `value` says anything about the canary; the others are about our sight. */
export type Finding =
  | { readonly kind: 'value'; readonly value: number }
  /** The server answered, with nothing, or NaN. */
  | { readonly kind: 'no-data'; readonly because: string }
  /** The question itself was refused: it is wrong, and will be tomorrow. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The question could not be asked with the credentials that it names; a user has to put them right. */
  | { readonly kind: 'not-asked'; readonly error: string }
  /** The asking failed, not the canary. */
  | { readonly kind: 'unavailable'; readonly error: string }
  /**
   * What a webhook answered, and when. `status` is null where it gave no answer within its timeout; `said` is a clause for people,
   * such as `answered 403: closed`, without secrets.
   */
  | { readonly kind: 'answer'; readonly status: number | null; readonly said: string; readonly at: Instant }
  /** The call of a webhook was not sent yet: so many of its namespace are under way or before it. */
  | { readonly kind: 'queued'; readonly before: number }
