/**
 * Tenants beside each other, as a law in virtual time: whatever the API server does with the calls of one namespace, an abort
 * in another reaches weight 0 within a second, and its events within five.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { type Kind, kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { World } from '../scenarios/world.ts'
import { abortBeside, fates, type Hostility } from '../field/hostile.ts'

const hostility: fc.Arbitrary<Hostility> = fc.record({
  canaries: fc.integer({ min: 1, max: 60 }),
  writes: fc.constantFrom(...fates),
  events: fc.constantFrom(...fates),
  secrets: fc.constantFrom('may be watched', 'may not be watched'),
  after: fc.integer({ min: 0, max: 40 }),
})

suite('Readiness', () => {
  const down = new ApiError({ code: 500, reason: 'InternalError', message: 'etcd is away' })
  const rows: readonly (readonly [string, Kind, RegExp | null])[] = [
    ['of a kind that all need', kinds.Service, /^services has not been followed for \d+ s: .*etcd is away/],
    ['of the routes of all', kinds.VirtualService, /^virtualservices\.networking\.istio\.io has not been followed for/],
    ['of configuration, which concerns who mounts it', kinds.Secret, null],
    ['of autoscalers of others', kinds.ScaledObject, null],
  ]
  for (const [title, kind, said] of rows) {
    test(`is ${said === null ? 'kept' : 'lost'} when the watch ${title} fails for minutes after it was known`, async () => {
      const world = new World()
      const { controller, api } = world.start()
      await world.initialized()
      const works = api.faults.refuse(one => one.kind === kind && ['list', 'watch'].includes(one.verb), down)
      api.faults.breakWatches()
      await world.clock.advance(30_000)
      expect(controller.unseen(), 'a moment is nothing').to.equal(null)
      await world.clock.advance(600_000)
      if (said === null) expect(controller.unseen()).to.equal(null)
      else expect(controller.unseen()).to.match(said)
      works()
      await world.clock.advance(60_000)
      expect(controller.unseen()).to.equal(null)
      await world.close()
    })
  }
})

suite('An abort beside hostile Canaries of another namespace', () => {
  test('reaches weight 0 within a second, and its events within five; the controller stays ready', async () => {
    const law = fc.asyncProperty(hostility, async h => {
      const { weight, event, ready } = await abortBeside(h)
      expect(weight, 'seconds to weight 0').to.be.at.most(1)
      expect(event, 'seconds to the event').to.be.at.most(5)
      expect(ready).to.equal(true)
    })
    const numRuns = process.env['LAW_RUNS'] === undefined ? 2 : 100
    await fc.assert(law, { numRuns, seed: 20261129, endOnFailure: process.env['LAW_SHRINK'] === 'no' })
  }).timeout(0)
})
