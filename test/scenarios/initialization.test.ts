/** Before there is a primary. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('initialization', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const stalled = (): string | undefined => world.status.conditions?.find(one => one.type === 'Stalled')?.status

  test('a target at 0 is Stalled after progressDeadlineSeconds', async () => {
    world.deploy('demo/web:1.0.0', { replicas: 0 })
    world.canary({ progressDeadlineSeconds: 60 })
    await world.clock.advance(5 * minute)
    expect(stalled()).to.equal('True')
  })

  test('a target that does not get ready is told by an event', async () => {
    world.deploy('demo/web:1.0.0-never-ready')
    world.canary({ progressDeadlineSeconds: 60 })
    await world.clock.advance(5 * minute)
    expect(world.events().filter(event => event.startsWith('TargetNotReady'))).to.have.lengthOf(1)
  })

  test('labels that were only thought of bind nobody: keep may still be chosen before there is a primary', async () => {
    world.deploy()
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
    })
    world.canary()
    await world.clock.advance(minute)
    world.user.delete(kinds.HorizontalPodAutoscaler, 'shop', 'web')
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { primary: { labels: 'keep' } } })
    await world.until('Initialized')
  })
})
