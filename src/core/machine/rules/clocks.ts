/** Clocks of a run: they follow from what is so, whichever rule answers and whatever is on show. */
import { approvalPending } from './advance.ts'
import { lacksPods } from '../../autoscalers/readiness.ts'
import { isConfirming } from './confirm.ts'
import type { Observation } from '../../model/observation.ts'
import { pauseOf, withClock } from '../../model/selectors.ts'
import { isNotTakenUp } from './verdict.ts'
import type { AnalysisPhase, State } from '../../model/state.ts'
import { awaiting } from '../../model/waiting.ts'
import { problemOf } from '../../problems/index.ts'
import type { Instant } from '../../time.ts'

const isAnalysis = (o: Observation): o is Observation<AnalysisPhase> =>
  o.state.phase === 'Progressing' || o.state.phase === 'WaitingPromotion'

/** The state with the clocks that this observation starts, stops or lets run. */
export function withClocks(o: Observation, now: Instant): State {
  if (!isAnalysis(o)) return o.state
  const clocked = { ...withClock(o.state, standsStill(o) ? 'stopped' : 'running', now), phase: o.state.phase }
  if (clocked.stage !== 'advancing' || o.target === null) return clocked
  const pods = isNotTakenUp(o, o.target, clocked.waiting, now) ? 'takeUp' : 'pods'
  return awaiting(clocked, lacksPods(o, clocked) ? pods : null, now)
}

/** Waiting that maxDuration does not count: for a person, for a setting to be put right, for the Deployment controller. */
function standsStill(o: Observation<AnalysisPhase>): boolean {
  const { pausedSince, hold, stage, waiting } = o.state
  if (
    pauseOf(o) !== null ||
    hold !== null ||
    o.state.misrouted ||
    problemOf(o, stage === 'advancing' ? 'run' : 'candidate') !== null
  )
    return true
  // The rule that asks for the confirmation stops the clock.
  if (pausedSince !== null && isConfirming(o)) return true
  if (stage === 'startingPods' || stage === 'stoppingOldPods')
    return waiting?.for === 'owner' || waiting?.for === 'takeUp'
  // The rule that asks for the approval stops the clock; looks go on meanwhile.
  return pausedSince !== null && approvalPending(o)
}
