/** Inputs of the field that are about queries: their ranges, their size, and those that are slow or can never work. */
import { expect } from 'chai'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { PrometheusSource } from '../../src/adapters/prometheus/source.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import { fillIn, readTemplate } from '../../src/core/analysis/templates.ts'
import { keptLog, loopback, question } from '../adapters/prometheus/loopback.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { World } from '../scenarios/world.ts'

const minute = 60_000

const canaryWith = (metrics: readonly Record<string, unknown>[]): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'Canary',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    service: { port: 80 },
    analysis: { metrics },
  },
})

const patient = new AbortController().signal

suite('queries with a range of their own', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const share = (range: string): string => {
    const rate = (more: string): string =>
      `sum(rate(istio_requests_total{destination_workload="{{ target }}"${more}}[${range}]))`
    return `100 * ${rate(',response_code=~"5.."')} / ${rate('')}`
  }

  test('F19: errors of an earlier candidate within [5m] do not count against the next one', async () => {
    const errors = { name: 'errors', interval: '30s', thresholdRange: { max: 1 }, noData: 'pass', query: share('5m') }
    await world.initialized({ analysis: { interval: '10s', threshold: 3, metrics: [errors] } })
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed', 10 * minute)
    await world.clock.advance(minute)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    await world.clock.advance(45_000)
    expect(world.stand).to.equal('Progressing 10')
    expect(world.status.message).to.match(
      /^Holding at weight 10: errors [\d.]+ is above 1 \(over 5m\), which does not count: the range began before this candidate got traffic, \d+s ago; with \[\{\{ interval \}\}\] in the query it never does$/,
    )
    await world.until('Succeeded', 15 * minute)
    expect(world.status.failedChecks).to.equal(0)
  })

  test('F19, other values: an offset in a MetricTemplate holds too; a bad release fails once the range is its own', async () => {
    const query = 'max(saturation offset 90s)'
    world.metrics.values.set(query, 7)
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name: 'saturation', namespace: 'shop' },
      spec: { provider: { type: 'prometheus' }, query },
    })
    const metric = { name: 'saturation', templateRef: { name: 'saturation' }, thresholdRange: { max: 5 } }
    await world.initialized({ analysis: { interval: '10s', threshold: 2, metrics: [metric] } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(
      /^Holding at weight 10: saturation 7 is above 5 \(over 1m30s\), which does not/,
    )
    expect(world.status.failedChecks).to.equal(0)
    await world.until('Failed', 2 * minute)
    expect(world.status.message).to.match(/saturation 7 is above 5 \(over 1m30s\) \(2 of 2 failed checks\)$/)
  })

  test('F19, other values: a bad release fails although its query looks back further than maxBlind', async () => {
    const metrics = [
      { name: 'errors', interval: '30s', thresholdRange: { max: 1 }, noData: 'pass', query: share('6m') },
    ]
    await world.initialized({ analysis: { interval: '10s', threshold: 3, maxBlind: '2m', metrics } })
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Progressing 10')
    await world.until('Failed', 8 * minute)
    expect(world.status.message).to.match(/errors 10 is above 1 \(over 6m\) \(3 of 3 failed checks\)$/)
    expect(world.events().filter(event => event.startsWith('MetricsUnavailable: '))).to.have.lengthOf(1)
  })

  test('F19, other values: [{{ interval }}] counts from the first check, and an empty share of errors says what to write', async () => {
    const metrics = [{ name: 'errors', interval: '30s', thresholdRange: { max: 1 }, query: share('{{ interval }}') }]
    await world.initialized({ analysis: { interval: '10s', threshold: 2, metrics } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    await world.clock.advance(30_000)
    expect(world.status.message).to.match(
      /^Holding at weight 10: errors has no data over \d+s: the query returned no data; .* write "or vector\(0\)" behind the part that counts errors, or noData: pass$/,
    )
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed', 3 * minute)
    expect(world.status.message).to.match(/errors [\d.]+ is above 1 \(over \d+s\) \(2 of 2 failed checks\)$/)
  })
})

