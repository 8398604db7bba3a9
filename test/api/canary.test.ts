import { assert } from 'chai'
import { cases } from '../../e2e/crd/cases.ts'
import { canary, metricTemplate } from '../../e2e/crd/given.ts'
import type { Canary, CanarySpec } from '../../src/api/canary.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { parseMetricTemplate } from '../../src/api/templates.ts'
import { readingOf } from './reading.ts'

/** What reading an object says: nothing, or all its problems. */
function problemsOf(object: KubeObject): readonly string[] {
  const parsed = readingOf(object)
  return 'problems' in parsed ? parsed.problems : []
}

function read(object: KubeObject): Canary {
  const parsed = parseCanary(object)
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '))
  return parsed.canary
}

const specOf = (patch: Record<string, unknown>): CanarySpec => read(canary(patch)).spec

suite('reading what a user wrote', () => {
  suite('as admission does', () => {
    for (const { name, object, sentence, before, stored, at } of cases) {
      // Only the API server has the version before; here such an object is one like any other.
      const wanted = before === undefined && stored !== true ? sentence : null
      test(`${name}: ${wanted ?? 'accepted'}`, () => {
        const problems = problemsOf(object)
        if (wanted === null) assert.deepEqual(problems, [])
        else
          assert.isTrue(
            problems.some(problem => problem.startsWith(at ?? '') && problem.includes(wanted)),
            `said: ${problems.join(' | ') || 'nothing'}`,
          )
      })
    }
  })

  test('the plainest Canary has every default, in milliseconds', () => {
    const gate = { interval: 60_000, noData: 'hold', failFast: false, minRequests: 0 }
    assert.deepEqual(JSON.parse(JSON.stringify(specOf({}))), {
      provider: 'istio',
      askedProvider: 'istio',
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      progressDeadlineSeconds: 600,
      skipAnalysis: false,
      revertOnDeletion: false,
      paused: false,
      service: {
        name: 'web',
        port: 80,
        portDiscovery: false,
        headless: false,
        delegation: false,
      },
      analysis: {
        interval: 60_000,
        checkInterval: 10_000,
        threshold: 5,
        stepWeightPromotion: 0,
        primaryReadyThreshold: 100,
        canaryReadyThreshold: 100,
        mirror: false,
        onProviderError: 'hold',
        maxBlind: 900_000,
        maxDuration: 86_400_000,
        drain: 10_000,
        lockTarget: true,
        metrics: [
          { ...gate, name: 'request-success-rate', thresholdRange: { min: 99 } },
          { ...gate, name: 'request-duration', thresholdRange: { max: 500 } },
        ],
        webhooks: [],
        alerts: [],
      },
    })
  })

  test('a skipped analysis is read as the default one, so that nobody has to ask for it', () => {
    assert.deepEqual(specOf({ analysis: null, skipAnalysis: true }).analysis, specOf({}).analysis)
  })

  test('an empty list of metrics is the default one: nothing is promoted unjudged by accident', () => {
    assert.deepEqual(specOf({ analysis: { metrics: [] } }).analysis, specOf({}).analysis)
  })

  test('looks come at least every interval', () => {
    assert.equal(specOf({ analysis: { interval: '3s' } }).analysis.checkInterval, 3_000)
  })

  test('draining takes as long as the slowest request may', () => {
    assert.equal(specOf({ service: { timeout: '45s' } }).analysis.drain, 45_000)
    assert.equal(specOf({ service: { timeout: '1s' } }).analysis.drain, 10_000)
    assert.equal(specOf({ service: { timeout: '45s' }, analysis: { drain: '1s' } }).analysis.drain, 1_000)
  })

  test("Flagger's single threshold is the lowest rate of a built-in gate, and the highest of anything else", () => {
    const { metrics } = specOf({
      analysis: {
        metrics: [
          { name: 'request-success-rate', threshold: 98 },
          { name: 'request-duration', threshold: 250 },
          { name: 'errors', templateRef: { name: 'errors' }, threshold: 3 },
          { name: 'mutual-tls-rate', threshold: 95 },
        ],
      },
    }).analysis
    assert.deepEqual(
      metrics.map(metric => metric.thresholdRange),
      [{ min: 98 }, { max: 250 }, { max: 3 }, { min: 95 }],
    )
  })

  test('a threshold of 0 is none for a built-in gate, and a limit for a query', () => {
    const { metrics } = specOf({
      analysis: {
        metrics: [
          { name: 'request-success-rate', threshold: 0 },
          { name: 'request-duration', threshold: 0 },
          { name: 'errors', query: 'sum(errors)', threshold: 0 },
          { name: 'shared', templateRef: { name: 'shared' }, threshold: 0, thresholdRange: { min: 2 } },
        ],
      },
    }).analysis
    assert.deepEqual(
      metrics.map(metric => metric.thresholdRange),
      [{ min: 99 }, { max: 500 }, { max: 0 }, { min: 2 }],
    )
  })

  test('steps have their own terms, in milliseconds', () => {
    const query = { name: 'errors', query: 'up', thresholdRange: { max: 1 } }
    const { steps } = specOf({
      analysis: {
        steps: [
          { weight: 5, hold: '2m' },
          { weight: 50, approve: true, metrics: [query] },
        ],
      },
    }).analysis
    assert.deepEqual(JSON.parse(JSON.stringify(steps)), [
      { weight: 5, hold: 120_000, approve: false, metrics: [] },
      {
        weight: 50,
        approve: true,
        metrics: [{ ...query, interval: 60_000, noData: 'hold', failFast: false, minRequests: 0 }],
      },
    ])
  })

  test("what is Istio's arrives as it was written, newer fields included", () => {
    const service: Record<string, unknown> = {
      trafficPolicy: { connectionPool: { tcp: { idleTimeout: '1h' } }, retryBudget: { percent: 20 } },
      match: [{ uri: { exact: '/' }, newer: true }],
      retries: { attempts: 2, backoff: '1s' },
      corsPolicy: { unmatchedPreflights: 'IGNORE' },
    }
    const { trafficPolicy, match, retries, corsPolicy } = specOf({ service }).service
    assert.deepEqual<unknown>({ trafficPolicy, match, retries, corsPolicy }, service)
  })

  test('everything but spec stays as the API server sent it', () => {
    const object: KubeObject = { ...canary(), status: { phase: 'Progressing' }, extra: 1 }
    const { spec: _spec, ...rest } = read(object)
    const { spec: _written, ...sent } = object
    assert.deepEqual(rest, sent)
  })

  test('all problems are said at once, each with its path', () => {
    const problems = problemsOf(
      canary({ provider: 'linkerd', service: { port: 'x' }, analysis: { interval: '1x', alerts: [{}] } }),
    )
    assert.deepEqual(
      problems.map(problem => problem.slice(0, problem.indexOf(': '))),
      [
        'spec.provider',
        'spec.service.port',
        'spec.analysis.interval',
        'spec.analysis.alerts[0].name',
        'spec.analysis.alerts[0].providerRef',
      ],
    )
  })

  test('no spec at all is a sentence too', () => {
    assert.deepEqual(problemsOf({ apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', metadata: { name: 'web' } }), [
      'spec: is required',
    ])
  })

  test('a template is read as it was written', () => {
    const parsed = parseMetricTemplate(metricTemplate({ provider: { address: 'https://metrics.example' } }))
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '))
    assert.deepEqual(parsed.template.spec, {
      provider: { type: 'prometheus', address: 'https://metrics.example', access: null },
      query: 'sum(rate(errors{app="{{ target }}"}[{{ interval }}]))',
    })
  })
})
