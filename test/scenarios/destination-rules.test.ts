/** DestinationRules, of ours and of others. */
import { expect } from 'chai'
import { ofCanary } from './bad-input.given.ts'
import { eventsOf, midRun, minute } from './witness.ts'
import { World } from './world.ts'

suite('DestinationRules', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  test('DestinationRules that come and go with the Canary at rest are told as what they are', async () => {
    await world.initialized()
    ofCanary({ service: { trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } } })(world)
    await world.clock.advance(minute)
    ofCanary({ service: { trafficPolicy: null } })(world)
    await world.clock.advance(minute)
    const rules = 'DestinationRule web-primary, DestinationRule web-canary after a change of the Canary'
    expect(eventsOf(world, 'ObjectsUpdated')).to.deep.equal([
      `ObjectsUpdated: Updated ${rules}`,
      `ObjectsUpdated: Removed ${rules}`,
    ])
    expect(eventsOf(world, 'EditReverted')).to.deep.equal([])
  })

  test('how many DestinationRules others have for the host changes neither the sentence nor its events', async () => {
    await midRun(world)
    world.user.namespace('people')
    for (let i = 0; i < 5; i += 1) {
      world.user.create({
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: `rule-${i}`, namespace: 'people' },
        spec: { host: 'web.shop.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } },
      })
      await world.clock.advance(1000)
    }
    expect(eventsOf(world, 'Conflict').filter(event => event.includes('people/rule-'))).to.have.lengthOf(2)
  })
})
