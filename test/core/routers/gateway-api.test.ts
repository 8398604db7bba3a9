import { expect } from 'chai'
import { parse } from 'yaml'
import { kinds, type KubeObject, refKey } from '../../../src/api/object.ts'
import { recordsOf } from '../../../src/core/json.ts'
import { decide } from '../../../src/core/machine/decide.ts'
import { unconfirmedProblem } from '../../../src/core/machine/unconfirmed.ts'
import type { Decision } from '../../../src/core/model/decision.ts'
import { warningsOf } from '../../../src/core/problems/index.ts'
import { holdWhileUnconfirmed, waitUntilCarried } from '../../../src/core/machine/rules/carry.ts'
import { returnToPrimary } from '../../../src/core/machine/rules/terminate.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { audienceOf } from '../../../src/core/model/plan.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { type Carried, carriedBy, carries, NONE, type Unconfirmed, weighted } from '../../../src/core/model/traffic.ts'
import { unconfirmedOf } from '../../../src/core/routers/gateway-api/acceptance.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'
import { advancing, at, failed, now, target, terminating } from '../machine/given.ts'
import { withAnswers } from './own-routers.ts'

const v1 = gatewayApi('v1')
const given = (service: Record<string, unknown> = {}, spec: Record<string, unknown> = {}): Observation =>
  observation({ canary: canary({ provider: 'gatewayapi:v1', ...spec }, service) })
const rendered = (o: Observation, wanted: Partial<Posture> = {}): Observation => after(o, v1.render(o, posture(wanted)))
const route = (o: Observation): KubeObject => liveOne(o, kinds.HTTPRoute, 'web')
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

