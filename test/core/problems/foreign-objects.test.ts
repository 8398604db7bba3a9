/** A law: what another namespace writes, and Istio shows to its own callers alone, stops no release at any moment. */
import { expect } from 'chai'
import fc from 'fast-check'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf } from '../../../src/core/problems/index.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import { at, moments } from './moments.given.ts'

type Spec = Readonly<Record<string, unknown>>

const FULL = 'web.shop.svc.cluster.local'
const ours = { labels: { 'sluice.dev/canary': 'web' }, creationTimestamp: '2026-01-01T00:00:00Z' }
const made = (kind: (typeof kinds)[keyof typeof kinds], name: string, spec: Spec, more: Spec): KubeObject =>
  object(kind, name, { spec }, { creationTimestamp: '2026-01-01T00:00:00Z', ...more })

/** Releases at rest, which have all that they need. */
const canaries: readonly { service: Spec; own: KubeObject; provider?: string; around?: readonly KubeObject[] }[] = [
  { service: {}, own: made(kinds.VirtualService, 'web', { hosts: ['web'], gateways: ['mesh'], http: [{}] }, ours) },
  {
    service: {
      hosts: ['api.example.com'],
      gateways: ['istio-system/public', 'mesh'],
      match: [{ uri: { prefix: '/a' } }],
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    },
    own: made(
      kinds.VirtualService,
      'web',
      { hosts: ['api.example.com', 'web'], gateways: ['istio-system/public', 'mesh'], http: [{}] },
      ours,
    ),
  },
  {
    service: { delegation: true, match: [{ uri: { prefix: '/a' } }] },
    own: made(kinds.VirtualService, 'web', { http: [{}] }, ours),
    around: [
      made(
        kinds.VirtualService,
        'root',
        {
          hosts: ['api.example.com'],
          gateways: ['istio-system/public'],
          http: [{ delegate: { name: 'web', namespace: 'shop' } }],
        },
        { namespace: 'istio-system', creationTimestamp: '2025-01-01T00:00:00Z' },
      ),
      made(
        kinds.VirtualService,
        'other',
        { hosts: ['other.example.com'], gateways: ['istio-system/public'], http: [{}] },
        {},
      ),
    ],
  },
  {
    service: { virtualServices: [{ name: 'front' }] },
    own: made(
      kinds.VirtualService,
      'front',
      { hosts: ['web', 'api.example.com'], http: [{ route: [{ destination: { host: 'web' } }] }] },
      {},
    ),
  },
  {
    provider: 'gatewayapi:v1',
    service: {},
    own: made(kinds.HTTPRoute, 'web', { parentRefs: [{ group: '', kind: 'Service', name: 'web', port: 80 }] }, ours),
  },
]

const created = fc.constantFrom('2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z')
const some = <T>(...all: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...all], { minLength: 1 })
const match = fc.option(
  fc.constantFrom<Spec>({ uri: { prefix: '/' } }, { uri: { exact: '/a/b' } }, { headers: { beta: { exact: '1' } } }),
  { nil: undefined },
)
const route = fc
  .tuple(match, fc.constantFrom(FULL, 'mine', 'web-primary.shop.svc.cluster.local'))
  .map(([one, host]) => ({ ...(one === undefined ? {} : { match: [one] }), route: [{ destination: { host } }] }))
const hosts = some(FULL, 'WEB.shop.svc.corp.internal', 'web.shop', '*.shop.svc.cluster.local', 'api.example.com')

/** Kept to itself. */
const virtualService = fc
  .record({
    hosts,
    gateways: fc.option(some('mesh', 'own', 'istio-system/public', 'public.istio-system.svc.cluster.local'), {
      nil: undefined,
    }),
    http: fc.array(route, { minLength: 1, maxLength: 3 }),
    exportTo: fc.constantFrom(['.'], ['evil']),
  })
  .map(spec => ({ kind: kinds.VirtualService, spec: spec as Spec }))
/** Who delegates to a VirtualService of others has hosts of their own. */
const root = fc.tuple(some('evil.example.com', 'other.example.com'), match).map(([names, one]) => ({
  kind: kinds.VirtualService,
  spec: {
    hosts: names,
    gateways: ['istio-system/public'],
    http: [
      { ...(one === undefined ? {} : { match: [one] }), delegate: { name: 'web', namespace: 'shop' } },
      { delegate: { name: 'front', namespace: 'shop' } },
    ],
  } as Spec,
}))
/** Exported to whom it likes: a rule of a third namespace is for its own callers. */
const destinationRule = fc
  .record({
    host: fc.constantFrom(FULL, '*.shop.svc.cluster.local', 'web-canary.shop.svc.cluster.local', '*', '*.local'),
    exportTo: fc.constantFrom([], ['*'], ['.'], ['shop']),
    trafficPolicy: fc.constantFrom<Spec>(
      { tls: { mode: 'DISABLE' } },
      { connectionPool: { tcp: { maxConnections: 1 } } },
    ),
  })
  .map(spec => ({ kind: kinds.DestinationRule, spec: spec as Spec }))
const parents = [{ group: '', kind: 'Service', name: 'web', namespace: 'shop' }]
const consumer = fc
  .tuple(fc.constantFrom(kinds.HTTPRoute, kinds.GRPCRoute), fc.constantFrom('web', 'mine'))
  .map(([kind, name]) => ({
    kind,
    spec: { parentRefs: parents, rules: [{ backendRefs: [{ name, namespace: 'shop', port: 80 }] }] } as Spec,
  }))

const foreign = fc
  .tuple(fc.oneof(virtualService, root, destinationRule, consumer), created, fc.constantFrom('a', 'z'))
  .map(([{ kind, spec }, creationTimestamp, name]) => made(kind, name, spec, { namespace: 'evil', creationTimestamp }))

function beside({ service, own, provider = 'istio', around = [] }: (typeof canaries)[number], all: KubeObject[]) {
  const isRoute = ({ kind }: KubeObject): boolean => kind === 'HTTPRoute' || kind === 'GRPCRoute'
  const [api, virtual] = [all.filter(isRoute), all.filter(({ kind }) => kind === 'VirtualService')]
  const isGatewayApi = provider !== 'istio'
  const kind = isGatewayApi ? kinds.HTTPRoute : kinds.VirtualService
  return observation({
    canary: canary({ provider }, service),
    live: live([kind, own]),
    surroundings: {
      ...noSurroundings,
      routes: isGatewayApi ? api : [own, ...around, ...virtual],
      otherApiRoutes: isGatewayApi ? virtual : api,
      trafficPolicies: all.filter(one => one.kind === 'DestinationRule'),
    },
  }) satisfies Observation
}

suite('objects of another namespace that take no effect here', () => {
  for (const [index, one] of canaries.entries()) {
    test(`stop no release, at no moment: ${JSON.stringify(one.service)} ${index}`, () => {
      for (const moment of moments) expect(problemOf(at(beside(one, []), moment), moment), 'alone').to.equal(null)
      fc.assert(
        fc.property(fc.array(foreign, { minLength: 1, maxLength: 4 }), all => {
          const o = beside(one, all)
          for (const moment of moments) expect(problemOf(at(o, moment), moment), moment).to.equal(null)
        }),
        { numRuns: 60 },
      )
    })
  }
})
