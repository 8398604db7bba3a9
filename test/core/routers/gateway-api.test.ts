import { expect } from 'chai'
import { parse } from 'yaml'
import { kinds, refKey } from '../../../src/api/object.ts'
import { recordsOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { audienceOf } from '../../../src/core/model/plan.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { NONE, weighted } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { live, object, posture } from '../given-objects.ts'
import { given, rendered, route, v1 } from './gateway-api.given.ts'

const yamlOf = (o: Observation): unknown => route(o).spec

const cookie = { name: 'web', value: 'abc', attributes: '; Max-Age=60' }
const match = [{ headers: { 'x-user': { exact: 'a' } } }]

/** What is asked, and the HTTPRoute that says so. */
const golden: Readonly<Record<string, [o: Observation, wanted: Partial<Posture>, yaml: string]>> = {
  'a share of all requests, for the Service in the mesh': [
    given(),
    { traffic: weighted(10) },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 90}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 10}
`,
  ],
  'everything that the Canary says of each request': [
    given({
      port: 9898,
      gatewayRefs: [
        { name: 'public', namespace: 'infra', sectionName: 'https' },
        { kind: 'ListenerSet', name: 'own' },
        { group: 'core', kind: 'Service', name: 'web', port: 9898 },
      ],
      hosts: ['shop.example.com'],
      timeout: '1.5s',
      backendTimeout: '500ms',
      rewrite: { uri: '/v2', authority: 'shop.internal', type: 'ReplacePrefixMatch' },
      headers: { request: { add: { b: '2', a: '1' }, remove: ['c'] }, response: { set: { d: '3' } } },
      corsPolicy: { allowOrigins: [{ exact: 'https://a.example.com' }], allowMethods: ['GET'], maxAge: '1m' },
      mirror: [{ backendRef: { name: 'copies', namespace: 'audit', port: 80 } }],
    }),
    {},
    `
parentRefs:
- {group: gateway.networking.k8s.io, kind: Gateway, namespace: infra, name: public, sectionName: https}
- {group: gateway.networking.k8s.io, kind: ListenerSet, name: own}
- {group: "", kind: Service, name: web, port: 9898}
hostnames: [shop.example.com]
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  filters:
  - type: RequestHeaderModifier
    requestHeaderModifier: {add: [{name: a, value: "1"}, {name: b, value: "2"}], remove: [c]}
  - type: ResponseHeaderModifier
    responseHeaderModifier: {set: [{name: d, value: "3"}]}
  - type: URLRewrite
    urlRewrite: {hostname: shop.internal, path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}}
  - type: RequestMirror
    requestMirror: {backendRef: {group: "", kind: Service, name: copies, namespace: audit, port: 80}}
  - type: CORS
    cors: {allowOrigins: ["https://a.example.com"], allowMethods: [GET], maxAge: 60}
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 9898, weight: 100}
  - {group: "", kind: Service, name: web-canary, port: 9898, weight: 0}
  timeouts: {request: 1s500ms, backendRequest: 500ms}
`,
  ],
  'matched requests alone, in Flagger’s notation of matches, beside those of the Service': [
    given(
      { match: [{ uri: { prefix: '/api' }, method: { exact: 'GET' } }, { uri: { regex: '/v[0-9]+' } }] },
      { analysis: { iterations: 1, match: [...match, { queryParams: { beta: { regex: '1|2' } } }] } },
    ),
    {},
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches:
  - path: {type: PathPrefix, value: /api}
    method: GET
    headers: [{type: Exact, name: x-user, value: a}]
  - path: {type: PathPrefix, value: /api}
    method: GET
    queryParams: [{type: RegularExpression, name: beta, value: "1|2"}]
  - path: {type: RegularExpression, value: "/v[0-9]+"}
    headers: [{type: Exact, name: x-user, value: a}]
  - path: {type: RegularExpression, value: "/v[0-9]+"}
    queryParams: [{type: RegularExpression, name: beta, value: "1|2"}]
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 0}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 100}
- matches:
  - {path: {type: PathPrefix, value: /api}, method: GET}
  - {path: {type: RegularExpression, value: "/v[0-9]+"}}
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 100}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 0}
- matches: [{path: {type: PathPrefix, value: /}}]
  backendRefs: [{group: "", kind: Service, name: web, port: 80, weight: 1}]
`,
  ],
  'copies of a part of all requests': [
    given(),
    { traffic: { canary: 0, among: '', mirror: 20 } },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  filters:
  - type: RequestMirror
    requestMirror: {backendRef: {group: "", kind: Service, name: web-canary, port: 80}, percent: 20}
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 100}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 0}
`,
  ],
  'half a percent of all requests': [
    given(),
    { traffic: weighted(0.5) },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 995}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 5}
`,
  ],
  'copies of a tenth of a percent': [
    given(),
    { traffic: { canary: 0, among: '', mirror: 0.1 } },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  filters:
  - type: RequestMirror
    requestMirror: {backendRef: {group: "", kind: Service, name: web-canary, port: 80}, fraction: {numerator: 1, denominator: 1000}}
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 100}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 0}
`,
  ],
  'callers that stay on the side that answered them': [
    given(),
    { traffic: weighted(10), sticky: { canary: cookie, primary: { ...cookie, name: 'old' } } },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches:
  - path: {type: PathPrefix, value: /}
    headers: [{type: RegularExpression, name: Cookie, value: "(^|.*; ?)web=abc(;.*)?"}]
  backendRefs:
  - {group: "", kind: Service, name: web-primary, port: 80, weight: 0}
  - {group: "", kind: Service, name: web-canary, port: 80, weight: 100}
- matches:
  - path: {type: PathPrefix, value: /}
    headers: [{type: RegularExpression, name: Cookie, value: "(^|.*; ?)old=abc(;.*)?"}]
  backendRefs: [{group: "", kind: Service, name: web-primary, port: 80, weight: 1}]
- matches: [{path: {type: PathPrefix, value: /}}]
  backendRefs:
  - group: ""
    kind: Service
    name: web-primary
    port: 80
    weight: 90
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier: {add: [{name: Set-Cookie, value: old=abc; Max-Age=60}]}
  - group: ""
    kind: Service
    name: web-canary
    port: 80
    weight: 10
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier: {add: [{name: Set-Cookie, value: web=abc; Max-Age=60}]}
`,
  ],
  'everything to the Service itself, when a Canary is deleted': [
    given({ timeout: '5s' }),
    { callers: 'target', traffic: null },
    `
parentRefs: [{group: "", kind: Service, name: web, port: 80}]
hostnames: []
rules:
- matches: [{path: {type: PathPrefix, value: /}}]
  backendRefs: [{group: "", kind: Service, name: web, port: 80, weight: 1}]
  timeouts: {request: 5s}
`,
  ],
}

