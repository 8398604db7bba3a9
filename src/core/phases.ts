/**
 * THE state machine, on one page: for each phase the rules that decide in it, first that applies first. A phase without
 * a chain, or a chain whose last rule may be silent, does not compile.
 */
import { firstOf, type Handler } from './decision.ts'
import type { AnalysisPhase, Phase } from './state.ts'
import {
  clear,
  empty,
  giveUp,
  holdForProblems,
  leaveDeadPods,
  lock,
  loseTheTarget,
  prepare,
  restartOnNewRevision,
  standInForThePrimary,
  withdrawTheRun,
} from './rules/changes.ts'
import { followTheLadder, waitUntilCarried } from './rules/carry.ts'
import { afterLook } from './rules/climb.ts'
import { obey } from './rules/commands.ts'
import { copyToThePrimary, drain, finalise, finishUndoing, returnTraffic } from './rules/finish.ts'
import { look, unpark } from './rules/look.ts'
import {
  claim,
  drainTheRejected,
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
import { letGo, remove, restoreTheTarget, returnToThePrimary, routeToTheTarget, terminate } from './rules/terminate.ts'

const analysis = firstOf<AnalysisPhase>(
  terminate,
  waitForSight,
  claim,
  obey,
  loseTheTarget,
  withdrawTheRun,
  restartOnNewRevision,
  leaveDeadPods,
  giveUp,
  clear,
  empty,
  standInForThePrimary,
  prepare,
  lock,
  followTheLadder,
  waitUntilCarried,
  holdForProblems,
  unpark,
  look,
  afterLook,
)

export const phases: { readonly [P in Phase]: Handler<P> } = {
  Initializing: firstOf<'Initializing'>(
    terminate,
    waitForSight,
    claim,
    obey,
    recogniseThePrimary,
    refuseToStart,
    waitForTheTarget,
    waitForThePrimary,
    settleIn,
  ),
  Initialized: firstOf<'Initialized'>(terminate, waitForSight, claim, obey, takeANewBaseline, startRun, rest),
  Waiting: firstOf<'Waiting'>(terminate, waitForSight, claim, obey, startWhenResumed),
  Progressing: analysis,
  WaitingPromotion: analysis,
  Promoting: firstOf<'Promoting'>(
    terminate,
    waitForSight,
    claim,
    obey,
    copyToThePrimary,
    finishUndoing,
    returnTraffic,
    finalise,
  ),
  Finalising: firstOf<'Finalising'>(terminate, waitForSight, claim, obey, drain),
  Succeeded: firstOf<'Succeeded'>(terminate, waitForSight, claim, obey, takeANewBaseline, startRun, rest),
  Failed: firstOf<'Failed'>(
    terminate,
    waitForSight,
    claim,
    obey,
    drainTheRejected,
    takeANewBaseline,
    forgetTheRejected,
    startRun,
    rest,
  ),
  Terminating: firstOf<'Terminating'>(letGo, returnToThePrimary, restoreTheTarget, routeToTheTarget, remove),
}
