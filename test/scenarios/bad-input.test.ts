/**
 * Every row of bad input, on the whole controller: it ends in the sentence, the reason, the conditions and the event; callers
 * notice nothing; the controller rests; and once it is mended things go on by themselves.
 */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { mergePatch } from '../../playground/json.ts'
import { sampled } from '../sampled.ts'
import type { Json, Row } from './bad-input.given.ts'
import { atAnyTime, goneMissing } from './bad-input.rows.ts'
import { atTheStart, atZero, notReady } from './bad-input.start.rows.ts'
import {
  expectConditions,
  expectEvent,
  expectRest,
  expectStalled,
  heard,
  LISTS_OF_PODS,
  minute,
  requestsOf,
} from './witness.ts'
import { type Process, World } from './world.ts'

/** What `World.canary` writes where a row says nothing else. */
const usual: Json = { service: { port: 80, targetPort: 8080 }, analysis: { interval: '10s', threshold: 2 } }

suite('bad input, in virtual time', () => {
  let world: World
  let controller: Process
  let requests: { count: number }
  setup(() => {
    world = new World()
    controller = world.start()
    requests = requestsOf(controller)
  })
  teardown(() => world.close())

  for (const row of [...atTheStart, ...sampled([...atAnyTime, ...goneMissing], 4)]) {
    test(`at the start, ${row.name}: ${row.reason}`, async () => {
      const { given = () => world.deploy(), goesWrong = () => {}, spec, wrong = {} } = row
      given(world)
      await world.clock.advance(5000)
      goesWrong(world)
      await world.clock.advance(minute)
      const before = heard(world, world.clock.now() - 1000)
      const begun = world.clock.now()
      world.asBefore(() => world.canary(mergePatch({ ...usual, ...spec }, wrong) as Json))
      await world.clock.advance(minute / 2)
      expectStalled(world, row)
      expect(world.status.phase ?? 'Initializing').to.equal('Initializing')
      await expectRest(world, requests)
      expectStalled(world, row)
      expect(heard(world, begun), 'whom callers heard').to.deep.equal(before)
      row.mended(world)
      await world.until('Initialized')
      expect(world.status.reason).to.equal('Initialized')
    })
  }

  for (const row of [atZero, ...notReady]) {
    test(`at the start, ${row.name}: waited for`, async () => {
      row.given?.(world)
      await world.clock.advance(minute)
      const before = heard(world, world.clock.now() - 1000)
      const begun = world.clock.now()
      world.canary({ progressDeadlineSeconds: 120 })
      await world.clock.advance(minute)
      expectConditions(world, { ...row, sentence: world.status.message ?? '' }, 'Reconciling')
      await expectRest(world, requests, row === atZero ? 2 : 2 + LISTS_OF_PODS)
      if (row === atZero) expectEvent(world, row)
      else expectConditions(world, row, 'Stalled')
      expect(heard(world, begun), 'whom callers heard').to.deep.equal(before)
      row.mended(world)
      await world.until('Initialized')
    })
  }

  /** A release at 25 % under which something goes wrong a minute ago. */
  async function wrongInMidRun({ given, goesWrong = () => {}, spec, wrong }: Row): Promise<void> {
    if (given === undefined) await world.initialized(spec)
    else {
      given(world)
      await world.clock.advance(5000)
      world.canary(spec)
      await world.until('Initialized')
      await world.clock.advance(minute / 2)
    }
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    await world.clock.advance(2000)
    goesWrong(world)
    if (wrong !== undefined) world.asBefore(() => world.user.merge(kinds.Canary, 'shop', 'web', { spec: wrong }))
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 25')
  }

  /** Others than at the start; with `ALL=1` all of them. */
  const inMidRun = sampled([...atAnyTime, ...goneMissing], 4, 2)

  /** Checks go on while the run holds, and what they found is written every ten seconds; in two minutes a write is not one a minute. */
  const checking = [7, 2] as const

  for (const row of inMidRun.filter(one => !goneMissing.includes(one))) {
    test(`in mid-run, ${row.name}: ${row.reason}`, async () => {
      await wrongInMidRun(row)
      expectStalled(world, row)
      await expectRest(world, requests, ...checking)
      expectStalled(world, row)
      expect(world.stand).to.equal('Progressing 25')
      expect(heard(world, world.clock.now() - 3 * minute), 'whom callers heard').to.deep.equal([
        'web 25, web-primary 75',
      ])
      row.mended(world)
      await world.until('Succeeded')
    })
  }

  for (const row of inMidRun.filter(one => goneMissing.includes(one))) {
    test(`in mid-run, ${row.name}: the weight holds until it is back`, async () => {
      await wrongInMidRun(row)
      const since = world.clock.now()
      await expectRest(world, requests, ...checking)
      expect(world.stand).to.equal('Progressing 25')
      expect(heard(world, since), 'whom callers heard').to.have.lengthOf(1)
      row.mended(world)
      await world.until('Succeeded')
    })
  }
})
