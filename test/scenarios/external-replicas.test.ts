/** Replicas that somebody else sets on the target or on the primary. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('replicas set by others', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const replicasOf = (name: string): unknown => at(world.object(kinds.Deployment, name)?.spec, 'replicas')

  test('replicas that the user asks for at rest run on the primary, and the target goes back to 0', async () => {
    await world.initialized()
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 4 } })
    await world.clock.advance(minute)
    expect([replicasOf('web'), replicasOf('web-primary')]).to.deep.equal([0, 4])
  })

  test('who puts replicas back three times in ten minutes is left alone, and releases go on', async () => {
    await world.initialized()
    const argo = world.api.as('argocd')
    for (let i = 0; i < 3; i += 1) {
      argo.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 2 } })
      await world.clock.advance(minute)
    }
    expect(replicasOf('web')).to.equal(2)
    expect(world.status.message).to.match(/^argocd keeps setting spec.replicas/)
    argo.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: null } })
    await world.clock.advance(minute)
    expect([replicasOf('web'), replicasOf('web-primary')], 'taken out of the manifest').to.deep.equal([0, 2])
    expect(world.status.message).not.to.match(/keeps setting/)
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
  })

  test('who scales the primary is obeyed beside a manifest that is left alone', async () => {
    await world.initialized()
    const argo = world.api.as('argocd')
    for (let i = 0; i < 3; i += 1) {
      argo.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 2 } })
      await world.clock.advance(minute)
    }
    world.user.merge(kinds.Deployment, 'shop', 'web-primary', { spec: { replicas: 5 } })
    await world.clock.advance(minute)
    expect([replicasOf('web'), replicasOf('web-primary')]).to.deep.equal([2, 5])
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(minute)
    expect(replicasOf('web-primary')).to.equal(3)
  })
})