suite('templates that expand', () => {
  const names = {
    name: 'web',
    namespace: 'shop',
    target: 'web',
    service: 'web',
    ingress: 'web',
    route: 'web',
    interval: '30s',
  }
  const limits = { max: 1 }

  test('S2: a variable of 300 kB is refused at admission, and a query that names it 1,000 times costs nothing', () => {
    const big = {
      name: 'a',
      templateRef: { name: 't' },
      thresholdRange: limits,
      templateVariables: { a: 'x'.repeat(300_000) },
    }
    const read = parseCanary(canaryWith([big]))
    expect(read).to.deep.equal({
      problems: ['spec.analysis.metrics[0].templateVariables.a: must have at most 1024 characters'],
    })
    // As if it had been stored before there was a limit.
    const begun = performance.now()
    const filled = fillIn(readTemplate('{{ variables.a }}'.repeat(1000), { a: 'x'.repeat(300_000) }), names)
    expect(filled)
      .to.have.property('problem')
      .that.matches(/^The query is longer than 64 KiB when /)
    expect(performance.now() - begun).to.be.below(500)
  })

  test('S2, other values: many variables, long queries, and short ones that are named often', () => {
    const variables = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`v${index}`, 'x']))
    const metric = { name: 'a', templateRef: { name: 't' }, thresholdRange: limits }
    expect(parseCanary(canaryWith([{ ...metric, templateVariables: variables }]))).to.deep.equal({
      problems: ['spec.analysis.metrics[0].templateVariables: must have at most 32 entries'],
    })
    const inline = { name: 'a', query: 'x'.repeat(8193), thresholdRange: limits }
    expect(parseCanary(canaryWith([inline]))).to.deep.equal({
      problems: ['spec.analysis.metrics[0].query: must have at most 8192 characters'],
    })
    const longest = { ...metric, templateVariables: { a: 'y'.repeat(1024) } }
    expect(parseCanary(canaryWith([longest]))).to.have.property('canary')
    const often = `sum(${'{{variables.a}}+'.repeat(1023)}1)`
    expect(fillIn(readTemplate(often, { a: 'y'.repeat(1024) }), names)).to.have.property('problem')
    expect(fillIn(readTemplate(often, { a: 'y'.repeat(32) }), names)).to.have.property('query')
  })
})

suite('slow questions', () => {
  const asked = (query: string, namespace: string, workload: string): Check =>
    question(query, { subject: { measure: 'value', side: 'canary', namespace, workload, window: 30_000 } })

  /** The findings of these checks while 120 others hang, and how many of those were asked at once. */
  async function beside(
    hanging: (index: number) => Check,
    checks: readonly Check[],
    deadline: number,
  ): Promise<{ findings: (Finding | undefined)[]; atOnce: number }> {
    const server = await loopback(
      () => ['1'],
      (_request, _response, query) => query.includes('slow'),
    )
    const source = new PrometheusSource({ servers: [server.url], log: keptLog(), deadline })
    void source.measure(
      Array.from({ length: 120 }, (_, index) => hanging(index)),
      patient,
    )
    const findings = await source.measure(checks, patient)
    const atOnce = server.requests.filter(query => query.includes('slow')).length
    source.close()
    await server.close()
    return { findings: checks.map(({ id }) => findings.get(id)), atOnce }
  }

  test('S6: 120 Canaries whose query hangs, and the ordinary one in another namespace is answered at once', async () => {
    const { findings, atOnce } = await beside(
      index => asked(`slow(${index})`, 'evil', `web-${index}`),
      [asked('orders', 'shop', 'web')],
      600_000,
    )
    expect(findings).to.deep.equal([{ kind: 'value', value: 1 }])
    expect(atOnce).to.be.at.most(3)
  })

  test('S6, other values: one Canary with 120 such questions beside another of the same namespace', async () => {
    const { findings } = await beside(
      index => asked(`slow(${index}))`, 'shop', 'evil'),
      [asked('orders', 'shop', 'web'), asked('stock', 'shop', 'web')],
      3000,
    )
    expect(findings).to.deep.equal([
      { kind: 'value', value: 1 },
      { kind: 'value', value: 1 },
    ])
  })

  test('S6, other values: 120 Canaries of one namespace are told from another one there within seconds, not minutes', async () => {
    const begun = performance.now()
    const { findings } = await beside(
      index => asked(`slow(${index})`, 'shop', `evil-${index}`),
      [asked('orders', 'shop', 'web')],
      1200,
    )
    expect(findings).to.deep.equal([{ kind: 'value', value: 1 }])
    // Four to six seconds; one after the other, each for half of the deadline, they would take 24.
    expect(performance.now() - begun).to.be.below(18_000)
  })
})

