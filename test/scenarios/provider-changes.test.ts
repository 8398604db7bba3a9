/** The flag that chooses the provider changes under a Canary that names none. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { World } from './world.ts'

suite('a change of --mesh-provider', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  async function restartedWithAnotherFlag(): Promise<void> {
    const before = world.start()
    await world.initialized()
    expect(world.status.provider).to.equal('istio')
    before.kill()
    world.start({ provider: 'kubernetes' })
    await world.clock.advance(30_000)
  }

  test('changes nothing, is Stalled, and ends when the recorded provider is written', async () => {
    await restartedWithAnotherFlag()
    const routes = world.object(kinds.VirtualService, 'web')
    expect([world.status.reason, world.status.provider]).to.deep.equal(['Conflict', 'istio'])
    expect(world.status.message).to.match(/is kubernetes, but istio splits the traffic .* Write spec.provider: istio;/)
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(30_000)
    expect([world.status.reason, world.status.canaryWeight]).to.deep.equal(['Conflict', 0])
    expect(world.object(kinds.VirtualService, 'web')).to.deep.equal(routes)
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { provider: 'istio' } })
    await world.until('Succeeded')
  })

  test('a Canary that is deleted hands back the routes of the provider that split its traffic', async () => {
    await restartedWithAnotherFlag()
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.advance(120_000)
    expect(world.object(kinds.Canary, 'web')).to.equal(null)
    const [route] = recordsOf(at(world.object(kinds.VirtualService, 'web')?.spec, 'http'))
    expect(route?.['route']).to.deep.equal([{ destination: { host: 'web' }, weight: 100 }])
  })
})
