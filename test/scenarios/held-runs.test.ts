/** What holds a run at its weight, and what still rolls it back. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { Pod } from '../../playground/kinds.ts'
import { ofCanary } from './bad-input.given.ts'
import { expectEvent, midRun, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

suite('held runs', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  test('a problem in mid-run holds the rise, and a bad canary still goes back', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
    })
    await world.clock.advance(5 * minute)
    expect(world.stand).to.equal('Progressing 25')
    world.images.set('demo/web:1.1.0', { errorRate: 1 })
    await world.until('Failed')
  })

  test('nothing rises while pods of the canary are missing', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    const [pod] = world.workloads.pods('shop', 'web')
    if (pod === undefined) throw new Error('the canary has no pod')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.delete(Pod, 'shop', pod.metadata.name)
    await world.clock.advance(5 * minute)
    expect(world.stand).to.equal('Progressing 10')
    expect(world.status.message).to.match(/1 of 2 pods available/)
  })

  test('a query edited in mid-run into one that nobody can ask neither spins nor stops the other gates', async () => {
    await midRun(world)
    const requests = requestsOf(controller)
    const unknown = { name: 'orders', query: 'orders{app="{{ nope }}"}', thresholdRange: { max: 1 } }
    ofCanary({ analysis: { metrics: [{ name: 'request-success-rate' }, unknown] } })(world)
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 25')
    expectEvent(world, {
      reason: 'Invalid',
      sentence:
        'spec.analysis.metrics[1].query cannot be asked: {{ nope }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
    })
    expect(requests.count, 'requests in a minute').to.be.below(10)
    world.images.set('demo/web:1.1.0', { errorRate: 0.5 })
    await world.until('Failed')
    expect(world.status.history?.[0]?.message).to.match(/^Rolled back .* request-success-rate .* is below 99 %/)
  })

  test('a limit that an earlier version took does not leave a run to itself', async () => {
    await midRun(world, { analysis: { interval: '30s', threshold: 1 } })
    const metrics = [{ name: 'request-success-rate', thresholdRange: { min: 0.99 } }]
    world.asBefore(() => ofCanary({ analysis: { metrics } })(world))
    await world.clock.advance(5000)
    world.images.set('demo/web:1.1.0', { readyAfter: 60 * minute })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 0 } })
    await world.clock.advance(10_000)
    const from = world.clock.now()
    await world.clock.advance(minute)
    expect(world.mesh.failures(from)).to.equal(0)
  })

  test('a canary that loses a pod for good is taken back after progressDeadlineSeconds', async () => {
    await midRun(world, { progressDeadlineSeconds: 120 })
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 25')
    await world.until('Failed')
    expect(world.status.reason).to.equal('DeadlineExceeded')
    expect(world.status.message).to.match(/Deployment web was not ready within \w+ \(2 of 3 pods available/)
  })
})
