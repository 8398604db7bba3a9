/**
 * Everything that admission refuses, already stored in the cluster: by an older CRD, or by none. The rows are those that the
 * API server itself is held to (`e2e/crd/cases.ts`); here the controller reads them, all in one cluster.
 */
import { expect } from 'chai'
import { cases } from '../../e2e/crd/cases.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { kinds } from '../../src/api/object.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { expectRest, expectStalled, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

const rows = cases
  .filter(({ object, before, stored }) => object.kind === 'Canary' && before === undefined && stored !== true)
  .filter(({ sentence }) => sentence !== null)
  .map((row, index) => {
    const { name } = row.object.metadata
    // A name of its own, but for the row that is about the name.
    const metadata = { name: name === 'web' ? `row-${index}` : name, namespace: 'shop' }
    return { ...row, sentence: row.sentence ?? '', object: { ...row.object, metadata } }
  })

suite('what admission would have refused, stored in the cluster', () => {
  let world: World
  let controller: Process
  let begun: number
  suiteSetup(async () => {
    world = new World()
    world.api.server.resources.install(resourceOf(looseDefinition(kinds.Canary)))
    controller = world.start()
    world.deploy()
    await world.clock.advance(minute)
    begun = world.clock.now()
    for (const { object } of rows) world.user.create(object)
    await world.clock.advance(minute)
  })
  suiteTeardown(() => world.close())

  for (const { name, object, sentence, at = 'spec' } of rows) {
    test(`${name}: ${sentence}`, () => {
      const parsed = parseCanary(object)
      const problems = 'problems' in parsed ? parsed.problems : []
      expect(
        problems.filter(one => one.includes(sentence) && one.startsWith(sentence.includes('63') ? 'meta' : at)),
      ).to.have.lengthOf(1)
      const said = `Canary shop/${object.metadata.name}: ${problems.join('; ')}`
      expectStalled(world, { reason: 'Invalid', sentence: said }, object.metadata.name)
    })
  }

  test('none of them is claimed, makes anything, moves a caller or keeps the controller busy', async () => {
    const requests = requestsOf(controller)
    await expectRest(world, requests, 0)
    expect(heard(world, begun)).to.deep.equal(['web 100'])
    expect(world.user.list(kinds.Canary, 'shop').filter(one => one.metadata.finalizers !== undefined)).to.deep.equal([])
    expect(world.user.list(kinds.Deployment, 'shop').map(one => one.metadata.name)).to.deep.equal(['web'])
    expect(world.user.list(kinds.Service, 'shop').map(one => one.metadata.name)).to.deep.equal(['web'])
    expect(world.user.list(kinds.VirtualService, 'shop')).to.deep.equal([])
  })

  test('each of them goes when it is deleted', async () => {
    for (const { object } of rows) world.user.delete(kinds.Canary, 'shop', object.metadata.name)
    await world.clock.advance(1000)
    expect(world.user.list(kinds.Canary, 'shop')).to.deep.equal([])
  })
})
