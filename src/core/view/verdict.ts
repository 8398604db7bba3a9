/** What would roll the run back: the failures that are left, and the gates that are near a limit. */
import type { State } from '../model/state.ts'
import { limitsInWords, valueInWords } from './text.ts'
import type { GateView, RollbackView, View } from './view.ts'

/** A value is near its limit once it has used so much of what the limit leaves it. */
const NEAR = 0.8

export function rollbackOf(state: State, gates: readonly GateView[], failures: View['failures']): RollbackView | null {
  if (!('failedChecks' in state) || failures.threshold === null) return null
  return {
    failuresLeft: Math.max(0, failures.threshold - failures.counted),
    nearLimits: gates
      .filter(isNear)
      .map(gate => `${gate.name} is ${valueInWords(gate.value ?? 0, gate.unit)} (${limitsInWords(gate)})`),
  }
}

/** Percentages are measured from 100 down, everything else from 0 up. */
function isNear({ value, min, max, unit, verdict }: GateView): boolean {
  if (value === null || verdict === 'fail') return false
  const isNearMax = max !== null && max > 0 && value >= NEAR * max
  if (min === null || min <= 0) return isNearMax
  return isNearMax || (unit === '%' ? 100 - value >= NEAR * (100 - min) && value < 100 : value <= min / NEAR)
}
