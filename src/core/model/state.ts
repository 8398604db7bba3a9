/**
 * The phases of a canary, and the facts that each one remembers. A fact that a phase has no use for cannot be stored;
 * every barrier ("primary ready, then routed, then scaled down") is a state, so that the new leader after a crash
 * goes on from the last barrier that was written down.
 */
import type { Instant, Milliseconds, Percent } from '../time.ts'
import type { Waiting } from './waiting.ts'
import type { Traffic } from './traffic.ts'

/**
 * Which template, with which configuration: `h1:<sha256 of the canonical template>`, followed by `+<sha256 of the tracked
 * configuration>` where there is any.
 */
export type Revision = string

/** What the primary runs, and what was last refused. */
export interface Settled {
  readonly promoted: Revision
  readonly rejected: Revision | null
}

/** One release under way. */
export interface Run extends Settled {
  /** Names the run in events, history and traces. */
  readonly id: string
  readonly candidate: Revision
  readonly startedAt: Instant
  /** The highest weight that the candidate was given. */
  readonly highest: Percent
  /** What the routes are asked to carry: with the plan, the position of the run. */
  readonly traffic: Traffic
  /**
   * Since when the routes have been read back at `traffic`, without interruption. Kept in memory between writes of the status:
   * after a crash it is counted again, which only ever makes a wait longer.
   */
  readonly carriedAt: Instant | null
  /** null: nothing that has a deadline. */
  readonly waiting: Waiting | null
}

/** Why a run holds although nothing is wrong with the candidate. */
export type Hold =
  /** A user lowered the weight in the routes, from this one; it stays there until `resume`. */
  | { readonly by: 'override'; readonly from: Percent }
  /** Blind for longer than maxBlind: at 0 until there is data again. */
  | { readonly by: 'suspension'; readonly since: Instant }

/**
 * - `draining`: weight 0 is requested; pods of an earlier candidate may still answer, and the target stays paused.
 * - `stoppingOldPods`: the configuration changed under the same template, so the old pods end before new ones start.
 * - `startingPods`: the template is recorded, then the pods of the candidate start.
 * - `pausingRollout`: its pods are ready, and the rollout of the target is paused before they receive traffic.
 * - `advancing`: traffic, step by step.
 */
export type Stage = 'draining' | 'stoppingOldPods' | 'startingPods' | 'pausingRollout' | 'advancing'

/** A run under analysis. */
export interface Analysis extends Run {
  readonly stage: Stage
  /** Iterations of the present step that have passed. */
  readonly iteration: number
  /** What was copied to the candidate was judged, before its first share; it is not copied again in this run. */
  readonly mirrored: boolean
  /** When the candidate was first given traffic, or checked: no window reaches further back. */
  readonly routedAt: Instant | null
  /** When the metrics were last checked, at this weight. */
  readonly lastCheckTime: Instant | null
  /** Whether that check passed. */
  readonly lastCheckPassed: boolean
  readonly failedChecks: number
  readonly lastFailedTime: Instant | null
  /** Looks in a row in which the canary showed no request although its share of the traffic should have brought 50. */
  readonly noTrafficChecks: number
  /** The last check found requests to the apex that no cluster could carry: a setting is at fault, so the run waits. */
  readonly misrouted: boolean
  /** Since when no check had a result. */
  readonly blindSince: Instant | null
  readonly hold: Hold | null
  /** Waiting that maxDuration does not count: over, and since when it goes on. */
  readonly pausedDuration: Milliseconds
  readonly pausedSince: Instant | null
  /** The weight whose approval was given, or `full` for straight to promotion. */
  readonly approved: Percent | 'full' | null
}

export interface Facts {
  Initializing: {
    /** `cloning`: nothing of the callers' changes yet. `routing`: they are moved to the ready primary. */
    readonly stage: 'cloning' | 'routing'
    /** What is being cloned; null until the target's own rollout is complete. */
    readonly revision: Revision | null
    /** Since when the primary is ready (cloning), or the mesh is read back at 0 (routing). */
    readonly carriedAt: Instant | null
    readonly waiting: Waiting | null
  }
  Initialized: Settled
  /** A new revision is there; its run may not start yet. */
  Waiting: Settled & { readonly candidate: Revision; readonly waiting: Waiting }
  Progressing: Analysis
  WaitingPromotion: Analysis
  /**
   * - `shifting`: the primary's rollout may take all old pods first, so the canary takes all traffic before.
   * - `copying`: the primary takes the judged template; traffic stays where it is.
   * - `returning`: the primary is ready; traffic goes back to it in steps.
   * - `diverting`: it did not get ready, or a person aborts; the canary takes all traffic if it can.
   * - `undoing`: the promoted template is restored on the primary while the canary serves.
   */
  Promoting: Run & {
    readonly stage: 'shifting' | 'copying' | 'returning' | 'diverting' | 'undoing'
    readonly because: string
  }
  /**
   * The primary takes all traffic; the last answers of the canary drain. `outcome` is what it ends as; `because` is who asked for
   * a rollback, and why.
   */
  Finalising: Settled & {
    readonly carriedAt: Instant | null
    readonly outcome: 'Succeeded' | 'Withdrawn' | 'RolledBack'
    readonly because: string
    /** Of a rollback that was requested: the primary, with the earlier revision. */
    readonly waiting: Waiting | null
  }
  Succeeded: Settled
  /** `drained`: the canary's pods may be stopped. */
  Failed: Settled & { readonly carriedAt: Instant | null; readonly drained: boolean }
  /**
   * - `returning`: the canary's share goes back to the primary.
   * - `restoring`: the target gets the promoted template and its replicas.
   * - `routing`: callers are moved to the target.
   * - `resuming`: what we made goes; the target's ScaledObject may add pods, and takes none away before its metrics show the traffic.
   * - `removing`: what is left goes, and the pause with it.
   */
  Terminating: {
    readonly promoted: Revision | null
    readonly stage: 'returning' | 'restoring' | 'routing' | 'resuming' | 'removing'
    readonly carriedAt: Instant | null
    readonly waiting: Waiting | null
  }
}

export type Phase = keyof Facts
export type StateOf<P extends Phase> = { [K in P]: { readonly phase: K } & Facts[K] }[P]
/** The discriminated union of all phases. */
export type State = StateOf<Phase>

/** The phases between runs. */
export type RestingPhase = 'Initialized' | 'Succeeded' | 'Failed'

/** The phases in which a candidate is judged. */
export type AnalysisPhase = 'Progressing' | 'WaitingPromotion'
