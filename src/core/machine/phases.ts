/**
 * THE state machine, on one page: for each phase, and each stage of it, the rules that decide in it; the first that applies
 * decides. A missing phase or stage does not compile, and neither does a chain whose last rule may not answer.
 */
import { type Chain, decideBy, type Move, type Ask, type Read, type Rule } from '../model/decision.ts'
import type { Observation } from '../model/observation.ts'
import type { AnalysisPhase, Phase, Stage, StateOf } from '../model/state.ts'
import type { Instant } from '../time.ts'
import {
  advance,
  countIteration,
  holdWhileBlocked,
  holdWhileOverridden,
  holdWhilePaused,
  holdWhilePodsMissing,
  promoteWithoutAnalysis,
  waitForApproval,
  waitUntilDue,
} from './rules/advance.ts'
import {
  followThePlan,
  holdWhileCallersNotKept,
  holdWhileUnconfirmed,
  restartForOtherRequests,
  waitUntilCarried,
} from './rules/carry.ts'
import { runChecks } from './rules/checks.ts'
import { applyCommand } from './rules/commands.ts'
import {
  confirmTrafficIncrease,
  promoteHotfix,
  promoteWhenApprovedInFull,
  promoteWhenConfirmed,
} from './rules/confirm.ts'
import { drain, finishRollingBack } from './rules/drain.ts'
import { raiseFloor } from './rules/floor.ts'
import {
  adoptExistingPrimary,
  finishInitialization,
  moveCallersToPrimary,
  refuseToStart,
  waitForTarget,
} from './rules/initialize.ts'
import { ensureFinalizer, holdWhileUnwatched } from './rules/preconditions.ts'
import { copyToPrimary, followMatch, returnTraffic } from './rules/promote.ts'
import { drainRejected, forgetRejected, idle, takeNewBaseline } from './rules/rest.ts'
import { rejectWhenRequested, rollBackWhenRequested, undoWhenRequested } from './rules/rollback-hooks.ts'
import { probeUnavailableHooks, runPreRollout, runRolloutHooks, waitForRolloutHooks } from './rules/run-hooks.ts'
import { shiftAllTraffic } from './rules/shift.ts'
import {
  drainEarlierCandidate,
  holdWhileReleaseBlocked,
  pauseTargetRollout,
  startCandidatePods,
  startPodsAgain,
  stopOldPods,
  waitForCanaryEndpoints,
  waitForOwner,
  waitForPrimary,
  waitUntilTargetPaused,
} from './rules/start-pods.ts'
import { startRun, startWhenConfirmed } from './rules/start-run.ts'
import { resumeSuspended } from './rules/suspend.ts'
import { abortWhenTargetDeleted, cancelWhenTargetReverted, restartOnNewRevision } from './rules/target-changes.ts'
import {
  removeOurObjects,
  removeWhenNothingToHandOver,
  restoreTarget,
  returnToPrimary,
  routeToTarget,
  terminate,
  waitForHandover,
  watchAutoscaler,
} from './rules/terminate.ts'
import { moveCallersOffPrimary, restorePrimary } from './rules/undo.ts'
import {
  dropToZeroWhenCanaryUnready,
  holdWhilePrimaryUnready,
  rollBackWhenOverdue,
  rollBackWhenPodsOverdue,
} from './rules/unready.ts'

type StageOf<P extends Phase> = StateOf<P> extends { readonly stage: infer S extends string } ? S : never
/** What is observed at one stage of a phase. */
type At<P extends Phase, S extends string> = Observation<P> & { readonly state: { readonly stage: S } }
/** A phase without stages has one chain. */
type Chains<P extends Phase> = [StageOf<P>] extends [never]
  ? Chain<Observation<P>>
  : { readonly [S in StageOf<P>]: Chain<At<P, S>> }

