/** Which rule applies to a Service, and what the rules for the sides say then: one row a situation. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { overlaid } from '../../../src/core/routers/istio/mesh/policies.ts'
import { ruleOf } from '../../../src/core/routers/istio/mesh/rules.ts'
import { canary, noSurroundings, object, observation } from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

const plain = { tls: { mode: 'DISABLE' } }
const mutual = { tls: { mode: 'ISTIO_MUTUAL' } }
const pool = { connectionPool: { http: { http1MaxPendingRequests: 10 } } }

let made = 0
const rule = (host: string, trafficPolicy: unknown, more: Spec = {}, namespace = 'shop', at_ = 0): KubeObject => {
  made += 1
  const creationTimestamp = `2026-01-01T00:00:0${at_}Z`
  return object(
    kinds.DestinationRule,
    `rule-${made}`,
    { spec: { host, trafficPolicy, ...more } },
    { namespace, creationTimestamp },
  )
}
const wild = '*.shop.svc.cluster.local'
const full = 'web.shop.svc.cluster.local'
const some = { workloadSelector: { matchLabels: { app: 'front' } } }

const given = (destinationRules: readonly KubeObject[], service: Spec = {}): Observation => ({
  ...observation({ canary: canary({}, service) }),
  surroundings: { ...noSurroundings, trafficPolicies: destinationRules },
})

/** What the Canary says, what is there → the rule for the canary's host without it; null: none. */
const table: Readonly<Record<string, { says?: Spec; rules: readonly KubeObject[]; spec: Spec | null }>> = {
  'nothing is there, nothing is said': { rules: [], spec: null },
  'nothing is there': { says: pool, rules: [], spec: { trafficPolicy: pool } },
  'a wildcard covers both': { rules: [rule(wild, mutual)], spec: null },
  'a wildcard of the mesh covers both': { rules: [rule('*.local', mutual, {}, 'istio-system')], spec: null },
  'a wildcard, and the Canary says a part': {
    says: pool,
    rules: [rule(wild, mutual)],
    spec: { trafficPolicy: { ...mutual, ...pool } },
  },
  'a wildcard, and the Canary says the same part': {
    says: plain,
    rules: [rule(wild, { ...mutual, ...pool })],
    spec: { trafficPolicy: { ...plain, ...pool } },
  },
  'a wildcard of the mesh, and the Canary says a part': {
    says: pool,
    rules: [rule('*.local', mutual, {}, 'istio-system')],
    spec: { trafficPolicy: { ...mutual, ...pool } },
  },
  'the longest wildcard counts': {
    says: pool,
    rules: [rule('*.svc.cluster.local', plain), rule(wild, mutual), rule('*', plain)],
    spec: { trafficPolicy: { ...mutual, ...pool } },
  },
  'the namespace comes before the mesh, however exact': {
    says: pool,
    rules: [rule('*', mutual), rule(full, plain, {}, 'istio-system')],
    spec: { trafficPolicy: { ...mutual, ...pool } },
  },
  'an exact rule of the mesh is carried': {
    rules: [rule(full, mutual, {}, 'istio-system')],
    spec: { trafficPolicy: mutual },
  },
  'an exact rule without a policy switches the wildcard off for both': {
    rules: [rule(wild, mutual), rule('web', undefined)],
    spec: {},
  },
  'a wildcard that does not reach the side': {
    rules: [rule('*b.shop.svc.cluster.local', mutual)],
    spec: { trafficPolicy: mutual },
  },
  'a rule of the user’s for the side': { rules: [rule('web', plain), rule('web-canary', mutual)], spec: null },
  'a name with one dot is no Service': { rules: [rule('web.shop', mutual)], spec: null },
  'another namespace': { says: pool, rules: [rule(full, plain, {}, 'evil')], spec: { trafficPolicy: pool } },
  'another namespace, exported here': {
    says: pool,
    rules: [rule(full, plain, { exportTo: ['shop'] }, 'evil')],
    spec: { trafficPolicy: pool },
  },
  'the mesh, kept to itself': {
    says: pool,
    rules: [rule('*', plain, { exportTo: ['.'] }, 'istio-system')],
    spec: { trafficPolicy: pool },
  },
  'the mesh, exported to others': {
    says: pool,
    rules: [rule('*', plain, { exportTo: ['people'] }, 'istio-system')],
    spec: { trafficPolicy: pool },
  },
  'the mesh, exported here and kept': {
    says: pool,
    rules: [rule('*', mutual, { exportTo: ['.', 'shop'] }, 'istio-system')],
    spec: { trafficPolicy: { ...mutual, ...pool }, exportTo: ['istio-system', 'shop'] },
  },
  'the mesh, for some callers of its own': {
    says: pool,
    rules: [rule('*', plain, some, 'istio-system')],
    spec: { trafficPolicy: pool },
  },
  'the namespace, for others only': {
    says: pool,
    rules: [rule(wild, plain, { exportTo: ['people'] })],
    spec: { trafficPolicy: pool },
  },
  'what is kept to the namespace stays there': {
    says: pool,
    rules: [rule(wild, mutual, { exportTo: ['.'] })],
    spec: { trafficPolicy: { ...mutual, ...pool }, exportTo: ['.'] },
  },
  'one for some callers is carried for those': {
    rules: [rule('web', mutual, some)],
    spec: { trafficPolicy: mutual, ...some },
  },
  'what the Canary says is for all callers': {
    says: pool,
    rules: [rule('web', mutual, some)],
    spec: { trafficPolicy: pool },
  },
  'of two for one host the older policy': {
    says: pool,
    rules: [rule(wild, plain, {}, 'shop', 2), rule(wild, mutual, {}, 'shop', 1)],
    spec: { trafficPolicy: { ...mutual, ...pool } },
  },
  'of two that are exported otherwise the younger': {
    says: pool,
    rules: [rule(wild, mutual, { exportTo: ['.'] }, 'shop', 2), rule(wild, plain, {}, 'shop', 1)],
    spec: { trafficPolicy: { ...mutual, ...pool }, exportTo: ['.'] },
  },
}

suite('the DestinationRule of a side, by what covers the apex', () => {
  for (const [name, { says, rules, spec }] of Object.entries(table)) {
    test(name, () => {
      const o = given(rules, says === undefined ? {} : { trafficPolicy: says })
      const written = ruleOf(o, o.names.canaryService)
      expect(written).to.deep.equal(spec === null ? null : { host: 'web-canary', ...spec })
    })
  }

  test('one of ours is not taken for one that covers', () => {
    const own = rule('web-canary', mutual)
    const ours = { ...own, metadata: { ...own.metadata, labels: { 'sluice.dev/canary': 'web' } } }
    const o = given([ours, rule('web', plain)])
    expect(at(ruleOf(o, o.names.canaryService), 'trafficPolicy')).to.deep.equal(plain)
  })

  test('what is said goes over the settings of single ports, which replace those of the host', () => {
    const port = (number: number, policy: Spec): Spec => ({ port: { number }, ...policy })
    const before = { ...mutual, portLevelSettings: [port(80, plain), port(81, plain)] }
    expect(overlaid(before, { ...pool, portLevelSettings: [port(81, mutual)] })).to.deep.equal({
      ...mutual,
      ...pool,
      portLevelSettings: [port(81, mutual), port(80, { ...plain, ...pool })],
    })
  })
})
