/**
 * Telemetry against what was asked of the mesh: is the canary reached, and does it get its share?
 * Both answer with certainty or not at all; a run must not stop for chance.
 */
import type { Finding } from '../model/check.ts'
import type { Milliseconds, Percent } from '../time.ts'

/** Until a request shows in Prometheus: a scrape interval of 15 s, and the 5 s in which Envoy flushes its statistics. */
export const TELEMETRY_LAG: Milliseconds = 20_000

/**
 * Until a new pod that receives requests is bound to show in Prometheus, where pods are scraped once a minute: unreachable is a
 * failure, and slow scraping must not look like it.
 */
export const SILENCE_LAG: Milliseconds = 65_000

/** Below this many expected requests, none at all may be chance. */
const EXPECTED = 50

/** Below this many requests the share is too uncertain to contradict anything. */
const ENOUGH = 100

/** A count out of a finding: nothing is 0, trouble is null. */
export function countOf(finding: Finding | undefined): number | null {
  if (finding?.kind === 'value') return Math.max(0, finding.value)
  return finding?.kind === 'no-data' ? 0 : null
}

/** What the callers' and the canary's telemetry showed at the present weight. */
export interface Sides {
  /** Requests that the primary received, long enough ago for those of the canary to show. */
  readonly primary: Finding | undefined
  /** Requests that callers sent to the primary. */
  readonly sent: Finding | undefined
  readonly canary: Finding | undefined
  /** Requests that callers sent to the canary, whatever came of them. */
  readonly callers: Finding | undefined
}

/**
 * How many requests the canary should have had, when it had none at all although its weight should have brought it 50 or
 * more; null when it had some, when fewer were due, when nothing can be compared (weight 0 or 100) or not everything was seen.
 */
export function missingRequests(sides: Sides, weight: Percent): number | null {
  const [primary, sent, canary, callers] = [sides.primary, sides.sent, sides.canary, sides.callers].map(countOf)
  if (primary == null || sent == null || canary == null || callers == null) return null
  if (canary + callers > 0 || weight <= 0 || weight >= 100) return null
  const expected = (Math.max(primary, sent) * weight) / (100 - weight)
  return expected >= EXPECTED ? Math.round(expected) : null
}

/**
 * Points by which a share may be off beside chance: requests of an earlier weight that show late. Of a small share half of it, because with
 * more a candidate could get several times what was requested.
 */
const slackOf = (weight: Percent): number => (weight > 0 ? Math.min(2, weight / 2) : 2)

/** Whether callers' telemetry bears out the weight. `unknown` is no objection. */
export type Carried =
  | { readonly said: 'agrees' | 'contradicts'; readonly because: string }
  | { readonly said: 'unknown'; readonly because: string }

/**
 * Compares the split that callers report with the weight that was asked. The mesh draws for every request, so the share scatters
 * binomially; it contradicts when it is off by more than 4 standard deviations (once in 16,000 by chance) and `slackOf`.
 * Only meaningful where all routes between the two sides are ours: a route of the user's that always goes to one side shifts the share.
 */
export function splitSays(canary: Finding | undefined, primary: Finding | undefined, weight: Percent): Carried {
  const toCanary = countOf(canary)
  const toPrimary = countOf(primary)
  if (toCanary === null || toPrimary === null)
    return { said: 'unknown', because: "the callers' telemetry could not be read" }
  const total = toCanary + toPrimary
  if (total < ENOUGH) {
    return {
      said: 'unknown',
      because: `callers report ${Math.round(total)} requests, ${ENOUGH} are needed to tell the split`,
    }
  }
  const share = (100 * toCanary) / total
  // Kept off 0 and 1, where the deviation would be nothing and one late answer a contradiction.
  const p = (total * (weight / 100) + 1) / (total + 2)
  const tolerance = slackOf(weight) + 4 * 100 * Math.sqrt((p * (1 - p)) / total)
  const seen = `callers sent ${share.toFixed(1)} % of ${Math.round(total)} requests to the canary`
  return Math.abs(share - weight) <= tolerance
    ? { said: 'agrees', because: `${seen}; ${weight} % was requested` }
    : { said: 'contradicts', because: `${seen}; ${weight} % was requested (±${tolerance.toFixed(1)})` }
}
