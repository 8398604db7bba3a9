/**
 * What did not change between two observations of a Canary is the same value in both, so that what was computed from it once
 * need not be computed again.
 */
import { isRecord } from '../core/json.ts'
import type { Observation } from '../core/model/observation.ts'

/** From an observation to the objects in it, which the caches share themselves. */
const LEVELS = 3

/** `now`, with the parts of `before` that say the same. */
export function sharedWith(before: Observation | null, now: Observation): Observation {
  if (before === null) return now
  const parts = Object.entries(now).map(([field, value]: [string, unknown]) => [
    field,
    shared(before[field as keyof Observation], value, LEVELS),
  ])
  return Object.fromEntries(parts) as Observation
}

function shared(before: unknown, now: unknown, levels: number): unknown {
  return isSame(before, now, levels) ? before : now
}

function isSame(before: unknown, now: unknown, levels: number): boolean {
  if (before === now) return true
  if (levels === 0) return false
  if (Array.isArray(now)) {
    return (
      Array.isArray(before) &&
      before.length === now.length &&
      now.every((item, i) => isSame(before[i], item, levels - 1))
    )
  }
  if (!isRecord(now) || !isRecord(before)) return false
  const keys = Object.keys(now)
  return (
    keys.length === Object.keys(before).length &&
    keys.every(key => Object.hasOwn(before, key) && isSame(before[key], now[key], levels - 1))
  )
}
