/**
 * One canary as people see it: what the command line, the page and `-o json` show. Plain JSON, and versioned: a field keeps its
 * name and meaning within one `apiVersion`. Times are RFC 3339, shares are percent, lengths of time are seconds unless said otherwise.
 */
import type { Vantage } from '../../api/status.ts'
import type { CommandName } from '../model/command-line.ts'
import type { FoundTrouble } from '../workloads/pod-troubles.ts'

export const VIEW_VERSION = 'view.sluice.dev/v1beta1'

/** RFC 3339. */
export type Time = string

/**
 * How a canary is doing, in one word: colors and exit codes go by it.
 * - `good`: at rest; the promoted revision serves.
 * - `working`: Sluice is at work, and time alone brings the next step.
 * - `waiting`: a webhook, data, pods or routes are waited for.
 * - `person`: a person is waited for: approval, `resume`.
 * - `failed`: the last revision was rolled back; the promoted one serves.
 * - `stalled`: a person has to put something right.
 * - `unknown`: no status yet, one of an earlier generation, or one that cannot be read.
 */
export const TONES = ['good', 'working', 'waiting', 'person', 'failed', 'stalled', 'unknown'] as const
export type Tone = (typeof TONES)[number]

/** How the plan exposes requests. */
export type Strategy = 'canary' | 'A/B' | 'blue/green' | 'none'

export interface TrafficView {
  /** Percent of the requests that the canary is to get. */
  readonly requested: number
  /** Percent that the routes were last read to give it; null: not read. */
  readonly carried: number | null
  /** Percent of the requests that are copied to the canary. */
  readonly mirror: number
  /** Which requests the share is of, in words. */
  readonly among: 'all requests' | 'the matched requests'
}

/**
 * - `done`: passed. `now`: has the traffic. `next`, `to come`: follow. `skipped`: a full approval left it out.
 * - `failed`: the last run was rolled back here. `not reached`: it ended before.
 */
export type StepState = 'done' | 'now' | 'next' | 'to come' | 'skipped' | 'failed' | 'not reached'

export interface StepView {
  /** From 1. */
  readonly number: number
  /** Percent of requests. */
  readonly weight: number
  /** Percent of requests that are copied. */
  readonly mirror: number
  readonly iterations: { readonly passed: number; readonly of: number }
  /** The least seconds at this traffic, `interval` included; of each iteration. */
  readonly holdSeconds: number
  /** Whether a person has to approve before the step that follows. */
  readonly approve: boolean
  readonly state: StepState
  /** Since when the traffic is carried; of iterations, since when the present one lasts. Null: not now, or not yet. */
  readonly since: Time | null
  /** The earliest time at which the step can begin, if every check passes; null: begun, or not to be known. */
  readonly notBefore: Time | null
}

export interface GateView {
  readonly name: string
  readonly kind: 'metric' | 'webhook' | 'approval' | 'window'
  /** As measured; null: not measured yet, or no number. */
  readonly value: number | null
  readonly min: number | null
  readonly max: number | null
  /** `%`, `ms`, or '' for a plain number. */
  readonly unit: string
  /** Requests in the window; null where they are not counted. */
  readonly requests: number | null
  /** null: not checked yet in this run. */
  readonly verdict: 'pass' | 'fail' | 'hold' | null
  /** The finding as a sentence; '' where there is none. */
  readonly message: string
  readonly at: Time | null
  /** Checked and shown, and never decides. */
  readonly dryRun: boolean
}

export interface PodsView {
  readonly desired: number
  readonly ready: number
  /** The most frequent first; empty also where pods may not be read, which `View.unread` tells. */
  readonly troubles: readonly FoundTrouble[]
}

export interface SideView {
  readonly workload: { readonly kind: string; readonly name: string }
  /** Ten digits of its hash; null: not known. */
  readonly revision: string | null
  /** Of all containers of its template; of the first one where only the status is known. Empty: not known. */
  readonly images: readonly string[]
  /** null: the workload does not exist, or was not read. */
  readonly pods: PodsView | null
}

