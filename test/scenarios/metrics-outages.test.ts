/** Checks without data: a metrics server that is away, hangs or refuses, and templates that are missing. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { troubles } from '../../playground/test/metrics.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('metrics outages', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const stalled = (): string | undefined => world.status.conditions?.find(one => one.type === 'Stalled')?.status

  async function releaseTo(stand: string, spec: Record<string, unknown> = {}): Promise<void> {
    await world.initialized(spec)
    world.setImage('demo/web:1.1.0')
    await world.until(stand)
    await world.clock.advance(2000)
  }

  test('without data it holds, parks after maxBlind, and climbs anew when data is back', async () => {
    await world.initialized({ analysis: { interval: '10s', maxBlind: '2m' } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.metrics.trouble = troubles.down
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Progressing 25')
    await world.clock.advance(3 * minute)
    expect(world.stand).to.equal('Progressing 0')
    expect(world.status.reason).to.equal('AnalysisSuspended')
    world.metrics.trouble = troubles.none
    await world.until('Succeeded', 20 * minute)
  })

  test('a setting that is at fault in between gives an outage no time from the start', async () => {
    await releaseTo('Progressing 10', { analysis: { interval: '10s', maxBlind: '3m' } })
    world.metrics.trouble = troubles.down
    await world.clock.advance(2 * minute)
    world.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        hosts: ['x.example.com'],
        gateways: ['infra/public'],
        http: [{ route: [{ destination: { host: 'web' } }] }],
      },
    })
    await world.clock.advance(30_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 10', 'Conflict'])
    world.user.delete(kinds.VirtualService, 'shop', 'edge')
    await world.clock.advance(minute)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 0', 'AnalysisSuspended'])
  })

  test('a metrics server that hangs delays no rollback of pods that crash', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.metrics.trouble = troubles.hanging
    await world.clock.advance(20_000)
    world.workloads.crash('shop', 'web')
    await world.clock.advance(1000)
    expect(world.status.canaryWeight).to.equal(0)
    expect(world.events().join('\n')).to.match(/CanaryNotReady: Weight 0: no pod of \w+ is ready/)
  })

  test('questions of a run that has ended are given up, and leave the queue of the metrics server', async () => {
    await releaseTo('Progressing 25')
    world.metrics.trouble = troubles.hanging
    await world.clock.advance(20_000)
    expect(world.metrics.underWay).to.be.greaterThan(0)
    world.annotate('abort', '1 not now')
    await world.clock.advance(2000)
    expect([world.status.phase, world.metrics.underWay]).to.deep.equal(['Failed', 0])
  })

  test('blind in mid-run is told by an event before it is parked', async () => {
    await releaseTo('Progressing 10')
    world.metrics.trouble = troubles.refusing
    await world.clock.advance(2 * minute)
    expect(world.events().filter(event => event.startsWith('MetricsUnavailable'))).to.have.lengthOf(1)
  })

  const template = (provider: Record<string, unknown>): void => {
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { provider, query: 'orders' },
    })
    world.metrics.values.set('orders', 0)
  }
  const metrics = [{ name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { max: 1 } }]

  test('a MetricTemplate that is there but refused is not said to be absent', async () => {
    world.deploy()
    world.asBefore(() => template({ type: 'datadog' }))
    world.canary({ analysis: { metrics } })
    await world.clock.advance(minute)
    expect(world.status.message).to.contain('only the type prometheus is supported so far')
  })

  test('a MetricTemplate deleted in mid-run is said as ReferenceMissing', async () => {
    template({ type: 'prometheus' })
    await releaseTo('Progressing 25', { analysis: { interval: '10s', metrics } })
    world.user.delete(kinds.MetricTemplate, 'shop', 'orders')
    await world.clock.advance(minute)
    expect([world.status.reason, stalled()]).to.deep.equal(['ReferenceMissing', 'True'])
  })

  test('data that is not back does not begin the ladder anew', async () => {
    world.metrics.values.set('orders', 0)
    const inline = [{ name: 'orders', query: 'orders', thresholdRange: { max: 1 } }]
    await releaseTo('Progressing 10', { analysis: { interval: '10s', maxBlind: '1m', metrics: inline } })
    world.metrics.trouble = troubles.empty
    await world.clock.advance(10 * minute)
    expect(world.events().filter(event => event.startsWith('MetricsRestored'))).to.deep.equal([])
  })
})
