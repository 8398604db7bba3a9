/** Inputs of the field that are about metrics: what an answer is taken for, and limits in other units. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { PrometheusSource } from '../../src/adapters/prometheus/source.ts'
import { judge, type Verdict } from '../../src/core/judges/judge.ts'
import { questions } from '../../src/core/analysis/questions.ts'
import { telemetry } from '../../src/core/routers/istio/telemetry.ts'
import { keptLog, loopback, saying } from '../adapters/prometheus/loopback.ts'
import { gate, scene } from '../core/analysis/given.ts'
import { World } from '../scenarios/world.ts'
import { listening, PUBLIC, RoutesWorld } from './routes.given.ts'

suite('partial answers', () => {
  /** The verdict of one gate on a server that gives every query this value, and says this beside it. */
  async function verdictOn(
    fields: Record<string, unknown>,
    value = '0',
    written: Record<string, unknown> = { name: 'errors', query: 'sum(errors)', thresholdRange: { max: 1 } },
  ): Promise<Verdict> {
    const server = await loopback(() => [], saying(fields, value))
    const source = new PrometheusSource({ servers: [server.url], log: keptLog() })
    const at = scene()
    const asked = questions(gate(written), at, null, telemetry)
    const findings = 'checks' in asked ? await source.measure(asked.checks, new AbortController().signal) : new Map()
    source.close()
    await server.close()
    const verdict = judge(gate(written), at, Object.fromEntries(findings), 'hold')
    return { ...verdict, because: verdict.because.replace(server.url, 'URL') }
  }

  const builtIn = { name: 'request-success-rate' }
  const store = 'fetch series for {cluster="b"} store-b:10901: rpc error: code = Unavailable'

  test('F13: a part of the answer holds, whoever marks it and whatever asked for it', async () => {
    const said = (name: string, why: string) => ({
      outcome: 'hold',
      sight: 'unavailable',
      because: `${name} could not be measured: URL gave only a part of the answer: ${why}`,
    })
    expect(await verdictOn({ isPartial: true }, '0', builtIn)).to.deep.include(
      said('request-success-rate', 'it says isPartial: true'),
    )
    expect(await verdictOn({ warnings: [store] }, '0', builtIn)).to.deep.include(said('request-success-rate', store))
    expect(await verdictOn({ isPartial: true })).to.deep.include(said('errors', 'it says isPartial: true'))
    expect(await verdictOn({ warnings: [store] })).to.deep.include(said('errors', store))
  })

  test('F13, other values: annotations are none, one warning among them is; a bad value in a part counts no failure', async () => {
    const info = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "errors"'
    const warning = 'PromQL warning: bucket label "le" is missing or has a malformed value of ""'
    expect(await verdictOn({ warnings: [info, warning], isPartial: false })).to.include({ outcome: 'pass', value: 0 })
    expect(await verdictOn({ infos: [info] }, '7')).to.include({ outcome: 'fail', value: 7 })
    const mixed = await verdictOn({ warnings: [info, 'No StoreAPIs matched for this query'] }, '7')
    expect(mixed).to.include({ outcome: 'hold', sight: 'unavailable' })
    expect(mixed.because).to.match(/only a part of the answer: No StoreAPIs matched for this query$/)
  })
})

