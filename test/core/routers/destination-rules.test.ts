/** Which DestinationRule callers use, where several are for one host. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { clientPolicies, settingsOf } from '../../../src/core/routers/istio/mesh/client-tls.ts'
import { coverKeys } from '../../../src/core/routers/istio/mesh/kinds.ts'
import { ELSEWHERE } from '../../../src/core/routers/istio/mesh/policies.ts'
import { given, type Given, rule, type Spec, strict, tls, wild } from './mutual-tls.given.ts'

suite('mutual TLS: the rule that callers of each namespace look at', () => {
  /** Rules → what callers send to the canary, by their namespace. */
  const lookups: Readonly<Record<string, { rules: readonly KubeObject[]; service?: Spec; sends: Spec }>> = {
    'the namespace of the Service is seen by all': {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL'))],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'a wildcard of the callers comes before an exact one of the Service': {
      rules: [rule('one', 'web-canary', tls('ISTIO_MUTUAL')), rule('theirs', wild, tls('DISABLE'), {}, 'other')],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', other: 'DISABLE', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'a wildcard of the Service comes before an exact one of the mesh': {
      rules: [
        rule('mesh', 'web-canary.shop.svc.cluster.local', tls('DISABLE'), {}, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL')),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'ISTIO_MUTUAL' },
    },
    'what is kept to the namespace of the Service leaves others with the mesh': {
      rules: [
        rule('mesh', '*.local', tls('SIMPLE'), {}, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL'), { exportTo: ['.'] }),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'SIMPLE', 'istio-system': 'SIMPLE' },
    },
    'callers in the root namespace have nearer rules only where those are kept to it': {
      rules: [
        rule('mesh', '*.local', tls('SIMPLE'), { exportTo: ['.'] }, 'istio-system'),
        rule('all', wild, tls('ISTIO_MUTUAL')),
      ],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', 'istio-system': 'SIMPLE' },
    },
    'what is exported to some': {
      rules: [rule('all', wild, tls('ISTIO_MUTUAL'), { exportTo: ['people'] })],
      sends: { people: 'ISTIO_MUTUAL' },
    },
    'another cluster domain, an exact host before a wildcard': {
      rules: [
        rule('all', '*.shop.svc.corp.internal', tls('ISTIO_MUTUAL')),
        rule('one', 'Web-Canary.shop.svc.corp.internal', tls('DISABLE')),
        rule('public', '*.bank.svc.example.com', tls('SIMPLE'), {}, 'istio-system'),
      ],
      sends: { shop: 'DISABLE', [ELSEWHERE]: 'DISABLE', 'istio-system': 'DISABLE' },
    },
    'a rule of ours is seen by all who have none': {
      service: { trafficPolicy: tls('ISTIO_MUTUAL') },
      rules: [rule('mesh', '*.local', tls('SIMPLE'), {}, 'istio-system'), rule('theirs', '*', tls('DISABLE'), {}, 'x')],
      sends: { shop: 'ISTIO_MUTUAL', [ELSEWHERE]: 'ISTIO_MUTUAL', x: 'DISABLE', 'istio-system': 'ISTIO_MUTUAL' },
    },
  }
  for (const [name, { rules, service = {}, sends }] of Object.entries(lookups)) {
    test(name, () => {
      const seen = clientPolicies(given({ rules, service }), 'canary')
      expect(
        Object.fromEntries(seen.map(({ callers, trafficPolicy }) => [callers, settingsOf(trafficPolicy, 80).tls])),
      ).to.deep.equal(sends)
    })
  }

  for (const host of ['web', 'WEB.shop.svc.corp.internal', '*.shop.svc.corp.internal', '*.svc.cluster.local', '*']) {
    test(`a rule for ${host} is found around the Service`, () => {
      const index = istio.kinds.find(({ kind }) => kind === kinds.DestinationRule)?.indexes['covers']
      const keys = index?.(rule('one', host, tls('DISABLE'))) ?? []
      expect(coverKeys({ kind: kinds.Service, namespace: 'shop', name: 'web' })).to.include.members(keys)
      expect(keys).to.have.lengthOf(1)
    })
  }

  test('in routes of the user the primary may be the Service itself', () => {
    const routes = [{ name: 'routes' }]
    for (const there of [
      { service: { virtualServices: routes } },
      { provider: 'gatewayapi:v1', service: { routes } },
    ]) {
      const seen = clientPolicies(given({ ...there, rules: [rule('web', 'web', tls('DISABLE'))] }), 'primary')
      expect(seen.map(({ service }) => service.name)).to.include.members(['web', 'web-primary'])
    }
  })
})

suite('DestinationRules of several writers for one host', () => {
  const warned = (there: Given): readonly string[] => warningsOf(given(there)).map(({ message }) => message)
  const theirs = rule('theirs', '*.local', tls('DISABLE'), {}, 'other')
  const pool: Spec = { connectionPool: { http: { http1MaxPendingRequests: 1 } } }

  test('plaintext of another namespace to a server that demands mutual TLS is told, and stops nothing', () => {
    const there = { rules: [theirs], policies: [strict] }
    expect(problemOf(given(there), 'start')).to.equal(null)
    expect(warned(there)).to.deep.equal([
      'DestinationRule other/theirs makes callers in namespace other send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail',
    ])
  })

  test('a namespace whose own rule hides ours is named', () => {
    expect(warned({ rules: [theirs], service: { trafficPolicy: pool } })).to.deep.equal([
      'Callers in namespace other use DestinationRule other/theirs, for *.local, and not DestinationRule web-canary of Sluice, for Istio looks into their own namespace first. What service.trafficPolicy, or a rule for Service web, says does not apply to them: write it there',
    ])
    expect(warned({ rules: [theirs] })).to.deep.equal([])
    expect(warned({ provider: 'gatewayapi:v1', rules: [theirs, rule('web', 'web', pool)] })).to.deep.equal([
      'Callers in namespace other use DestinationRule other/theirs, for *.local, and not DestinationRule web-canary of Sluice, for Istio looks into their own namespace first. What a rule for Service web says does not apply to them: write it there',
    ])
  })

  test('a rule for the Service that callers elsewhere alone see stops the start, unless the sides have such rules', () => {
    const some = { exportTo: ['istio-system'] }
    const one = (host: string): KubeObject => rule(host, host, tls('ISTIO_MUTUAL'), some)
    const message =
      'DestinationRule shop/web is for the host web and callers in namespace istio-system, and would stop applying, because requests go to web-primary and web-canary. Write one like it for each of these two hosts.'
    const o = given({ rules: [one('web')] })
    expect(problemOf(o, 'start')).to.deep.equal({ reason: 'Conflict', message })
    expect([problemOf(o, 'rest'), warningsOf(o)]).to.deep.equal([null, [{ reason: 'Conflict', message }]])
    const kept = given({ rules: ['web', 'web-primary', 'web-canary'].map(one) })
    expect([problemOf(kept, 'start'), warningsOf(kept)]).to.deep.equal([null, []])
    const carried = given({ rules: [rule('web', 'web', tls('ISTIO_MUTUAL'), { exportTo: ['.', 'istio-system'] })] })
    expect(problemOf(carried, 'start')?.message).to.match(
      /^DestinationRule shop\/web is for the host web and would stop/,
    )
  })

  test('a rule for the Service that is kept to the root namespace is told', () => {
    const kept = (more: Spec): Observation =>
      given({ rules: [rule('web', 'web.shop.svc.cluster.local', tls('ISTIO_MUTUAL'), more, 'istio-system')] })
    expect(warningsOf(kept({ exportTo: ['.'] })).map(({ message }) => message)).to.deep.equal([
      'DestinationRule istio-system/web is for the host web.shop.svc.cluster.local and applies to callers in its own namespace only. Their requests go to web-primary and web-canary, so it stops applying. Write one like it there for each of these two hosts',
    ])
    expect(warningsOf(kept({}))).to.deep.equal([])
  })

  test('a rule of the mesh for other callers, which ours would come before, stops the release', () => {
    const mesh = rule('people', '*.local', tls('ISTIO_MUTUAL'), { exportTo: ['people'] }, 'istio-system')
    const o = given({ rules: [mesh], service: { trafficPolicy: pool } })
    expect(problemOf(o, 'start')?.message).to.equal(
      'DestinationRule istio-system/people, for *.local, is what callers in namespace people use for Service web-canary, and DestinationRule web-canary of Sluice would come before it. Write its trafficPolicy into service.trafficPolicy of the Canary, or a rule like it in the namespace of those callers.',
    )
    const byHttpRoute = given({ provider: 'gatewayapi:v1', rules: [mesh, rule('web', 'web', pool)] })
    expect(problemOf(byHttpRoute, 'start')?.message).to.equal(
      'DestinationRule istio-system/people, for *.local, is what callers in namespace people use for Service web-canary, and DestinationRule web-canary of Sluice would come before it. Write its trafficPolicy into a DestinationRule for Service web, or a rule like it in the namespace of those callers.',
    )
  })

  test('a rule of the user’s for a side, beside what the Canary says for it, stops the release', () => {
    const o = given({ rules: [rule('mine', 'web-canary', pool)], service: { trafficPolicy: tls('ISTIO_MUTUAL') } })
    expect(problemOf(o, 'start')?.message).to.equal(
      'DestinationRule shop/mine is for Service web-canary, for which Sluice writes service.trafficPolicy of the Canary as DestinationRule web-canary, and Istio uses only one of them. Copy what it says to service.trafficPolicy, then delete it; or remove service.trafficPolicy.',
    )
  })

  test('of two for one host that say different things the ignored one is named', () => {
    const rules = [rule('b', wild, pool), rule('a', wild, tls('ISTIO_MUTUAL'))]
    expect(warned({ rules })).to.deep.equal([
      "DestinationRule shop/a and DestinationRule shop/b are both for *.shop.svc.cluster.local and say different things; Istio uses the trafficPolicy of the older, a, and nothing of the other's. Write all of it into one",
    ])
    expect(warned({ rules: [rule('b', wild, pool), rule('a', wild, pool)] })).to.deep.equal([])
  })

  test('ejection of every pod is named', () => {
    const outlierDetection = { consecutive5xxErrors: 3, maxEjectionPercent: 100 }
    expect(warned({ service: { trafficPolicy: { outlierDetection } } })).to.deep.equal([
      "service.trafficPolicy lets callers' proxies eject every pod of Service web-canary (outlierDetection.maxEjectionPercent: 100). A bad candidate, above all one with a single pod, gets no request then, and its whole share is answered 503 by those proxies: gates see that by the callers' telemetry alone. Write 50, or leave it out for 10",
    ])
  })
})
