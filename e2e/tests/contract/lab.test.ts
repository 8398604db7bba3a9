/** The lab itself: what later tests rely on is true of it. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { beginBackground } from '../../fixtures/background.ts'
import { expectNoFailure, expectNoneOf, expectShares } from '../../fixtures/expect.ts'
import { fits } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { canaryService, weightIn } from '../../fixtures/timeline.ts'
import { gatewayName } from '../../lab/edge.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

suite('The lab', () => {
  let world: Lab
  let shop: Shop

  suiteSetup(async () => {
    world = await lab()
    shop = await Shop.open(world, 'lab')
    await shop.deployWeb({
      name: 'web-primary',
      version: 'v1',
      service: shop.service({ name: 'web-primary', selector: { app: 'web-primary' } }),
    })
    await shop.deployWeb({
      name: 'web-canary',
      version: 'v2',
      service: shop.service({ name: 'web-canary', selector: { app: 'web-canary' } }),
    })
    await shop.apply(shop.service({ selector: { app: 'web-primary' } }), virtualService(90, 10))
    await Promise.all([shop.reachable('client'), shop.reachable('gateway')])
  })
  suiteTeardown(async () => {
    await shop.close()
    // Not before: its requests go through the same client, whose counters the mesh contract reads.
    beginBackground()
  })

  function virtualService(primary: number, canary: number): KubeObject {
    return {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web' },
      spec: {
        hosts: ['web', shop.hostAtGateway],
        gateways: [gatewayName, 'mesh'],
        http: [
          {
            route: [
              { destination: { host: 'web-primary' }, weight: primary },
              { destination: { host: 'web-canary' }, weight: canary },
            ],
          },
        ],
      },
    }
  }

  test('a VirtualService of 90/10 gives a tenth of the requests to the canary, at the client and at the gateway', async () => {
    const loads = (['client', 'gateway'] as const).map(via => shop.load(via, { rate: 300, seconds: 4 }))
    await Promise.all(loads.map(load => load.ended))
    for (const load of loads) {
      const share = load.share('v2', 0, Date.now())
      expect(share.of).to.be.greaterThan(500)
      expect(fits(share, 10), JSON.stringify(share)).to.equal(true)
      expect(load.failures()).to.deep.equal([])
    }
  })

  test('a new weight reaches every proxy, and is counted from then on', async () => {
    const loads = (['client', 'gateway'] as const).map(via => shop.load(via, { rate: 200 }))
    const timeline = shop.timeline()
    for (const weight of [50, 75, 0, 10]) {
      const since = Date.now()
      await shop.apply(virtualService(100 - weight, weight))
      const carried = await timeline.untilWeight(weight, 10, since)
      await Promise.all(loads.map(load => timeline.untilReached(carried, load.via)))
      // Long enough for a share to be counted.
      await waitFor('each proxy has it for a while', 10, () =>
        loads.every(load => timeline.spans(load.via, since).some(({ from, to }) => to - from > 1200)),
      )
    }
    await Promise.all([...loads.map(load => load.stop()), timeline.stop()])
    expect(timeline.weights()).to.deep.equal([10, 50, 75, 0, 10])
    expectShares(timeline, 'v2', 0, ...loads)
    for (const load of loads) {
      const [zero] = timeline.spans(load.via).filter(({ weight }) => weight === 0)
      expect(zero, `weight 0 at the ${load.via}`).to.not.equal(undefined)
      expectNoneOf('v2', zero?.from ?? 0, zero?.to ?? 0, load)
    }
    expectNoFailure(...loads)
  })

  test('Prometheus counts exactly the requests that were sent, at their source and at their destination', async () => {
    const total = async (labels: string): Promise<number> =>
      (await world.prometheus.query(`sum(istio_requests_total{${labels}})`))[0]?.value ?? 0
    const received = `reporter="destination",destination_workload_namespace="${shop.namespace}",destination_workload=~"web-.*",response_code="200"`
    const sent = `reporter="source",destination_service_namespace="${shop.namespace}",destination_workload=~"web-.*",response_flags="-"`
    const since = Date.now()
    // What earlier tests sent is counted: every series was scraped after its last request.
    await waitFor('all counters were scraped', 20, async () => {
      const oldest = [received, sent].map(labels => `min(timestamp(istio_requests_total{${labels}}))`)
      const times = await Promise.all(oldest.map(async query => (await world.prometheus.query(query))[0]?.value ?? 0))
      return Math.min(...times) * 1000 > since + 1000
    })
    const before = [await total(received), await total(sent)]
    const load = shop.load('client', { rate: 200, seconds: 1 })
    await load.ended
    const count = load.between(0).length
    await waitFor(
      'Prometheus has all requests',
      10,
      async () =>
        (await total(received)) === (before[0] ?? 0) + count && (await total(sent)) === (before[1] ?? 0) + count,
      () => ({ before, count }),
    )
    const fast = await world.prometheus.query(
      `histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{${received}}[1m])))`,
    )
    // It is in milliseconds, however busy the machine is.
    expect(fast[0]?.value).to.be.within(0.1, 10_000)
  })

  test('a Service without a ready pod is seen by callers only, with the flag UH', async () => {
    await shop.kubectl('scale', 'deployment/web-canary', '--replicas=0')
    await waitFor('the pod has ended', 20, async () => (await shop.pods('app=web-canary')).length === 0)
    // Until then: the client may hear late that the pod is gone.
    const load = shop.load('client', { rate: 100 })
    const failed = `istio_requests_total{reporter="source",response_flags="UH",destination_service_namespace="${shop.namespace}"}`
    const seen = await waitFor('Prometheus has the flag', 20, async () => (await world.prometheus.query(failed))[0])
    await load.stop()
    expect(load.failures().length).to.be.greaterThan(0)
    expect(seen.labels).to.include({
      destination_service_name: 'web-canary',
      destination_workload: 'unknown',
      response_code: '503',
    })
    await shop.kubectl('scale', 'deployment/web-canary', '--replicas=1')
    await shop.kubectl('rollout', 'status', 'deployment/web-canary', timeoutOf(60))
  })

  test('a rolling update loses no request', async () => {
    await shop.reachable('client')
    const load = shop.load('client', { rate: 100, path: '/?delay=200' })
    await shop.kubectl('set', 'image', 'deployment/web-primary', 'app=registry.example.com/web:v3')
    await waitFor('the old pod has ended', 30, async () => {
      const pods = await shop.pods('app=web-primary')
      return pods.length === 1 && JSON.stringify(pods[0]).includes('web:v3')
    })
    await load.stop()
    expect(load.failures()).to.deep.equal([])
    expect(load.versions()).to.have.all.keys('v1', 'v2', 'v3')
  })

  test('a version that crashes is restarted, and its pod is not ready meanwhile', async () => {
    await shop.behave('v2', { crash: true })
    const status = async (): Promise<{ restartCount: number; ready: boolean } | undefined> => {
      const pod = (await shop.pods('app=web-canary'))[0]
      const { containerStatuses = [] } = (pod?.['status'] ?? {}) as {
        containerStatuses?: { name: string; restartCount: number; ready: boolean }[]
      }
      return containerStatuses.find(({ name }) => name === 'app')
    }
    await waitFor('the container has crashed twice', 20, async () => {
      const now = await status()
      return now !== undefined && now.restartCount >= 2 && !now.ready
    })
    await shop.behave('v2', {})
    await waitFor('the container is ready again', 20, async () => (await status())?.ready)
  })

  test('istiod refuses a VirtualService with a negative weight', async () => {
    const patch = '[{"op":"replace","path":"/spec/http/0/route/0/weight","value":-20}]'
    const refusal = await world.kubectl.refusal(
      '-n',
      shop.namespace,
      'patch',
      'virtualservice',
      'web',
      '--type=json',
      '-p',
      patch,
    )
    expect(refusal).to.include('weight')
    const kept = await shop.get(kinds.VirtualService, 'web')
    expect(kept && weightIn(kept, canaryService)).to.equal(10)
  })
})
