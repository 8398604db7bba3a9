/** What a canary remembers beside its phase: everything else in status that a later decision depends on. */
import type { Provider } from '../../api/providers.ts'
import type { Vantage } from '../../api/status.ts'
import type { AlertThread } from './alert.ts'
import type { OutboxEntry } from './announcement.ts'
import type { HandledCommand } from './command.ts'
import type { CommitTold } from './commit.ts'
import type { HookRecord } from './hook.ts'
import type { Reason } from '../status/reasons.ts'
import type { Revision } from './state.ts'
import type { RunTrace } from './trace.ts'
import type { Cookie } from './traffic.ts'
import type { Instant, Percent } from '../time.ts'

/** How many pods the user last asked for, and who keeps asking at rest. */
export interface Replicas {
  /** Never 0. null until the target was first seen with replicas. */
  readonly desired: number | null
  /** The target was seen at 0 since it was last scaled down: replicas above 0 at rest were then written by another client. */
  readonly scaledDown: boolean
  /** Who put replicas back at rest, lately. */
  readonly externalScaleEvents: readonly { readonly manager: string; readonly at: Instant }[]
  /** The same manager did it three times in ten minutes: it is left alone. */
  readonly ignoredManager: string | null
  /** While a canary has traffic, and until the autoscaler has seen it return: the fewest pods of an autoscaled primary. */
  readonly primaryFloor: number | null
  /** Since when the primary has all traffic again; null while it has not, or there is no floor. */
  readonly returnedAt: Instant | null
}

/** The last finding of one gate, as status has it. */
export interface CheckRecord {
  readonly name: string
  readonly verdict: 'pass' | 'fail' | 'hold'
  /** As measured; null where nothing was. */
  readonly value: number | null
  readonly min: number | null
  readonly max: number | null
  /** Requests in the window; null where the gate does not count them. */
  readonly requests: number | null
  readonly message: string
  readonly at: Instant
}

export type Outcome = 'Succeeded' | 'Failed' | 'Withdrawn' | 'Superseded'

/** Bytes of the message of a run in `status.history`. */
export const LONGEST_RUN_MESSAGE = 320

/** One run that is over. */
export interface RunRecord {
  readonly id: string
  readonly revision: Revision
  readonly startedAt: Instant
  readonly endedAt: Instant
  readonly outcome: Outcome
  readonly highest: Percent
  readonly reason: Reason
  /** The sentence that decided. */
  readonly message: string
}

/** The cookie by which callers stayed on the canary of a run that is over. */
export interface RetiredCookie extends Cookie {
  /** By then every browser has dropped it. */
  readonly until: Instant
}

/** A finding that stops nothing. */
export interface Warning {
  readonly reason: Reason
  readonly message: string
}

export interface Memory {
  /** Chosen at the first check. */
  readonly labels: 'keep' | 'switch' | null
  /** What splits the traffic since the Canary was initialized; null before. It goes on, whatever is written or a flag says. */
  readonly provider: Provider | null
  /** Whose telemetry judges the candidate, from its first check to its last; null: none is judged. */
  readonly vantage: Vantage | null
  /** Requests to the candidate past the waypoint that judges it, in the last check of the last run that found some; 0: none did. */
  readonly pastWaypoint: number
  /** Policies of a waypoint may have been copied for the Services of the two sides: until none is seen, their kinds are read. */
  readonly policyCopies: boolean
  readonly replicas: Replicas
  /** The last command of each name, and what became of it; null before the canary was first seen. */
  readonly handled: Readonly<Record<string, HandledCommand>> | null
  /** The revision that was promoted before the present one. */
  readonly previous: Revision | null
  /** The target whose generations are counted; null before it was first seen. */
  readonly targetUid: string | null
  /** Generation of the target when its template was last taken as known: a run needs a newer one and another hash. */
  readonly targetGeneration: number
  /** The commit of Git that the state speaks of, as the annotation has it; null: none is said, or it was not seen yet. */
  readonly commit: string | null
  /** When that commit was seen first; null: none is said, or an earlier version saw it. */
  readonly commitSeenAt: Instant | null
  /** null: no status of a commit was ever told. */
  readonly commitTold: CommitTold | null
  /** A rejected revision is tried again because a person said so. */
  readonly retry: Revision | null
  /** What callers may still send of the last run; null: nothing, or a run is under way. */
  readonly retiredCookie: RetiredCookie | null
  /** Why a person paused the canary: no run starts and no weight rises until `resume`. */
  readonly paused: string | null
  readonly checks: readonly CheckRecord[]
  readonly history: readonly RunRecord[]
  /** Webhooks of the present run, and of a revision that waits to start. */
  readonly hooks: readonly HookRecord[]
  /** What has to be told, and may not have been told yet. */
  readonly outbox: readonly OutboxEntry[]
  /** Where alerts of the last run continue; one an alert at most. */
  readonly alertThreads: readonly AlertThread[]
  /** The trace of the present or the last run first, then those that were not sent yet; none while nothing is traced. */
  readonly traces: readonly RunTrace[]
  /** What people were warned of, and is still so. */
  readonly warnings: readonly Warning[]
  /** What was last reported as holding; null: nothing that still holds. It is announced again only when it comes back. */
  readonly reported: string | null
  /** On show. No decision depends on them. */
  readonly reason: Reason
  readonly message: string
  readonly transitionAt: Instant
}

/** Nothing known yet. */
export const emptyMemory: Memory = {
  labels: null,
  provider: null,
  vantage: null,
  pastWaypoint: 0,
  policyCopies: false,
  replicas: {
    desired: null,
    scaledDown: false,
    externalScaleEvents: [],
    ignoredManager: null,
    primaryFloor: null,
    returnedAt: null,
  },
  handled: null,
  previous: null,
  targetUid: null,
  targetGeneration: 0,
  commit: null,
  commitSeenAt: null,
  commitTold: null,
  retry: null,
  retiredCookie: null,
  paused: null,
  checks: [],
  history: [],
  hooks: [],
  outbox: [],
  alertThreads: [],
  traces: [],
  warnings: [],
  reported: null,
  reason: 'Initializing',
  message: '',
  transitionAt: 0,
}
