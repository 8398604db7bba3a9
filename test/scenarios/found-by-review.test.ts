/** What somebody who had not written the controller found by reading it, one test each: it stays mended. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import { byUserRoutes, deleted, ofCanary, userRoutes } from './bad-input.given.ts'
import { expectEvent, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

suite('what a review once found', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  const eventsOf = (reason: string): string[] => world.events().filter(event => event.startsWith(`${reason}: `))

  /** A new revision, at 25 % for two seconds. */
  async function midRun(spec: Record<string, unknown> = {}): Promise<void> {
    await world.initialised(spec)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    await world.clock.advance(2000)
  }

  test('a query edited in mid-run into one that nobody can ask neither spins nor stops the other gates', async () => {
    await midRun()
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

  for (const [moment, reach] of Object.entries({
    'a release that was taken back drains': async () => {
      world.annotate('abort', '1 no good')
      await world.until('Failed')
    },
    'a superseded release drains': async () => {
      world.setImage('demo/web:1.2.0')
      await world.until('Progressing 0')
    },
    'a promoted release drains': () => world.until('Finalising'),
  })) {
    test(`a VirtualService that is deleted while ${moment} is missed in a sentence, and waited for`, async () => {
      world.deploy()
      userRoutes(world)
      await world.clock.advance(5000)
      world.canary({ ...byUserRoutes, analysis: { interval: '10s', threshold: 2, drain: '60s' } })
      await world.until('Initialized')
      await world.clock.advance(minute)
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      await reach()
      await world.clock.advance(2000)
      deleted(kinds.VirtualService, 'storefront')(world)
      await world.clock.advance(2 * minute)
      const sentence =
        'spec.service.virtualServices[0] names VirtualService shop/storefront, which does not exist. Create it, or recreate the Canary without the entry.'
      expect([world.status.reason, world.status.message]).to.deep.equal(['ReferenceMissing', sentence])
      expectEvent(world, { reason: 'ReferenceMissing', sentence })
      userRoutes(world)
      await world.clock.advance(2000)
      expect(world.status.message, 'once it is back').not.to.equal(sentence)
      await world.clock.advance(3 * minute)
      expect(['Succeeded', 'Failed']).to.include(world.status.phase)
      expect(world.object(kinds.Deployment, 'web')?.['spec']).to.have.property('replicas', 0)
    })
  }

  test('what happens twice in the same words is two events', async () => {
    await midRun({ analysis: { interval: '10s', threshold: 2, stepWeights: [10, 25, 50] } })
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
    expect(eventsOf('WeightOverridden')).to.have.lengthOf(2)
  })

  test('a canary that loses a pod for good is taken back after progressDeadlineSeconds', async () => {
    await midRun({ progressDeadlineSeconds: 120 })
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 25')
    await world.until('Failed')
    expect(world.status.reason).to.equal('DeadlineExceeded')
    expect(world.status.message).to.match(/Deployment web was not ready within \w+ \(2 of 3 pods available/)
  })

  /** A primary that serves for a minute and a half, and then never again. */
  async function deadPrimary(spec: Record<string, unknown>): Promise<void> {
    world.deploy('demo/web:1.0.0-crash-later')
    await world.clock.advance(5000)
    world.canary(spec)
    await world.until('Initialized')
    await world.clock.advance(3 * minute)
    expect(world.status.reason).to.equal('PrimaryNotReady')
  }

  test('skipAnalysis mends a primary that is dead', async () => {
    await deadPrimary({ skipAnalysis: true })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
  })

  test('a run that waits for a primary that stays dead ends after maxDuration', async () => {
    await deadPrimary({ analysis: { interval: '10s', maxDuration: '1h' } })
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(50 * minute)
    expect(world.status.phase).to.equal('Progressing')
    await world.clock.advance(11 * minute)
    expect([world.status.phase, world.status.history?.[0]?.reason]).to.deep.equal(['Failed', 'Undecided'])
  })

  test('a primary that loses pods while traffic returns to it gets the promoted template back in time', async () => {
    await world.initialised({
      progressDeadlineSeconds: 120,
      analysis: { interval: '10s', threshold: 2, stepWeightPromotion: 40 },
    })
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting 60')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Promoting 34')
    await world.until('Failed')
    expect(world.status.history?.[0]?.message).to.match(
      /Promotion of .* failed: 2 of 3 pods of Deployment web-primary are ready/,
    )
  })

  test('a weight that a former leader wrote long ago, and that arrives late, is not taken for a hand', async () => {
    await world.initialised()
    controller.api.faults.delay(({ verb, kind }) => verb === 'apply' && kind === kinds.VirtualService, 14_000)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    world.start()
    await world.until('Succeeded')
    expect(eventsOf('WeightOverridden')).to.deep.equal([])
  })

  test('a run that a hand holds is held on after its pods died and came back, until `resume`', async () => {
    await world.initialised({ analysis: { interval: '10s', threshold: 5, canaryReadyThreshold: 30 } })
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

  const replicasOf = (name: string): unknown => at(world.object(kinds.Deployment, name)?.spec, 'replicas')

  test('pods with an earlier configuration go before a candidate of their template starts, whatever came in between', async () => {
    const settings = (limit: string) => ({ data: { LIMIT: limit } })
    const metadata = { name: 'web', namespace: 'shop' }
    world.user.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, ...settings('1') })
    const release = (image: string): void => {
      const ports = [{ name: 'http', containerPort: 8080 }]
      const container = { name: 'web', image, ports, envFrom: [{ configMapRef: { name: 'web' } }] }
      world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers: [container] } } } })
    }
    world.deploy()
    release('demo/web:1.0.0')
    await world.clock.advance(5000)
    world.canary()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    release('demo/web:1.1.0')
    await world.until('Progressing 25')
    release('demo/web:1.2.0')
    await world.clock.advance(2000)
    world.user.merge(kinds.ConfigMap, 'shop', 'web', settings('2'))
    await world.clock.advance(1000)
    release('demo/web:1.1.0')
    const running = (): unknown => at(world.object(kinds.Deployment, 'web')?.['status'], 'replicas') ?? 0
    await world.clock.runUntil(() => running() === 0, minute)
    expect(world.stand).to.equal('Progressing 0')
    await world.until('Succeeded')
  })

  test('a limit that an earlier version took does not leave a run to itself', async () => {
    await midRun({ analysis: { interval: '30s', threshold: 1 } })
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

  test('a rollback to a revision that does not start any more keeps nobody from releasing another one', async () => {
    await world.initialised({ progressDeadlineSeconds: 60 })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    world.images.set('demo/web:1.0.0', { readyAfter: 60 * minute })
    const begun = world.clock.now()
    world.annotate('rollback', '1 kim: too slow')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.reason).to.equal('RolledBack')
    expect(world.status.message).to.match(
      /^Deployment web-primary was rolled back to \w{10} \(web:1\.0\.0\), requested by kim: too slow, and was not ready within 1m \(0 of 2 pods available\)\. Manual intervention required: release a revision that works on Deployment web$/,
    )
    world.setImage('demo/web:1.2.0')
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('who scales the primary is obeyed beside a manifest that is left alone', async () => {
    await world.initialised()
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

  test('DestinationRules that come and go with the Canary at rest are told as what they are', async () => {
    await world.initialised()
    ofCanary({ service: { trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } } })(world)
    await world.clock.advance(minute)
    ofCanary({ service: { trafficPolicy: null } })(world)
    await world.clock.advance(minute)
    const rules = 'DestinationRule web-primary, DestinationRule web-canary after a change of the Canary'
    expect(eventsOf('ObjectsUpdated')).to.deep.equal([
      `ObjectsUpdated: Updated ${rules}`,
      `ObjectsUpdated: Removed ${rules}`,
    ])
    expect(eventsOf('EditReverted')).to.deep.equal([])
  })

  test('how many DestinationRules others have for the host changes neither the sentence nor its events', async () => {
    await midRun()
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
    expect(eventsOf('Conflict').filter(event => event.includes('people/rule-'))).to.have.lengthOf(2)
  })
})
