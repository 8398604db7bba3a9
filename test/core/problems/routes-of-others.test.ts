/** Routes of others around a canary: at which moments they stop a release, what is said of them, and what telemetry is expected. */
import { expect } from 'chai'
import { type KubeObject, kinds, type ObjectMeta } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { type Moment, problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { routingOf } from '../../../src/core/routers/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import { around, type Spec } from './given.ts'
import { atService, gateway, httpRoute, of, to as backend } from './gateway-api.given.ts'
import { at, moments } from './moments.given.ts'

const NEVER = '2020-01-01T00:00:00Z'
const OURS = '2026-01-01T00:00:00Z'
const LATER = '2030-01-01T00:00:00Z'
const PUBLIC = ['istio-system/public']
const FULL = 'web.shop.svc.cluster.local'
const HOST = 'api.example.com'

const to = (host: string) => ({ route: [{ destination: { host } }] })
const named = (spec: Spec, namespace: string, name: string, more: Partial<ObjectMeta> = {}): KubeObject =>
  object(kinds.VirtualService, name, { spec }, { namespace, creationTimestamp: NEVER, ...more })

/** Beside a VirtualService of Sluice's. */
function beside(own: Spec, service: Spec, ...others: readonly KubeObject[]): Observation {
  const ours = named(own, 'shop', 'web', { creationTimestamp: OURS, labels: { 'sluice.dev/canary': 'web' } })
  return observation({
    canary: canary({}, service),
    surroundings: { ...noSurroundings, routes: [ours, ...others] },
    live: live([kinds.VirtualService, ours]),
  })
}

const everything = { hosts: [HOST, 'web'], gateways: PUBLIC }
const atGateway = (http: readonly Spec[], more: Spec = {}, creationTimestamp = LATER): KubeObject =>
  named({ hosts: [HOST], gateways: PUBLIC, http, ...more }, 'evil', 'edge', { creationTimestamp })
const amid = (service: Spec, ...others: readonly KubeObject[]): Observation => beside(everything, service, ...others)

const delegation = { delegation: true }
const ours = { delegate: { name: 'web', namespace: 'shop' } }
const rootOf = (namespace: string, hosts: readonly string[], route: Spec = {}): KubeObject =>
  named({ hosts, gateways: PUBLIC, http: [{ ...route, ...ours }] }, namespace, 'root')
const delegatedBy = (...all: readonly KubeObject[]): Observation => beside({ http: [] }, delegation, ...all)
const rivalOf = (host: string, namespace: string): KubeObject =>
  named({ hosts: [host], gateways: PUBLIC, http: [to('other')] }, namespace, 'rival')

const front = (http: readonly Spec[], more: Spec = {}): KubeObject =>
  named({ hosts: ['shop.example.com'], gateways: PUBLIC, http, ...more }, 'shop', 'front')
function listing(entry: Spec, object_: KubeObject, ...others: readonly KubeObject[]): Observation {
  return observation({
    canary: canary({}, { virtualServices: [{ name: 'front', ...entry }] }),
    surroundings: { ...noSurroundings, routes: [object_, ...others] },
    live: live([kinds.VirtualService, object_]),
  })
}
const main = { name: 'main', ...to('web') }

const edge = (spec: Spec = {}, namespace = 'shop', kind = kinds.HTTPRoute): KubeObject =>
  httpRoute('edge', { parentRefs: gateway, ...backend('web'), ...spec }, namespace, kind)
const besideRoutes = (...otherApiRoutes: readonly KubeObject[]): Observation =>
  observation({ canary: canary(), ...around({ otherApiRoutes }) })
const ownRoute = object(
  kinds.HTTPRoute,
  'web',
  { spec: { parentRefs: atService } },
  { creationTimestamp: OURS, labels: { 'sluice.dev/canary': 'web' } },
)
const splitByHttpRoute = (...otherApiRoutes: readonly KubeObject[]): Observation =>
  observation({ ...of(), ...around({ otherApiRoutes }), live: live([kinds.HTTPRoute, ownRoute]) })
const inMesh = (more: Spec = {}, creationTimestamp = NEVER): KubeObject =>
  named({ hosts: [FULL], http: [to('mine')], ...more }, 'evil', 'pay', { creationTimestamp })

interface Row {
  readonly o: Observation
  readonly reason?: string
  readonly message: string
}

const ignored = 'These requests never reach the canary, and traffic checks ignore them'
const shadowed = (root: string, host: string, by: string): string =>
  `VirtualService ${by}/rival is older and has a route for ${host} at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.${root}`
const outside = (namespace: string): string =>
  `Of spec.service.match[0] Istio makes no route, because VirtualService ${namespace}/root delegates by a match in which uri says otherwise: requests there find no route. Write uri in one of the two alone, or in the Canary one that lies within that of the VirtualService.`
const consumer = (kind: string): string =>
  `${kind} evil/own has Service shop/web as its parent, so callers in namespace evil meet it instead of the split. Remove that parent from it.`
const own = (kind = kinds.HTTPRoute): KubeObject =>
  httpRoute('own', { parentRefs: [{ ...atService[0], namespace: 'shop' }], ...backend('mine') }, 'evil', kind)

const matched = { ...delegation, match: [{ uri: { prefix: '/a' } }] }

/** Stops nothing at any moment, and is told. */
const warnings: Readonly<Record<string, Row>> = {
  'an HTTPRoute at a Gateway that leads to the Service': {
    o: besideRoutes(edge()),
    message: `HTTPRoute shop/edge leads requests at Gateway infra/public to Service web directly and bypasses the traffic split. ${ignored}`,
  },
  'a GRPCRoute of another namespace to a side, and an HTTPRoute': {
    o: besideRoutes(
      edge({ rules: [{ backendRefs: [{ name: 'web-primary', namespace: 'shop', port: 80 }] }] }, 'a', kinds.GRPCRoute),
      edge(),
    ),
    message: `GRPCRoute a/edge leads requests at Gateway infra/public to Service web-primary directly and bypasses the traffic split; so does HTTPRoute shop/edge. ${ignored}`,
  },
  'a route for callers of another namespace alone': {
    o: besideRoutes(own()),
    reason: 'Conflict',
    message: consumer('HTTPRoute'),
  },
  'the same by gRPC, where an HTTPRoute has the split': {
    o: observation({ ...of(), ...around({ routes: [own(kinds.GRPCRoute)] }) }),
    reason: 'Conflict',
    message: consumer('GRPCRoute'),
  },
  'a younger route at the gateway to the Service, for another host, too': {
    o: amid({ hosts: [HOST], gateways: PUBLIC }, atGateway([to(FULL)], { hosts: [HOST, 'b.example.com'] })),
    message: `VirtualService evil/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. ${ignored}`,
  },
  'a root of another namespace with a rival, beside one without': {
    o: delegatedBy(rootOf('edge', ['shop.example.com']), rootOf('evil', [HOST]), rivalOf(HOST, 'shop')),
    reason: 'Conflict',
    message: shadowed('', HOST, 'shop'),
  },
  'a root of another namespace that leaves out a match, beside one that has it': {
    o: beside(
      { http: [] },
      matched,
      rootOf('shop', ['shop.example.com']),
      rootOf('evil', [HOST], { match: [{ uri: { exact: '/b' } }] }),
    ),
    reason: 'Conflict',
    message: outside('evil'),
  },
  'a route of a listed VirtualService that its entry leaves out': {
    o: listing(
      { routes: [{ name: 'main' }] },
      front([{ name: 'admin', match: [{ uri: { prefix: '/admin' } }], ...to('web') }, main]),
    ),
    message: `VirtualService shop/front routes requests at gateway istio-system/public to Service web directly, by route admin that its entry leaves out, and bypasses the traffic split. ${ignored}`,
  },
  'the same without a name, in the mesh and to a side': {
    o: listing({ routes: [{ name: 'main' }] }, front([main, to('web-primary')], { gateways: ['mesh'] })),
    message: `VirtualService shop/front routes requests in the mesh to Service web-primary directly, by a route that its entry leaves out, and bypasses the traffic split. ${ignored}`,
  },
  'a rule of a listed HTTPRoute that its entry leaves out': {
    o: observation({
      ...of({ routes: [{ name: 'front', rules: [{ name: 'main' }] }] }),
      live: live([
        kinds.HTTPRoute,
        httpRoute('front', {
          parentRefs: gateway,
          rules: ['main', 'admin'].map(name => ({ name, backendRefs: [{ name: 'web', port: 80 }] })),
        }),
      ]),
    }),
    message: `HTTPRoute shop/front leads requests at Gateway infra/public to Service web directly, by a rule that its entry leaves out, and bypasses the traffic split. ${ignored}`,
  },
  'a wildcard over the Service in another cluster domain': {
    o: beside(
      { hosts: ['web'], gateways: ['mesh'] },
      {},
      named({ hosts: ['*.shop.svc.corp.internal'], http: [to('gate')] }, 'shop', 'all'),
    ),
    reason: 'Conflict',
    message:
      'VirtualService shop/all is for *.shop.svc.corp.internal, and Istio uses VirtualService web before it, so its routes, timeouts and retries do not apply to Service web. Write what should apply into spec.service of the Canary, such as timeout, retries or headers',
  },
}

/** Stops a release at these moments, and is a warning at the others. */
const stops: Readonly<Record<string, Row & { readonly at: readonly Moment[] }>> = {
  'a younger route at the gateway to the Service that takes requests before ours': {
    o: amid({ hosts: [HOST], gateways: PUBLIC }, atGateway([{ match: [{ uri: { prefix: '/x' } }], ...to(FULL) }])),
    at: ['start', 'candidate'],
    message: `VirtualService evil/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split, for ${HOST}. Create a VirtualService with that route in namespace shop, then remove the route there, and recreate the Canary with the new one under service.virtualServices.`,
  },
  'the only root, of another namespace, with a rival': {
    o: delegatedBy(rootOf('edge', [HOST]), rivalOf(HOST, 'people')),
    at: ['start', 'candidate'],
    message: shadowed('', HOST, 'people'),
  },
  'a root of the own namespace with a rival, beside one without': {
    o: delegatedBy(rootOf('edge', ['shop.example.com']), rootOf('shop', [HOST]), rivalOf(HOST, 'shop')),
    at: moments,
    message: shadowed('', HOST, 'shop'),
  },
  'all roots leave out a match': {
    o: beside({ http: [] }, matched, rootOf('edge', [HOST], { match: [{ uri: { exact: '/b' } }] })),
    at: ['candidate'],
    message: outside('edge'),
  },
  'a delegate to which a listed VirtualService delegates': {
    o: listing(
      {},
      front([{ match: [{ uri: { prefix: '/admin' } }], delegate: { name: 'leaf' } }, main]),
      named({ http: [to('web')] }, 'shop', 'leaf'),
    ),
    at: moments,
    message:
      'VirtualService shop/leaf, to which VirtualService shop/front delegates, routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. Add {name: leaf} to service.virtualServices, or lead the route to another Service.',
  },
  'an older VirtualService of another namespace beside an HTTPRoute, seen by all': {
    o: splitByHttpRoute(inMesh()),
    at: ['start', 'candidate'],
    message:
      'VirtualService evil/pay is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the host web from it, or recreate the Canary with provider: istio.',
  },
}

/** Takes no effect on the release, so nothing is said. */
const silent: Readonly<Record<string, Observation>> = {
  'a younger route at the gateway to the Service, for all that ours takes': amid(
    { hosts: [HOST], gateways: PUBLIC },
    atGateway([to(FULL)]),
  ),
  'the same within the match of ours': amid(
    { hosts: [HOST], gateways: PUBLIC, match: [{ uri: { prefix: '/orders' } }] },
    atGateway([{ match: [{ uri: { exact: '/orders/7' }, method: { exact: 'GET' } }], ...to(FULL) }]),
  ),
  'a younger VirtualService of another namespace beside an HTTPRoute': splitByHttpRoute(inMesh({}, LATER)),
  'one beside an HTTPRoute that is kept to its own namespace': splitByHttpRoute(inMesh({ exportTo: ['.'] })),
  'a younger one for the Service in another cluster domain': beside(
    { hosts: ['web'], gateways: ['mesh'] },
    {},
    named({ hosts: ['web.shop.svc.corp.internal'], http: [to('mine')] }, 'evil', 'pay', { creationTimestamp: LATER }),
  ),
  'an HTTPRoute at a Gateway that only copies requests to the Service': besideRoutes(
    edge({
      rules: [
        {
          backendRefs: [
            { name: 'api', port: 80 },
            { name: 'web', port: 80, weight: 0 },
          ],
          filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'web', port: 80 } } }],
        },
      ],
    }),
  ),
  'all routes of a listed VirtualService': listing({}, front([{ name: 'admin', ...to('web') }, main])),
}

