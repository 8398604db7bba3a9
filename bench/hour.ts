/** The whole controller in virtual time: what an hour of a release costs of this process, in the world of the scenarios. */
import { World } from '../test/scenarios/world.ts'

export interface Hour {
  /** How long the release took, in minutes of its own time. */
  readonly minutes: number
  /** From the first to the last of it on the wall, in milliseconds. */
  readonly took: number
}

/** A good release of four steps of a quarter of an hour, looked at each minute and scraped each 15 s, under 100 requests a second. */
export async function releaseAnHour(): Promise<Hour> {
  const world = new World(15_000)
  world.start()
  await world.initialized({ analysis: { interval: '15m', checkInterval: '1m' } })
  const [since, from] = [world.clock.now(), performance.now()]
  world.setImage('demo/web:1.1.0')
  await world.until('Succeeded', 2 * 3_600_000)
  const hour = { minutes: (world.clock.now() - since) / 60_000, took: performance.now() - from }
  await world.close()
  return hour
}
