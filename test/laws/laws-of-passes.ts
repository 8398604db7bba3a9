/** Laws of what a pass does not do again: it would find the same. */
import type { Observation } from '../../src/core/model/observation.ts'
import { policiesOf } from '../../src/core/problems/index.ts'
import { render } from '../../src/core/render/render.ts'
import { sameJson } from '../../src/core/json.ts'
import { Broken, type Law } from './laws.ts'

/**
 * No policy reads of the state anything but whether the run is approved in full, or of the memory anything but the choices that are made
 * once: the rest changes in a pass.
 */
export const policiesReadWhatStays: Law = () => ({
  decided({ observation }) {
    const { labels, provider, vantage } = observation.memory
    const of = (key: string | symbol): void => {
      if (key !== 'approved') throw new Broken(`a policy reads ${String(key)} of the state`)
    }
    const state = new Proxy(observation.state, {
      has: (given, key) => (of(key), Reflect.has(given, key)),
      get: (given, key) => (of(key), Reflect.get(given, key)),
    })
    const seen: Observation = { ...observation, state, memory: { labels, provider, vantage } as never }
    for (const { find } of policiesOf(observation)) {
      const [one, other] = [find(seen), find(observation)]
      if (one?.message !== other?.message) throw new Broken(`a policy reads the memory: ${other?.message}`)
    }
  },
})

/** Objects that were found to be as they should be, and are not rendered again, still are. */
export const whatStandsIsRenderedTheSame: Law = () => ({
  decided({ observation, decision }) {
    if ('ask' in decision) return
    const { state, memory, message, writes } = decision
    // What waits for a person before the primary is made is not rendered at all.
    if (state.phase === 'Initializing' && writes.length === 0) return
    // Nothing is known of a copy of the objects.
    const after = { ...observation, state, memory, live: { ...observation.live } }
    if (!sameJson(render(after, false), writes)) throw new Broken(`${message}: ${JSON.stringify(writes)} is not all`)
  },
})
