/** Lengths of virtual time, as the timeline shows them. */
import type { Milliseconds } from '../../src/core/time.ts'

/** `1h02m03s`, without leading units that are none. */
export function lengthOf(length: Milliseconds): string {
  const seconds = Math.round(length / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const two = (number: number): string => String(number).padStart(2, '0')
  if (h > 0) return `${h}h${two(m)}m${two(s)}s`
  return m > 0 ? `${m}m${two(s)}s` : `${s}s`
}
