import { expect } from 'chai'
import { lostQuestions, questions, silenceQuestions, splitQuestions } from '../../../src/core/analysis/questions.ts'
import { promDuration } from '../../../src/core/analysis/promql.ts'
import { telemetry } from '../../../src/core/routers/istio/telemetry.ts'
import { gate, scene } from './given.ts'

function asked(written: Record<string, unknown>, at = scene()) {
  const said = questions(gate(written), at, null, telemetry)
  if ('problem' in said) throw new Error(said.problem)
  return said.checks
}

suite('questions', () => {
  test('each part has an id of its own that begins with the look', () => {
    expect(asked({ name: 'request-success-rate' }).map(({ id }) => id)).to.deep.equal([
      'run-1/10/0/request-success-rate/requests',
      'run-1/10/0/request-success-rate/errors',
      'run-1/10/0/request-success-rate/untold',
      'run-1/10/0/request-success-rate/caller-failures',
      'run-1/10/0/request-success-rate/disconnects',
      'run-1/10/0/request-success-rate/primary-requests',
      'run-1/10/0/request-success-rate/primary-disconnects',
    ])
  })

  test('the window never reaches back beyond the first routing of this candidate', () => {
    const [early] = asked({ name: 'request-duration', interval: '1m' }, scene({ routedFor: 12_345 }))
    expect(early?.subject.window).to.equal(12_345)
    expect(early?.query).to.include('[12345ms]').and.to.include('offset 12345ms')
    const [late] = asked({ name: 'request-duration', interval: '1m' }, scene({ routedFor: 600_000 }))
    expect(late?.subject.window).to.equal(60_000)
    expect(late?.query).to.include('[60s]').and.to.include('offset 60s')
  })

  test('two gates over one window ask for the same requests in the same words', () => {
    const of = (name: string) => asked({ name }).find(({ subject }) => subject.measure === 'requests')?.query
    expect(of('request-success-rate')).to.equal(of('request-duration'))
  })

  test('only the proxies of the canary tell whether requests came over mutual TLS; callers say unknown of each', () => {
    const [secured, plaintext, resets] = asked({ name: 'mutual-tls-rate' }).map(({ query }) => query)
    expect(secured).to.include('reporter="destination"').and.include('connection_security_policy="mutual_tls"')
    expect(plaintext).to.include('reporter="destination"').and.include('connection_security_policy="none"')
    expect(resets).to.include('reporter="source"').and.include('(UC)').and.not.include('security_policy')
  })

  for (const vantage of ['waypoint', 'source'] as const) {
    test(`at the vantage point ${vantage} nothing is asked of another one`, () => {
      const at = scene({ vantage })
      const all = [
        ...['request-success-rate', 'request-duration'].flatMap(name => asked({ name }, at)),
        ...silenceQuestions(telemetry, at, 60_000, null).checks,
        ...splitQuestions(telemetry, at, 60_000, null).checks,
        ...lostQuestions(telemetry, at, null).checks,
      ]
      const reporters = all.flatMap(({ query }) => [...query.matchAll(/reporter="(\w+)"/g)].map(([, one]) => one))
      expect([...new Set(reporters)]).to.deep.equal([vantage])
    })
  }

  test("caller failures are those of the canary's own Service", () => {
    const failures = asked({ name: 'request-success-rate' })[3]
    expect(failures?.query)
      .to.include(String.raw`destination_service=~"(web-canary)\\.shop\\.svc\\..+"`)
      .and.not.include('destination_version')
  })

  test('with subsets, caller failures are those of the canary subset, or of none', () => {
    const at = scene({ canaryCallers: { services: ['web'], version: 'v2' } })
    expect(asked({ name: 'request-success-rate' }, at)[3]?.query)
      .to.include(String.raw`destination_service=~"(web)\\.shop\\.svc\\..+"`)
      .and.include('destination_version=~"v2|unknown"')
  })

  test("a template is filled in from the scene, and goes to the canary's own server", () => {
    const written = {
      name: 'queue',
      query: 'max(q{ns="{{ namespace }}",app="{{ target }}"}[{{ interval }}])',
      thresholdRange: { max: 1 },
      minRequests: 10,
    }
    const said = questions(gate(written), scene({ routedFor: 1500 }), 'http://own:9090', telemetry)
    if ('problem' in said) throw new Error(said.problem)
    expect(said.checks.map(({ query, server }) => [query.slice(0, 40), server])).to.deep.equal([
      ['max(q{ns="shop",app="web"}[1500ms])', 'http://own:9090'],
      ['sum((last_over_time(istio_requests_total', 'http://own:9090'],
    ])
  })

  test('a template that cannot be filled in is a sentence with the name of its metric', () => {
    const written = { name: 'queue', query: '{{ pod }}', thresholdRange: { max: 1 } }
    const said = questions(gate(written), scene(), null, telemetry)
    expect(said)
      .to.have.property('problem')
      .that.matches(/^queue: \{\{ pod \}\} is not known; use one of: /)
  })

  test('names cannot break out of their strings', () => {
    const [requests] = asked({ name: 'request-success-rate' }, scene({ target: 'we"b\\' }))
    expect(requests?.query).to.include(String.raw`destination_workload="we\"b\\"`)
  })

  const silence = (carriedFor: number) =>
    silenceQuestions(telemetry, scene({ carriedFor }), 30_000, null).checks.map(({ id, query, subject }) => ({
      id,
      side: subject.side,
      spans: [...query.matchAll(/offset (\w+)/g)].map(([, span]) => span),
    }))

  test("silence compares the primary's requests of a while ago with the canary's since then", () => {
    expect(silence(600_000)).to.deep.equal([
      { id: 'run-1/10/0/silence/canary', side: 'canary', spans: ['95s'] },
      { id: 'run-1/10/0/silence/callers', side: 'canary', spans: ['95s'] },
      { id: 'run-1/10/0/silence/primary', side: 'primary', spans: ['65s', '95s'] },
      { id: 'run-1/10/0/silence/sent', side: 'primary', spans: [] },
    ])
  })

  test('what callers without a proxy send to the primary is expected of no canary; others tell by their own vantage point', () => {
    const due = (vantage: 'destination' | 'source' | 'waypoint'): string =>
      silenceQuestions(telemetry, scene({ vantage, carriedFor: 300_000 }), 60_000, null).checks[2].query
    expect(due('destination')).to.match(/destination_workload="[^"]+",source_workload!="unknown"\}/)
    for (const vantage of ['source', 'waypoint'] as const) expect(due(vantage)).to.not.include('source_workload')
  })

  test('silence never reaches back into another weight', () => {
    expect(silence(75_000).map(({ spans }) => spans)).to.deep.equal([['75s'], ['75s'], ['65s', '75s'], []])
  })

  test('nothing of the primary is due before a slow scrape could have shown it; what callers report is due at once', () => {
    const [canary, callers, primary, sent] = silenceQuestions(
      telemetry,
      scene({ carriedFor: 12_000 }),
      30_000,
      null,
    ).checks
    expect(primary.query).to.equal('vector(0)')
    for (const { query } of [canary, callers, sent]) expect(query).to.include('[12s]')
    expect(sent.query).to.match(/^sum\(\(last_over_time\((.*)\[12s\]\) - min_over_time\(\1\[12s\]\)\)\)$/)
  })

  test('requests without a cluster are told by the Host header, in every form that a caller may write', () => {
    const at = scene({ service: 'web', hosts: ['shop.example.com'], routedFor: 20_000 })
    const [now, before] = lostQuestions(telemetry, at, null).checks
    const hosts = [...now.query.matchAll(/destination_service=~"([^"]*)"/g)].map(([, text]) => String(text))
    const [full = '', bare = ''] = [...new Set(hosts)].map(text => text.replaceAll('\\\\', '\\'))
    const fits = (regex: string, host: string): boolean => new RegExp(`^(?:${regex})$`).test(host)
    const ours = ['web.shop', 'web.shop:80', 'web.shop.svc', 'web.shop.svc.cluster.local:9090', 'shop.example.com']
    expect(ours.filter(host => !fits(full, host))).to.deep.equal([])
    expect(['web', 'web.bank', 'xweb.shop', 'web.shop.example.com'].filter(host => fits(full, host))).to.deep.equal([])
    expect(['web', 'web:9090'].filter(host => !fits(bare, host))).to.deep.equal([])
    expect(['web.shop', 'web-primary'].filter(host => fits(bare, host))).to.deep.equal([])
    expect(now.query).to.include('source_workload_namespace="shop"')
    expect([now.query.includes('[20s])'), before.query.includes('[60s] offset 20s')]).to.deep.equal([true, true])
  })

  test('requests without a cluster of namespaces with routes of their own are left out', () => {
    const [now, before] = lostQuestions(telemetry, scene({ strangers: ['evil', 'people'] }), null).checks
    for (const { query } of [now, before]) {
      const selectors = query.match(/\{[^}]*\}/g) ?? []
      const foreign = selectors.filter(one => !one.includes('source_workload_namespace="shop"'))
      expect(foreign).to.have.length.above(0)
      expect(foreign.filter(one => !one.includes('source_workload_namespace!~"evil|people"'))).to.deep.equal([])
    }
    expect(lostQuestions(telemetry, scene(), null).checks[0].query).not.to.include('!~')
  })

  test('the split asks the callers of both sides', () => {
    const at = scene({ primaryCallers: { services: ['web-primary', 'web.x'] } })
    const [canary, primary] = splitQuestions(telemetry, at, 30_000, null).checks
    expect(canary.query).to.include('reporter="source"').and.include('destination_service=~"(web-canary)')
    expect(primary.query).to.include(String.raw`destination_service=~"(web-primary|web\\.x)`)
  })

  test('durations are whole seconds where they can be', () => {
    expect([30_000, 1500, 60_000, 1].map(promDuration)).to.deep.equal(['30s', '1500ms', '60s', '1ms'])
  })
})
