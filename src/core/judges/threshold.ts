/** A value against fixed limits, both inclusive, and the sentence that says so. */
import type { Gate } from '../analysis/gate.ts'

export interface Comparison {
  readonly outcome: 'pass' | 'fail'
  readonly because: string
}

/** Judges a finite value by the gate's limits. */
export function compare(gate: Gate, value: number): Comparison {
  const { min, max } = gate.limits
  const subject = gate.measures === 'latency' ? `${gate.name} p99` : gate.name
  const limit = (bound: number): string => withUnit(String(bound), gate.unit)
  const shown = withUnit(rounded(value, gate), gate.unit)
  if (min !== undefined && value < min)
    return { outcome: 'fail', because: `${subject} ${shown} is below ${limit(min)}` }
  if (max !== undefined && value > max)
    return { outcome: 'fail', because: `${subject} ${shown} is above ${limit(max)}` }
  if (min !== undefined && max !== undefined) {
    return { outcome: 'pass', because: `${subject} ${shown} is between ${limit(min)} and ${limit(max)}` }
  }
  if (min !== undefined) return { outcome: 'pass', because: `${subject} ${shown} is at least ${limit(min)}` }
  return { outcome: 'pass', because: `${subject} ${shown} is at most ${limit(max ?? value)}` }
}

const withUnit = (number: string, unit: Gate['unit']): string => (unit === '' ? number : `${number} ${unit}`)

/**
 * A value for people: as few digits as the unit needs, and as many more as keep it on its side of each limit (98.999 is not
 * "99 %, below 99 %") and of 100 % (one error in 10,000 is not none).
 */
function rounded(value: number, gate: Gate): string {
  const marks = [gate.limits.min, gate.limits.max, gate.unit === '%' ? 100 : undefined].filter(
    mark => mark !== undefined,
  )
  for (let digits = fewest(value, gate.unit); digits <= 15; digits++) {
    const shown = Number(value.toFixed(digits))
    if (marks.every(mark => Math.sign(shown - mark) === Math.sign(value - mark))) return String(shown)
  }
  return String(value)
}

/** Decimals to begin with: one for percent, none for milliseconds, four significant digits for anything else. */
function fewest(value: number, unit: Gate['unit']): number {
  if (unit === '%') return 1
  if (unit === 'ms') return 0
  if (value === 0) return 0
  return Math.min(15, Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value)))))
}
