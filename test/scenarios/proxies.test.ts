/** Pods without the proxy that their namespace asks for: nothing is sent to them. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { Pod } from '../../playground/kinds.ts'
import { expectConditions, heard } from './witness.ts'
import { World } from './world.ts'

suite('pods without their proxy, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  const inject = (value: string | null): void => {
    world.user.merge(kinds.Namespace, '', 'shop', { metadata: { labels: { 'istio-injection': value } } })
  }
  const replacePods = (workload: string): void => {
    for (const pod of world.workloads.pods('shop', workload)) world.user.delete(Pod, 'shop', pod.metadata.name)
  }
  const sentence = (workload: string): RegExp =>
    new RegExp(`^Pod shop/${workload}-[a-z0-9-]+ of Deployment ${workload} has no proxy, although namespace shop has`)

  test('the first primary takes over once pods have it', async () => {
    world.start()
    inject('enabled')
    world.deploy()
    world.canary()
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(sentence('web'))
    expectConditions(world, { reason: 'ProxyMissing', sentence: world.status.message ?? '' }, 'Stalled')
    expect(world.stand).to.equal('Initializing 0')
    inject(null)
    for (const workload of ['web', 'web-primary']) replacePods(workload)
    await world.until('Initialized')
  })

  test('a candidate gets no traffic until its pods have it', async () => {
    world.start()
    await world.initialized()
    inject('enabled')
    world.setImage('demo/web:1.1.0')
    const begun = world.clock.now()
    await world.clock.advance(60_000)
    expect(world.stand).to.equal('Progressing 0')
    expect(world.status.message).to.match(sentence('web'))
    expectConditions(world, { reason: 'ProxyMissing', sentence: world.status.message ?? '' }, 'Stalled')
    expect(heard(world, begun)).to.deep.equal(['web-primary 100'])
    inject(null)
    replacePods('web')
    await world.until('Succeeded')
  })
})