export interface WaitingView {
  /** A sentence. */
  readonly for: string
  readonly since: Time | null
  /** When the wait ends in a rollback or a complaint; null: it has no deadline. */
  readonly until: Time | null
}

export interface NextView {
  /** What follows, as a clause: `weight 25`, `promotion`. */
  readonly what: string
  readonly notBefore: Time | null
}

/** What would roll the run back. */
export interface RollbackView {
  /** Failed checks that are left: the last of them rolls back. */
  readonly failuresLeft: number
  /** Gates whose value is near a limit, as sentences. */
  readonly nearLimits: readonly string[]
}

/** A command that is obeyed now. */
export interface ActionView {
  readonly command: CommandName
  /** `full` for `approve` straight to promotion. */
  readonly terms: '' | 'full'
  /** What it does, as a sentence. */
  readonly effect: string
  /** What could not be read, and may refuse it after all, as a sentence; null: nothing. */
  readonly unless: string | null
  /** To paste. */
  readonly kubectl: string
  /** To paste. */
  readonly sluice: string
}

/** A command that would be refused now. */
export interface RefusalView {
  readonly command: CommandName
  /** Why, as a clause. */
  readonly because: string
}

export interface RunView {
  readonly id: string
  /** Ten digits. */
  readonly candidate: string
  readonly startedAt: Time
  /** When it is rolled back as undecided; null while its clock is stopped, and once it is promoted. */
  readonly deadline: Time | null
}

export interface HistoryView {
  readonly id: string
  /** Ten digits. */
  readonly revision: string
  readonly startedAt: Time
  readonly endedAt: Time
  readonly durationSeconds: number
  readonly outcome: 'Succeeded' | 'Failed' | 'Withdrawn' | 'Superseded'
  /** The highest weight that it was given. */
  readonly highest: number
  readonly reason: string
  readonly message: string
}

export interface ConditionView {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: Time
}

export interface View {
  readonly apiVersion: typeof VIEW_VERSION
  readonly kind: 'CanaryView'
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly createdAt: Time | null
  /** As the status has it; null: no status yet. */
  readonly phase: string | null
  readonly reason: string
  readonly message: string
  readonly tone: Tone
  /** Whether the status speaks of the present spec. */
  readonly isCurrent: boolean
  readonly paused: boolean
  /** null: the Canary names none and is not initialized, so the flag of the controller decides. */
  readonly provider: string | null
  readonly strategy: Strategy
  /** Whether callers stay with the side that answered them. */
  readonly sticky: boolean
  readonly vantage: Vantage | null
  readonly traffic: TrafficView
  /** Steps that were reached, of how many, as `2/4`; '' outside of a run. */
  readonly step: string
  /** Of the run, or of the next one; empty where the spec cannot be read. */
  readonly steps: readonly StepView[]
  readonly gates: readonly GateView[]
  readonly failures: {
    readonly counted: number
    /** The Nth failure rolls back; null where the spec cannot be read. */
    readonly threshold: number | null
    readonly limit: 'cumulative' | 'consecutive'
  }
  readonly sides: { readonly primary: SideView; readonly canary: SideView }
  readonly waiting: WaitingView | null
  readonly next: NextView | null
  readonly rollsBackIf: RollbackView | null
  readonly run: RunView | null
  readonly actions: readonly ActionView[]
  readonly refusals: readonly RefusalView[]
  readonly conditions: readonly ConditionView[]
  /** What was found and stops nothing. */
  readonly warnings: readonly string[]
  /** What is wrong with the spec, a sentence a problem; then only the status is told. */
  readonly problems: readonly string[]
  /** The latest first. */
  readonly history: readonly HistoryView[]
  /** Kinds that could not be read, so that what depends on them is not told. */
  readonly unread: readonly string[]
}
