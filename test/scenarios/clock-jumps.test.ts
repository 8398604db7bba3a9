/** Clocks that jump: nothing is promoted unjudged for it, no request is lost, and every release comes to an end. */
import { expect } from 'chai'
import type { Clock } from '../../src/core/ports.ts'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { sampled } from '../sampled.ts'
import { heard, minute, primaryImage, weightsChecked } from './witness.ts'
import { World } from './world.ts'

const hour = 60 * minute

/** Wall time over steady time, as the adapter keeps it: a jump is noticed within a nap of a minute. */
class WallClock implements Clock {
  readonly #steady: Clock
  #ahead: Milliseconds = 0

  constructor(steady: Clock) {
    this.#steady = steady
  }

  now(): Instant {
    return this.#steady.now() + this.#ahead
  }

  jump(by: Milliseconds): void {
    this.#ahead += by
  }

  at(when: Instant, task: () => void): () => void {
    let cancel = (): void => {}
    const sleep = (): void => {
      const nap = Math.max(0, Math.min(when - this.now(), minute))
      cancel = this.#steady.at(this.#steady.now() + nap, () => (this.now() < when ? sleep() : task()))
    }
    sleep()
    return () => cancel()
  }
}

suite('clocks that jump, in virtual time', () => {
  let world: World
  let wall: WallClock
  setup(() => {
    world = new World()
    wall = new WallClock(world.clock)
    world.start({}, { clock: wall })
  })
  teardown(() => world.close())

  const anHour = { name: 'an hour forwards', by: hour }
  const aDay = { name: 'a day forwards', by: 24 * hour }
  const back = { name: 'ten seconds backwards', by: -10_000 }
  const anHourBack = { name: 'an hour backwards', by: -hour }
  /** Where no wait is cut short, or drawn out, by a jump. */
  const judged: readonly { moment: string; jumps: readonly { name: string; by: Milliseconds }[] }[] = [
    { moment: 'Initialized', jumps: [anHour, aDay, back, anHourBack] },
    { moment: 'Progressing 10', jumps: [anHour, aDay, back] },
    { moment: 'Promoting', jumps: [back] },
    { moment: 'Finalising', jumps: [anHour, aDay, back] },
  ]
  const analysis = { interval: '10s', threshold: 2, maxDuration: '48h' }

  /** @returns since when callers are served by the primary. */
  async function jumpAt(moment: string, by: Milliseconds): Promise<Instant> {
    await world.initialized({ analysis })
    const begun = world.clock.now()
    if (moment === 'Initialized') wall.jump(by)
    world.setImage('demo/web:1.1.0')
    if (moment === 'Initialized') return begun
    await world.until(moment)
    await world.clock.advance(500)
    wall.jump(by)
    return begun
  }

  for (const [index, { moment, jumps }] of judged.entries()) {
    for (const { name, by } of sampled(jumps, jumps.length, index)) {
      test(`${name} at ${moment}: a good release is judged at every weight and promoted`, async () => {
        const begun = await jumpAt(moment, by)
        await world.until('Succeeded', 20 * minute)
        await world.clock.advance(minute)
        expect(primaryImage(world)).to.equal('demo/web:1.1.0')
        expect(weightsChecked(world)).to.deep.equal([10, 25, 50, 100])
        expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
      })
    }
  }

  for (const { name, by } of sampled([anHour, aDay, back, anHourBack], 2)) {
    test(`${name} at Progressing 50: a release that turns bad is rolled back`, async () => {
      await jumpAt('Progressing 50', by)
      world.images.set('demo/web:1.1.0', { errorRate: 1 })
      await world.until('Failed', 20 * minute)
      await world.clock.advance(minute)
      expect(world.status.reason).to.equal('ThresholdReached')
      expect(primaryImage(world)).to.equal('demo/web:1.0.0')
      expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
    })
  }

  for (const { name, by } of [anHour, aDay]) {
    test(`${name} while the primary gets ready: its time is over, and the promoted template goes back on it`, async () => {
      const begun = await jumpAt('Promoting', by)
      await world.until('Failed', 20 * minute)
      await world.clock.advance(minute)
      expect(world.status.reason).to.equal('PromotionFailed')
      expect(primaryImage(world)).to.equal('demo/web:1.0.0')
      expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
      expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
    })
  }
})
