/**
 * Shares of requests and the weights that say them. A share has one decimal, so every share that is computed is rounded here: two
 * of them are the same exactly where `===` says so. Weights are whole and relative, whatever routes have them.
 */
import type { Percent } from './time.ts'

/** The share in tenths of a percent, a whole number. */
const tenths = (share: Percent): number => Math.round(share * 10)

/** The nearest share to a number of percent: 0.3 for 0.1 + 0.2. */
export const toShare = (percent: number): Percent => tenths(percent) / 10

/** What a share leaves over. */
export const restOf = (share: Percent): Percent => toShare(100 - share)

/** A share of a share, rounded down. */
export const shareOfShare = (share: Percent, of: Percent): Percent =>
  Math.floor((tenths(share) * tenths(of)) / 1000) / 10

/** The share of a part in a sum above 0, rounded away from 0 and from 100, so that "none" and "all" mean it. */
export function shareOfSum(part: number, sum: number): Percent {
  if (part === 0 || part === sum) return part === 0 ? 0 : 100
  return Math.min(99.9, Math.max(0.1, toShare((100 * part) / sum)))
}

/** The weights of the two sides. */
export interface Weights {
  readonly primary: number
  readonly canary: number
}

const PER_MILLE = 1000

/** The weight of a share in this sum, exact; null where it would not be whole. */
function weightIn(sum: number, share: Percent): number | null {
  const weight = (sum * tenths(share)) / PER_MILLE
  return sum > 0 && Number.isInteger(weight) ? weight : null
}

/**
 * Whole weights that say the share exactly: `90`/`10`, and per mille where percent would not be whole: `995`/`5`.
 *
 * @param sum that is kept where it can say the share.
 */
export function weightsOf(share: Percent, sum = 100): Weights {
  const kept = [sum, 100].find(one => weightIn(one, share) !== null) ?? PER_MILLE
  const canary = weightIn(kept, share) ?? tenths(share)
  return { primary: kept - canary, canary }
}

/** The sum of these weights, if it is to be kept: per mille are not where percent were too coarse, for those are ours. */
export function keptSum({ primary, canary }: Weights): number {
  const sum = primary + canary
  return sum === PER_MILLE && canary % 10 !== 0 ? 100 : sum
}
