/** What is remembered of the webhooks of a run, and the calls that follow from it. */
import type { Webhook } from '../../api/webhook.ts'
import type { Instant } from '../time.ts'

/** The last answer of a webhook. */
export interface HookAnswer {
  /** `unavailable`: the call could not be delivered, which says nothing of the release. */
  readonly verdict: 'pass' | 'fail' | 'unavailable'
  /** A clause that follows the name of the webhook: `answered 403: closed`. */
  readonly said: string
  readonly at: Instant
}

/** One webhook of the present run. There is one call under way at most. */
export interface HookRecord {
  readonly name: string
  /** Where in the run it is called; an answer counts there alone. '' once it is used up. */
  readonly place: string
  /** Calls of this run that are over: the number of the call that is under way, or of the next one. */
  readonly answers: number
  /** Since when it is called at this place. */
  readonly since: Instant
  /** Its call is under way, or its answer was not taken up yet. */
  readonly asked: boolean
  readonly last: HookAnswer | null
  /** Since when no call could be delivered. */
  readonly unavailableSince: Instant | null
}

/** One call. A repeat after a crash has the same id. */
export interface HookCall {
  readonly id: string
  readonly namespace: string
  readonly hook: Webhook
  readonly payload: HookPayload
}

/** The body of a request: Flagger's fields, and what is added. */
export interface HookPayload {
  /** Of the Canary. */
  readonly name: string
  readonly namespace: string
  readonly phase: string
  /** Changes with the revision and its configuration. */
  readonly checksum: string
  readonly metadata: Readonly<Record<string, string>>
  readonly runId: string
  readonly revision: string
  /** Of the first containers; '' where the template is not known. */
  readonly images: { readonly primary: string; readonly canary: string }
  /** Percent of requests that the canary is to get. */
  readonly weight: number
  /** Steps of the plan that were reached, this one among them. */
  readonly step: number
  readonly iteration: number
  /** How a run ended; for post-rollout alone. */
  readonly outcome?: string
}
