/**
 * Where requests go, and where they should go. Today a split is a share and nothing else. A mirror, a match and sticky callers
 * are further members of `Traffic`; each comes with the router that renders and reads it, and `sameTraffic`, `carries` and
 * `compare` are the only functions that have to know.
 */
import type { Percent } from '../time.ts'

/** A split as it is requested. Positions in a plan are compared by it. */
export interface Traffic {
  /** The canary's share of all requests. */
  readonly canary: Percent
}

/** A split as it is read back: the lowest and highest share of the canary over all its routes, which may disagree. */
export interface Carried {
  readonly low: Percent
  readonly high: Percent
}

/** The primary serves alone. */
export const NONE: Traffic = { canary: 0 }
/** The canary serves alone. */
export const ALL: Traffic = { canary: 100 }

export const weighted = (canary: Percent): Traffic => ({ canary })

export const sameTraffic = (one: Traffic, other: Traffic): boolean => one.canary === other.canary

/** No request reaches the canary. */
export const isNone = (traffic: Traffic): boolean => sameTraffic(traffic, NONE)

/** Below 0: `one` exposes fewer requests than `other`. */
export const compare = (one: Traffic, other: Traffic): number => one.canary - other.canary

/** Every route carries exactly this. */
export function carries(carried: Carried | null, traffic: Traffic): boolean {
  return carried !== null && carried.low === traffic.canary && carried.high === traffic.canary
}

/** The smallest span that holds these shares; null where there is no route. */
export function carriedBy(shares: readonly Percent[]): Carried | null {
  return shares.length === 0 ? null : { low: Math.min(...shares), high: Math.max(...shares) }
}
