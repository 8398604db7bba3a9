/** The routers that make routes of their own, for the suites that each of them has to pass. */
import { type Kind, kinds } from '../../../src/api/object.ts'
import { at, type Json, listOf, recordOf, recordsOf, sameJson, textOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Cookie } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { httpRouteIn } from '../../../src/core/routers/gateway-api/kinds.ts'
import { httpRouteMatches } from '../../../src/core/routers/gateway-api/matches.ts'
import * as gatewayProducts from '../../../src/core/routers/gateway-api/products.ts'
import { cookieMatch as gatewayCookie } from '../../../src/core/routers/gateway-api/rules.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { coversMatch, matchesOf } from '../../../src/core/routers/istio/matches.ts'
import { cookieMatch } from '../../../src/core/routers/istio/own-routes.ts'
import { isProduct, productOf } from '../../../src/core/routers/istio/products.ts'
import type { RoutingProvider } from '../../../src/core/routers/provider.ts'
import { liveOne } from '../given-objects.ts'

/** A router, and how its routes are read without it. */
export interface OwnRouter {
  readonly provider: RoutingProvider
  readonly name: 'istio' | 'gatewayapi:v1' | 'gatewayapi:v1beta1'
  /** Of the object that has the routes. */
  readonly kind: Kind
  /** Conditions that may and may not go with each other, as a Canary writes them. */
  readonly conditions: readonly Json[]
  /** Fields of the service that only some routers take. */
  readonly service: readonly Json[]
  /** Whether some request meets both lists; undefined: all requests. */
  meets(own: readonly Json[] | undefined, others: readonly Json[]): boolean
  meetsCookie(own: readonly Json[] | undefined, cookie: Cookie): boolean
  /** Parts of the routes that take a request which the route for all requests of the Canary does not. */
  beyond(o: Observation): unknown[]
  /** The world once what serves the routes has taken them up. */
  takenUp(o: Observation): Observation
}

const everywhere: readonly Json[] = [
  { uri: { prefix: '/api' } },
  { uri: { exact: '/api/v1' } },
  { uri: { regex: '/a.*' } },
  { headers: { 'x-user': { exact: 'a' } } },
  { queryParams: { beta: { exact: '1' } } },
  { method: { exact: 'GET' } },
  { headers: { cookie: { exact: 'a=1' } } },
]

const onlyInIstio: readonly Json[] = [
  { headers: { 'X-User': { prefix: 'b' } }, method: { exact: 'GET' } },
  { sourceLabels: { app: 'front' } },
  { gateways: ['mesh'], withoutHeaders: { 'x-bot': {} } },
  { headers: { cookie: { prefix: 'a=' } } },
]

const destinationRule = { name: 'rules', primarySubset: 'v1', canarySubset: 'v2' }

const istioRouter: OwnRouter = {
  provider: istio,
  name: 'istio',
  kind: kinds.VirtualService,
  conditions: [...everywhere, ...onlyInIstio],
  service: [{}, { destinationRule }],
  meets: (own = [{}], others) => own.some(one => others.some(two => isProduct(productOf(one, two)))),
  meetsCookie: (own = [{}], cookie) => own.some(one => isProduct(productOf(one, cookieMatch(cookie)))),
  beyond: o => {
    const http = recordsOf(at(liveOne(o, kinds.VirtualService, 'web').spec, 'http'))
    const base = http.find(route => route['name'] === undefined)
    const named = http.filter(route => route['name'] !== undefined)
    const isWithin = (one: Json): boolean => matchesOf(base?.['match']).some(wide => coversMatch(folded(wide), one))
    return [
      ...http.filter(route => sameJson(route['match'], [])),
      ...named.flatMap(route => matchesOf(route['match']).filter(one => !isWithin(one))),
    ]
  },
  takenUp: o => o,
}

/** Names of headers as Envoy compares them. */
const folded = (own: Json): Json => {
  const headers = Object.entries(recordOf(own['headers'])).map(([name, of]) => [name.toLowerCase(), of] as const)
  return headers.length === 0 ? own : { ...own, headers: Object.fromEntries(headers) }
}

function gatewayRouter(version: 'v1' | 'v1beta1'): OwnRouter {
  const kind = httpRouteIn(version)
  const base = (own: readonly Json[] | undefined): readonly Json[] => httpRouteMatches(own ?? [{}])
  const meets = (own: readonly Json[] | undefined, others: readonly Json[]): boolean =>
    gatewayProducts.productsOf(base(own), others).length > 0
  return {
    provider: gatewayApi(version),
    name: `gatewayapi:${version}`,
    kind,
    conditions: everywhere,
    service: [{}, { gatewayRefs: [{ name: 'public', namespace: 'infra' }] }],
    meets: (own, others) => meets(own, httpRouteMatches(others)),
    meetsCookie: (own, cookie) => meets(own, [gatewayCookie(cookie)]),
    beyond: o => {
      const rules = recordsOf(at(liveOne(o, kind, 'web').spec, 'rules'))
      const isApex = (rule: Json): boolean => recordsOf(rule['backendRefs']).some(({ name }) => name === 'web')
      const split = rules.filter(rule => !isApex(rule))
      const own = recordsOf(split.at(-1)?.['matches'])
      const isWithin = (one: Json): boolean => own.some(wide => takesAll(wide, one))
      return [
        ...rules.filter(rule => listOf(rule['matches']).length === 0),
        ...split.slice(0, -1).flatMap(rule => recordsOf(rule['matches']).filter(one => !isWithin(one))),
      ]
    },
    takenUp: o => withAnswers(o, kind, ['True', 'True']),
  }
}

/** Whether a match of an HTTPRoute takes every request that another one takes. */
function takesAll(wide: Json, narrow: Json): boolean {
  const [path, own] = [recordOf(wide['path']), recordOf(narrow['path'])]
  const prefix = textOf(path['value']).replace(/\/$/, '')
  const value = textOf(own['value'])
  const isPath =
    sameJson(path, own) ||
    (path['type'] === 'PathPrefix' && (prefix === '' || value === prefix || value.startsWith(`${prefix}/`)))
  const hasAll = (field: string): boolean =>
    recordsOf(wide[field]).every(one => recordsOf(narrow[field]).some(other => sameJson(one, other)))
  return (
    isPath && hasAll('headers') && hasAll('queryParams') && (wide['method'] ?? narrow['method']) === narrow['method']
  )
}

/** An HTTPRoute with the same answer of each of its parents, to its present generation, in another order. */
export function withAnswers(
  o: Observation,
  kind: Kind,
  [accepted, resolved]: readonly [accepted: string, resolved: string],
  name = 'web',
): Observation {
  const route = liveOne(o, kind, name)
  const { generation = 0 } = route.metadata
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: status === 'True' ? type : `No${type}`,
    message: 'as told',
    observedGeneration: generation,
  })
  const parents = recordsOf(at(route.spec, 'parentRefs')).map(parentRef => ({
    parentRef,
    controllerName: 'istio.io/gateway-controller',
    conditions: [condition('Accepted', accepted), condition('ResolvedRefs', resolved)],
  }))
  const key = Object.keys(o.live).find(one => o.live[one] === route) ?? ''
  return { ...o, live: { ...o.live, [key]: { ...route, status: { parents: parents.toReversed() } } } }
}

/** The older version of the Gateway API is the same code with another kind. */
export const ownRouters: readonly OwnRouter[] = [istioRouter, gatewayRouter('v1')]
