/** Requests that come by no route: through an Ingress, an alias of the Service, or the Service itself from outside of the cluster. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { indexes } from '../../../src/controller/kinds.ts'
import type { Observation, Surroundings } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { routingOf } from '../../../src/core/routers/index.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import { of as byHttpRoute } from './gateway-api.given.ts'
import { next, routes, rule, type Spec, subsets, target, twoSubsets } from './given.ts'
import { at, moments } from './moments.given.ts'

const FULL = 'web.shop.svc.cluster.local'
const PUBLIC = ['istio-system/public']

const alias = (name = 'front', externalName = FULL, namespace = 'shop'): KubeObject =>
  object(kinds.Service, name, { spec: { type: 'ExternalName', externalName } }, { namespace })
const ingress = (
  name: string,
  service = 'web',
  annotations: Readonly<Record<string, string>> = {},
  namespace = 'shop',
): KubeObject => {
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }]
  const spec = { ingressClassName: 'nginx', rules: [{ host: 'shop.example.com', http: { paths } }] }
  return object(kinds.Ingress, name, { spec }, { namespace, annotations })
}
const byDefault = object(kinds.Ingress, 'all', { spec: { defaultBackend: { service: { name: 'web' } } } })
const edge = (host: string, namespace = 'shop'): KubeObject =>
  routes(
    'edge',
    { hosts: ['a.example.com'], gateways: PUBLIC, http: [{ route: [{ destination: { host } }] }] },
    namespace,
  )
const upstream = { 'nginx.ingress.kubernetes.io/service-upstream': 'true' }

/** What is found of these objects, as the controller finds it. */
function amid(given: Partial<Observation>, ...others: readonly KubeObject[]): Observation {
  const o = observation(given)
  const provider = routingOf(o)
  const found: Partial<Surroundings> = provider.surroundings(
    o,
    (kind, index, key) => {
      const keysOf = indexes.find(one => one.kind === kind && one.name === index)?.of
      return others.filter(one => one.kind === kind.kind && keysOf?.(one).includes(key) === true)
    },
    () => true,
  )
  return { ...o, surroundings: { ...noSurroundings, ...found } }
}
const open = (spec: Spec): Partial<Observation> => ({
  live: live([
    kinds.Service,
    object(kinds.Service, 'web', {
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
    }),
  ]),
})
const bySubsets: Partial<Observation> = {
  ...target(next),
  canary: canary({}, subsets),
  live: live([kinds.DestinationRule, rule(twoSubsets)]),
}

const atGateway = 'To split them, serve their hosts at a Gateway: service.gateways and service.hosts'
const outside = (subject: string, reached = 'These requests never reach the canary'): string =>
  `${subject} requests from outside of the mesh to Service web that bypass the traffic split. ${reached}, and traffic checks ignore them. ${atGateway}`

interface Row {
  readonly o: Observation
  readonly said: readonly string[]
  readonly splitsAll?: boolean
}

const rows: Readonly<Record<string, Row>> = {
  nothing: { o: amid({}), said: [], splitsAll: true },
  'an Ingress': { o: amid({}, ingress('front')), said: [outside('Ingress shop/front brings')] },
  'an Ingress by its default': { o: amid({}, byDefault), said: [outside('Ingress shop/all brings')] },
  'an Ingress to another Service': { o: amid({}, ingress('front', 'api')), said: [], splitsAll: true },
  'an Ingress to a Service of the name elsewhere': {
    o: amid({}, ingress('front', 'web', {}, 'other')),
    said: [],
    splitsAll: true,
  },
  'an Ingress that calls the cluster IP, as what has a proxy does': {
    o: amid({}, ingress('front', 'web', upstream)),
    said: [],
    splitsAll: true,
  },
  'an Ingress of another namespace, by an alias there': {
    o: amid({}, alias('web', FULL, 'edge'), ingress('front', 'web', {}, 'edge')),
    said: [outside('Ingress edge/front brings')],
  },
  'an Ingress, and subsets': {
    o: amid(bySubsets, ingress('front')),
    said: [outside('Ingress shop/front brings', 'They reach the pods of both sides, whatever the weights')],
  },
  'an Ingress, and HTTPRoutes': {
    o: amid(byHttpRoute(), ingress('front')),
    said: [
      outside('Ingress shop/front brings').replace(
        'service.gateways and service.hosts',
        'service.gatewayRefs and service.hosts',
      ),
    ],
  },
  'several of them, and a Service of type LoadBalancer': {
    o: amid(open({ type: 'LoadBalancer' }), ingress('a'), ingress('b'), ingress('c', 'web-primary')),
    said: [outside('Service shop/web (LoadBalancer), Ingress shop/a and others bring')],
  },
  'a Service of type NodePort': {
    o: amid(open({ type: 'NodePort' })),
    said: [outside('Service shop/web (NodePort) brings')],
    splitsAll: true,
  },
  'a Service with addresses from outside': {
    o: amid(open({ externalIPs: ['192.0.2.7'] })),
    said: [outside('Service shop/web (externalIPs) brings')],
    splitsAll: true,
  },
  'an alias alone, which is one more name of the Service in the mesh': {
    o: amid({}, alias()),
    said: [],
    splitsAll: true,
  },
  'a route of another namespace to an alias': {
    o: amid({}, alias('front', FULL, 'edge'), edge('front', 'edge')),
    said: [
      'VirtualService edge/edge routes requests at gateway istio-system/public to Service edge/front, which is Service web, and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
    ],
  },
  'a route to a name of another Service': {
    o: amid({}, alias('front', 'api.shop.svc.cluster.local'), edge('front')),
    said: [],
    splitsAll: true,
  },
}

suite('requests that come by no route', () => {
  for (const [name, { o, said, splitsAll = false }] of Object.entries(rows)) {
    test(`${name} stops nothing`, () => {
      for (const moment of moments) {
        expect(problemOf(at(o, moment), moment), moment).to.equal(null)
        expect(
          warningsOf(at(o, moment)).map(({ message }) => message),
          moment,
        ).to.deep.equal(said)
      }
      expect(routingOf(o).telemetry?.splitsAll(o)).to.equal(splitsAll)
    })
  }

  test('a route of the namespace to an alias is a Conflict that says what to write', () => {
    const o = amid({}, alias(), edge('front.shop.svc.cluster.local'))
    expect(problemOf(o, 'start')?.message).to.equal(
      'VirtualService shop/edge routes requests at gateway istio-system/public to Service shop/front, which is Service web, and bypasses the traffic split. Write host: web in that route. Recreate the Canary with service.virtualServices: [{name: edge}], or lead the route to another Service.',
    )
  })

  test('an HTTPRoute to an alias bypasses the split, too', () => {
    const spec = { parentRefs: [{ name: 'public' }], rules: [{ backendRefs: [{ name: 'front', port: 80 }] }] }
    const o = amid({}, alias(), object(kinds.HTTPRoute, 'edge', { spec }))
    expect(warningsOf(at(o, 'rest')).map(({ message }) => message)).to.deep.equal([
      'HTTPRoute shop/edge leads requests at Gateway shop/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them',
    ])
  })
})
