/** Clients, mesh and Prometheus in one call, and images that are not what they were. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { systemClock } from '../../../src/adapters/clock.ts'
import { at, listOf } from '../../json.ts'
import { conditionOf } from '../../workloads/kubelet.ts'
import { Images } from '../../workloads/images.ts'
import { runTraffic } from '../../mesh/traffic.ts'
import { Workloads } from '../../workloads/workloads.ts'
import { cluster, deployment, service } from '../cluster.ts'
import { installed } from '../installed.ts'

suite('playground: traffic', () => {
  test('by the clock on the wall: clients send, Prometheus counts and answers over HTTP', async () => {
    const api = installed(systemClock)
    const { server } = api
    const images = new Images()
    images.set('demo/web:1.0.0', { readyAfter: 10 })
    const workloads = new Workloads(server, images)
    const load = { host: 'web.shop', namespace: 'edge', perSecond: 1000, client: 'shopper' }
    const traffic = runTraffic(server, images, { interval: 50, propagation: 5, loads: [load] })
    const user = api.as('kubectl')
    user.namespace('shop')
    user.create(deployment('web', 'demo/web:1.0.0', 1))
    user.create(service('web', { app: 'web' }))
    const http = createServer(traffic.prometheus)
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    const query = 'sum(istio_requests_total{reporter="source",source_workload="shopper",response_code="200"})'
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/api/v1/query?query=${encodeURIComponent(query)}`
    let counted = 0
    for (const deadline = Date.now() + 10_000; counted < 100 && Date.now() < deadline; ) {
      const body = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } }
      counted = Number(body.data.result[0]?.value[1] ?? 0)
    }
    http.close()
    http.closeAllConnections()
    expect(counted).to.be.at.least(100)
    expect(workloads.pods('shop', 'web')).to.have.lengthOf(1)
  })

  test('an image that leaks is well at first, then slow, then errs, for each pod by its own age', async () => {
    const it = cluster()
    it.user.create(deployment('web', 'demo/web:2.0.0-leak', 1))
    it.user.create(service('web', { app: 'web' }))
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 100 })
    const medians: number[] = []
    const errors: number[] = []
    for (const wait of [10_000, 10_000, 10_000, 10_000]) {
      await it.clock.advance(wait)
      const [{ flows } = { flows: [] }] = it.mesh.stretches(it.clock.now() - 1)
      medians.push(flows[0]?.latency.median ?? 0)
      errors.push(flows.filter(({ code }) => code === 500).reduce((sum, { perSecond }) => sum + perSecond, 0))
    }
    expect(medians).to.deep.equal([20, 60, 150, 400])
    expect(errors.map(rate => Math.round(rate * 10) / 10)).to.deep.equal([0, 0, 0.5, 5])
    it.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 2 } })
    await it.clock.advance(5000)
    expect(new Set(it.mesh.stretches(it.clock.now() - 1)[0]?.flows.map(({ latency }) => latency.median))).to.deep.equal(
      new Set([400, 20]),
    )
  })

  test('podinfo is known, and errs where its environment says so', async () => {
    const it = cluster()
    const podinfo = deployment('web', 'stefanprodan/podinfo:6.0.0', 1)
    it.user.create(podinfo)
    it.user.create(service('web', { app: 'web' }))
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 90 })
    const rates = async (): Promise<[number, number][]> => {
      await it.clock.advance(30_000)
      const [{ flows } = { flows: [] }] = it.mesh.stretches(it.clock.now() - 1)
      return flows.map(({ code, perSecond }) => [code, Math.round(perSecond)])
    }
    expect(await rates()).to.deep.equal([[200, 90]])
    const containers = [
      { name: 'web', image: 'stefanprodan/podinfo:6.0.0', env: [{ name: 'PODINFO_RANDOM_ERROR', value: 'true' }] },
    ]
    it.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers } } } })
    expect(await rates()).to.have.deep.members([
      [200, 60],
      [500, 30],
    ])
  })

  test('an image that nobody has, and one that crashes: the words of the kubelet', async () => {
    const it = cluster()
    it.user.create(deployment('web', 'demo/web:nope', 1))
    it.user.create(deployment('sad', 'demo/sad:1.0.0-crash', 1))
    await it.clock.advance(5000)
    const [waiting, sad] = ['web', 'sad'].map(name => it.workloads.pods('shop', name)[0])
    expect(waiting?.['status']).to.deep.include({ phase: 'Pending' })
    expect(stateOf(waiting)).to.deep.equal({
      waiting: {
        reason: 'ImagePullBackOff',
        message:
          'Back-off pulling image "demo/web:nope": ErrImagePull: failed to pull and unpack image "demo/web:nope": failed to resolve reference "demo/web:nope": demo/web:nope: not found',
      },
    })
    expect(stateOf(sad)).to.deep.equal({
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off 10s restarting failed container=web pod=${sad?.metadata.name}_shop(${sad?.metadata.uid})`,
      },
    })
    for (const pod of [waiting, sad]) expect(pod && conditionOf(pod, 'Ready')['status']).to.equal('False')
  })
})

const stateOf = (pod: KubeObject | undefined): unknown => at(listOf(at(pod, 'status', 'containerStatuses'))[0], 'state')
