import { expect } from 'chai'
import { gatesOf } from '../../../src/core/analysis/gate.ts'
import type { MetricTemplate } from '../../../src/api/templates.ts'
import { gate, metric } from './given.ts'

const template = (query: string, address?: string): MetricTemplate => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'latency', namespace: 'shop' },
  spec: { provider: { type: 'prometheus', address, access: null }, query },
})

suite('gates', () => {
  test('the success rate is measured in percent, at least 99', () => {
    expect(gate({ name: 'request-success-rate' })).to.deep.include({
      measures: 'success-rate',
      unit: '%',
      limits: { min: 99 },
      interval: 60_000,
      noData: 'hold',
      failFast: false,
      parts: [
        'requests',
        'errors',
        'untold',
        'caller-failures',
        'disconnects',
        'primary-requests',
        'primary-disconnects',
      ],
    })
  })

  test('the duration is measured in milliseconds, at most 500', () => {
    expect(gate({ name: 'request-duration', interval: '30s' })).to.deep.include({
      measures: 'latency',
      unit: 'ms',
      limits: { max: 500 },
      interval: 30_000,
      parts: ['latency', 'requests'],
    })
  })

  test('every request has to come over mutual TLS, where nothing else is written', () => {
    expect(gate({ name: 'mutual-tls-rate' })).to.deep.include({
      measures: 'mutual-tls-rate',
      unit: '%',
      limits: { min: 100 },
      parts: ['mutual-tls', 'plaintext', 'resets', 'requests'],
    })
  })

  test("Flagger's threshold is a minimum for the success rate and a maximum for the duration", () => {
    expect(gate({ name: 'request-success-rate', threshold: 95 }).limits).to.deep.equal({ min: 95 })
    expect(gate({ name: 'request-duration', threshold: 250 }).limits).to.deep.equal({ max: 250 })
  })

  test('a query counts requests only when it needs a number of them', () => {
    const written = { name: 'queue', query: 'max(queue)', thresholdRange: { max: 10 } }
    expect(gate(written).parts).to.deep.equal(['value'])
    expect(gate({ ...written, minRequests: 50 }).parts).to.deep.equal(['value', 'requests'])
  })

  test('a template brings its query and its server', () => {
    const metrics = [metric({ name: 'slow', templateRef: { name: 'latency' }, thresholdRange: { max: 1 } })]
    const { gates, problems } = gatesOf(metrics, { latency: template('x', 'http://thanos:9090') })
    expect(problems).to.deep.equal([])
    expect(gates[0]).to.deep.include({ template: { parts: ['x'] }, server: 'http://thanos:9090', unit: '' })
  })

  test('a template that is missing is a problem, and the other gates stay', () => {
    const metrics = [
      metric({ name: 'slow', templateRef: { name: 'latency' }, thresholdRange: { max: 1 } }),
      metric({ name: 'request-duration' }),
    ]
    const { gates, problems } = gatesOf(metrics, {})
    expect(problems).to.deep.equal([
      'metric slow: templateRef names MetricTemplate latency, which does not exist in this namespace. Create it or remove the metric.',
    ])
    expect(gates.map(({ name }) => name)).to.deep.equal(['request-duration'])
  })

  test('a metric that a step names again is asked under an id of its own', () => {
    const twice = [metric({ name: 'request-duration' }), metric({ name: 'request-duration', threshold: 100 })]
    expect(gatesOf(twice, {}).gates.map(({ id, limits }) => [id, limits])).to.deep.equal([
      ['request-duration', { max: 500 }],
      ['request-duration#2', { max: 100 }],
    ])
  })
})
