/**
 * The built-in PromQL on a real Prometheus, over series that are born, reset, interrupted and abandoned at known times; and
 * the adapter that merges such queries, against the same server.
 *
 * All stories are told at once by two exporters, on one clock: `before` until second 7, `after` from then on. The window of the
 * questions is 4 s and ends at second 10, so it begins at second 6, a second away from everything that happens.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { PrometheusSource } from '../../../src/adapters/prometheus/source.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import {
  callerFailures,
  carried,
  carriedWithin,
  disconnects,
  errors,
  latency,
  primaryRequests,
  requests,
  withoutCluster,
} from '../../../src/core/routers/istio/promql.ts'
import { promDuration } from '../../../src/core/analysis/promql.ts'
import type { CallerView, CheckContext } from '../../../src/core/analysis/check-context.ts'
import * as nginx from '../../../src/core/routers/nginx/promql.ts'
import { sleep, waitFor } from '../../lab/wait.ts'
import { scene as sceneOf } from '../../../test/core/analysis/given.ts'
import { CHANGE, exposition, interrupted, stories, type Story } from '../../fixtures/istio-stories.ts'
import { LonePrometheus } from '../../lab/lone-prometheus.ts'

const WINDOW = 4000
const END = 10
/** Milliseconds between two scrapes. */
const SCRAPES = 500

const scene = (
  namespace: Story,
  canaryCallers: CallerView = { services: ['web-canary'] },
  vantage: CheckContext['vantage'] = 'destination',
): CheckContext => sceneOf({ namespace, canaryCallers, vantage })

const atIngress: CheckContext = {
  ...scene('steady', undefined, 'source'),
  namespace: 'nginx',
  primaryCallers: { services: ['web'] },
}

const at = (vantage: CheckContext['vantage'], namespace: Story): CheckContext => scene(namespace, undefined, vantage)

