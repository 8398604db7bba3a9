import { expect } from 'chai'
import { Gauge } from 'prom-client'
import type { CanaryFigures } from '../../src/core/model/canary-metrics.ts'
import { Metrics, metricNames } from '../../src/adapters/metrics.ts'

suite("the controller's own metrics", () => {
  const web = { namespace: 'shop', name: 'web' }
  const figures = {
    ...web,
    phase: 'Progressing',
    reason: 'WaitingForApproval',
    stalledSince: null,
    waitStartedAt: 1_767_225_700_500,
    startedAt: 1_767_225_600_000,
    weights: { web: 10, 'web-primary': 90 },
    carried: { web: 100, 'web-primary': 0 },
    failedChecks: 1,
    threshold: 5,
    checks: [
      { name: 'request-success-rate', verdict: 'fail', value: 98.5, min: 99, max: null, requests: 200 },
      { name: 'request-duration', verdict: 'hold', value: null, min: null, max: 500, requests: null },
    ],
  } satisfies CanaryFigures
  const atRest = {
    reason: 'Succeeded',
    stalledSince: null,
    waitStartedAt: null,
    startedAt: null,
    weights: {},
    carried: {},
    failedChecks: 0,
    threshold: 5,
    checks: [],
  } satisfies Partial<CanaryFigures>

  /** The lines of a page that bear a canary's name or count canaries, in order. */
  async function canaries(metrics: Metrics): Promise<string[]> {
    const { body } = await metrics.page()
    return body
      .split('\n')
      .filter(line => /^sluice_canar(y|ies)/.test(line) && !line.includes('_bucket'))
      .sort((a, b) => a.localeCompare(b))
  }

  test('a canary shows its phase, its weights and what was measured', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canaries{namespace="shop"} 1',
      'sluice_canary_check_limit{namespace="shop",name="web",metric="request-duration",bound="max"} 500',
      'sluice_canary_check_limit{namespace="shop",name="web",metric="request-success-rate",bound="min"} 99',
      'sluice_canary_check_requests{namespace="shop",name="web",metric="request-success-rate"} 200',
      'sluice_canary_check_value{namespace="shop",name="web",metric="request-success-rate"} 98.5',
      'sluice_canary_check_verdict{namespace="shop",name="web",metric="request-duration",verdict="hold"} 1',
      'sluice_canary_check_verdict{namespace="shop",name="web",metric="request-success-rate",verdict="fail"} 1',
      'sluice_canary_failed_checks_limit{namespace="shop",name="web"} 5',
      'sluice_canary_failed_checks{namespace="shop",name="web"} 1',
      'sluice_canary_failures_total{namespace="shop",name="web"} 0',
      'sluice_canary_reason{namespace="shop",name="web",reason="WaitingForApproval"} 1',
      'sluice_canary_run_start_timestamp_seconds{namespace="shop",name="web"} 1767225600',
      'sluice_canary_status{namespace="shop",name="web",phase="Progressing"} 1',
      'sluice_canary_successes_total{namespace="shop",name="web"} 0',
      'sluice_canary_waiting_since_timestamp_seconds{namespace="shop",name="web",reason="WaitingForApproval"} 1767225700.5',
      'sluice_canary_weight_carried{namespace="shop",name="web",workload="web-primary"} 0',
      'sluice_canary_weight_carried{namespace="shop",name="web",workload="web"} 100',
      'sluice_canary_weight{namespace="shop",name="web",workload="web-primary"} 90',
      'sluice_canary_weight{namespace="shop",name="web",workload="web"} 10',
    ])
  })

  test('metrics that are renamed again and again leave nothing behind', () => {
    const metrics = new Metrics('1.2.3')
    for (let n = 0; n < 100; n += 1)
      metrics.show({ ...figures, checks: figures.checks.map(check => ({ ...check, name: `${check.name}-${n}` })) })
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
    expect(removed, 'series of the last showing').to.equal(16)
  })

  test('what a canary no longer shows is gone', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    metrics.show({ ...web, ...atRest, phase: 'Succeeded', weights: { 'web-primary': 100 } })
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canaries{namespace="shop"} 1',
      'sluice_canary_failed_checks_limit{namespace="shop",name="web"} 5',
      'sluice_canary_failed_checks{namespace="shop",name="web"} 0',
      'sluice_canary_failures_total{namespace="shop",name="web"} 0',
      'sluice_canary_reason{namespace="shop",name="web",reason="Succeeded"} 1',
      'sluice_canary_status{namespace="shop",name="web",phase="Succeeded"} 1',
      'sluice_canary_successes_total{namespace="shop",name="web"} 0',
      'sluice_canary_weight{namespace="shop",name="web",workload="web-primary"} 100',
    ])
  })

  test('a deleted canary leaves nothing behind, and its neighbours stay', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.show(figures)
    metrics.count('canary_failures_total', web)
    metrics.count('canary_successes_total', web)
    metrics.observe('run_duration_seconds', { outcome: 'Failed' }, 90)
    metrics.show({
      ...atRest,
      namespace: 'shop',
      name: 'api',
      phase: 'Failed',
      reason: 'ThresholdReached',
      stalledSince: 1000,
    })
    metrics.forget('shop', 'web')
    expect(await canaries(metrics)).to.deep.equal([
      'sluice_canaries{namespace="shop"} 1',
      'sluice_canary_failed_checks_limit{namespace="shop",name="api"} 5',
      'sluice_canary_failed_checks{namespace="shop",name="api"} 0',
      'sluice_canary_failures_total{namespace="shop",name="api"} 0',
      'sluice_canary_reason{namespace="shop",name="api",reason="ThresholdReached"} 1',
      'sluice_canary_stalled_since_timestamp_seconds{namespace="shop",name="api",reason="ThresholdReached"} 1',
      'sluice_canary_status{namespace="shop",name="api",phase="Failed"} 1',
      'sluice_canary_successes_total{namespace="shop",name="api"} 0',
    ])
    metrics.forget('shop', 'api')
    expect(await canaries(metrics)).to.deep.equal([])
  })

  test('a run that ended is counted, with its length and its reason; what may come is there at 0', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.count('canary_failures_total', web)
    metrics.count('canary_failures_total', web)
    metrics.count('rollbacks_total', { reason: 'ThresholdReached' })
    metrics.observe('run_duration_seconds', { outcome: 'Failed' }, 90)
    expect(await canaries(metrics)).to.deep.equal(['sluice_canary_failures_total{namespace="shop",name="web"} 2'])
    const { body } = await metrics.page()
    const lines = body.split('\n')
    expect(lines).to.include('sluice_rollbacks_total{reason="ThresholdReached"} 1')
    expect(lines).to.include('sluice_rollbacks_total{reason="Undecided"} 0')
    expect(lines).to.include('sluice_run_duration_seconds_sum{outcome="Failed"} 90')
    expect(lines).to.include('sluice_run_duration_seconds_count{outcome="Failed"} 1')
    expect(lines).to.include('sluice_run_duration_seconds_count{outcome="Succeeded"} 0')
  })

  test("every counter that is no canary's is there at 0 from the start", async () => {
    const { body } = await new Metrics('1.2.3').page()
    const counters = [...body.matchAll(/^# TYPE (sluice_\w+) counter$/gm)].map(([, name = '']) => name)
    const absent = counters.filter(name => !new RegExp(`^${name}(\\{.*\\})? 0$`, 'm').test(body))
    expect(absent).to.have.members(['sluice_canary_successes_total', 'sluice_canary_failures_total'])
    expect(body).to.include('sluice_webhooks_told_total{sink="alert",outcome="given up"} 0')
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
