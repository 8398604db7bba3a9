/** One canary in figures, as the controller's own metrics show it. */
import type { CanaryFigures } from '../core/model/canary-metrics.ts'
import type { Decision } from '../core/model/decision.ts'
import type { RunRecord } from '../core/model/memory.ts'
import { requestedOf } from '../core/model/selectors.ts'
import type { Observation } from '../core/model/observation.ts'
import { restOf } from '../core/shares.ts'

export function figuresOf({ names, traffic }: Observation, { state, memory }: Decision): CanaryFigures {
  const { canary: weight } = requestedOf(state)
  return {
    namespace: names.namespace,
    name: names.canary,
    phase: state.phase,
    weights: { [names.target.name]: weight, [names.primary.name]: restOf(weight) },
    carried: traffic === null ? {} : { [names.target.name]: traffic.high, [names.primary.name]: restOf(traffic.high) },
    checks: Object.fromEntries(memory.checks.map(check => [check.name, check.value])),
  }
}

/** The run that ended last; null before any did. */
export function finishedRun({ memory }: Decision): RunRecord | null {
  return memory.history[0] ?? null
}