suite('PromQL of the built-in gates, on a real Prometheus', () => {
  let prometheus: LonePrometheus
  let startedAt: number
  const servers: Server[] = []

  const second = (): number => (Date.now() - startedAt) / 1000

  /** An exporter on a free port; it fails where `body` is null. */
  async function exporter(body: () => string | null): Promise<string> {
    const server = createServer((_request, response) => {
      const text = body()
      response.writeHead(text === null ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' }).end(text ?? '')
    })
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  suiteSetup(async () => {
    startedAt = Date.now() + 3600_000
    const whole = await exporter(() => exposition(stories, second()))
    const broken = await exporter(() => (second() >= 5 && second() < CHANGE ? null : exposition(interrupted, second())))
    const config = {
      global: { scrape_interval: `${SCRAPES}ms`, scrape_timeout: `${SCRAPES}ms` },
      scrape_configs: [
        { job_name: 'whole', honor_labels: true, static_configs: [{ targets: [whole] }] },
        { job_name: 'broken', honor_labels: true, static_configs: [{ targets: [broken] }] },
      ],
    }
    prometheus = await LonePrometheus.start('prometheus of the PromQL tests', config)
    const scraped = async (): Promise<number> => {
      prometheus.mustRun()
      const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent('count(up == 1)')}`)
      const answer = (await response.json()) as { data: { result: { value: [number, string] }[] } }
      return Number(answer.data.result[0]?.value[1] ?? 0)
    }
    await waitFor('Prometheus scrapes both exporters', 30, async () => (await scraped()) === 2)
    // What a scrape missed is no part of the stories: they are told again, from their beginning.
    for (let left = 3; left > 0; left -= 1) {
      startedAt = Date.now()
      await sleep((END + 0.5) * 1000)
      const [scrapes = 0] = await values(`count_over_time(up{job="whole"}[${END}s])`)
      const [up] = await values(`min_over_time(up{job="whole"}[${END}s])`)
      if (up === 1 && scrapes >= (END * 1000) / SCRAPES - 1) return
      console.log(`      Prometheus scraped ${scrapes} times in ${END} s, and at its worst up was ${up}`)
    }
    throw new Error('Prometheus did not scrape in time')
  })

  suiteTeardown(async () => {
    await prometheus.stop()
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  })

  /** The values of a query at the end of the window. */
  async function values(query: string): Promise<number[]> {
    const body = new URLSearchParams({ query, time: String(startedAt / 1000 + END) })
    const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })
    const answer = (await response.json()) as { error?: string; data?: { result: { value: [number, string] }[] } }
    if (answer.data === undefined) throw new Error(`Prometheus refused ${query}: ${answer.error}`)
    return answer.data.result.map(({ value }) => Number(value[1]))
  }

  const counted: [sentence: string, query: string, wanted: number[]][] = [
    ['a counter that goes on counts its increase', requests(scene('steady'), WINDOW), [50]],
    ['a series that is born with its first error counts from 0', errors(scene('born'), WINDOW), [7]],
    ['errors are requests too', requests(scene('born'), WINDOW), [57]],
    ['no series of errors is no answer', errors(scene('flawless'), WINDOW), []],
    ['a counter that was reset counts from 0', requests(scene('reset'), WINDOW), [30]],
    ['a pod that died within the window still counts', requests(scene('died'), WINDOW), [40]],
    ['a pod that died before it does not', requests(scene('gone'), WINDOW), []],
    ['a workload without telemetry is no answer', requests(scene('absent'), WINDOW), []],
    ['pods are counted each by its own history', requests(scene('pods'), WINDOW), [18]],
    [
      'a failed scrape where the window begins does not make a series look born',
      requests(scene('interrupted'), WINDOW),
      [50],
    ],
    [
      '5xx, no answer and gRPC failures are errors; 404 and NOT_FOUND are not',
      errors(scene('kinds'), WINDOW),
      [1 + 2 + 4 + 8],
    ],
    [
      'callers see what never arrived, and not again what was answered',
      callerFailures(scene('callers'), WINDOW),
      [1 + 2 + 4 + 8 + 16],
    ],
    [
      'with subsets, what reached no pod counts as the canary, what missed the primary does not',
      callerFailures(scene('subsets', { services: ['web'], version: 'v2' }), WINDOW),
      [3],
    ],
    ['callers tell what the canary was sent', carried(scene('split'), 'canary', WINDOW), [10]],
    ['and what the primary was sent', carried(scene('split'), 'primary', WINDOW), [90]],
    [
      'the primary counts what was seen at both ends of its window',
      primaryRequests(scene('primary'), WINDOW - 1000, 1000),
      [300],
    ],
    [
      'what callers sent within the window is told by samples of the window alone',
      carriedWithin(scene('split'), 'primary', WINDOW),
      [90],
    ],
    ['and is nothing where the change lies before it', carriedWithin(scene('split'), 'primary', 2000), [0]],
    [
      'a waypoint tells of the backend that was chosen; what its policies deny is no answer of a side',
      requests(at('waypoint', 'waypoint'), WINDOW),
      [50 + 5 + 3 + 4 + 7 + 2],
    ],
    ['and what reached no pod is an error', errors(at('waypoint', 'waypoint'), WINDOW), [3 + 4]],
    ['which is not counted again as the callers’', callerFailures(at('waypoint', 'waypoint'), WINDOW), [0]],
    ['callers that leave are seen there', disconnects(at('waypoint', 'waypoint'), WINDOW, 'canary'), [7]],
    [
      'the split is told with what was denied',
      carried(at('waypoint', 'waypoint'), 'canary', WINDOW),
      [50 + 5 + 3 + 4 + 7 + 60 + 2],
    ],
    ['of both sides', carried(at('waypoint', 'waypoint'), 'primary', WINDOW), [300]],
    [
      'what was seen at both ends is told of the primary',
      primaryRequests(at('waypoint', 'waypoint'), WINDOW, 0),
      [300],
    ],
    ['callers alone are told by callers', requests(at('source', 'waypoint'), WINDOW), [3000]],
    ['and what failed on the way is an error there', errors(at('source', 'waypoint'), WINDOW), [2000]],
    ['callers that leave are counted of each side', disconnects(scene('leaving'), WINDOW, 'canary'), [131]],
    ['and of the other', disconnects(scene('leaving'), WINDOW, 'primary'), [99]],
    ['and are no errors', errors(scene('leaving'), WINDOW), [1]],
    ['requests without a cluster are told by their Host', withoutCluster(scene('lost'), WINDOW, 0), [1 + 2 + 4 + 8]],
    ['and none were before', withoutCluster(scene('lost'), 2000, WINDOW), []],
    ['or some were', withoutCluster(scene('astray'), 2000, WINDOW), [20]],
    [
      'ingress-nginx tells of the canary by its backend, whatever Ingress a request came by',
      nginx.requests(atIngress, WINDOW, 'canary'),
      [50 + 6 + 4 + 10 + 3 + 2 + 7],
    ],
    ['and of the primary by none', nginx.requests(atIngress, WINDOW, 'primary'), [300 + 30 + 9]],
    ['5xx are errors, by number and by class; 404 and 499 are not', nginx.errors(atIngress, WINDOW), [3 + 2]],
    ['callers that leave are 499, of each side', nginx.disconnects(atIngress, WINDOW, 'canary'), [7]],
    ['and of the other', nginx.disconnects(atIngress, WINDOW, 'primary'), [9]],
    [
      'what was seen at both ends is told of the primary at nginx',
      nginx.surelyReceived(atIngress, 'primary', WINDOW, 0),
      [300],
    ],
    ['and samples of the window alone tell of it', nginx.requestsWithin(atIngress, WINDOW, 'primary'), [300]],
    ['an idle histogram has no percentile', latency(scene('idle'), WINDOW), [Number.NaN]],
    ['a window without a sample is no answer', requests(scene('steady'), 1), []],
  ]
  for (const [sentence, query, wanted] of counted) {
    test(sentence, async () => expect(await values(query)).to.deep.equal(wanted))
  }

  test('the percentile is that of the window, not of what was before it', async () => {
    const [p99] = await values(latency(scene('faster'), WINDOW))
    expect(p99).to.be.within(100, 250)
  })

  test('the percentile at an Ingress is in milliseconds, and of the canary alone', async () => {
    const [p99] = await values(nginx.latency(atIngress, WINDOW))
    expect(p99).to.be.within(100, 250)
  })

  test('the percentile at a waypoint is that of answers, not of what its policies deny', async () => {
    const [p99] = await values(latency(at('waypoint', 'passing'), WINDOW))
    expect(p99).to.be.within(900, 1000)
  })

  test('a histogram that is born within the window has a percentile at once', async () => {
    const [p99] = await values(latency(scene('slow'), WINDOW))
    expect(p99).to.be.within(900, 1000)
  })

  test('rate() would not have seen the errors that were born', async () => {
    const selector = 'istio_requests_total{destination_workload_namespace="born",response_code="503"}'
    const [seen] = await values(`sum(increase(${selector}[${promDuration(WINDOW)}]))`)
    expect(seen).to.equal(0)
  })

  test('merged queries answer each for itself, whatever stands beside them', async () => {
    const source = new PrometheusSource({
      servers: [prometheus.url],
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    })
    const queries: [query: string, wanted: Finding | 'a number'][] = [
      [requests(scene('steady'), 600_000), { kind: 'value', value: 150 }],
      [errors(scene('born'), 600_000), { kind: 'value', value: 7 }],
      [errors(scene('absent'), 600_000), { kind: 'no-data', because: 'the query returned no data' }],
      [latency(scene('slow'), 600_000), 'a number'],
      ['vector(1) # a comment', { kind: 'value', value: 1 }],
      ['vector(0) / 0', { kind: 'no-data', because: 'the query gave NaN' }],
      ['42', { kind: 'value', value: 42 }],
      ['up', { kind: 'refused', error: 'the query returned 2 series; aggregate it to one, as in sum(…)' }],
      ['sum(up', { kind: 'refused', error: '1:7: parse error: unclosed left parenthesis' }],
      ['up[1m]', { kind: 'refused', error: 'the query returned a range of samples; wrap it, as in sum(rate(…[1m]))' }],
      [
        'vector(7)), "sluice_check", "0", "", "") or label_replace((vector(8)',
        { kind: 'refused', error: "1:11: parse error: unexpected right parenthesis ')'" },
      ],
    ]
    const checks = queries.map(
      ([query], index): Check => ({
        id: String(index),
        query,
        server: null,
        subject: { measure: 'value', side: 'canary', namespace: 'shop', workload: 'web', window: WINDOW },
      }),
    )
    for (const round of ['first', 'second']) {
      const findings = await source.measure(checks, new AbortController().signal)
      for (const [index, [query, wanted]] of queries.entries()) {
        const finding = findings.get(String(index))
        if (wanted === 'a number') expect(finding?.kind, `${round}: ${query}`).to.equal('value')
        else expect(finding, `${round}: ${query}`).to.deep.equal(wanted)
      }
    }
    source.close()
  })

  test('a hundred merged questions are one request', async () => {
    const outcomes: string[] = []
    const source = new PrometheusSource({
      servers: [prometheus.url],
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      observed: call => outcomes.push(call.outcome),
    })
    const checks = Array.from({ length: 100 }, (_, index): Check => {
      const query = requests({ ...scene('steady'), target: index === 0 ? 'web' : `web-${index}` }, 600_000)
      const subject = {
        measure: 'requests',
        side: 'canary',
        namespace: 'steady',
        workload: 'web',
        window: WINDOW,
      } as const
      return { id: String(index), query, server: null, subject }
    })
    const findings = await source.measure(checks, new AbortController().signal)
    source.close()
    expect(outcomes).to.deep.equal(['vector'])
    expect([...findings.values()].map(({ kind }) => kind)).to.deep.equal(['value', ...Array(99).fill('no-data')])
    expect(findings.get('0')).to.deep.equal({ kind: 'value', value: 150 })
  })
})
