/** What is found out about the VirtualServices around a canary, which policies, telemetry and render ask for several times in a pass. */
import type { Observation } from '../../model/observation.ts'

export type Asked = Pick<Observation, 'canary' | 'names' | 'live' | 'surroundings'>

/** The answer is kept with the surroundings, as long as the rest is the same, too. */
export function once<T>(find: (o: Asked) => T): (o: Asked) => T {
  const answers = new WeakMap<Asked['surroundings'], { canary: Asked['canary']; live: Asked['live']; found: T }>()
  return o => {
    const { canary, live, surroundings } = o
    const before = answers.get(surroundings)
    if (before !== undefined && before.canary === canary && before.live === live) return before.found
    const found = find(o)
    answers.set(surroundings, { canary, live, found })
    return found
  }
}

/** Comparisons of what a canary has with what others wrote, who decide how much that is: some 50 ms of the event loop. */
const MOST_COMPARISONS = 20_000

/** Says whether one more comparison may be made. */
export type MayCompare = () => boolean

export function comparing(): MayCompare {
  let left = MOST_COMPARISONS
  return () => {
    left -= 1
    return left >= 0
  }
}
