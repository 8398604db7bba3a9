/** A law of problems: what was found once in a pass still holds after the move. */
import type { Observation } from '../../src/core/model/observation.ts'
import { policiesOf } from '../../src/core/problems/index.ts'
import { Broken, type Law } from './laws.ts'

/** No policy reads the state, or of the memory anything but the labels: only these change in a pass. */
export const policiesReadWhatStays: Law = () => ({
  decided({ observation }) {
    const { labels } = observation.memory
    const seen: Observation = Object.defineProperty({ ...observation, memory: { labels } as never }, 'state', {
      get: () => {
        throw new Broken('a policy reads the state')
      },
    })
    for (const { find } of policiesOf(observation)) {
      const [one, other] = [find(seen), find(observation)]
      if (one?.message !== other?.message) throw new Broken(`a policy reads the memory: ${other?.message}`)
    }
  },
})
