/**
 * Where requests go, and where they should go: the canary's share, of which requests it is, what is copied to the canary, and who
 * stays with the side that answered once. `sameTraffic`, `carries` and `compare` are the only functions that know all of it.
 */
import type { Instant, Percent } from '../time.ts'

/** A split as it is requested. Positions in a plan are compared by it. */
export interface Traffic {
  /** The canary's share of the requests that it is among. */
  readonly canary: Percent
  /** Fingerprint of the matches that say which requests; '' for all. What matches none of them goes to the primary. */
  readonly among: string
  /** Percent of those requests that are copied to the canary; the answers to the copies are dropped. */
  readonly mirror: Percent
}

/** A cookie that a response sets. */
export interface Cookie {
  readonly name: string
  readonly value: string
  /** What follows the value in Set-Cookie: `; Max-Age=60; Path=/`. */
  readonly attributes: string
}

/** Callers with one of these cookies stay with the side that gave it to them. */
export interface Sticky {
  readonly canary: Cookie
  /** null: callers of the primary are drawn again with each request. */
  readonly primary: Cookie | null
}

/** A split as it is read back, of routes that may disagree. */
export interface Carried {
  /** The lowest and the highest share of the canary. */
  readonly low: Percent
  readonly high: Percent
  /** null: they match other requests than the spec says. */
  readonly among: string | null
  readonly mirror: Percent | null
  /** The cookie whose callers stay on the canary, as `name=value`; '' for none, null where routes differ. */
  readonly sticky: string | null
  /** Left out: what the routes say is what requests meet. */
  readonly unconfirmed?: Unconfirmed
}

/** Routes that were written and are not known to be in effect. */
export interface Unconfirmed {
  /** What is missing, as a sentence that begins with the route. */
  readonly because: string
  /** Since when it may have been: no later than the last change of a route; 0 where a refusal was said. */
  readonly since: Instant
  /** All that serves them has answered to what is written now, and some of it refuses: nothing serves what was written before. */
  readonly isAnswered: boolean
  /** Some of what serves them has taken them up: requests come by it. */
  readonly isPartial: boolean
}

/** The primary serves alone. */
export const NONE: Traffic = { canary: 0, among: '', mirror: 0 }
/** The canary serves alone. */
export const ALL: Traffic = { canary: 100, among: '', mirror: 0 }

/** A share of all requests, or of those that match. */
export const weighted = (canary: Percent, among = ''): Traffic => trafficOf({ canary, among, mirror: 0 })

/** The traffic; nothing is nothing, among whichever requests. */
export const trafficOf = (traffic: Traffic): Traffic => (traffic.canary === 0 && traffic.mirror === 0 ? NONE : traffic)

export const sameTraffic = (one: Traffic, other: Traffic): boolean =>
  one.canary === other.canary && one.among === other.among && one.mirror === other.mirror

/** No request reaches the canary, and no copy of one. */
export const isNone = (traffic: Traffic): boolean => sameTraffic(traffic, NONE)

/** Below 0: `one` exposes fewer requests than `other`. The answers to copies reach no caller, so any share is above them. */
export const compare = (one: Traffic, other: Traffic): number =>
  one.canary - other.canary || breadth(one) - breadth(other) || one.mirror - other.mirror

const breadth = ({ canary, among }: Traffic): number => (canary > 0 && among === '' ? 1 : 0)

/** Every route carries exactly this, and is known to. What is refused carries no weight, but it carries none of an earlier one either. */
export function carries(carried: Carried | null, traffic: Traffic): boolean {
  const unconfirmed = carried?.unconfirmed
  return (unconfirmed === undefined || (isNone(traffic) && unconfirmed.isAnswered)) && asks(carried, traffic)
}

/** Every route says exactly this, whether it is in effect yet or not. */
export function asks(carried: Carried | null, traffic: Traffic): boolean {
  if (carried === null) return false
  const { low, high, among, mirror } = carried
  return low === traffic.canary && high === low && among === traffic.among && mirror === traffic.mirror
}

/** The routes keep the callers that are to stay, and no others. */
export function keeps(carried: Carried | null, sticky: Sticky | null): boolean {
  return (carried?.sticky ?? '') === (sticky === null ? '' : `${sticky.canary.name}=${sticky.canary.value}`)
}

/** The smallest span that holds these shares of all requests; null where there is no route. */
export function carriedBy(shares: readonly Percent[]): Carried | null {
  if (shares.length === 0) return null
  return { low: Math.min(...shares), high: Math.max(...shares), among: '', mirror: 0, sticky: '' }
}

/** What follows the word `weight` in sentences: `10`, `100 of the matched requests`, `0, mirroring 100 %`. */
export function inWords({ canary, among, mirror }: Traffic): string {
  const matched = among === '' ? '' : ' of the matched requests'
  if (mirror > 0) return `0, mirroring ${mirror} %${matched}`
  return `${canary}${canary > 0 ? matched : ''}`
}
