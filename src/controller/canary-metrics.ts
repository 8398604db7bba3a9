/** One canary in figures, as the controller's own metrics show it. */
import type { CanaryFigures } from '../core/model/canary-metrics.ts'
import type { Decision } from '../core/model/decision.ts'
import type { RunRecord } from '../core/model/memory.ts'
import type { Observation } from '../core/model/observation.ts'
import { requestedOf, runOf } from '../core/model/selectors.ts'
import { restOf } from '../core/shares.ts'
import { conditionsOf } from '../core/status/conditions.ts'
import type { Instant } from '../core/time.ts'
import { waitingOf } from '../core/view/waits.ts'

/** @param now when it was decided. */
export function figuresOf(observation: Observation, decision: Decision, now: Instant): CanaryFigures {
  const { canary, names, traffic } = observation
  const { state, memory, reason } = decision
  const { canary: weight } = requestedOf(state)
  const stalled = conditionsOf(observation, decision, now).find(({ type }) => type === 'Stalled')
  const wait = waitingOf({ canary, names, state, memory })
  return {
    namespace: names.namespace,
    name: names.canary,
    phase: state.phase,
    reason,
    stalledSince: stalled?.status === 'True' ? Date.parse(stalled.lastTransitionTime) : null,
    waitStartedAt: wait === null || wait.since === null ? null : Date.parse(wait.since),
    startedAt: runOf(state)?.startedAt ?? null,
    weights: { [names.target.name]: weight, [names.primary.name]: restOf(weight) },
    carried: traffic === null ? {} : { [names.target.name]: traffic.high, [names.primary.name]: restOf(traffic.high) },
    failedChecks: 'failedChecks' in state ? state.failedChecks : 0,
    threshold: canary.spec.analysis.threshold,
    checks: memory.checks,
  }
}

/** The run that ended last; null before any did. */
export function finishedRun({ memory }: Decision): RunRecord | null {
  return memory.history[0] ?? null
}
