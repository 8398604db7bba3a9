/** What others write around a canary costs time by its length, not by its square: one pass over it keeps the passes of all others waiting. */
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { canary, live, noSurroundings, object, observation } from '../given-objects.ts'
import type { Spec } from './given.ts'

/** Items of each list; a user may write ten times as many. */
const MANY = 500
/** Fields that are read in one pass: 200 for an item of each list. */
const MOST_READS = 200 * MANY
const many = <T>(item: (index: number) => T): T[] => Array.from({ length: MANY }, (_, index) => item(index))

const HOST = 'shop.example.com'
const PUBLIC = 'istio-system/public'
const toWeb = { route: [{ destination: { host: 'web.shop' } }] }
const toOurs = { delegate: { name: 'web', namespace: 'shop' } }

const of = (namespace: string, name: string, spec: Spec, creationTimestamp = '2020-01-01T00:00:00Z'): KubeObject =>
  object(kinds.VirtualService, name, { spec }, { namespace, creationTimestamp })
const younger = (spec: Spec): KubeObject => of('evil', 'edge', spec, '2030-01-01T00:00:00Z')

/** Beside a VirtualService of Sluice's, for one host at one gateway. */
function beside(others: readonly KubeObject[], service: Spec = {}, more: Partial<Observation['surroundings']> = {}) {
  const delegated = service['delegation'] === true
  const spec = delegated ? { http: [] } : { hosts: [HOST, 'web'], gateways: [PUBLIC] }
  const labels = { 'sluice.dev/canary': 'web' }
  const ours = object(kinds.VirtualService, 'web', { spec }, { creationTimestamp: '2026-01-01T00:00:00Z', labels })
  return {
    canary: canary({}, delegated ? service : { hosts: [HOST], gateways: [PUBLIC], ...service }),
    surroundings: { ...noSurroundings, routes: [ours, ...others], ...more },
    live: live([kinds.VirtualService, ours]),
  }
}

const hosts = many(index => `h${index}.example.com`)
const root = (spec: Spec): KubeObject => of('evil', 'root', { hosts: [HOST], gateways: [PUBLIC], ...spec })
const delegation = { delegation: true }
const gateway = (name: string): KubeObject => {
  const servers = [{ port: { number: 80, protocol: 'HTTP' }, hosts: many(index => `*.s${index}.example.org`) }]
  return object(kinds.IstioGateway, name, { spec: { servers } }, { namespace: 'edge' })
}
const rule = (name: string, namespace: string, spec: Spec): KubeObject =>
  object(kinds.DestinationRule, name, { spec: { host: 'web.shop.svc.cluster.local', ...spec } }, { namespace })

const given: Readonly<Record<string, () => Partial<Observation>>> = {
  'hosts of one VirtualService, and routes past the split that ours takes': () =>
    beside([younger({ hosts: many(() => HOST), gateways: [PUBLIC], http: many(() => toWeb) })]),
  'hosts of one that delegates to the split, and of a rival of its': () =>
    beside(
      [root({ hosts, http: [toOurs] }), younger({ hosts, gateways: [PUBLIC], http: many(() => toWeb) })],
      delegation,
    ),
  'gateways of one that delegates to the split, and routes that do': () =>
    beside(
      [
        root({
          gateways: many(index => `g${index}`),
          http: many(index => ({ ...toOurs, match: [{ gateways: [`g${index}`] }] })),
        }),
      ],
      delegation,
    ),
  'matches of one that delegates to the split, and of a rival of its': () =>
    beside(
      [
        root({ http: many(index => ({ ...toOurs, match: [{ uri: { prefix: `/a${index}` } }] })) }),
        of('evil', 'rival', {
          hosts: [HOST],
          gateways: [PUBLIC],
          http: many(index => ({ match: [{ uri: { prefix: `/b${index}` } }], route: [] })),
        }),
      ],
      delegation,
    ),
  'destinations of one route, and its matches at other gateways': () =>
    beside([
      younger({
        hosts: [HOST],
        gateways: [PUBLIC],
        http: [
          {
            match: many(index => ({ gateways: [`no/g${index}`] })),
            route: many(() => ({ weight: 1, destination: { host: 'web.shop' } })),
          },
        ],
      }),
    ]),
  'gateways of one VirtualService, and its routes at others': () =>
    beside([
      younger({
        hosts: [HOST],
        gateways: many(index => `a/g${index}`),
        http: many(index => ({ ...toWeb, match: [{ gateways: [`no/g${index}`] }] })),
      }),
    ]),
  'hosts of a Gateway, and of one that delegates to the split there': () =>
    beside([root({ hosts, gateways: ['edge/big'], http: [toOurs] })], delegation, {
      gateways: { 'edge/big': gateway('big') },
    }),
  'namespaces that a DestinationRule of others is exported to': () =>
    beside([], {}, { trafficPolicies: [rule('all', 'evil', { exportTo: many(index => `n${index}`), subsets: [] })] }),
  'namespaces that DestinationRules of the own namespace are exported to': () =>
    beside(
      [],
      {},
      {
        trafficPolicies: Array.from({ length: 5 }, (_, index) =>
          rule(`r${index}`, 'shop', { exportTo: many(n => `n${n}`), trafficPolicy: { tls: { mode: 'DISABLE' } } }),
        ),
      },
    ),
}

/** Of two lists that are compared only so much is (once.ts). */
const limits: Readonly<Record<string, number>> = {
  'matches of one that delegates to the split, and of a rival of its': 10 * MOST_READS,
}

/** The value, and whatever is read from it, with a call for each field that is read. */
function watched<T extends object>(value: T, read: () => void): T {
  // One object stays one object.
  const known = new WeakMap<object, object>()
  const watch = (one: object): object => {
    const before = known.get(one)
    if (before !== undefined) return before
    const proxy = new Proxy(one, {
      get: (target, key): unknown => {
        read()
        const member: unknown = Reflect.get(target, key)
        return typeof member === 'object' && member !== null ? watch(member) : member
      },
    })
    known.set(one, proxy)
    return proxy
  }
  return watch(value) as T
}

suite('large objects around a canary', () => {
  for (const [what, make] of Object.entries(given)) {
    test(what, () => {
      let left = limits[what] ?? MOST_READS
      const { surroundings, ...more } = observation(make())
      const read = (): void => {
        left -= 1
        if (left < 0) throw new Error('too much is read')
      }
      const o: Observation = { ...more, surroundings: watched(surroundings, read) }
      problemOf(o, 'start')
      warningsOf(o)
      istio.telemetry?.vantage(o)
    })
  }
})
