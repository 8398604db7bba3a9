/**
 * Tenants beside each other, as a law in virtual time: whatever the API server does with the calls of one namespace, an abort
 * in another reaches weight 0 within a second, and its events within five.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { abortBeside, fates, type Hostility } from '../field/hostile.ts'

const hostility: fc.Arbitrary<Hostility> = fc.record({
  canaries: fc.integer({ min: 1, max: 60 }),
  writes: fc.constantFrom(...fates),
  events: fc.constantFrom(...fates),
  secrets: fc.constantFrom('may be watched', 'may not be watched'),
  after: fc.integer({ min: 0, max: 40 }),
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
  }).timeout(120_000)
})