suite('queries that can never work', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const metrics = (query: string): Record<string, unknown> => ({
    analysis: { interval: '10s', threshold: 2, metrics: [{ name: 'errors', query, thresholdRange: { max: 1 } }] },
  })
  const trials = (): number => world.metrics.asked.filter(id => id.startsWith('trial/')).length
  const stalled = (): unknown => world.status.conditions?.find(({ type }) => type === 'Stalled')?.status
  const edit = (query: string): void => {
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: metrics(query) })
  }

  test('N1, other values: a query that does not parse is Stalled at rest, and no release starts before it is mended', async () => {
    await world.initialized(metrics('vector(0)'))
    expect([stalled(), trials()]).to.deep.equal(['False', 1])
    edit('sum(rate(errors[1m])')
    await world.clock.advance(2000)
    expect([stalled(), world.status.reason]).to.deep.equal(['True', 'Invalid'])
    const sentence = 'spec.analysis.metrics[0].query cannot work: 1:21: parse error: unexpected end of input'
    expect(world.status.message).to.equal(sentence)
    expect(world.events()).to.include(`Invalid: ${sentence}`)

    world.setImage('demo/web:1.1.0')
    await world.clock.advance(minute)
    expect(world.mesh.shares()).to.deep.equal({ 'web-primary': 100 })
    expect(world.status.message).to.equal(sentence)
    edit('vector(0)')
    await world.until('Succeeded', 5 * minute)
    expect(stalled()).to.equal('False')
  })

  const unjudged = {
    'by skipAnalysis': () => world.user.merge(kinds.Canary, 'shop', 'web', { spec: { skipAnalysis: true } }),
    'by approve full': () => world.annotate('approve', '1 full hotfix'),
  }
  for (const [how, act] of Object.entries(unjudged)) {
    test(`N1, other values: a query that does not parse stops no release that is not judged, ${how}`, async () => {
      await world.initialized()
      edit('sum(rate(errors[1m])')
      await world.clock.advance(2000)
      world.setImage('demo/web:1.1.0')
      await world.clock.advance(20_000)
      expect([world.stand, stalled()]).to.deep.equal(['Progressing 0', 'True'])
      act()
      await world.until('Succeeded', minute)
    })
  }

  test('N1, other values: one that is written in mid-run is what status names, also once the analysis is suspended', async () => {
    await world.initialized({ analysis: { interval: '10s', threshold: 2, maxBlind: '1m' } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    edit('sum(rate(errors[1m])')
    await world.clock.advance(2 * minute)
    expect([world.stand, world.status.reason, stalled()]).to.deep.equal(['Progressing 0', 'Invalid', 'True'])
    expect(world.status.message).to.match(/^spec\.analysis\.metrics\[0\]\.query cannot work: 1:21: parse error/)
    edit('vector(0)')
    await world.until('Succeeded', 3 * minute)
  })

  test('N1, other values: several series are Stalled before anything is touched, and asked again once they may be one', async () => {
    world.deploy()
    await world.clock.advance(30_000)
    world.canary(metrics('istio_requests_total'))
    await world.clock.advance(5000)
    expect(world.status.message).to.match(
      /^spec\.analysis\.metrics\[0\]\.query cannot work: the query returned \d+ series/,
    )
    world.metrics.values.set('istio_requests_total', 0)
    await world.until('Initialized', 6 * minute)
  })

  test('N1, other values: a query that works is asked once, and an idle canary asks no more', async () => {
    await world.initialized(metrics('vector(0)'))
    await world.clock.advance(120 * minute)
    expect(world.metrics.asked).to.have.lengthOf(1)
  })

  test('N1, other values: a metrics server that does not answer stops nothing, and is asked again', async () => {
    world.metrics.trouble = troubles.down
    await world.initialized(metrics('sum(rate(errors[1m])'))
    expect([stalled(), trials()]).to.deep.equal(['False', 1])
    world.metrics.trouble = troubles.none
    await world.clock.advance(6 * minute)
    expect([stalled(), trials()]).to.deep.equal(['True', 2])
  })
})
