/**
 * What `/healthz` and `/readyz` say, as sentences. Health is what only a restart helps: loops that make no progress past every
 * deadline of their own. Readiness is whether this process can work, or take over.
 */
import type { Milliseconds } from '../core/time.ts'

/** How the process is doing. */
export interface Vitals {
  /** The start is over. */
  readonly started: boolean
  /** Kinds that cannot be seen, as a sentence; null when all that matters is. */
  readonly unseen: string | null
  /** Since the API server last said anything of the Lease; 0 without an election. */
  readonly leaseAge: Milliseconds
  /** How long the election's loop is past its own deadlines. */
  readonly electionStuck: Milliseconds
  /** The canary that is being worked on for the longest time. */
  readonly pass: { readonly key: string; readonly milliseconds: Milliseconds } | null
}

/** The leader renews every two seconds, and the other replicas see it. */
const LEASE_QUIET_FOR: Milliseconds = 30_000
const ELECTION_HANGS_AFTER: Milliseconds = 30_000
/** A pass makes a handful of calls, each of 15 s at most. */
const PASS_HANGS_AFTER: Milliseconds = 300_000

/** What only a restart helps; the API server being away is not among it. */
export function unhealthy({ electionStuck, pass }: Vitals): string[] {
  return [
    ...(electionStuck < ELECTION_HANGS_AFTER
      ? []
      : [`the loop of the leader election made no progress for ${secondsOf(electionStuck)} s`]),
    ...(pass === null || pass.milliseconds < PASS_HANGS_AFTER
      ? []
      : [`one pass over Canary ${pass.key} has been going on for ${secondsOf(pass.milliseconds)} s`]),
  ]
}

/** Why this process can neither work nor take over. */
export function unready({ started, unseen, leaseAge }: Vitals): string[] {
  return [
    ...(started ? [] : ['the caches are not filled yet']),
    ...(unseen === null ? [] : [unseen]),
    ...(leaseAge < LEASE_QUIET_FOR
      ? []
      : [`the API server has said nothing of the Lease for ${secondsOf(leaseAge)} s`]),
  ]
}

const secondsOf = (milliseconds: Milliseconds): number => Math.round(milliseconds / 1000)