/** Before everything else, in every phase but the last. */
const always: readonly Rule[] = [terminate, applyCommand, holdWhileUnwatched, ensureFinalizer]
const handingOver: readonly Rule<Observation<'Terminating'>>[] = [
  applyCommand,
  waitForHandover,
  removeWhenNothingToHandOver,
]
const initializing: readonly Rule<Observation<'Initializing'>>[] = [
  ...always,
  adoptExistingPrimary,
  refuseToStart,
  waitForTarget,
]
const underAnalysis: readonly Rule<Observation<AnalysisPhase>>[] = [
  ...always,
  abortWhenTargetDeleted,
  cancelWhenTargetReverted,
  restartOnNewRevision,
  rollBackWhenRequested,
]
/** Ready pods of the candidate do not carry anything before these have nothing to say. */
const beforeTraffic: readonly Rule<Observation<AnalysisPhase>>[] = [
  waitForCanaryEndpoints,
  waitForPrimary,
  promoteHotfix,
  probeUnavailableHooks,
  resumeSuspended,
  holdWhileOverridden,
  holdWhilePaused,
  holdWhileBlocked,
]
/** The first step, with what comes before it. */
const rising: Chain<Observation<AnalysisPhase>> = [
  runPreRollout,
  promoteWhenApprovedInFull,
  raiseFloor,
  confirmTrafficIncrease,
  advance,
  promoteWhenConfirmed,
]

const analysis: { readonly [S in Stage]: Chain<At<AnalysisPhase, S>> } = {
  draining: [...underAnalysis, rollBackWhenOverdue, drainEarlierCandidate],
  stoppingOldPods: [...underAnalysis, rollBackWhenOverdue, stopOldPods],
  startingPods: [
    ...underAnalysis,
    rollBackWhenOverdue,
    holdWhileReleaseBlocked,
    waitForOwner,
    startCandidatePods,
    pauseTargetRollout,
    ...beforeTraffic,
    promoteWithoutAnalysis,
    ...rising,
  ],
  pausingRollout: [
    ...underAnalysis,
    rollBackWhenOverdue,
    startPodsAgain,
    waitUntilTargetPaused,
    ...beforeTraffic,
    ...rising,
  ],
  advancing: [
    ...underAnalysis,
    restartForOtherRequests,
    dropToZeroWhenCanaryUnready,
    rollBackWhenOverdue,
    promoteHotfix,
    holdWhilePrimaryUnready,
    rollBackWhenPodsOverdue,
    followThePlan,
    waitUntilCarried,
    probeUnavailableHooks,
    resumeSuspended,
    runRolloutHooks,
    runChecks,
    holdWhileUnconfirmed,
    waitUntilDue,
    waitForRolloutHooks,
    countIteration,
    holdWhileOverridden,
    holdWhilePaused,
    holdWhileBlocked,
    holdWhilePodsMissing,
    holdWhileCallersNotKept,
    waitForApproval,
    promoteWhenApprovedInFull,
    raiseFloor,
    confirmTrafficIncrease,
    advance,
    promoteWhenConfirmed,
  ],
}

export const phases: { readonly [P in Phase]: Chains<P> } = {
  Initializing: {
    cloning: [...initializing, moveCallersToPrimary],
    routing: [...initializing, finishInitialization],
  },
  Initialized: [...always, takeNewBaseline, startRun, idle],
  Waiting: [...always, rejectWhenRequested, startWhenConfirmed],
  Progressing: analysis,
  WaitingPromotion: analysis,
  Promoting: {
    shifting: [...always, undoWhenRequested, shiftAllTraffic],
    copying: [...always, undoWhenRequested, followMatch, copyToPrimary],
    returning: [...always, undoWhenRequested, followMatch, returnTraffic],
    diverting: [...always, followMatch, moveCallersOffPrimary],
    undoing: [...always, followMatch, restorePrimary],
  },
  Finalising: [...always, finishRollingBack, drain],
  Succeeded: [...always, takeNewBaseline, startRun, idle],
  Failed: [...always, drainRejected, takeNewBaseline, forgetRejected, startRun, idle],
  Terminating: {
    returning: [...handingOver, returnToPrimary],
    restoring: [...handingOver, restoreTarget],
    routing: [...handingOver, routeToTarget],
    resuming: [...handingOver, watchAutoscaler],
    removing: [applyCommand, waitForHandover, removeOurObjects],
  },
}

/** The chain that decides in this state. */
export function chainOf(state: Observation['state']): Chain {
  const chains: unknown = phases[state.phase]
  return ('stage' in state ? (chains as Readonly<Record<string, Chain>>)[state.stage] : chains) as Chain
}

/** The answer of the first rule that applies. */
export function decideInPhase(o: Observation, now: Instant): Move | Ask | Read {
  return decideBy(chainOf(o.state), o, now)
}
