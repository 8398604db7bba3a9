/** What the mesh counts, as Istio's series with their labels, scraped into the in-memory Prometheus. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { exact } from '../../mesh/draw.ts'
import { instantQuery } from '../../prometheus/evaluate.ts'
import { Telemetry, type TelemetryOptions } from '../../mesh/telemetry.ts'
import { cluster, deployment, service, virtualService, withImage } from '../cluster.ts'

suite('playground: telemetry', () => {
  let it: ReturnType<typeof cluster>
  let telemetry: Telemetry

  /** Two versions, of which the canary gets a tenth of 100 requests a second. */
  async function boot(options: TelemetryOptions, image = 'demo/web:1.1.0'): Promise<void> {
    it = cluster()
    it.user.create(deployment('web-primary', 'demo/web:1.0.0', 2))
    it.user.create(deployment('web', image, 1))
    for (const name of ['web', 'web-primary']) it.user.create(service(name, { app: 'web-primary' }))
    it.user.create(service('web-canary', { app: 'web' }))
    const route = [
      { destination: { host: 'web-primary' }, weight: 90 },
      { destination: { host: 'web-canary' }, weight: 10 },
    ]
    it.user.create(virtualService('web', { hosts: ['web'], http: [{ route }] }))
    await it.clock.advance(5000)
    telemetry = new Telemetry(it.mesh, it.clock, options)
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 100 })
  }

  function ask(query: string): { labels: Readonly<Record<string, string>>; value: number }[] {
    const answer = instantQuery(telemetry.samples, query, telemetry.upToDate())
    return answer.type === 'vector' ? [...answer.samples] : []
  }
  const value = (query: string): number | undefined => ask(query)[0]?.value

  test('both reporters count a request, under all labels of Istio and of the scrape', async () => {
    await boot({ draw: exact })
    await it.clock.advance(30_000)
    const [received] = ask('istio_requests_total{destination_workload="web",reporter="destination"}')
    const [sent] = ask('istio_requests_total{destination_workload="web",reporter="source"}')
    const [pod] = it.workloads.pods('shop', 'web')
    const common = {
      __name__: 'istio_requests_total',
      source_workload: 'load',
      source_workload_namespace: 'shop',
      source_principal: 'spiffe://cluster.local/ns/shop/sa/load',
      source_app: 'load',
      source_version: 'unknown',
      source_canonical_service: 'load',
      source_canonical_revision: 'latest',
      source_cluster: 'Kubernetes',
      destination_workload: 'web',
      destination_workload_namespace: 'shop',
      destination_principal: 'spiffe://cluster.local/ns/shop/sa/default',
      destination_app: 'web',
      destination_version: 'unknown',
      destination_canonical_service: 'web',
      destination_canonical_revision: 'latest',
      destination_cluster: 'Kubernetes',
      destination_service: 'web-canary.shop.svc.cluster.local',
      destination_service_name: 'web-canary',
      destination_service_namespace: 'shop',
      request_protocol: 'http',
      response_code: '200',
      response_flags: '-',
      job: 'kubernetes-pods',
      namespace: 'shop',
    }
    expect(received?.labels).to.deep.equal({
      ...common,
      reporter: 'destination',
      connection_security_policy: 'mutual_tls',
      pod: pod?.metadata.name,
      instance: `${pod?.metadata.name}:15020`,
      app: 'web',
      pod_template_hash: pod?.metadata.labels?.['pod-template-hash'],
    })
    expect(sent?.labels).to.deep.equal({
      ...common,
      reporter: 'source',
      connection_security_policy: 'unknown',
      pod: 'load-0',
      instance: 'load-0:15020',
      app: 'load',
    })
    for (const one of [received, sent]) expect(one?.value).to.be.closeTo(250, 1e-6)
  })

  test('the shares of both sides are what the weights say, each pod with its own series', async () => {
    await boot({ draw: exact })
    await it.clock.advance(60_000)
    const byPod = ask('increase(istio_requests_total{reporter="destination"}[30s])')
    expect(byPod.map(one => Math.round(one.value * 1000) / 1000)).to.have.members([1350, 1350, 300])
    expect(new Set(byPod.map(({ labels }) => labels['pod'])).size).to.equal(3)
  })

  test('the histogram has the buckets of Istio, and its p99 is that of the image within its bucket', async () => {
    await boot({ draw: exact }, 'demo/web:2.0.0-slow')
    await it.clock.advance(120_000)
    const histogram = 'istio_request_duration_milliseconds_bucket{reporter="destination",destination_workload="web"}'
    const bounds = ask(histogram).map(({ labels }) => Number(labels['le']?.replace('+Inf', 'Infinity')))
    const istio = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000]
    expect(bounds).to.have.members([...istio, 1_800_000, 3_600_000, Number.POSITIVE_INFINITY])
    expect(value(`histogram_quantile(0.99, sum by (le) (rate(${histogram}[1m])))`)).to.be.within(1000, 2500)
    expect(value(`histogram_quantile(0.5, sum by (le) (rate(${histogram}[1m])))`)).to.be.within(250, 500)
    const mean = value(
      'sum(rate(istio_request_duration_milliseconds_sum[1m])) / sum(rate(istio_request_duration_milliseconds_count[1m]))',
    )
    expect(mean).to.be.within(20, 200)
  })

  test('by chance there are whole requests, about as many as were sent, and the same ones for the same seed', async () => {
    const counted: number[][] = []
    for (let times = 0; times < 2; times += 1) {
      await boot({}, 'demo/web:2.0.0-errors')
      await it.clock.advance(600_000)
      counted.push(ask('{reporter=~".+",__name__!="istio_request_duration_milliseconds_sum"}').map(one => one.value))
    }
    const [first = [], second = []] = counted
    expect(first).to.deep.equal(second)
    expect(first.filter(one => !Number.isInteger(one))).to.deep.equal([])
    const sent = value('sum(istio_requests_total{reporter="source"})') ?? 0
    expect(sent).to.be.within(59_500 - 4 * 245, 60_000 + 4 * 245)
    expect(value('sum(istio_requests_total{reporter="destination"})')).to.equal(sent)
    expect(value('sum(istio_request_duration_milliseconds_count{reporter="destination"})')).to.equal(sent)
    const errors = value('sum(istio_requests_total{reporter="destination",response_code="500"})') ?? 0
    expect(errors).to.be.within(595 - 4 * 25, 600 + 4 * 25)
  })

  test('where no pod is ready only the caller counts, with the flag; what never happened has no series', async () => {
    await boot({ draw: exact })
    await it.clock.advance(30_000)
    expect(ask('istio_requests_total{response_code!="200"}')).to.deep.equal([])
    it.workloads.crash('shop', 'web')
    await it.clock.advance(60_000)
    const failed = ask('istio_requests_total{response_code="503"}')
    expect(failed.map(({ labels }) => labels)).to.have.lengthOf(1)
    expect(failed[0]?.labels).to.include({
      reporter: 'source',
      response_flags: 'UH',
      destination_service_name: 'web-canary',
      destination_workload: 'unknown',
      destination_principal: 'unknown',
    })
  })

  test('a pod that is gone takes its series with it, and its successor begins at zero', async () => {
    await boot({ draw: exact, interval: 1000 })
    await it.clock.advance(60_000)
    const before = value('sum(istio_requests_total{reporter="destination",destination_workload="web"})')
    it.user.merge(kinds.Deployment, 'shop', 'web', withImage('demo/web:1.2.0'))
    await it.clock.advance(30_000)
    const after = ask('istio_requests_total{reporter="destination",destination_workload="web"}')
    expect(before).to.be.closeTo(600, 1e-6)
    expect(after).to.have.lengthOf(1)
    expect(after[0]?.value).to.be.within(200, 300)
  })

  test('scrapes are a whole interval apart, whenever somebody looks', async () => {
    await boot({ draw: exact, interval: 15_000 })
    await it.clock.advance(52_000)
    value('istio_requests_total')
    await it.clock.advance(45_000)
    value('istio_requests_total')
    const [series] = telemetry.samples.select([], 0, it.clock.now())
    const distances = series?.points.slice(1).map((point, index) => point.at - (series.points[index]?.at ?? 0))
    expect(new Set(distances)).to.deep.equal(new Set([15_000]))
  })

  test('after a long time in which nobody looked there are samples for as long as they are kept', async () => {
    await boot({ draw: exact, interval: 15_000, retention: 600_000 })
    await it.clock.advance(24 * 3600_000)
    expect(value('sum(increase(istio_requests_total{reporter="source"}[5m]))')).to.be.closeTo(30_000, 1)
    expect(value('sum(istio_requests_total{reporter="source"})')).to.be.closeTo(24 * 360_000, 1500)
  })
})
