/** Where histories begin. */
import { at } from '../../src/core/json.ts'
import type { History, Setup } from './arbitraries.ts'
import { Life } from './histories.ts'
import { newWorld, writtenSpec } from './setups.ts'
import { CANARY, TinyWorld } from './tiny-world.ts'

const rested = new Map<string, TinyWorld>()

/** A world in which the canary rests, made once for all setups that differ in the analysis alone. */
function worldAtRest(setup: Setup): TinyWorld {
  const { split, labels, configured, recreate, autoscaled, replicas, secondPort, covered, bypassed, scaler, policed } =
    setup
  const parts = [
    split,
    labels,
    configured,
    recreate,
    autoscaled,
    replicas,
    secondPort,
    covered,
    bypassed,
    scaler,
    policed,
  ]
  const key = parts.join('/')
  const known = rested.get(key) ?? initialized(setup)
  rested.set(key, known)
  const world = new TinyWorld(known)
  const spec = writtenSpec(setup)
  world.edit(CANARY, canary => ({ ...canary, spec }))
  return world
}

function initialized(setup: Setup): TinyWorld {
  const life = new Life(setup, newWorld(setup))
  life.goOn(60)
  const status = life.world.get(CANARY)?.['status']
  if (at(status, 'phase') !== 'Initialized') throw new Error(`not initialised: ${JSON.stringify(status)}`)
  return life.world
}

/** Where a history begins. */
export function beginning({ setup, from }: Pick<History, 'setup' | 'from'>): TinyWorld {
  return from === 'rest' ? worldAtRest(setup) : newWorld(setup)
}
