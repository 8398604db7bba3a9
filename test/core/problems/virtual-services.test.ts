/** VirtualServices around a canary: which are ways past its split, which are rivals, and which are in nobody's way. */
import { expect } from 'chai'
import { type KubeObject, kinds, type ObjectMeta } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import { at, moments } from './moments.given.ts'

type Spec = Readonly<Record<string, unknown>>
const NEVER = '2020-01-01T00:00:00Z'
const LATER = '2030-01-01T00:00:00Z'
const PUBLIC = ['istio-system/public']

const routes = (name: string, spec: Spec, namespace = 'shop', more: Partial<ObjectMeta> = {}): KubeObject =>
  object(kinds.VirtualService, name, { spec }, { namespace, creationTimestamp: NEVER, ...more })
const to = (host: string, more: Spec = {}) => ({ route: [{ destination: { host, ...more } }] })
const FULL = 'web.shop.svc.cluster.local'

/** A canary with these around; its own VirtualService is there where `own` is said. */
function given(virtualServices: readonly KubeObject[], service: Spec = {}, own?: Spec): Observation {
  const ours = routes('web', own ?? {}, 'shop', {
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'sluice.dev/canary': 'web' },
  })
  return observation({
    canary: canary({}, service),
    surroundings: {
      ...noSurroundings,
      routes: own === undefined ? virtualServices : [ours, ...virtualServices],
    },
    ...(own === undefined ? {} : { live: live([kinds.VirtualService, ours]) }),
  })
}
const serving = { hosts: ['web'], gateways: ['mesh'] }
const edge = (spec: Spec = {}, namespace = 'shop'): KubeObject =>
  routes('edge', { hosts: ['shop.example.com'], gateways: PUBLIC, http: [to(FULL)], ...spec }, namespace)

const recreate =
  'Recreate the Canary with service.virtualServices: [{name: edge}], or lead the route to another Service.'

