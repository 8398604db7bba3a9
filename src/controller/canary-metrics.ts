/** One canary in figures, as the controller's own metrics show it. */
import type { Decision } from '../core/model/decision.ts'
import type { RunRecord } from '../core/model/memory.ts'
import { requestedOf } from '../core/model/selectors.ts'
import type { Observation } from '../core/model/observation.ts'

export interface Figures {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  /** Workload → percent of requests. */
  readonly weights: Readonly<Record<string, number>>
  /** Workload → percent of requests that the routes were last read to give it; empty where there are none. */
  readonly carried: Readonly<Record<string, number>>
  /** Gate → its last value. */
  readonly checks: Readonly<Record<string, number | null>>
}

export function figuresOf({ names, traffic }: Observation, { state, memory }: Decision): Figures {
  const { canary: weight } = requestedOf(state)
  return {
    namespace: names.namespace,
    name: names.canary,
    phase: state.phase,
    weights: { [names.target.name]: weight, [names.primary.name]: 100 - weight },
    carried: traffic === null ? {} : { [names.target.name]: traffic.high, [names.primary.name]: 100 - traffic.high },
    checks: Object.fromEntries(memory.checks.map(check => [check.name, check.value])),
  }
}

/** The run that ended last; null before any did. */
export function finishedRun({ memory }: Decision): RunRecord | null {
  return memory.history[0] ?? null
}
