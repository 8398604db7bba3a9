/** The mesh: loads, delays and counts. How it routes is in the mesh contract. */
import { assert } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { cluster, deployment, service, virtualService, withImage } from '../cluster.ts'

const to = (host: string, weight?: number, subset?: string) => ({
  destination: { host, ...(subset ? { subset } : {}) },
  ...(weight === undefined ? {} : { weight }),
})

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

  test('where no pod is ready only the caller sees it: 503 UH', async () => {
    await boot()
    it.user.create(split(50, 50))
    await it.clock.advance(1000)
    it.workloads.crash('shop', 'web')
    await it.clock.advance(10_000)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 50, UH: 50 })
    assert.equal(it.mesh.failures(), 50)
  })

  test('a pod that has ended before the proxies know it costs its callers requests; one in its grace does not', async () => {
    await boot(500)
    it.user.merge(kinds.Deployment, 'shop', 'web-primary', { spec: { replicas: 1 } })
    await it.clock.advance(5000)
    assert.equal(it.mesh.failures(), 0)
    it.workloads.crash('shop', 'web-primary')
    await it.clock.advance(400)
    assert.deepEqual(it.mesh.shares(), { 'URX,UF': 100 })
  })

  test('of two pods one ends before the proxies know it: its requests are tried at the other, and none fails', async () => {
    await boot(500)
    for (const name of ['web', 'web-primary']) {
      const labels = { template: { metadata: { labels: { part: 'of-web' } } } }
      it.user.merge(kinds.Deployment, 'shop', name, { spec: { replicas: 1, ...labels } })
    }
    it.user.create(service('both', { part: 'of-web' }))
    it.user.create(virtualService('web', { hosts: ['web'], http: [{ route: [to('both')] }] }))
    await it.clock.advance(10_000)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 50, web: 50 })
    const begun = it.clock.now()
    it.workloads.crash('shop', 'web')
    await it.clock.advance(400)
    assert.deepEqual(it.mesh.shares(), { 'web-primary': 100 })
    assert.equal(it.mesh.failures(begun), 0)
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
    const refused = (http: object, sentence: RegExp) =>
      assert.throws(() => it.user.create(virtualService('web', { hosts: ['web'], http: [http] })), sentence)
    refused(
      { delegate: { name: 'other' } },
      /spec\.http\[0\]\.delegate: the playground's mesh does not play it; it knows name,/,
    )
    refused({ match: [{ scheme: { exact: 'https' } }], route: [to('web')] }, /spec\.http\[0\]\.match\[0\]\.scheme: /)
    refused({ route: [to('web', -20), to('web', 120)] }, /spec\.http\[0\]: weight -20 < 0/)
    refused({ route: [to('web', 0), to('web', 0)] }, /total destination weight = 0/)
    refused({ route: [to('web')], retries: { attempts: 50 } }, /tries again at most 10 times/)
    const refusedHosts = (hosts: readonly string[], gateways: readonly string[] | undefined, sentence: RegExp) =>
      assert.throws(
        () => it.user.create(virtualService('web', { hosts, gateways, http: [{ route: [to('web')] }] })),
        sentence,
      )
    refusedHosts(['*'], undefined, /wildcard host \* is not allowed for virtual services bound to the mesh gateway/)
    refusedHosts(['*'], ['edge/gateway', 'mesh'], /wildcard host \* is not allowed/)
    for (const host of [
      'http://shop:80',
      'shop.example.com:443',
      'my_shop',
      'a.*.com',
      'a..b',
      '*.shop-',
      'shop/web',
      '',
    ])
      refusedHosts([host], undefined, /domain name .*invalid|empty domain name not allowed/)
    refusedHosts(['web.10'], undefined, /top level domain "10" cannot be all-numeric/)
    refusedHosts(['web', 'web'], undefined, /duplicate hosts in virtual service: web & web/)
    refusedHosts(
      ['a.example.com', '*.example.com'],
      undefined,
      /duplicate hosts .*: a\.example\.com & \*\.example\.com/,
    )
    assert.deepEqual(it.user.list(kinds.VirtualService, 'shop'), [])
    const policy = { host: 'web', trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } } }
    const rule = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'web', namespace: 'shop' },
    }
    assert.throws(
      () => it.user.create({ ...rule, spec: policy }),
      /spec\.trafficPolicy\.outlierDetection: .* leave it out here/,
    )
  })
})