suite('Routes of others around a canary', () => {
  for (const [name, { o, message, reason = 'Bypassed' }] of Object.entries(warnings)) {
    test(`${name}: stops nothing, and is a warning`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment), moment).to.equal(null)
        expect(warningsOf(at(o, moment)), moment).to.deep.equal([{ reason, message }])
      }
    })
  }
  for (const [name, { o, message, at: when, reason = 'Conflict' }] of Object.entries(stops)) {
    test(`${name}: stops ${when.join(', ')}`, () => {
      for (const moment of moments) {
        const isStopped = when.includes(moment)
        expect(problemOf(at(o, moment), moment), moment).to.deep.equal(isStopped ? { reason, message } : null)
      }
    })
  }
  for (const [name, o] of Object.entries(silent)) {
    test(`${name}: nothing is said`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment), moment).to.equal(null)
        expect(warningsOf(at(o, moment)), moment).to.deep.equal([])
      }
    })
  }

  const leading = (name: string, namespace = 'shop'): KubeObject =>
    edge({ rules: [{ backendRefs: [{ name, namespace: 'shop', port: 80 }] }] }, namespace)
  const table: readonly [string, KubeObject | null, splitsAll: boolean, tellsSplit: boolean][] = [
    ['nothing', null, true, true],
    ['an HTTPRoute to the Service', leading('web', 'infra'), false, true],
    ['an HTTPRoute to a side', leading('web-primary'), false, false],
    ['a route for callers elsewhere, to other Services', own(), true, true],
  ]
  for (const [name, route, splitsAll, tellsSplit] of table) {
    test(`what the primary gets says what the canary should have, beside ${name}: ${splitsAll}`, () => {
      const o = besideRoutes(...(route === null ? [] : [route]))
      expect([istio.telemetry?.splitsAll(o), istio.telemetry?.tellsSplit(o)]).to.deep.equal([splitsAll, tellsSplit])
    })
  }

  test('what callers with routes of their own lose, of either API, is no matter of this release', () => {
    const strangers = (o: Observation): readonly string[] | undefined => routingOf(o).telemetry?.vantage(o).strangers
    expect(strangers(besideRoutes(own(), edge({}, 'infra')))).to.deep.equal(['evil'])
    expect(strangers(splitByHttpRoute(inMesh(), atGateway([to(FULL)])))).to.deep.equal(['evil'])
    expect(strangers(splitByHttpRoute(atGateway([to(FULL)])))).to.deep.equal([])
    expect(strangers(observation({ ...of(), ...around({ routes: [own(kinds.GRPCRoute)] }) }))).to.deep.equal(['evil'])
  })

  test('a route at a Gateway is found by each Service that it leads to, once, and by its parent', () => {
    const found = [leading('web'), leading('web-canary', 'infra'), own(), leading('api')]
    const { otherApiRoutes } = istio.surroundings(
      observation(),
      (kind, index, key) => {
        const provided = [...istio.kinds, ...istio.neighbours].find(one => one.kind === kind)
        return found.filter(one => one.kind === kind.kind && provided?.indexes[index]?.(one).includes(key) === true)
      },
      () => true,
    )
    expect(otherApiRoutes).to.have.members(found.slice(0, 3))
  })
})
