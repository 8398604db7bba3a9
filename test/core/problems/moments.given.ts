/** The moments of a release, as states. */
import { firstStep } from '../../../src/core/machine/rules/start-run.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { atTraffic } from '../../../src/core/model/selectors.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import type { Moment } from '../../../src/core/problems/index.ts'

const settled = { promoted: 'h1:a', rejected: null }
const climbing = {
  ...atTraffic(firstStep(settled, 'h1:b', 'advancing', 0), weighted(10), 0),
  phase: 'Progressing',
} as const

const states: Readonly<Record<Moment, Observation['state']>> = {
  start: { phase: 'Initializing', stage: 'cloning', revision: null, carriedAt: null, waiting: null },
  candidate: firstStep(settled, 'h1:b', 'startingPods', 0),
  run: climbing,
  rest: { phase: 'Succeeded', ...settled },
}

export const moments = Object.keys(states) as Moment[]
export const at = (o: Observation, moment: Moment): Observation => ({ ...o, state: states[moment] })
