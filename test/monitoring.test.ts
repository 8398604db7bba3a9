/** What operators load into Prometheus and Grafana asks for metrics that there are. Its queries are run by e2e/tests/behaviour/release. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import { metricNames } from '../src/adapters/metrics.ts'
import { at, recordsOf, textOf } from '../src/core/json.ts'
import { cellsOf, DASHBOARDS, dashboardQueries } from './dashboard-queries.ts'

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

const rules = recordsOf(at(parse(read('manifests/prometheus/rules.yaml')), 'spec', 'groups')).flatMap(group =>
  recordsOf(group['rules']),
)
const expressions = [
  ...rules.map(rule => textOf(rule['expr'])),
  ...DASHBOARDS.flatMap(dashboardQueries).map(({ expr }) => expr),
]

suite('rules and dashboards', () => {
  test('every metric of Sluice that they query is one of its metrics', () => {
    const known = new Set(metricNames.map(({ name }) => name))
    const queried = expressions.flatMap(expr => expr.match(/\bsluice_\w+/g) ?? [])
    expect(queried.length).to.be.greaterThan(30)
    const unknown = queried.filter(name => !known.has(name) && !known.has(name.replace(/_(bucket|count|sum)$/, '')))
    expect(unknown).to.deep.equal([])
  })

  test('every query of a dashboard has its result of a real run in the documentation, and no other one', () => {
    const rows = read('docs/dashboard-results.md')
      .split('\n')
      .filter(line => line.startsWith('| ') && !/^\| (row|---) \|/.test(line))
    const queries = DASHBOARDS.flatMap(dashboardQueries)
    const without = queries.filter(query => {
      const row = rows.find(line => line.startsWith(cellsOf(query)))
      return row === undefined || !/ = -?\d/.test(row.slice(cellsOf(query).length))
    })
    const why = 'GOLDEN=write npm run e2e -- e2e/tests/behaviour/release.test.ts writes them'
    expect(without.map(cellsOf), why).to.deep.equal([])
    expect(rows, why).to.have.length(queries.length)
  })

  test('every alert leads to its section of the documentation, and has a test', () => {
    const page = read('docs/monitoring.md')
    const tests = recordsOf(parse(read('manifests/prometheus/rules.test.yaml'))['tests'])
    const tested = tests.flatMap(one => recordsOf(one['alert_rule_test']).map(test_ => textOf(test_['alertname'])))
    expect(rules).to.have.length(11)
    for (const rule of rules) {
      const alert = textOf(rule['alert'])
      expect(at(rule, 'annotations', 'runbook')).to.equal(`docs/monitoring.md#${alert.toLowerCase()}`)
      expect(page).to.include(`### ${alert}\n`)
      expect(tested).to.include(alert)
    }
  })
})