suite('a weight counts once every parent has taken up the route', () => {
  const parents = {
    gatewayRefs: [
      { name: 'public', namespace: 'infra' },
      { kind: 'Service', name: 'web', port: 80 },
    ],
  }
  const written = '2026-01-01T00:00:00Z'
  const since = Date.parse(written)
  /** At generation 2, written at `since`, at 10 %. */
  const o = (() => {
    const world = rendered(given(parents), { traffic: weighted(10) })
    const metadata = {
      ...route(world).metadata,
      generation: 2,
      managedFields: [{ manager: 'sluice', operation: 'Apply', time: written }],
    }
    return { ...world, live: { ...world.live, ...live([kinds.HTTPRoute, { ...route(world), metadata }]) } }
  })()
  const taken = withAnswers(o, kinds.HTTPRoute, ['True', 'True'])
  type Entry = {
    parentRef: { name: string }
    conditions: { type: string; status: string; observedGeneration: number }[]
  }
  const changed = (change: (entries: Entry[]) => Entry[]): Observation => {
    const entries = structuredClone((route(taken)['status'] as { parents: Entry[] }).parents)
    const next = { ...route(taken), status: { parents: change(entries) } }
    return { ...taken, live: { ...taken.live, ...live([kinds.HTTPRoute, next]) } }
  }
  const ofGateway = (change: (entry: Entry) => void): Observation =>
    changed(entries => {
      for (const entry of entries) if (entry.parentRef.name === 'public') change(entry)
      return entries
    })

  /** By its Gateway, in the condition Accepted (0) or ResolvedRefs (1). */
  const refusedFor = (condition: 0 | 1, reason: string): Observation =>
    ofGateway(entry => Object.assign(entry.conditions[condition] ?? {}, { status: 'False', reason, message: '' }))

  test('in whatever order they answer', () => {
    expect(v1.read(taken)).to.deep.equal(carriedBy([10, 10]))
    expect(carries(v1.read(taken), weighted(10))).to.equal(true)
  })

  const rows: Readonly<Record<string, [o: Observation, since: number, because: string]>> = {
    'a Gateway that does not exist has no entry': [
      changed(entries => entries.filter(entry => entry.parentRef.name !== 'public')),
      since,
      'HTTPRoute shop/web has no answer from Gateway infra/public: it does not exist, or no controller serves it. Create it, or name another parent',
    ],
    'nobody has answered yet': [
      changed(() => []),
      since,
      'HTTPRoute shop/web has no answer from Gateway infra/public: it does not exist, or no controller serves it. Create it, or name another parent',
    ],
    'an answer to an earlier generation is none': [
      ofGateway(entry => {
        for (const condition of entry.conditions) condition.observedGeneration = 1
      }),
      since,
      'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller has not said Accepted of generation 2 yet',
    ],
    'a condition that is missing is not true': [
      ofGateway(entry => {
        entry.conditions = entry.conditions.filter(one => one.type === 'Accepted')
      }),
      since,
      'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller has not said ResolvedRefs of generation 2 yet',
    ],
    'a parent that refuses it says why': [
      ofGateway(entry =>
        Object.assign(entry.conditions[0] ?? {}, {
          status: 'False',
          reason: 'NotAllowedByListeners',
          message: 'no listener allows it.',
        }),
      ),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NotAllowedByListeners (no listener allows it). Allow its namespace and kind in allowedRoutes of a listener',
    ],
    'a backend without a grant is said with the grant': [
      ofGateway(entry =>
        Object.assign(entry.conditions[1] ?? {}, { status: 'False', reason: 'RefNotPermitted', message: '' }),
      ),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, RefNotPermitted. Create a ReferenceGrant in the namespace of the backend, with from: {group: gateway.networking.k8s.io, kind of the route, its namespace} and to: {group: "", kind: Service}',
    ],
    'a filter that the implementation does not know, whose rule a sidecar leaves out': [
      refusedFor(1, 'InvalidFilter'),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, InvalidFilter. Remove the filter that the implementation does not know',
    ],
    'a backend that does not exist, which Accepted says nothing of': [
      refusedFor(1, 'BackendNotFound'),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, BackendNotFound. Create the Service that the route names, or remove it from the route',
    ],
    'a host that no listener has': [
      refusedFor(0, 'NoMatchingListenerHostname'),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NoMatchingListenerHostname. Write a host that a listener has',
    ],
    'a section that the parent does not have': [
      refusedFor(0, 'NoMatchingParent'),
      0,
      'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NoMatchingParent. Write a sectionName or port that the parent has',
    ],
    'what is not known yet is waited for, with its reason': [
      ofGateway(entry =>
        Object.assign(entry.conditions[1] ?? {}, { status: 'Unknown', reason: 'Vendor', message: 'try again' }),
      ),
      since,
      'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller says ResolvedRefs is Unknown, Vendor (try again)',
    ],
  }
  for (const [name, [there, from, because]] of Object.entries(rows)) {
    test(name, () => {
      const isAnswered = from === 0
      const isPartial = name !== 'nobody has answered yet'
      expect(unconfirmedOf(route(there))).to.deep.equal({ because, since: from, isAnswered, isPartial })
      expect(carries(v1.read(there), weighted(10))).to.equal(false)
      // Who lowers the weight is obeyed all the same.
      expect(v1.read(there)).to.include({ low: 10, high: 10 })
    })
  }

  test('a moment of waiting is no trouble, a longer one and a refusal are', () => {
    const of = (row: string): Observation => {
      const there = rows[row]?.[0] ?? o
      return { ...there, traffic: v1.read(there) }
    }
    const said = (row: string, when: number): unknown => unconfirmedProblem(of(row), when)?.reason ?? null
    expect(said('nobody has answered yet', since + 9_999)).to.equal(null)
    expect(said('nobody has answered yet', since + 10_000)).to.equal('RouteNotAccepted')
    expect(said('a parent that refuses it says why', since)).to.equal('RouteNotAccepted')
  })

  test('a controller that has gone leaves what it said of an earlier generation', () => {
    const both = changed(entries =>
      entries.flatMap(entry => {
        const conditions = entry.conditions.map(one => ({ ...one, observedGeneration: 1, status: 'False' }))
        return [{ ...entry, controllerName: 'example.com/gone', conditions }, entry]
      }),
    )
    expect(unconfirmedOf(route(both))).to.equal(null)
  })

  test('and one that refuses what is written now is heard beside one that takes it', () => {
    const both = changed(entries =>
      entries.flatMap(entry => [
        entry,
        {
          ...entry,
          controllerName: 'example.com/other',
          conditions: entry.conditions.map(one => ({ ...one, status: 'False' })),
        },
      ]),
    )
    expect(unconfirmedOf(route(both))).to.include({ since: 0, isAnswered: true, isPartial: false })
  })

  test('weight 0 counts where every parent has answered, for one that refuses serves no other; a rise does not', () => {
    const zero = rendered(o, { traffic: NONE })
    const at0 = (row: string): Observation => {
      const status = route(rows[row]?.[0] ?? o)['status']
      return {
        ...zero,
        live: { ...zero.live, ...live([kinds.HTTPRoute, { ...route(o), spec: route(zero).spec, status }]) },
      }
    }
    const refused = v1.read(at0('a parent that refuses it says why'))
    expect([carries(refused, NONE), carries(refused, weighted(10))]).to.deep.equal([true, false])
    for (const row of ['a Gateway that does not exist has no entry', 'an answer to an earlier generation is none'])
      expect(carries(v1.read(at0(row)), NONE), row).to.equal(false)
  })

  const inRun = (row: string, carriedAt: number | null): Observation<'Progressing'> => {
    const there = rows[row]?.[0] ?? o
    return { ...there, state: advancing(10, { carriedAt }), traffic: v1.read(there) }
  }

  test('a run whose weight no parent has taken up waits, and says for which', () => {
    const move = waitUntilCarried(inRun('nobody has answered yet', null), since)
    expect(move?.message).to.equal(`Requested weight 10; ${rows['nobody has answered yet']?.[2]}`)
    expect(move?.state).to.include({ carriedAt: null })
  })

  test('where one has, or all had, the candidate is judged, and does not rise', () => {
    const [row = ''] = Object.keys(rows)
    for (const waiting of [inRun(row, since), inRun('nobody has answered yet', since)]) {
      const later = since + 20_000
      expect(waitUntilCarried(waiting, later)).to.equal(undefined)
      const move = holdWhileUnconfirmed(waiting, later)
      expect([move?.reason, move?.message]).to.deep.equal([
        'Routing',
        `Requested weight 10; ${waiting.traffic?.unconfirmed?.because}`,
      ])
      // The step begins again with the last check.
      expect(move?.state).to.include({ carriedAt: waiting.state.lastCheckTime, lastCheckPassed: false })
      expect(holdWhileUnconfirmed(waiting, since + 9_999)?.state).to.equal(waiting.state)
    }
    const begun = waitUntilCarried(inRun(row, null), since)
    expect(begun?.state).to.include({ carriedAt: since })
    expect(holdWhileUnconfirmed({ ...taken, state: advancing(10), traffic: v1.read(taken) }, since)).to.equal(undefined)
  })

  test('a bad candidate is rolled back whatever a parent has not taken up', () => {
    const { traffic } = inRun('a Gateway that does not exist has no entry', null)
    const state = advancing(10, { carriedAt: now - 20_000, lastCheckTime: now - 20_000 })
    expect(decide(at(state, { traffic }), now)).to.have.property('ask')
    const noPods = decide(at({ ...state, failedChecks: 4 }, { traffic, target: target('web:2', 0) }), now)
    expect('state' in noPods && noPods.state.phase).to.equal('Failed')
  })

  test('the pods of what was rolled back go where a parent refuses the route, and stay for the deadline where one does not answer', () => {
    const state = failed({ drained: false, carriedAt: null })
    type Failed = typeof state
    const decided = (unconfirmed: Unconfirmed, from: Failed): Decision & { readonly state: Failed } => {
      const decision = decide(at(from, { traffic: { ...carriedBy([0]), unconfirmed } as Carried }), now)
      if (!('state' in decision)) throw new Error('no decision')
      return decision as Decision & { readonly state: Failed }
    }
    const drained = (unconfirmed: Unconfirmed): unknown =>
      decided(unconfirmed, { ...state, carriedAt: now - 600_000 }).state.drained
    const silent = {
      because: 'HTTPRoute shop/web has no answer',
      since: now - 119_000,
      isAnswered: false,
      isPartial: true,
    }
    expect(drained({ ...silent, isAnswered: true })).to.equal(true)
    const waits = decided(silent, state)
    expect([waits.reason, waits.state.drained, (waits.wakeAt ?? 0) - now]).to.deep.equal([
      'RouteNotAccepted',
      false,
      1000,
    ])
    expect(waits.message).to.equal(
      'HTTPRoute shop/web has no answer. It may still send requests by the weights before, so the pods of Deployment web stop 2m after the last change of the route',
    )
    const overdue = { ...silent, since: now - 120_000 }
    const over = decided(overdue, state)
    expect([over.reason, over.state.carriedAt, (over.wakeAt ?? 0) - now]).to.deep.equal([
      'RouteNotAccepted',
      now,
      11_000,
    ])
    expect(over.message).to.equal(
      'HTTPRoute shop/web has no answer. Nothing was said of it for 2m, so the pods of Deployment web stop; what it still sends to them fails',
    )
    expect(decided(overdue, { ...over.state, carriedAt: now - 60_000 }).state.drained).to.equal(true)
  })

  test('at rest a refusal is a warning', () => {
    const { traffic } = inRun('a parent that refuses it says why', null)
    const waiting = inRun('nobody has answered yet', null).traffic
    const warned = (carried: typeof traffic): unknown => {
      const canaryOfIt = given(parents).canary
      return warningsOf({ ...at(failed(), { canary: canaryOfIt }), traffic: carried }).map(({ reason }) => reason)
    }
    expect(warned(traffic)).to.deep.equal(['RouteNotAccepted'])
    expect(warned(waiting)).to.deep.equal([])
  })

  test('a Canary that is deleted does not wait for it for ever', () => {
    const world = rendered(o)
    const there = {
      ...world,
      live: { ...world.live, ...live([kinds.HTTPRoute, { ...route(o), spec: route(world).spec }]) },
    }
    const state = terminating('returning', { promoted: o.target?.revision ?? '' })
    const deleted = { ...there, state, traffic: v1.read(there), primary: o.target } as Observation<'Terminating'>
    const early = returnToPrimary(deleted, since)
    expect([early.state, early.wakeAt]).to.deep.equal([{ ...state, carriedAt: null }, since + 600_000])
    expect(returnToPrimary(deleted, since + 600_000).state).to.include({ carriedAt: since + 600_000 })
  })
})
