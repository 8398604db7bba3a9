import { expect } from 'chai'
import { Gauge } from 'prom-client'
import { Metrics, metricNames } from '../../src/adapters/metrics.ts'

suite("the controller's own metrics", () => {
  const web = { namespace: 'shop', name: 'web' }
  const figures = {
    ...web,
    phase: 'Progressing',
    weights: { web: 10, 'web-primary': 90 },
    carried: { web: 100, 'web-primary': 0 },
    checks: { 'request-success-rate': 99.5, 'request-duration': null },
  }

  /** The lines of a page that bear a canary's name or count canaries, in order. */
  async function canaries(metrics: Metrics): Promise<string[]> {
    const { body } = await metrics.page()
    return body
      .split('\n')
      .filter(line => line.startsWith('sluice_canary_') && !line.includes('_bucket'))
      .sort((a, b) => a.localeCompare(b))
  }

  test('a canary shows its phase, its weights and what was measured', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canary_check_value{namespace="shop",name="web",metric="request-success-rate"} 99.5',
      'sluice_canary_failures_total{namespace="shop",name="web"} 0',
      'sluice_canary_status{namespace="shop",name="web",phase="Progressing"} 1',
      'sluice_canary_successes_total{namespace="shop",name="web"} 0',
      'sluice_canary_total{namespace="shop"} 1',
      'sluice_canary_weight_carried{namespace="shop",name="web",workload="web-primary"} 0',
      'sluice_canary_weight_carried{namespace="shop",name="web",workload="web"} 100',
      'sluice_canary_weight{namespace="shop",name="web",workload="web-primary"} 90',
      'sluice_canary_weight{namespace="shop",name="web",workload="web"} 10',
    ])
  })

  test('metrics that are renamed again and again leave nothing behind', () => {
    const metrics = new Metrics('1.2.3')
    for (let n = 0; n < 100; n += 1) metrics.show({ ...figures, checks: { [`metric-${n}`]: 1 } })
    const remove = Reflect.get(Gauge.prototype, 'remove') as () => void
    let removed = 0
    Gauge.prototype.remove = function (...labels: unknown[]) {
      removed += 1
      Reflect.apply(remove, this, labels)
    }
    try {
      metrics.show(figures)
    } finally {
      Gauge.prototype.remove = remove
    }
    expect(removed, 'series of the last showing').to.equal(6)
  })

  test('what a canary no longer shows is gone', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    metrics.show({ ...web, phase: 'Succeeded', weights: { 'web-primary': 100 }, carried: {}, checks: {} })
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canary_failures_total{namespace="shop",name="web"} 0',
      'sluice_canary_status{namespace="shop",name="web",phase="Succeeded"} 1',
      'sluice_canary_successes_total{namespace="shop",name="web"} 0',
      'sluice_canary_total{namespace="shop"} 1',
      'sluice_canary_weight{namespace="shop",name="web",workload="web-primary"} 100',
    ])
  })

  test('a deleted canary leaves nothing behind, and its neighbours stay', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    metrics.count('canary_failures_total', web)
    metrics.count('canary_successes_total', web)
    metrics.observe('canary_duration_seconds', { ...web, outcome: 'Failed' }, 90)
    metrics.show({ namespace: 'shop', name: 'api', phase: 'Failed', weights: {}, carried: {}, checks: {} })
    metrics.forget('shop', 'web')
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canary_failures_total{namespace="shop",name="api"} 0',
      'sluice_canary_status{namespace="shop",name="api",phase="Failed"} 1',
      'sluice_canary_successes_total{namespace="shop",name="api"} 0',
      'sluice_canary_total{namespace="shop"} 1',
    ])
    metrics.forget('shop', 'api')
    expect(await canaries(metrics)).to.deep.equal([])
  })

  test('a run that ended is counted, with its length', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.count('canary_failures_total', web)
    metrics.count('canary_failures_total', web)
    metrics.observe('canary_duration_seconds', { ...web, outcome: 'Failed' }, 90)
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canary_duration_seconds_count{namespace="shop",name="web",outcome="Failed"} 1',
      'sluice_canary_duration_seconds_sum{namespace="shop",name="web",outcome="Failed"} 90',
      'sluice_canary_failures_total{namespace="shop",name="web"} 2',
    ])
  })

  test('the page names its version and every metric of the table', async () => {
    const { body, contentType } = await new Metrics('1.2.3').page()
    expect(contentType).to.match(/^text\/plain/)
    expect(body).to.include('sluice_info{version="1.2.3"} 1')
    for (const { name, help } of metricNames) expect(body).to.include(`# HELP ${name} ${help}`)
  })

  test('two controllers in one process keep their own figures', async () => {
    const [one, two] = [new Metrics('1'), new Metrics('2')]
    one.show(figures)
    expect(await canaries(two)).to.deep.equal([])
  })
})
