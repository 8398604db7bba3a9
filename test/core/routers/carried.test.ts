/** What users say around a split is carried through a release to the letter: in their routes, and in the rule of their Service. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at, type Json } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import type { RoutingProvider } from '../../../src/core/routers/provider.ts'
import { after, canary, live, liveOne, noSurroundings, object, observation, posture } from '../given-objects.ts'

/** Every field of a trafficPolicy (https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy). */
const trafficPolicy = {
  tls: { mode: 'ISTIO_MUTUAL' },
  connectionPool: { tcp: { maxConnections: 100 }, http: { http1MaxPendingRequests: 7 } },
  outlierDetection: { consecutive5xxErrors: 3, interval: '5s', maxEjectionPercent: 50 },
  loadBalancer: { simple: 'RANDOM', warmup: { duration: '30s' }, localityLbSetting: { enabled: true } },
  portLevelSettings: [{ port: { number: 81 }, tls: { mode: 'DISABLE' } }],
  tunnel: { protocol: 'CONNECT', targetHost: 'example.com', targetPort: 443 },
  proxyProtocol: { version: 'V2' },
  retryBudget: { percent: 20, minRetryConcurrency: 3 },
}

/** What a route may say beside its destinations. */
const said: Readonly<Record<string, object>> = {
  'a claim of a token as match': { match: [{ headers: { '@request.auth.claims.group': { exact: 'beta' } } }] },
  'callers as match': { match: [{ sourceLabels: { app: 'front' }, sourceNamespace: 'people', gateways: ['mesh'] }] },
  retries: { retries: { attempts: 4, perTryTimeout: '1s', retryOn: '5xx', backoff: '25ms' } },
  'a timeout': { timeout: '3s' },
  faults: { fault: { delay: { fixedDelay: '1s', percentage: { value: 0.1 } }, abort: { httpStatus: 418 } } },
  headers: { headers: { request: { set: { a: 'b' } }, response: { remove: ['server'] } } },
  CORS: { corsPolicy: { allowOrigins: [{ exact: 'https://example.com' }], unmatchedPreflights: 'IGNORE' } },
  'a rewrite': { rewrite: { uri: '/', authority: 'web.example.com' } },
  'one copy': { mirror: { host: 'web-next' }, mirrorPercentage: { value: 12.5 } },
  copies: { mirrors: [{ destination: { host: 'web-next' }, percentage: { value: 5 } }] },
}

/** What splits → how it is written. */
const splitting: Readonly<Record<string, { provider: RoutingProvider; spec: Json; service: Json }>> = {
  'by a VirtualService of the user': { provider: istio, spec: {}, service: { virtualServices: [{ name: 'routes' }] } },
  'by an HTTPRoute': { provider: gatewayApi('v1'), spec: { provider: 'gatewayapi:v1' }, service: {} },
  'by an HTTPRoute of v1beta1': {
    provider: gatewayApi('v1beta1'),
    spec: { provider: 'gatewayapi:v1beta1' },
    service: {},
  },
  'by routes of the user': {
    provider: gatewayApi('v1'),
    spec: { provider: 'gatewayapi:v1' },
    service: { routes: [{ name: 'routes' }] },
  },
}

const rulesIn = (o: Observation): readonly KubeObject[] =>
  Object.values(o.live).filter(({ kind }) => kind === 'DestinationRule')

const steps: readonly Posture[] = [0, 1, 50, 100, 0].map(weight => posture({ traffic: weighted(weight) }))

function settled(o: Observation, wanted: Posture): Observation {
  return after(o, istio.render(o, wanted))
}

suite('what users say is carried through a release', () => {
  for (const [name, fields] of Object.entries(said)) {
    test(`${name}, in a route of the user`, () => {
      const spec = { hosts: ['web'], http: [{ ...fields, route: [{ destination: { host: 'web' } }] }] }
      const routes = object(kinds.VirtualService, 'routes', { spec })
      let o = observation({
        canary: canary({}, { virtualServices: [{ name: 'routes' }] }),
        live: live([kinds.VirtualService, routes]),
      })
      for (const step of steps) {
        o = settled(o, step)
        const [route] = at(liveOne(o, kinds.VirtualService, 'routes').spec, 'http') as readonly object[]
        expect({ ...route, route: [] }).to.deep.equal({ ...fields, route: [] })
      }
      expect(liveOne(o, kinds.VirtualService, 'routes').spec).to.deep.equal(spec)
    })
  }

  test('a claim of a token as match, in the route of Sluice', () => {
    const match = said['a claim of a token as match']
    const o = settled(
      observation({ canary: canary({}, { ...match, gateways: ['public'], hosts: ['a.b.c'] }) }),
      posture(),
    )
    const [route] = at(liveOne(o, kinds.VirtualService, 'web').spec, 'http') as readonly object[]
    expect(route).to.deep.include(match)
  })

  const rule = (more: object): KubeObject =>
    object(kinds.DestinationRule, 'users', { spec: { host: 'web', trafficPolicy, ...more } })
  for (const [name, more] of Object.entries({
    'for all callers': {},
    'for callers of this namespace': { exportTo: ['.'] },
    'for some callers': { workloadSelector: { matchLabels: { app: 'front' } } },
  })) {
    for (const [by, { provider, spec, service }] of Object.entries(splitting)) {
      test(`the whole rule of the Service, ${name}, is that of both sides, ${by}, and goes with the Canary`, () => {
        const o = {
          ...observation({ canary: canary(spec, service) }),
          surroundings: { ...noSurroundings, trafficPolicies: [rule(more)] },
        }
        const done = after(o, provider.render(o, posture({ traffic: weighted(10) })))
        for (const host of ['web-primary', 'web-canary']) {
          expect(liveOne(done, kinds.DestinationRule, host).spec).to.deep.equal({ host, trafficPolicy, ...more })
        }
        const gone = after(done, provider.render(done, posture({ remove: 'everything', callers: 'target' })))
        expect(rulesIn(gone)).to.deep.equal([])
      })
    }
  }

  test('a rule that the user takes away is carried no longer, and where the mesh has none nothing is written', () => {
    for (const { provider, spec, service } of Object.values(splitting)) {
      const o = observation({ canary: canary(spec, service) })
      expect(rulesIn(after(o, provider.render(o, posture())))).to.deep.equal([])
      const ruled = { ...o, surroundings: { ...noSurroundings, trafficPolicies: [rule({})] } }
      const done = { ...after(ruled, provider.render(ruled, posture())), surroundings: noSurroundings }
      expect(rulesIn(done)).to.have.lengthOf(2)
      expect(rulesIn(after(done, provider.render(done, posture())))).to.deep.equal([])
    }
  })

  test('the VirtualService of Sluice is never deleted and made again: at a gateway it would come behind those of others', () => {
    const edits = [{}, { hosts: ['a.b.c'], gateways: ['public'] }, { timeout: '1s' }, { delegation: true }, {}]
    let o = observation()
    for (const edit of edits) {
      for (const step of steps) {
        const writes = istio.render({ ...o, canary: canary({}, edit) }, step)
        expect(writes.filter(({ ref }) => ref.kind === kinds.VirtualService).map(({ verb }) => verb)).to.not.include(
          'delete',
        )
        o = after(o, writes)
      }
    }
  })
})
