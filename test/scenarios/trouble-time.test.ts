/**
 * Clocks that jump, and statuses that another version of Sluice wrote. Nothing is promoted unjudged for it, no run starts out
 * of nothing, no request is lost, and every release comes to an end.
 */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { CanaryStatusSchema } from '../../src/api/status.ts'
import type { Clock } from '../../src/core/ports.ts'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { expectRest, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

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

/** The weights at which metrics were looked at: ids of questions are `<run>/<weight>/<look>/<what>`. */
const weightsLookedAt = (world: World): number[] => [
  ...new Set(world.metrics.asked.map(id => Number(id.split('/')[1])).filter(weight => weight > 0)),
]

const image = (world: World): string =>
  /"image":"([^"]*)"/.exec(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec))?.[1] ?? ''

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
    { moment: 'Progressing 50', jumps: [anHour, aDay, back] },
    { moment: 'Progressing 100', jumps: [anHour, aDay, back] },
    { moment: 'Promoting', jumps: [back] },
    { moment: 'Finalising', jumps: [anHour, aDay, back] },
  ]
  const analysis = { interval: '10s', threshold: 2, maxDuration: '48h' }

  /** @returns since when callers are served by the primary. */
  async function jumpAt(moment: string, by: Milliseconds): Promise<Instant> {
    await world.initialised({ analysis })
    const begun = world.clock.now()
    if (moment === 'Initialized') wall.jump(by)
    world.setImage('demo/web:1.1.0')
    if (moment === 'Initialized') return begun
    await world.until(moment)
    await world.clock.advance(500)
    wall.jump(by)
    return begun
  }

  for (const { moment, jumps } of judged) {
    for (const { name, by } of jumps) {
      test(`${name} at ${moment}: a good release is judged at every weight and promoted`, async () => {
        const begun = await jumpAt(moment, by)
        await world.until('Succeeded', 20 * minute)
        await world.clock.advance(minute)
        expect(image(world)).to.equal('demo/web:1.1.0')
        expect(weightsLookedAt(world)).to.deep.equal([10, 25, 50, 100])
        expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
      })

      if (!moment.startsWith('Progressing')) continue
      test(`${name} at ${moment}: a release that turns bad is taken back`, async () => {
        await jumpAt(moment, by)
        world.images.set('demo/web:1.1.0', { errorRate: 1 })
        await world.until('Failed', 20 * minute)
        await world.clock.advance(minute)
        expect(world.status.reason).to.equal('ThresholdReached')
        expect(image(world)).to.equal('demo/web:1.0.0')
        expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
      })
    }
  }

  for (const { name, by } of [anHour, aDay]) {
    test(`${name} while the primary gets ready: its time is over, and the promoted template goes back on it`, async () => {
      const begun = await jumpAt('Promoting', by)
      await world.until('Failed', 20 * minute)
      await world.clock.advance(minute)
      expect(world.status.reason).to.equal('PromotionFailed')
      expect(image(world)).to.equal('demo/web:1.0.0')
      expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
      expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
    })
  }
})

suite('statuses of another version, in virtual time', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  /** What another version left; null takes a field away. */
  const statuses: readonly { name: string; status: Record<string, unknown> }[] = [
    { name: 'a phase that nobody knows', status: { phase: 'Levitating' } },
    { name: 'no phase', status: { phase: null } },
    { name: 'no promoted revision', status: { lastPromotedSpec: null } },
    { name: 'fields that nobody knows', status: { novel: { a: [1] }, run: { novel: true }, progress: { novel: 'x' } } },
    { name: 'a reason that nobody knows', status: { reason: 'Levitating' } },
    {
      name: 'times that are none',
      status: { run: { startedAt: 'yesterday', carriedAt: 'x' }, lastTransitionTime: 'x' },
    },
    { name: 'no run', status: { run: null } },
    { name: 'a weight that is text', status: { canaryWeight: '25' } },
    { name: 'a history that is text', status: { history: 'none' } },
    { name: 'checks of another shape', status: { checks: [{ name: 1 }] } },
    { name: 'a run that is text', status: { run: 'first' } },
    { name: 'replicas that are a number', status: { replicas: 3 } },
    { name: 'commands of another shape', status: { handledCommands: ['abort'] } },
  ]

  const write = (status: Record<string, unknown>): void => {
    world.asBefore(() => world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status }))
  }

  for (const { name, status } of statuses) {
    test(`${name}, at rest: no run starts, callers notice nothing, and the next release is as ever`, async () => {
      await world.initialised()
      const requests = requestsOf(controller)
      const begun = world.clock.now()
      write(status)
      await world.clock.advance(2 * minute)
      expect(world.status.phase).to.be.oneOf(['Initialized', 'Succeeded'])
      expect(CanaryStatusSchema.safeParse(world.status).success, 'what is written is of this version').to.equal(true)
      await expectRest(world, requests, 0)
      expect(heard(world, begun)).to.deep.equal(['web-primary 100'])
      expect(world.status.history ?? []).to.deep.equal([])
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(image(world)).to.equal('demo/web:1.1.0')
    })

    test(`${name}, in mid-run: the release comes to its end, judged`, async () => {
      await world.initialised()
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      await world.clock.advance(2000)
      const begun = world.clock.now()
      write(status)
      await world.until('Succeeded', 20 * minute)
      await world.clock.advance(minute)
      expect(CanaryStatusSchema.safeParse(world.status).success, 'what is written is of this version').to.equal(true)
      expect(image(world)).to.equal('demo/web:1.1.0')
      expect(weightsLookedAt(world)).to.include.members([10, 25, 50, 100])
      expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
    })
  }

  test('a stage of an undone promotion that nobody knows: it is undone, not promoted after all', async () => {
    await world.initialised()
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    write({ run: { stage: 'levitating', because: 'aborted by ann' } })
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.message).to.match(/^Promotion of \w+ \(web:1\.1\.0\) failed: aborted by ann$/)
    expect(image(world)).to.equal('demo/web:1.0.0')
  })

  test('a promoted revision by an unknown hash: what the target holds is the new baseline, and no run starts', async () => {
    await world.initialised()
    write({ lastPromotedSpec: 'h9:0123456789', lastAppliedSpec: 'h9:0123456789' })
    await world.clock.advance(2 * minute)
    expect([world.status.phase, world.status.reason]).to.deep.equal(['Succeeded', 'BaselineTaken'])
    expect(world.status.message).to.match(
      /^The recorded revision was written by another version of Sluice; \w{10} \(web:[\d.]+\) is taken as promoted$/,
    )
    expect(world.events().filter(event => event.startsWith('BaselineTaken'))).to.have.lengthOf(1)
    expect(image(world)).to.equal('demo/web:1.0.0')
  })
})