suite('the HTTPRoute of Sluice', () => {
  for (const [name, [o, wanted, yaml]] of Object.entries(golden)) {
    test(name, () => {
      const { analysis } = o.canary.spec
      const traffic = analysis.match === undefined ? NONE : weighted(100, audienceOf(analysis))
      expect(yamlOf(rendered(rendered(o), { traffic, ...wanted }))).to.deep.equal(parse(yaml))
    })
  }

  test('has the version of its provider', () => {
    const o = given()
    const [write] = gatewayApi('v1beta1').render(o, posture())
    expect(write?.verb === 'apply' && write.object.apiVersion).to.equal('gateway.networking.k8s.io/v1beta1')
    expect(refKey(write?.ref ?? o.names.target)).to.equal('httproutes.gateway.networking.k8s.io/shop/web')
  })

  test('that another client made is left alone, and not read', () => {
    const other = object(kinds.HTTPRoute, 'web', { spec: { rules: [] } })
    const o = { ...given(), live: live([kinds.HTTPRoute, other]) }
    expect(v1.render(o, posture())).to.deep.equal([])
    expect(v1.read(o)).to.equal(null)
  })

  test('stays when the Canary is deleted, leading to the Service, and goes with revertOnDeletion', () => {
    const removed = { callers: 'untouched', traffic: null, primary: null, remove: 'everything' } as const
    const back = (spec: Record<string, unknown>): Observation => {
      const o = rendered(given({}, spec))
      return rendered(rendered(o, { callers: 'target', traffic: null }), removed)
    }
    const kept = route(back({}))
    expect(kept.metadata.labels).to.deep.equal({})
    expect(kept.metadata.annotations).to.include({ 'sluice.dev/handed-back-by': 'web' })
    expect(JSON.stringify(kept.spec)).to.include('"name":"web"').and.not.include('web-')
    expect(Object.values(back({ revertOnDeletion: true }).live).map(one => one.kind)).to.not.include('HTTPRoute')
  })

  test('keeps its words while the spec is refused, and follows the weights', () => {
    const before = rendered(given({ timeout: '5s', hosts: ['a.example.com'] }))
    const edited = { ...before, canary: given({ timeout: '9s', hosts: ['b.example.com'] }).canary }
    const o = rendered(edited, { traffic: weighted(30), service: 'as it was' })
    const [rule] = recordsOf((yamlOf(o) as { rules: unknown }).rules)
    expect(yamlOf(o)).to.deep.include({ hostnames: ['a.example.com'] })
    expect(rule).to.deep.include({ timeouts: { request: '5s' } })
    expect(recordsOf(rule?.['backendRefs']).map(one => one['weight'])).to.deep.equal([70, 30])
  })

  /** What others made of it, and what is read then. */
  const edits: Readonly<Record<string, [weights: readonly unknown[], low: number, high: number]>> = {
    'a lower weight is read as it is': [[95, 5], 5, 5],
    'weights are relative': [[3, 1], 25, 25],
    'a tenth of a percent is read': [[999, 1], 0.1, 0.1],
    'and half of one': [[199, 1], 0.5, 0.5],
    'a share between two tenths is never none': [[999_999, 1], 0.1, 0.1],
    'and never all': [[1, 999_999], 99.9, 99.9],
    'without a weight a backend counts once': [[undefined, undefined], 50, 50],
  }
  for (const [name, [weights, low, high]] of Object.entries(edits)) {
    test(name, () => {
      const o = rendered(given(), { traffic: weighted(10) })
      const before = route(o)
      const spec = structuredClone(before.spec) as { rules: { backendRefs: { weight?: unknown }[] }[] }
      for (const [index, weight] of weights.entries()) {
        const ref = spec.rules[0]?.backendRefs[index] ?? {}
        if (weight === undefined) delete ref.weight
        else ref.weight = weight
      }
      const edited = { ...o, live: { ...o.live, ...live([kinds.HTTPRoute, { ...before, spec }]) } }
      expect(v1.read(edited)).to.include({ low, high })
    })
  }
})
