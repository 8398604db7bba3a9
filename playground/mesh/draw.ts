/** How requests are made of rates: exactly, or one by one by chance. */

export interface Draw {
  /** How many came, where so many were to be expected. */
  count(expected: number): number
  /** `count` of them divided by these shares, which add up to 1. */
  among(count: number, shares: readonly number[]): number[]
}

/** As many as were to be expected, fractions included: for tests that count. */
export const exact: Draw = {
  count: expected => expected,
  among: (count, shares) => shares.map(share => count * share),
}

/** Whole requests that come when they like (a Poisson process), the same for the same seed. */
export function byChance(seed: number): Draw {
  const random = mulberry32(seed)
  return {
    count: expected => poisson(expected, random),
    // One random place for all the bounds: every part is a whole number, right on average, and none gets lost.
    among: (count, shares) => {
      const place = random()
      let share = 0
      let before = 0
      return shares.map((one, index) => {
        share = index === shares.length - 1 ? 1 : share + one
        const upTo = Math.floor(count * share + place)
        const part = upTo - before
        before = upTo
        return part
      })
    },
  }
}

/** Few: by the times between them (Knuth); many: by the normal distribution. */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const z = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * z))
  }
  let count = -1
  for (let time = 0; time <= mean; time -= Math.log(1 - random())) count += 1
  return count
}

/** A stream of numbers in [0, 1): mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
