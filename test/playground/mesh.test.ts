/** The mesh routes as Istio does, and its telemetry counts what clients got. */
import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import type { Check, Subject } from '../../src/core/check.ts'
import { MeshMetrics, troubles } from '../../src/playground/metrics.ts'
import { cluster, deployment, service, virtualService, withImage } from './cluster.ts'

const to = (host: string, weight?: number, subset?: string) => ({
  destination: { host, ...(subset ? { subset } : {}) },
  ...(weight === undefined ? {} : { weight }),
})
const check = (measure: Subject['measure'], workload: string, window = 60_000, query = 'q'): Check => ({
  id: `${measure}/${workload}`,
  query,
  server: null,
  subject: { measure, side: 'canary', namespace: 'shop', workload, window },
})
const forever = new AbortController().signal

suite('playground: the mesh', () => {
  let it: ReturnType<typeof cluster>
  const boot = async (propagation = 0) => {
    it = cluster(propagation)
    it.user.create(deployment('web', 'demo/web:1.0.0', 2))
    it.user.create(deployment('web-primary', 'demo/web:1.0.0', 2))
    it.user.create(service('web', { app: 'web-primary' }))
    it.user.create(service('web-primary', { app: 'web-primary' }))
    it.user.create(service('web-canary', { app: 'web' }))
    await it.clock.advance(5000)
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 10 })
    await it.clock.advance(propagation)
  }
  const split = (primary: number, canary: number) =>
    virtualService('web', { hosts: ['web'], http: [{ route: [to('web-primary', primary), to('web-canary', canary)] }] })

  test('without a VirtualService the Service answers, with all its ready pods', async () => {
    await boot()
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 100 })
  })

  test('weights are shares, and are counted by the second', async () => {
    await boot()
    it.user.create(split(75, 25))
    await it.clock.advance(10_000)
    it.user.merge(kinds.VirtualService, 'shop', 'web', { spec: { http: [{ route: [to('web-canary')] }] } })
    await it.clock.advance(10_000)
    assert.deepEqual(it.mesh.shares(), { web: 100 })
    assert.equal(
      it.mesh.count(flow => flow.workload === 'web'),
      125,
    )
    assert.equal(
      it.mesh.count(flow => flow.workload === 'web-primary'),
      75,
    )
    assert.equal(it.mesh.failures(), 0)
  })

  test('changes reach the proxies after the delay, not before', async () => {
    await boot(1000)
    it.user.create(split(0, 100))
    await it.clock.advance(999)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 100 })
    await it.clock.advance(1)
    assert.deepEqual(it.mesh.shares(), { web: 100 })
  })

  test('subsets split one Service by the labels of a DestinationRule', async () => {
    await boot()
    it.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        host: 'both',
        subsets: [
          { name: 'v1', labels: { app: 'web-primary' } },
          { name: 'v2', labels: { app: 'web' } },
        ],
      },
    })
    for (const name of ['web', 'web-primary']) {
      const labels = { template: { metadata: { labels: { part: 'of-web' } } } }
      it.user.merge(kinds.Deployment, 'shop', name, { spec: labels })
    }
    it.user.create(service('both', { part: 'of-web' }))
    it.user.create(
      virtualService('web', { hosts: ['web'], http: [{ route: [to('both', 90, 'v1'), to('both', 10, 'v2')] }] }),
    )
    await it.clock.advance(10_000)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 90, web: 10 })
  })

  test('the first route whose match fits is taken; a host or gateway that is not named is not concerned', async () => {
    await boot()
    const tester = { headers: { 'x-user': { exact: 'tester' } } }
    const http = [{ match: [tester], route: [to('web-canary')] }, { route: [to('web-primary')] }]
    it.user.create(
      virtualService('web', { hosts: ['web', 'web.example.com'], gateways: ['mesh', 'edge/public'], http }),
    )
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 10, headers: { 'x-user': 'tester' } })
    it.mesh.load({ host: 'web.example.com', namespace: 'edge', perSecond: 20, gateway: 'edge/public' })
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 75, web: 25 })
    it.mesh.load({ host: 'web.example.com', namespace: 'edge', perSecond: 40, gateway: 'edge/private' })
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 37.5, web: 12.5, NC: 50 })
  })

  test('where no pod is ready only the caller sees it: 503 UH, counted for the side that was meant', async () => {
    await boot()
    const metrics = new MeshMetrics(it.mesh, it.clock)
    it.user.create(split(50, 50))
    await it.clock.advance(1000)
    it.workloads.crash('shop', 'web')
    await it.clock.advance(10_000)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 50, UH: 50 })
    const found = await metrics.measure(
      [check('caller-failures', 'web'), check('caller-failures', 'web-primary')],
      forever,
    )
    assert.deepEqual([...found.values()], [{ kind: 'value', value: 50 }, troubles.empty()])
    assert.equal(it.mesh.failures(), 50)
  })

  test('a pod that has ended before the proxies know it costs its callers requests; one in its grace does not', async () => {
    await boot(500)
    it.user.merge(kinds.Deployment, 'shop', 'web-primary', { spec: { replicas: 1 } })
    await it.clock.advance(5000)
    assert.equal(it.mesh.failures(), 0)
    it.workloads.crash('shop', 'web-primary')
    await it.clock.advance(400)
    assert.deepEqual(it.mesh.shares(), { UF: 100 })
  })

  test('every answer is known by the template of the pod that gave it', async () => {
    await boot()
    it.user.create(split(50, 50))
    await it.clock.advance(10_000)
    const hashes = (name: string) =>
      new Set(it.workloads.pods('shop', name).map(pod => pod.metadata.labels?.['pod-template-hash']))
    const [judged] = hashes('web')
    const [primary] = hashes('web-primary')
    assert.deepEqual(
      it.mesh.answersByRevision(),
      new Map([
        [primary, 50],
        [judged, 50],
      ]),
    )
    it.user.merge(kinds.Deployment, 'shop', 'web', withImage('demo/web:2.0.0'))
    await it.clock.advance(30_000)
    assert.equal(it.mesh.answersByRevision().size, 3)
  })

  test('what the mesh does not know is an error, not a wrong answer', async () => {
    await boot()
    const mirrored = [{ route: [to('web-primary')], mirror: { host: 'web-canary' } }]
    assert.throws(
      () => it.user.create(virtualService('web', { hosts: ['web'], http: mirrored })),
      /does not know `mirror`/,
    )
  })

  suite('telemetry', () => {
    test('counts requests and errors in the window, and knows the slow', async () => {
      await boot()
      const metrics = new MeshMetrics(it.mesh, it.clock)
      it.images.set('demo/web:1.0.0', { errorRate: 0.02 })
      it.user.create(split(50, 50))
      await it.clock.advance(120_000)
      const asked = [check('requests', 'web'), check('errors', 'web'), check('latency', 'web'), check('probe', 'web')]
      const found = await metrics.measure(asked, forever)
      const value = (id: string) => {
        const finding = found.get(id)
        return finding?.kind === 'value' ? finding.value : Number.NaN
      }
      assert.approximately(value('requests/web'), 300, 1e-6)
      assert.approximately(value('errors/web'), 6, 1e-6)
      assert.approximately(value('probe/web'), 300, 1e-6)
      assert.approximately(value('latency/web'), 90, 0.1)
      it.images.set('demo/web:1.0.0', { latency: { median: 400, p99: 1500 } })
      await it.clock.advance(60_000)
      const slow = await metrics.measure([check('latency', 'web')], forever)
      assert.approximately((slow.get('latency/web') as { value: number }).value, 1500, 0.1)
    })

    test('what never happened has no series; what the last scrape has not seen is not there yet', async () => {
      await boot()
      const metrics = new MeshMetrics(it.mesh, it.clock, 15_000)
      const asked = [check('requests', 'web'), check('requests', 'web-primary'), check('errors', 'web-primary')]
      assert.deepEqual([...(await metrics.measure(asked, forever)).values()], Array(3).fill(troubles.empty()))
      await it.clock.advance(12_000)
      const seen = await metrics.measure(asked, forever)
      assert.deepEqual(seen.get('requests/web-primary'), { kind: 'value', value: 100 })
    })

    test("answers a user's own query from the test's table", async () => {
      await boot()
      const metrics = new MeshMetrics(it.mesh, it.clock)
      metrics.values.set('up', 1)
      const found = await metrics.measure([check('value', 'web', 1, 'up'), check('value', 'api', 1, 'down')], forever)
      assert.deepEqual([...found.values()], [{ kind: 'value', value: 1 }, troubles.empty()])
    })

    test('fails in every way: down, empty, refusing, and hanging until the deadline', async () => {
      await boot()
      const metrics = new MeshMetrics(it.mesh, it.clock)
      const found: (string | undefined)[] = []
      for (const trouble of [troubles.down, troubles.empty, troubles.refusing]) {
        metrics.trouble = trouble
        found.push((await metrics.measure([check('probe', 'web')], forever)).get('probe/web')?.kind)
      }
      metrics.trouble = troubles.hanging
      const deadline = new AbortController()
      it.clock.at(it.clock.now() + 5000, () => deadline.abort())
      const hanging = metrics.measure([check('probe', 'web')], deadline.signal)
      await it.clock.advance(5000)
      found.push((await hanging).get('probe/web')?.kind)
      assert.deepEqual(found, ['unavailable', 'no-data', 'refused', 'unavailable'])
    })
  })
})
