/** A weight that somebody else writes into the VirtualService. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { eventsOf, midRun, minute } from './witness.ts'
import { type Process, World } from './world.ts'

suite('weight overrides', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  test('what happens twice in the same words is two events', async () => {
    await midRun(world, { analysis: { interval: '10s', threshold: 2, stepWeights: [10, 25, 50] } })
    for (const time of ['first', 'second']) {
      const route = [
        { destination: { host: 'web-primary' }, weight: 90 },
        { destination: { host: 'web-canary' }, weight: 10 },
      ]
      world.user.merge(kinds.VirtualService, 'shop', 'web', { spec: { http: [{ route }] } })
      await world.clock.advance(minute)
      expect(world.stand).to.equal('Progressing 10')
      world.annotate('resume', `${time} looks fine`)
      await world.until('Progressing 25')
      await world.clock.advance(2000)
    }
    expect(eventsOf(world, 'WeightOverridden')).to.have.lengthOf(2)
  })

  test('a run that a hand holds is held on after its pods died and came back, until `resume`', async () => {
    await world.initialized({ analysis: { interval: '10s', threshold: 5, canaryReadyThreshold: 30 } })
    world.setImage('demo/web:1.1.0-crash-later')
    await world.until('Progressing 25')
    await world.clock.advance(2000)
    const route = [
      { destination: { host: 'web-primary' }, weight: 90 },
      { destination: { host: 'web-canary' }, weight: 10 },
    ]
    world.user.merge(kinds.VirtualService, 'shop', 'web', { spec: { http: [{ route }] } })
    await world.until('Progressing 10')
    await world.until('Progressing 0')
    world.images.set('demo/web:1.1.0-crash-later', { crashAfter: null })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(5 * minute)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 0', 'WeightOverridden'])
    world.annotate('resume', '1 they are back')
    await world.until('Progressing 10')
  })

  test('a weight that a former leader wrote long ago, and that arrives late, is not taken for a hand', async () => {
    await world.initialized()
    controller.api.faults.delay(({ verb, kind }) => verb === 'apply' && kind === kinds.VirtualService, 14_000)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    world.start()
    await world.until('Succeeded')
    expect(eventsOf(world, 'WeightOverridden')).to.deep.equal([])
  })
})