/** Stops a release at all moments. */
const stops: Readonly<Record<string, { o: Observation; message: string }>> = {
  'a gateway VirtualService that leads to the Service': {
    o: given([edge()]),
    message: `VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'by a short name, at a gateway in an older notation': {
    o: given([edge({ http: [to('web')], gateways: ['public.istio-system.svc.cluster.local', 'mesh'] })]),
    message: `VirtualService shop/edge routes requests at gateway istio-system/public and in the mesh to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'by a wildcard host, with a part of the weight': {
    o: given([
      edge({
        hosts: ['*'],
        http: [
          {
            route: [
              { destination: { host: 'other' }, weight: 99 },
              { destination: { host: 'web' }, weight: 1 },
            ],
          },
        ],
      }),
    ]),
    message: `VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'in the mesh, under the name of another Service': {
    o: given([routes('edge', { hosts: ['front'], http: [to('web.shop')] })]),
    message: `VirtualService shop/edge routes requests in the mesh to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'in the mesh, for the Service itself': {
    o: given([routes('edge', { hosts: ['web'], http: [to('web')] })]),
    message: `VirtualService shop/edge routes requests in the mesh to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'two of them are two entries': {
    o: given([edge(), routes('more', { hosts: ['b.example.com'], gateways: PUBLIC, http: [to('web')] })]),
    message:
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: edge}, {name: more}], or lead the route to another Service.',
  },
  'one to which another delegates': {
    o: given([
      routes('edge', { http: [to('web')] }),
      routes(
        'root',
        { hosts: ['shop.example.com'], gateways: PUBLIC, http: [{ delegate: { name: 'edge', namespace: 'shop' } }] },
        'istio-system',
      ),
    ]),
    message: `VirtualService shop/edge, to which VirtualService istio-system/root delegates, routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. ${recreate}`,
  },
  'beside listed ones': {
    o: {
      ...given([edge()], { virtualServices: [{ name: 'front' }] }),
      live: live([kinds.VirtualService, routes('front', { hosts: ['web'], http: [to('web')] })]),
    },
    message:
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. Add {name: edge} to service.virtualServices, or lead the route to another Service.',
  },
  'by tls': {
    o: given([edge({ http: undefined, tls: [{ match: [{ sniHosts: ['shop.example.com'] }], ...to('web') }] })]),
    message:
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. Only http routes can be split: make it an http route, or lead it to another Service.',
  },
  'another VirtualService for the Service in the mesh': {
    o: given([routes('other', { hosts: [FULL] })]),
    message: `VirtualService shop/other gets the requests for ${FULL} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
  },
  'the same, private to the namespace and younger than ours': {
    o: given([routes('other', { hosts: [FULL], exportTo: ['.'] }, 'shop', { creationTimestamp: LATER })], {}, serving),
    message: `VirtualService shop/other gets the requests for ${FULL} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
  },
  'a younger one for a notation that Istio takes as it is': {
    o: given([routes('other', { hosts: ['web.shop'] }, 'shop', { creationTimestamp: LATER })], {}, serving),
    message:
      'VirtualService shop/other gets the requests for web.shop in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.',
  },
  'a younger one for that notation and for another, which Istio reads as the Service': {
    o: given([routes('other', { hosts: ['web.shop', 'web'] }, 'shop', { creationTimestamp: LATER })], {}, serving),
    message:
      'VirtualService shop/other gets the requests for web.shop in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.',
  },
  'an older route of the namespace for the same requests at a gateway': {
    o: given([edge({ http: [to('other')] })], { hosts: ['shop.example.com'], gateways: ['public.istio-system'] }),
    message:
      "VirtualService shop/edge is older and has a route for shop.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
  },
}

const users = (spec: Spec = {}, more: Partial<ObjectMeta> = {}): KubeObject =>
  routes('users', { hosts: ['api.example.com'], gateways: PUBLIC, ...spec }, 'people', more)
const orders = { gateways: PUBLIC, hosts: ['api.example.com'], match: [{ uri: { prefix: '/orders' } }] }

const everything = { gateways: PUBLIC, hosts: ['api.example.com'] }

/** Of other namespaces, and taking effect: stops a release before it has begun, and is a warning from then on. */
const stopsTheStart: Readonly<Record<string, { o: Observation; message: string }>> = {
  'for the Service in the mesh, before ours is there': {
    o: given([routes('pay', { hosts: [FULL] }, 'evil')]),
    message: `VirtualService evil/pay gets the requests for ${FULL} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
  },
  'the same, older than ours': {
    o: given([routes('pay', { hosts: [FULL] }, 'evil')], {}, serving),
    message: `VirtualService evil/pay gets the requests for ${FULL} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
  },
  'the same, younger and exported to our namespace': {
    o: given([routes('pay', { hosts: [FULL], exportTo: ['shop'] }, 'evil', { creationTimestamp: LATER })], {}, serving),
    message: `VirtualService evil/pay gets the requests for ${FULL} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
  },
  'for the host at the gateway, with a route to the Service': {
    o: given([users({ http: [{ match: [{ uri: { prefix: '/old' } }], ...to(FULL) }] })], orders),
    message:
      'VirtualService people/users routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split, for api.example.com. Create a VirtualService with that route in namespace shop, then remove the route there, and recreate the Canary with the new one under service.virtualServices.',
  },
  'for the host at the gateway, older, with a match that covers ours': {
    o: given([users({ http: [{ match: [{ uri: { prefix: '/or' } }], ...to('users') }] })], orders),
    message:
      "VirtualService people/users is older and has a route for api.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
  },
  'for the host at the gateway, both without a match': {
    o: given([users({ http: [to('users')] })], everything),
    message:
      "VirtualService people/users is older and has a route for api.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
  },
}

const everywhere = (host: string, more: Spec = {}, namespace = 'shop'): KubeObject =>
  routes('all', { hosts: [host], http: [{ ...to('gate'), timeout: '2s' }], ...more }, namespace)
const ended = (one: string): string =>
  `VirtualService ${one}, and Istio uses VirtualService web before it, so its routes, timeouts and retries do not apply to Service web. Write what should apply into spec.service of the Canary, such as timeout, retries or headers`

/** Stops nothing at any moment, and is told. */
const warnings: Readonly<Record<string, { o: Observation; message: string; reason?: string }>> = {
  'a wildcard over the Service in the mesh': {
    o: given([everywhere('*.shop.svc.cluster.local')]),
    message: ended('shop/all is for *.shop.svc.cluster.local'),
    reason: 'Conflict',
  },
  'a wildcard of another namespace, over the whole cluster': {
    o: given([everywhere('*.local', {}, 'platform')], { gateways: ['mesh', 'istio-system/public'] }),
    message: ended('platform/all is for *.local'),
    reason: 'Conflict',
  },
  'a way past of another namespace': {
    o: given([edge({}, 'istio-system')]),
    message:
      'VirtualService istio-system/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
  },
  several: {
    o: given(['a', 'b', 'c', 'd'].map(namespace => edge({}, namespace))),
    message:
      'VirtualService a/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split; so do VirtualService b/edge, VirtualService c/edge and others. These requests never reach the canary, and traffic checks ignore them',
  },
  'a way to one side': {
    o: given([edge({ http: [to('web-primary')] })]),
    message:
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service web-primary directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
  },
  'a tcp route to another port of the Service': {
    o: given([edge({ http: undefined, tcp: [to('web', { port: { number: 9000 } })] })]),
    message:
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
  },
  'kept to its own namespace, whose callers reach the Service by it': {
    o: given([routes('pay', { hosts: [FULL], exportTo: ['.'], http: [to(FULL)] }, 'evil')], {}, serving),
    message:
      'VirtualService evil/pay routes requests in the mesh to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
  },
}

/** Takes no effect on the release, so nothing is said. */
const silent: Readonly<Record<string, Observation>> = {
  'a wildcard that other namespaces keep to themselves': given([
    everywhere('*.local', { exportTo: ['.'] }, 'platform'),
  ]),
  'a wildcard over other Services, or at a gateway': given([
    everywhere('*.pay.svc.cluster.local'),
    everywhere('*.local', { gateways: PUBLIC }, 'platform'),
  ]),
  'the same short name in another namespace': given([routes('web', { hosts: ['web'], http: [to('web')] }, 'other')]),
  'for our host, kept to its own namespace, leading elsewhere': given([
    routes('pay', { hosts: [FULL], exportTo: ['.'], http: [to('mine')] }, 'evil'),
  ]),
  'for our host, public, younger than ours, leading elsewhere': given(
    [routes('pay', { hosts: [FULL], http: [to('mine')] }, 'evil', { creationTimestamp: LATER })],
    {},
    serving,
  ),
  'for our host, public, younger than ours, leading to the Service': given(
    [routes('pay', { hosts: [FULL], http: [to(FULL)] }, 'evil', { creationTimestamp: LATER })],
    {},
    serving,
  ),
  'for our public host in the mesh, younger than ours': given(
    [routes('pay', { hosts: ['shop.example.com'], http: [to('mine')] }, 'evil', { creationTimestamp: LATER })],
    { hosts: ['shop.example.com'] },
    { hosts: ['shop.example.com', 'web'], gateways: ['mesh'] },
  ),
  'for our host at a gateway that ours is not bound to': given([
    routes('edge', { hosts: ['web'], gateways: ['public'], http: [to('other')] }),
  ]),
  'other paths of the host at the gateway, older': given(
    [users({ http: [{ match: [{ uri: { prefix: '/users' } }], ...to('users') }] })],
    orders,
  ),
  'everything else of the host at the gateway, older': given([users({ http: [to('users')] })], orders),
  'one path where ours takes the rest': given(
    [users({ http: [{ match: [{ uri: { prefix: '/users' } }], ...to('users') }] })],
    everything,
  ),
  'a match that covers ours, younger': given(
    [users({ http: [{ match: [{ uri: { prefix: '/o' } }], ...to('users') }] }, { creationTimestamp: LATER })],
    orders,
    { hosts: ['api.example.com', 'web'], gateways: PUBLIC },
  ),
  'a match that covers ours, at another gateway': given(
    [
      users({
        gateways: [...PUBLIC, 'people/own'],
        http: [{ match: [{ uri: { prefix: '/o' }, gateways: ['people/own'] }], ...to('users') }],
      }),
    ],
    orders,
  ),
  'a match that covers ours, which the gateway does not see': given(
    [users({ exportTo: ['.'], http: [{ match: [{ uri: { prefix: '/o' } }], ...to('users') }] })],
    orders,
  ),
  'a mirror to the Service': given([edge({ http: [{ ...to('other'), mirror: { host: 'web' } }] })]),
  'a weight of 0': given([
    edge({
      http: [
        {
          route: [
            { destination: { host: 'a' }, weight: 100 },
            { destination: { host: 'web' }, weight: 0 },
          ],
        },
      ],
    }),
  ]),
  'a delegate to which nobody delegates': given([routes('edge', { http: [to('web')] })]),
  'a way past that no gateway sees': given([edge({ exportTo: ['~'] })]),
  'one that is listed': {
    ...given([edge()], { virtualServices: [{ name: 'edge' }] }),
    live: live([kinds.VirtualService, edge()]),
  },
}

suite('VirtualServices around a canary', () => {
  for (const [name, { o, message }] of Object.entries(stops)) {
    test(`${name}: stops the release at every moment`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment)).to.deep.equal({ reason: 'Conflict', message })
        expect(warningsOf(at(o, moment))).to.deep.equal([])
      }
    })
  }
  for (const [name, { o, message }] of Object.entries(stopsTheStart)) {
    test(`${name}: stops only the start`, () => {
      for (const moment of moments) {
        const starts = moment === 'start' || moment === 'candidate'
        const found = { reason: 'Conflict', message }
        expect(problemOf(at(o, moment), moment)).to.deep.equal(starts ? found : null)
        expect(warningsOf(at(o, moment)).some(one => one.message === message)).to.equal(!starts)
      }
    })
  }
  for (const [name, { o, message, reason = 'Bypassed' }] of Object.entries(warnings)) {
    test(`${name}: stops nothing, and is a warning`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment)).to.equal(null)
        expect(warningsOf(at(o, moment))).to.deep.equal([{ reason, message }])
      }
    })
  }
  for (const [name, o] of Object.entries(silent)) {
    test(`${name}: nothing is said`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment)).to.equal(null)
        expect(warningsOf(at(o, moment))).to.deep.equal([])
      }
    })
  }
})
