/**
 * THE state machine, on one page: for each phase the rules that decide in it, first that applies first. A phase without
 * a chain, or a chain whose last rule may be silent, does not compile.
 */
import { firstOf, type Handler } from '../model/decision.ts'
import type { AnalysisPhase, Phase } from '../model/state.ts'
import {
  clear,
  empty,
  giveUp,
  giveUpOnMissingPods,
  leaveDeadPods,
  lock,
  loseTheTarget,
  prepare,
  restartOnNewRevision,
  standInForThePrimary,
  withdrawTheRun,
} from './rules/changes.ts'
import { followTheLadder, waitUntilCarried } from './rules/carry.ts'
import { afterLook, promoteOnFullApproval } from './rules/climb.ts'
import { obey } from './rules/commands.ts'
import { copyToThePrimary, drain, drainTheRejected, finishRollingBack, returnTraffic } from './rules/finish.ts'
import { look, unpark } from './rules/checks.ts'
import { shiftTraffic } from './rules/shift.ts'
import {
  claim,
  forgetTheRejected,
  recogniseThePrimary,
  refuseToStart,
  rest,
  settleIn,
  startRun,
  startWhenResumed,
  takeANewBaseline,
  waitForSight,
  waitForThePrimary,
  waitForTheTarget,
} from './rules/start.ts'
import {
  letGo,
  remove,
  restoreTheTarget,
  returnToThePrimary,
  routeToTheTarget,
  terminate,
  waitForWhatIsHandedOver,
} from './rules/terminate.ts'
import { divert, finishUndoing } from './rules/undo.ts'

const analysis = firstOf<AnalysisPhase>(
  terminate,
  obey,
  waitForSight,
  claim,
  loseTheTarget,
  withdrawTheRun,
  restartOnNewRevision,
  leaveDeadPods,
  giveUp,
  clear,
  empty,
  promoteOnFullApproval,
  standInForThePrimary,
  prepare,
  lock,
  giveUpOnMissingPods,
  followTheLadder,
  waitUntilCarried,
  unpark,
  look,
  afterLook,
)

export const phases: { readonly [P in Phase]: Handler<P> } = {
  Initializing: firstOf<'Initializing'>(
    terminate,
    obey,
    waitForSight,
    claim,
    recogniseThePrimary,
    refuseToStart,
    waitForTheTarget,
    waitForThePrimary,
    settleIn,
  ),
  Initialized: firstOf<'Initialized'>(terminate, obey, waitForSight, claim, takeANewBaseline, startRun, rest),
  Waiting: firstOf<'Waiting'>(terminate, obey, waitForSight, claim, startWhenResumed),
  Progressing: analysis,
  WaitingPromotion: analysis,
  Promoting: firstOf<'Promoting'>(
    terminate,
    obey,
    waitForSight,
    claim,
    shiftTraffic,
    copyToThePrimary,
    divert,
    finishUndoing,
    returnTraffic,
  ),
  Finalising: firstOf<'Finalising'>(terminate, obey, waitForSight, claim, finishRollingBack, drain),
  Succeeded: firstOf<'Succeeded'>(terminate, obey, waitForSight, claim, takeANewBaseline, startRun, rest),
  Failed: firstOf<'Failed'>(
    terminate,
    obey,
    waitForSight,
    claim,
    drainTheRejected,
    takeANewBaseline,
    forgetTheRejected,
    startRun,
    rest,
  ),
  Terminating: firstOf<'Terminating'>(
    obey,
    waitForWhatIsHandedOver,
    letGo,
    returnToThePrimary,
    restoreTheTarget,
    routeToTheTarget,
    remove,
  ),
}
