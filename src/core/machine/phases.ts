/**
 * THE state machine, on one page: for each phase the rules that decide in it, first that applies first. A phase without
 * a chain, or a chain whose last rule may be silent, does not compile.
 */
import { firstOf, type Handler } from '../model/decision.ts'
import type { AnalysisPhase, Phase } from '../model/state.ts'
import {
  clear,
  empty,
  rollBackWhenOverdue,
  rollBackWhenPodsOverdue,
  dropToZeroWhenCanaryUnready,
  lock,
  abortWhenTargetDeleted,
  prepare,
  restartOnNewRevision,
  holdWhilePrimaryUnready,
  cancelWhenTargetReverted,
} from './rules/changes.ts'
import { followThePlan, waitUntilCarried } from './rules/carry.ts'
import { afterChecks, promoteOnFullApproval } from './rules/climb.ts'
import { applyCommand } from './rules/commands.ts'
import { copyToPrimary, drain, drainRejected, finishRollingBack, returnTraffic } from './rules/finish.ts'
import { runChecks, resumeSuspended } from './rules/checks.ts'
import { shiftTraffic } from './rules/shift.ts'
import {
  ensureFinalizer,
  forgetRejected,
  adoptExistingPrimary,
  refuseToStart,
  idle,
  finishInitialization,
  startRun,
  startWhenResumed,
  takeNewBaseline,
  holdWhileUnwatched,
  waitForPrimary,
  waitForTarget,
} from './rules/start.ts'
import {
  removeFinalizer,
  removeOurObjects,
  restoreTarget,
  returnToPrimary,
  routeToTarget,
  terminate,
  waitForHandover,
} from './rules/terminate.ts'
import { divert, finishUndoing } from './rules/undo.ts'

const analysis = firstOf<AnalysisPhase>(
  terminate,
  applyCommand,
  holdWhileUnwatched,
  ensureFinalizer,
  abortWhenTargetDeleted,
  cancelWhenTargetReverted,
  restartOnNewRevision,
  dropToZeroWhenCanaryUnready,
  rollBackWhenOverdue,
  clear,
  empty,
  promoteOnFullApproval,
  holdWhilePrimaryUnready,
  prepare,
  lock,
  rollBackWhenPodsOverdue,
  followThePlan,
  waitUntilCarried,
  resumeSuspended,
  runChecks,
  afterChecks,
)

export const phases: { readonly [P in Phase]: Handler<P> } = {
  Initializing: firstOf<'Initializing'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    adoptExistingPrimary,
    refuseToStart,
    waitForTarget,
    waitForPrimary,
    finishInitialization,
  ),
  Initialized: firstOf<'Initialized'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    takeNewBaseline,
    startRun,
    idle,
  ),
  Waiting: firstOf<'Waiting'>(terminate, applyCommand, holdWhileUnwatched, ensureFinalizer, startWhenResumed),
  Progressing: analysis,
  WaitingPromotion: analysis,
  Promoting: firstOf<'Promoting'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    shiftTraffic,
    copyToPrimary,
    divert,
    finishUndoing,
    returnTraffic,
  ),
  Finalising: firstOf<'Finalising'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    finishRollingBack,
    drain,
  ),
  Succeeded: firstOf<'Succeeded'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    takeNewBaseline,
    startRun,
    idle,
  ),
  Failed: firstOf<'Failed'>(
    terminate,
    applyCommand,
    holdWhileUnwatched,
    ensureFinalizer,
    drainRejected,
    takeNewBaseline,
    forgetRejected,
    startRun,
    idle,
  ),
  Terminating: firstOf<'Terminating'>(
    applyCommand,
    waitForHandover,
    removeFinalizer,
    returnToPrimary,
    restoreTarget,
    routeToTarget,
    removeOurObjects,
  ),
}
