/** Laws of Events: each is told by the status first, and none that a status told of is lost with a process. */
import { fingerprint } from '../../src/core/json.ts'
import type { Life, Onlooker } from './histories.ts'
import { Broken, type Law } from './laws.ts'
import { CANARY, type TinyWorld } from './tiny-world.ts'

/** Of Events that the status has as pending: name → when they happened. */
function pendingIn(world: TinyWorld, { wire }: Life): ReadonlyMap<string, number> {
  const { uid } = world.get(CANARY)?.metadata ?? {}
  const { pendingEvents = [] } = wire
  const events = pendingEvents.filter(({ sink }) => sink === undefined)
  return new Map(events.map(({ key, at }) => [`web.${fingerprint([uid, key])}`, Date.parse(at)]))
}

/** An Event is announced only once the status that has it stands at the API server. */
export const eventsFollowTheStatus: Law = life => ({
  announced(world, { name, reason, message }) {
    if (!pendingIn(world, life).has(name))
      throw new Broken(`${reason}: ${message} is announced, and no status tells it`)
  },
})

/** The API server has forgotten an Event after this long, and nobody announces it any more. */
const HALF_AN_HOUR = 1_800_000

/** Which Events a status told of, and nobody announced. */
export class Unannounced implements Onlooker {
  readonly #told = new Map<string, number>()
  readonly #announced = new Set<string>()

  changed(life: Life): void {
    for (const [name, at] of pendingIn(life.world, life)) this.#told.set(name, at)
  }

  announced(_world: TinyWorld, { name }: { readonly name: string }): void {
    this.#announced.add(name)
  }

  /** Names of those of the last half hour. */
  since(now: number): string[] {
    return [...this.#told].flatMap(([name, at]) => (this.#announced.has(name) || now - at > HALF_AN_HOUR ? [] : [name]))
  }
}
