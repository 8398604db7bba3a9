/** The Istio queries that Flagger, Argo Rollouts and Istio's dashboards document, answered from the mesh's telemetry. */
import { expect } from 'chai'
import { exact } from '../mesh/draw.ts'
import { instantQuery, rangeQuery } from '../prometheus/evaluate.ts'
import { QueryError } from '../prometheus/syntax.ts'
import { Telemetry } from '../mesh/telemetry.ts'
import { cluster, deployment, service } from './cluster.ts'

const canary = 'reporter="destination",destination_workload_namespace="shop",destination_workload=~"web"'
const workload = 'reporter="destination",destination_workload_namespace="shop",destination_workload="web"'
const argo = 'reporter="source",destination_service=~"web.shop.svc.cluster.local"'

/** What each gives where a tenth of the requests fails and the slowest hundredth takes 90 ms. */
const rows: readonly (readonly [name: string, query: string, least: number, most: number])[] = [
  [
    "Flagger's request-success-rate",
    `sum(rate(istio_requests_total{${canary},response_code!~"5.*"}[1m])) / sum(rate(istio_requests_total{${canary}}[1m])) * 100`,
    90,
    90,
  ],
  [
    "Flagger's request-duration",
    `histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{${canary}}[1m])) by (le))`,
    50,
    100,
  ],
  [
    "Flagger's template for 404s",
    `100 - sum(rate(istio_requests_total{${workload},response_code!="404"}[1m])) / sum(rate(istio_requests_total{${workload}}[1m])) * 100`,
    0,
    0,
  ],
  [
    "Flagger's template for an error rate with clamp_min",
    `100 * sum(rate(istio_requests_total{${workload},response_code=~"5.*"}[1m])) / clamp_min(sum(rate(istio_requests_total{${workload}}[1m])), 1)`,
    10,
    10,
  ],
  [
    'success-rate of Argo Rollouts',
    `sum(irate(istio_requests_total{${argo},response_code!~"5.*"}[5m])) / sum(irate(istio_requests_total{${argo}}[5m]))`,
    0.9,
    0.9,
  ],
  [
    'average latency of Argo Rollouts users',
    `sum(increase(istio_request_duration_milliseconds_sum{${argo}}[5m])) / sum(increase(istio_request_duration_milliseconds_count{${argo}}[5m]))`,
    15,
    40,
  ],
  [
    'Kayenta-like comparison with guarded division',
    `(sum(rate(istio_requests_total{${argo},response_code=~"5.*"}[1m])) or vector(0)) / (sum(rate(istio_requests_total{${argo}}[1m])) > 0)`,
    0.1,
    0.1,
  ],
  [
    "request volume on Istio's service dashboard",
    'round(sum(irate(istio_requests_total{reporter=~"source",destination_service=~"web.shop.svc.cluster.local"}[5m])), 0.001)',
    100,
    100,
  ],
  [
    "success rate on Istio's mesh dashboard",
    'sum(rate(istio_requests_total{reporter=~"source|waypoint",response_code!~"5.*"}[1m])) / sum(rate(istio_requests_total{reporter=~"source|waypoint"}[1m]))',
    0.9,
    0.9,
  ],
  [
    "p90 on Istio's workload dashboard",
    `(histogram_quantile(0.90, sum(irate(istio_request_duration_milliseconds_bucket{${workload}}[1m])) by (le)) / 1000)`,
    0.025,
    0.05,
  ],
]

suite('playground: the documented Istio queries', () => {
  let it: ReturnType<typeof cluster>
  let telemetry: Telemetry

  setup(async () => {
    it = cluster()
    it.user.create(deployment('web', 'demo/web:2.0.0-errors', 2))
    it.user.create(service('web', { app: 'web' }))
    await it.clock.advance(5000)
    telemetry = new Telemetry(it.mesh, it.clock, { draw: exact })
    it.mesh.load({ host: 'web', namespace: 'shop', perSecond: 100 })
    await it.clock.advance(600_000)
  })

  for (const [name, query, least, most] of rows) {
    test(name, () => {
      const answer = instantQuery(telemetry.samples, query, telemetry.upToDate())
      expect(answer.type).to.equal('vector')
      const values = answer.type === 'vector' ? answer.samples.map(({ value }) => value) : []
      expect(values).to.have.lengthOf(1)
      expect(values[0]).to.be.within(least - 1e-9, most + 1e-9)
    })
  }

  test("a legend of Istio's dashboards: requests by caller and code", () => {
    const query = `sum(irate(istio_requests_total{${workload}}[5m])) by (source_workload, source_workload_namespace, response_code)`
    const answer = instantQuery(telemetry.samples, query, telemetry.upToDate())
    const found = answer.type === 'vector' ? answer.samples.map(({ labels, value }) => [labels, Math.round(value)]) : []
    const caller = { source_workload: 'load', source_workload_namespace: 'shop' }
    expect(found).to.have.deep.members([
      [{ ...caller, response_code: '200' }, 90],
      [{ ...caller, response_code: '500' }, 10],
    ])
  })

  test('a chart: a range of a success rate at every step', () => {
    const now = telemetry.upToDate()
    const query = rows[4]?.[1] ?? ''
    const answer = rangeQuery(telemetry.samples, query, now - 300_000, now, 60_000)
    const dots = answer.type === 'matrix' ? answer.rows.flatMap(row => row.dots.map(({ value }) => value)) : []
    expect(dots).to.have.lengthOf(6)
    for (const dot of dots) expect(dot).to.be.closeTo(0.9, 1e-9)
  })

  test('what is not played is an error that says so, never a wrong answer', () => {
    const refused = (query: string): string => {
      try {
        instantQuery(telemetry.samples, query, telemetry.upToDate())
      } catch (error) {
        if (error instanceof QueryError) return error.message
        throw error
      }
      return 'an answer'
    }
    expect(refused('predict_linear(istio_requests_total[5m], 60)')).to.match(
      /function "predict_linear" is not supported by this in-memory Prometheus/,
    )
    expect(refused('count_values("code", istio_requests_total)')).to.match(
      /aggregation count_values is not supported by this in-memory Prometheus/,
    )
  })
})
