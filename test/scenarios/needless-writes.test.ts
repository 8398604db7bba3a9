/** Canaries that come, and namespaces that go: nothing is written that will be refused. */
import { expect } from 'chai'
import { kindKey, kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { minute } from './witness.ts'
import { type Process, World } from './world.ts'

suite('writes that would be refused, in virtual time', () => {
  let world: World
  let controller: Process
  /** Writes that the API server refused. */
  let refused: string[]

  setup(() => {
    world = new World()
    refused = []
    controller = world.start({}, {}, api => ({
      get: (ref, call) => api.get(ref, call),
      list: (kind, query, call) => api.list(kind, query, call),
      watch: (kind, query, seen, call) => api.watch(kind, query, seen, call),
      served: (kind, call) => api.served(kind, call),
      write: async (write, call) => {
        try {
          return await api.write(write, call)
        } catch (error) {
          if (error instanceof ApiError) refused.push(`${write.verb} ${error.code}`)
          throw error
        }
      },
    }))
  })
  teardown(() => world.close())

  test('a new Canary costs none, until it rests and until it is gone', async () => {
    await world.initialize()
    expect(refused).to.deep.equal([])
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 10 * minute)
    expect(refused).to.deep.equal([])
  })

  test('a namespace that is being deleted is told of once an object is refused there, and takes no more writes', async () => {
    await world.initialized()
    const message = 'unable to create new content in namespace shop because it is being terminated'
    for (const kind of [kinds.Service, kinds.Deployment, kinds.VirtualService, kinds.DestinationRule, kinds.Event]) {
      const refusal = { code: 403, reason: 'Forbidden', message }
      world.api.server.admission.set(kindKey(kind), [(_, before) => (before === null ? refusal : null)])
    }
    for (const name of ['web-primary', 'web-canary']) world.user.delete(kinds.Service, 'shop', name)
    world.user.delete(kinds.Deployment, 'shop', 'web-primary')
    await world.clock.advance(minute)
    expect(world.status.message).to.match(
      /^Namespace shop is being deleted: \w+ shop\/web-\w+ is not created, and nothing else is created there$/,
    )
    const first = refused.length
    expect(first).to.be.greaterThan(0).and.lessThan(12)
    for (const name of ['web', 'web-primary']) {
      if (world.object(kinds.VirtualService, name) !== null) world.user.delete(kinds.VirtualService, 'shop', name)
    }
    await world.clock.advance(5 * minute)
    expect(refused.length - first, 'refused since').to.be.lessThan(5)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, minute)
    expect(controller.controller.unseen()).to.equal(null)
  })
})
