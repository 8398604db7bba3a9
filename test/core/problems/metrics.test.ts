import { expect } from 'chai'
import { cases } from '../../../e2e/crd/cases.ts'
import { parseCanary } from '../../../src/api/parse-canary.ts'
import type { Access } from '../../../src/api/credentials.ts'
import { kinds } from '../../../src/api/object.ts'
import { parseMetricTemplate } from '../../../src/api/templates.ts'
import { trialQuestions } from '../../../src/core/analysis/trials.ts'
import type { Finding } from '../../../src/core/model/check.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { canary, object as objectOf, observation } from '../given-objects.ts'

const withMetrics = (...metrics: object[]) => observation({ canary: canary({ analysis: { metrics } }) })

/** A Canary whose only metric is a MetricTemplate with this access, and the answer to the trial of its query. */
function withTemplate(access: Access, finding?: Finding) {
  const spec = { provider: { type: 'prometheus', ...access }, query: 'orders' }
  const parsed = parseMetricTemplate(objectOf(kinds.MetricTemplate, 'orders', { spec }))
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  const metric = { name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { max: 1 } }
  const o = observation({
    canary: canary({ analysis: { metrics: [metric] } }),
    templates: { orders: parsed.template },
  })
  const [trial] = trialQuestions(o)
  return finding === undefined || trial === undefined ? o : { ...o, findings: { [trial.id]: finding } }
}

suite('what metrics ask', () => {
  test('a duration of 1 to 10 ms is a warning and stops nothing', () => {
    for (const max of [1, 5, 10]) {
      const o = withMetrics({ name: 'request-success-rate' }, { name: 'request-duration', thresholdRange: { max } })
      expect(problemOf(o, 'start')).to.equal(null)
      expect(warningsOf(o)).to.deep.equal([
        {
          reason: 'Invalid',
          message: `spec.analysis.metrics[1]: request-duration is in milliseconds, so a release fails as soon as its 99th percentile is above ${max} ms. If seconds were meant, write ${max * 1000}.`,
        },
      ])
    }
    expect(warningsOf(withMetrics({ name: 'request-duration', thresholdRange: { max: 11 } }))).to.deep.equal([])
    expect(warningsOf(withMetrics({ name: 'request-duration', query: 'q', thresholdRange: { max: 1 } }))).to.deep.equal(
      [],
    )
  })

  test('limits in another unit, stored before admission refused them, stop a release at any moment', () => {
    const stored = cases.filter(one => one.stored === true)
    expect(stored).to.have.lengthOf(13)
    for (const { name, object, sentence } of stored) {
      const parsed = parseCanary(object)
      if ('problems' in parsed) throw new Error(parsed.problems.join())
      const o = observation({ canary: parsed.canary })
      for (const moment of ['start', 'candidate', 'run', 'rest'] as const) {
        expect(problemOf(o, moment), `${name}, ${moment}`).to.deep.equal({
          reason: 'Invalid',
          message: `spec.analysis.metrics[0]: ${sentence}`,
        })
      }
    }
  })

  test('PromQL of its own is refused where the controller does not allow it; templates are not', () => {
    const o = withMetrics({ name: 'request-duration' }, { name: 'errors', query: 'q', thresholdRange: { max: 1 } })
    expect(problemOf({ ...o, settings: { ...o.settings, inlineQueries: false } }, 'rest')).to.deep.equal({
      reason: 'Invalid',
      message:
        'spec.analysis.metrics[1].query is not allowed: the controller runs with --allow-inline-queries=false. Write templateRef with the name of a MetricTemplate.',
    })
    expect(problemOf(o, 'rest')).to.equal(null)
    const builtIn = withMetrics({ name: 'request-duration' })
    expect(problemOf({ ...builtIn, settings: { ...o.settings, inlineQueries: false } }, 'rest')).to.equal(null)
  })

  test('credentials that are not as they must be stop a release, with what to do', () => {
    const because = 'Secret shop/prom does not exist; create it'
    const o = withTemplate({ secretRef: { name: 'prom' } }, { kind: 'not-asked', error: because })
    for (const moment of ['start', 'candidate', 'run', 'rest'] as const) {
      expect(problemOf(o, moment)).to.deep.equal({
        reason: 'ReferenceMissing',
        message: `spec.analysis.metrics[0] cannot ask the query of MetricTemplate shop/orders: ${because}`,
      })
    }
    expect(problemOf(withTemplate({ secretRef: { name: 'prom' } }), 'start')).to.equal(null)
  })

  test('a trusted authority of a server without TLS is said to mean nothing', () => {
    for (const access of [{ insecureSkipVerify: true }, { caSecretRef: { name: 'ca' } }]) {
      const [field] = Object.keys(access)
      expect(problemOf(withTemplate(access), 'start')).to.deep.equal({
        reason: 'ReferenceMissing',
        message: `MetricTemplate shop/orders spec.provider.${field} means nothing: http://prometheus.istio-system:9090 has no certificate. Remove it, or write the address of a server of https.`,
      })
    }
  })
})
