/** Waits of a canary: what is waited for, and since when. A wait is state, because deadlines count from its beginning. */
import type { Instant } from '../time.ts'

/**
 * What a canary may wait for. Each wait has a clock of its own.
 * - `target`: the target is ready.
 * - `oldPods`: pods with an earlier configuration end.
 * - `pods`: pods that carry traffic, or are about to, are ready.
 * - `endpoints`: the Services list the ready pods.
 * - `primary`: the primary is ready.
 * - `routes`: the routes carry the requested traffic.
 * - `owner`: the owner of the target resumes its rollout.
 * - `resume`: a user resumes the canary.
 * - `webhook`: a webhook confirms that the run starts.
 * - `takeUp`: the Deployment controller takes up a change of the target, or in a promotion of the primary, after the time that pods have
 *   to become ready or to end.
 */
export const AWAITED = [
  'target',
  'oldPods',
  'pods',
  'endpoints',
  'primary',
  'routes',
  'owner',
  'resume',
  'webhook',
  'takeUp',
] as const
export type Awaited = (typeof AWAITED)[number]

export interface Waiting {
  readonly for: Awaited
  readonly since: Instant
}

/** A wait that begins now. */
export const waitingFor = (what: Awaited, now: Instant): Waiting => ({ for: what, since: now })

/** The state while it waits for this, since now or since it began to; null ends the wait. */
export function awaiting<S extends { readonly waiting: Waiting | null }>(
  state: S,
  what: Awaited | null,
  now: Instant,
): S {
  if ((state.waiting?.for ?? null) === what) return state
  return { ...state, waiting: what === null ? null : waitingFor(what, now) }
}