suite('limits in other units', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(() => world.close())

  /** What the API server says of a Canary with this metric; null when it takes it. */
  function refusal(metric: Record<string, unknown>): string | null {
    try {
      world.canary({ analysis: { metrics: [metric] } })
      world.user.delete(kinds.Canary, 'shop', 'web')
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  const percent = 'request-success-rate is a percentage, above 1 and up to 100: write 99 for 99 %'
  const milliseconds = 'request-duration is in milliseconds, from 1: write 500 for half a second'

  test('N1: a success rate written as a fraction is refused, with what to write', () => {
    expect(refusal({ name: 'request-success-rate', interval: '30s', thresholdRange: { min: 0.99 } })).to.include(
      percent,
    )
    expect(refusal({ name: 'request-success-rate', threshold: 0.99 })).to.include(percent)
    expect(refusal({ name: 'request-success-rate', thresholdRange: { min: 990 } })).to.include(percent)
    expect(refusal({ name: 'request-success-rate', thresholdRange: { max: 99 } })).to.include('write min, and no max')
    expect(refusal({ name: 'request-duration', thresholdRange: { max: 0.5 } })).to.include(milliseconds)
  })

  test('N1, other values: 1, 100.1 and seconds are refused in both notations; percent, milliseconds and queries are not', () => {
    expect(refusal({ name: 'request-success-rate', thresholdRange: { min: 1 } })).to.include(percent)
    expect(refusal({ name: 'request-success-rate', threshold: 100.1 })).to.include(percent)
    expect(refusal({ name: 'request-duration', threshold: 0.25 })).to.include(milliseconds)
    expect(refusal({ name: 'mutual-tls-rate', thresholdRange: { min: 0.99 } })).to.include(
      'mutual-tls-rate is a percent',
    )
    expect(refusal({ name: 'mutual-tls-rate', thresholdRange: { max: 50 } })).to.include('write min, and no max')
    expect(refusal({ name: 'request-duration', thresholdRange: { min: 100 } })).to.include('write max, and no min')
    for (const min of [1.5, 95, 99.95, 100]) {
      expect(refusal({ name: 'request-success-rate', thresholdRange: { min } }), String(min)).to.equal(null)
    }
    expect(refusal({ name: 'request-duration', thresholdRange: { max: 5 } })).to.equal(null)
    expect(refusal({ name: 'request-success-rate', query: 'vector(1)', thresholdRange: { min: 0.99 } })).to.equal(null)
  })
})

suite('faults that a VirtualService injects', () => {
  /** Callers at a gateway judge, because the pods have no proxies: they count what is injected, too. */
  async function releaseOf(image: string, fault: Record<string, unknown>): Promise<RoutesWorld> {
    const world = new RoutesWorld(1000, [])
    world.callersAtGateway('shop.example.com', 100)
    const http = [{ fault, route: [{ destination: { host: 'web' } }] }]
    world.virtualService('shop', 'front', { hosts: ['shop.example.com'], gateways: [PUBLIC], http })
    world.deploy('demo/web:1.0.0', { labels: { 'sidecar.istio.io/inject': 'false' } })
    world.start()
    await world.clock.advance(5000)
    world.canary({ service: { ...listening, virtualServices: [{ name: 'front' }] } })
    await world.until('Initialized')
    await world.clock.advance(20_000)
    expect(world.status.vantage).to.equal('source')
    world.setImage(image)
    await world.until(image === 'demo/web:1.1.0' ? 'Succeeded' : 'Failed')
    await world.close()
    return world
  }
  const abort = { abort: { percentage: { value: 5 }, httpStatus: 503 } }
  const delay = { delay: { percentage: { value: 5 }, fixedDelay: '3s' } }

  test('aborts and delays are no fault of a candidate', async () => {
    await releaseOf('demo/web:1.1.0', { ...abort, ...delay })
  })

  test('a bad candidate is rolled back for what it answers beside them', async () => {
    const { status } = await releaseOf('demo/web:2.0.0-errors', abort)
    expect(status.message).to.match(/request-success-rate 90 % is below 99 %/)
  })
})

suite('metrics that are scraped more rarely than steps follow each other', () => {
  for (const [scrapes, weight] of [
    [60_000, 25],
    [15_000, 50],
  ] as const) {
    test(`a candidate that turns bad at weight ${weight} goes no further, scraped every ${scrapes / 1000} s`, async () => {
      const world = new World(scrapes)
      world.start()
      await world.initialized()
      world.setImage('demo/web:1.1.0')
      await world.until(`Progressing ${weight}`)
      world.images.set('demo/web:1.1.0', { errorRate: 0.5 })
      await world.until('Failed')
      expect(world.status.history?.[0]).to.include({ reason: 'ThresholdReached', highest: weight })
      await world.close()
    })
  }

  test('a good one is promoted all the same, and the wait for a scrape is said', async () => {
    const world = new World(60_000)
    world.start()
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    await world.clock.advance(20_000)
    expect(world.status).to.include({
      reason: 'Analysing',
      message: 'Weight 25: the checks pass; waiting for metrics that were scraped during this step',
    })
    await world.until('Succeeded')
    await world.close()
  })
})
