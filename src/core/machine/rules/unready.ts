/** Sides without ready pods while a candidate carries traffic, and a run that is not decided in time. */
import { kindAndName } from '../../model/names.ts'
import { formatDuration } from '../../../api/duration.ts'
import { holdAndReport, transition } from '../move.ts'
import { rollBack } from './end-run.ts'
import { deadlineOf, notReadyInTime, whenOverdue } from './verdict.ts'
import { lacksPods } from '../../autoscalers/readiness.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { atStage, atTraffic, heldUntil, judgedReady, short, standInSentence, withClock } from '../../model/selectors.ts'
import type { AnalysisPhase, State } from '../../model/state.ts'
import { isChecked } from '../../model/plan.ts'
import { NONE } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'

/** Pods of a candidate that carries are missing for too long: nothing rises onto them, and the release goes back. */
export function rollBackWhenPodsOverdue(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.waiting?.for !== 'pods' || !lacksPods(o, state) || target?.readiness === 'pending') return undefined
  if (deadlineOf(o, state.waiting, now) !== null) return undefined
  return whenOverdue(o, now, () => rollBack(o, state, 'DeadlineExceeded', notReadyInTime(o, 'target'), now))
}

/** A canary without a ready pod carries nothing, whatever the metrics say; it counts as one failed check. */
export function dropToZeroWhenCanaryUnready(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  if (!isChecked(o.canary.spec.analysis, state) || judgedReady(o, state.candidate) > 0) return undefined
  const { threshold } = o.canary.spec.analysis
  const failedChecks = state.failedChecks + 1
  const because = `no pod of ${short(state.candidate)} is ready (${failedChecks} of ${threshold} failed checks)`
  if (failedChecks >= threshold) return rollBack(o, state, 'ThresholdReached', because, now)
  const next: State = {
    ...atStage(atTraffic(withClock(state, 'running', now), NONE, now), 'startingPods', now),
    phase: 'Progressing',
    failedChecks,
    lastFailedTime: now,
    // A suspended analysis remembers what it waits for.
    blindSince: state.hold?.by === 'suspension' ? state.blindSince : null,
  }
  return transition(o, next, { reason: 'CanaryNotReady', message: `Weight 0: ${because}` }, now)
}

/** The primary has no ready pod: the canary carries what there is, and the run holds. */
export function holdWhilePrimaryUnready(o: Observation<AnalysisPhase>): Move | undefined {
  const { state, primary } = o
  if (primary !== null && primary.ready > 0) return undefined
  // A candidate that has answered no caller does not replace the primary: copies, and checks without callers, show no answer to one.
  const message =
    state.traffic.canary === 0 && state.highest === 0
      ? `${kindAndName(o.names.primary)} has no ready pod; nothing is checked until it has`
      : standInSentence(o)
  return holdAndReport(o, { reason: 'PrimaryNotReady', message }, null, {
    state: { ...state, carriedAt: null },
  })
}

/** Not decided in time, waiting aside: back. */
export function rollBackWhenOverdue(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state } = o
  if (now - state.startedAt - heldUntil(state, now) < o.canary.spec.analysis.maxDuration) return undefined
  const because = `the run was not decided within analysis.maxDuration (${formatDuration(o.canary.spec.analysis.maxDuration)})`
  return whenOverdue(o, now, () => rollBack(o, state, 'Undecided', because, now))
}
