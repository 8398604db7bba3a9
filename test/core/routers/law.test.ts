import { expect } from 'chai'
import fc from 'fast-check'
import { type Kind, kinds, type KubeObject } from '../../../src/api/object.ts'
import { recordOf, recordsOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { audienceOf } from '../../../src/core/model/plan.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { type Carried, carriedBy, NONE, type Traffic, trafficOf, weighted } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import type { RoutingProvider } from '../../../src/core/routers/provider.ts'
import { type OwnRouter, ownRouters, withAnswers } from './own-routers.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

const RUNS = Number(process.env['LAW_RUNS'] ?? 400) / 4

const destinationRule = { name: 'rules', primarySubset: 'v1', canarySubset: 'v2' }
const virtualServices = [{ name: 'routes' }]

/** Fields that Sluice knows nothing of. */
const extra = fc.dictionary(
  fc.stringMatching(/^x[a-z]{1,4}$/),
  fc.jsonValue({ maxDepth: 2 }).filter(value => value !== null),
  {
    maxKeys: 3,
  },
)
/** Whole ones, and tenths of one. */
const weight = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: 1000 }).map(tenths => tenths / 10),
)
/** What a user may have written. */
const part = fc.constantFrom(0, 1, 10, 30, 50, 90, 100, 200, 1000)
const host = (name: string) => fc.constantFrom(name, `${name}.shop`, `${name}.shop.svc.cluster.local`)

/** A route as a user may have written it, with or without the canary in it. */
function userRoute(subsets: boolean): fc.Arbitrary<Record<string, unknown>> {
  const destination = (name: string, subset: string) =>
    fc.tuple(host(name), extra).map(([own, more]) => ({ ...more, host: own, ...(subsets ? { subset } : {}) }))
  const entry = (of: fc.Arbitrary<object>) =>
    fc.tuple(of, fc.option(part), extra).map(([to, weighs, more]) => ({
      ...more,
      destination: to,
      ...(weighs === null ? {} : { weight: weighs }),
    }))
  const primary = entry(
    subsets ? destination('web', 'v1') : fc.oneof(destination('web', ''), destination('web-primary', '')),
  )
  const canarys = fc
    .tuple(subsets ? destination('web', 'v2') : destination('web-canary', ''), extra)
    .map(([to, more]) => ({ ...more, destination: to, weight: 0 }))
  const sides = fc
    .tuple(primary, fc.option(canarys), fc.boolean())
    .map(([one, other, first]) =>
      other === null ? [one] : first ? [{ ...other }, { ...one, weight: 100 }] : [{ ...one, weight: 100 }, other],
    )
  return fc
    .tuple(sides, fc.option(fc.constantFrom('a', 'b', '__proto__', 'constructor')), extra)
    .map(([route, name, more]) => ({
      ...more,
      ...(name === null ? {} : { name }),
      route,
    }))
}

const foreignRoute = fc
  .tuple(extra, host('other'))
  .map(([more, to]) => ({ ...more, route: [{ destination: { host: to } }] }))

function usersWorld(subsets: boolean): fc.Arbitrary<Observation> {
  const list = fc
    .tuple(fc.array(fc.oneof(userRoute(subsets), foreignRoute), { maxLength: 4 }), userRoute(subsets))
    .map(([some, one]) => [...some, one])
  return fc.tuple(list, extra, fc.constantFrom('v1', 'v1beta1', 'v1alpha3')).map(([http, more, version]) => {
    const users = {
      ...object(kinds.VirtualService, 'routes', { spec: { ...more, hosts: ['web'], http } }),
      apiVersion: `networking.istio.io/${version}`,
    }
    return observation({
      canary: canary({}, { virtualServices, ...(subsets ? { destinationRule } : {}) }),
      live: live([kinds.VirtualService, users]),
    })
  })
}

/** A rule of an HTTPRoute as a user may have written it, with or without the canary in it. */
const userRule: fc.Arbitrary<Record<string, unknown>> = (() => {
  const backend = (name: fc.Arbitrary<string>) =>
    fc
      .tuple(name, fc.option(part), extra)
      .map(([own, weighs, more]) => ({ ...more, name: own, port: 80, ...(weighs === null ? {} : { weight: weighs }) }))
  const primary = backend(fc.constantFrom('web', 'web-primary'))
  const canarys = backend(fc.constant('web-canary')).map(one => ({ ...one, weight: 0 }))
  const sides = fc
    .tuple(primary, fc.option(canarys), fc.boolean())
    .map(([one, other, first]) =>
      other === null ? [one] : first ? [other, { ...one, weight: 100 }] : [{ ...one, weight: 100 }, other],
    )
  return fc
    .tuple(sides, fc.option(fc.constantFrom('a', 'b', '__proto__', 'constructor')), extra)
    .map(([backendRefs, name, more]) => ({ ...more, ...(name === null ? {} : { name }), backendRefs }))
})()

const foreignRule = extra.map(more => ({ ...more, backendRefs: [{ name: 'other', port: 80 }] }))

const usersRules: fc.Arbitrary<Observation> = fc
  .tuple(fc.array(fc.oneof(userRule, foreignRule), { maxLength: 4 }), userRule, extra)
  .map(([some, one, more]) => {
    const spec = { ...more, parentRefs: [{ name: 'public' }], rules: [...some, one] }
    return observation({
      canary: canary({ provider: 'gatewayapi:v1' }, { routes: [{ name: 'routes' }] }),
      live: live([kinds.HTTPRoute, object(kinds.HTTPRoute, 'routes', { spec })]),
    })
  })

/** Routes of the user's: the world, what splits it, and how its routes are written. */
interface UsersWay {
  readonly worlds: fc.Arbitrary<Observation>
  readonly provider: RoutingProvider
  readonly kind: Kind
  /** The list of routes, that of a route's destinations, and what a destination is. */
  readonly lists: readonly [routes: string, entries: string]
  readonly isCanary: (entry: Record<string, unknown>) => boolean
  readonly takenUp: (o: Observation) => Observation
}

function written({ provider, takenUp }: UsersWay, o: Observation, asked: number): Observation {
  const wanted = posture({ traffic: weighted(asked) })
  const done = after(o, provider.render(o, wanted))
  return takenUp(after(done, provider.render(done, wanted)))
}

/** What a Canary may say of the routes that Sluice makes. */
function ownService({ conditions, service }: OwnRouter) {
  const match = fc.array(fc.constantFrom(...conditions), { minLength: 1, maxLength: 3 })
  const ours = fc
    .record(
      { hosts: fc.uniqueArray(fc.constantFrom('a.example.com', 'web')), timeout: fc.constant('5s'), match },
      { requiredKeys: [] },
    )
    .chain(said => fc.constantFrom(...service.map(more => ({ ...said, ...more }))))
  return { match, ours }
}

const cookie = fc.record({
  name: fc.constantFrom('web', 'a.b*c', '__Host-web'),
  value: fc.stringMatching(/^[0-9a-f]{16}$/),
  attributes: fc.constantFrom('; Max-Age=60', '; Max-Age=60; Path=/'),
})
/** Attributes that Envoy would read as a command. */
const percent = fc.constantFrom('; Path=/caf%C3%A9', '; Path=/a%b')
/** A split of any kind that a posture may have: of all requests or some, with copies, or with callers that stay. */
const anySplit = (among: string): fc.Arbitrary<Pick<Posture, 'traffic' | 'sticky' | 'retired'>> =>
  fc.oneof(
    fc.record({
      traffic: fc
        .tuple(weight, fc.constantFrom('', among), fc.constantFrom(0, 0.5, 20, 100))
        .map(([of, matches, copies]) => trafficOf({ canary: of, among: matches, mirror: of > 0 ? 0 : copies })),
      sticky: fc.constant(null),
      retired: fc.constant(null),
    }),
    fc.record({
      traffic: weight.filter(of => of > 0).map(of => weighted(of)),
      sticky: fc.record({ canary: cookie, primary: fc.option(cookie.map(one => ({ ...one, name: 'other' }))) }),
      retired: fc.constant(null),
    }),
    fc.record({
      traffic: fc.constant(NONE),
      sticky: fc.constant(null),
      retired: fc.option(cookie.map(one => ({ ...one, until: 0 }))),
    }),
  )

/** Routes of ours, of a spec that may match some requests, and a series of splits. */
const historiesOf = (router: OwnRouter) => {
  const { match, ours } = ownService(router)
  return fc
    .tuple(ours, match, fc.constantFrom('as written' as const, 'as it was' as const))
    .chain(([service, some, later]) => {
      const analysis = { iterations: 1, match: some }
      const world = observation({ canary: canary({ provider: router.name, analysis }, service) })
      const among = audienceOf(world.canary.spec.analysis)
      return fc.record({
        world: fc.constant(world),
        later: fc.constant(later),
        among: fc.constant(among),
        splits: fc.array(anySplit(among), { minLength: 1, maxLength: 4 }),
      })
    })
}

/** What is to be read after a split was written: of requests that no route of the Canary has, nothing can be asked. */
function readBack(
  router: OwnRouter,
  world: Observation,
  { traffic, sticky }: Pick<Posture, 'traffic' | 'sticky'>,
): Carried {
  const { service, analysis } = world.canary.spec
  const isReached = router.meets(service.match, analysis.match ?? [])
  const { canary: of, among, mirror } = reached(traffic, isReached)
  const isKept = sticky !== null && router.meetsCookie(service.match, sticky.canary)
  const kept = isKept ? `${sticky.canary.name}=${sticky.canary.value}` : ''
  return { low: of, high: of, among, mirror, sticky: kept }
}

const reached = (traffic: Traffic | null, isReached: boolean): Traffic =>
  traffic === null || (traffic.among !== '' && !isReached) ? NONE : traffic

/** The object without what we may change: weights, canaries that were added, and our annotation. */
function untouchable({ kind, lists: [list, entries], isCanary }: UsersWay, o: Observation): unknown {
  const whole: KubeObject = liveOne(o, kind, 'routes')
  const spec = recordOf(whole.spec)
  const routes = recordsOf(spec[list]).map(route => ({
    ...route,
    [entries]: recordsOf(route[entries])
      .filter(entry => !isCanary(entry))
      .map(({ weight: _weight, ...entry }) => entry),
  }))
  return { apiVersion: whole.apiVersion, spec: { ...spec, [list]: routes } }
}

suite('the law of routers: what was rendered is read back', function () {
  this.timeout(0)

  const ofIstio = {
    provider: istio,
    kind: kinds.VirtualService,
    lists: ['http', 'route'],
    isCanary: ({ destination }: Record<string, unknown>) => {
      const { host: name, subset } = recordOf(destination)
      return String(name).startsWith('web-canary') || subset === 'v2'
    },
    takenUp: (o: Observation) => o,
  } as const
  const ways: Readonly<Record<string, UsersWay>> = {
    "the user's hosts": { ...ofIstio, worlds: usersWorld(false) },
    "the user's subsets": { ...ofIstio, worlds: usersWorld(true) },
    "the user's HTTPRoute": {
      worlds: usersRules,
      provider: gatewayApi('v1'),
      kind: kinds.HTTPRoute,
      lists: ['rules', 'backendRefs'],
      isCanary: ({ name }) => name === 'web-canary',
      takenUp: o => withAnswers(o, kinds.HTTPRoute, ['True', 'True'], 'routes'),
    },
  }
  for (const [name, way] of Object.entries(ways)) {
    const { provider, worlds, kind } = way
    test(`${name}: any weight, after any other`, () => {
      fc.assert(
        fc.property(worlds, fc.array(weight, { minLength: 1, maxLength: 4 }), (world, weights) => {
          let o = world
          for (const asked of weights) {
            o = written(way, o, asked)
            expect(provider.read(o)).to.deep.equal(carriedBy([asked, asked]))
            expect(provider.render(o, posture({ traffic: weighted(asked) }))).to.deep.equal([])
          }
        }),
        { numRuns: RUNS },
      )
    })

    test(`every other byte of ${name} stays, in a run and after it`, () => {
      fc.assert(
        fc.property(worlds, weight, (world, asked) => {
          const run = written(way, world, asked)
          expect(untouchable(way, run)).to.deep.equal(untouchable(way, world))
          const rested = written(way, run, 0)
          const before = liveOne(world, kind, 'routes')
          const now = liveOne(rested, kind, 'routes')
          // A canary of the user's own takes nothing at rest, and its primary everything; else nothing differs at all.
          expect(now.spec).to.deep.equal(before.spec)
          expect(now.metadata.annotations ?? {}).to.deep.equal({})
        }),
        { numRuns: RUNS },
      )
    })
  }

  for (const router of ownRouters) {
    const { provider, kind, name } = router
    test(`own routes by ${name}: any split, after any other`, () => {
      fc.assert(
        fc.property(historiesOf(router), ({ world, later, splits }) => {
          let o = world
          for (const [index, split] of splits.entries()) {
            const wanted = posture({ ...split, service: index === 0 ? 'as written' : later })
            o = router.takenUp(after(o, provider.render(o, wanted)))
            expect(provider.read(o)).to.deep.equal(readBack(router, world, split))
            expect(router.beyond(o)).to.deep.equal([])
            expect(provider.render(o, wanted)).to.deep.equal([])
          }
          // What a split leaves behind is nothing: the routes are those of a Canary that never had another one.
          const rested = after(o, provider.render(o, posture({ service: later })))
          const fresh = after(world, provider.render(world, posture()))
          expect(liveOne(rested, kind, 'web').spec).to.deep.equal(liveOne(fresh, kind, 'web').spec)
          // Handed back, all of it leads to the Service, and nothing of it is written again.
          const target = posture({ callers: 'target', traffic: null, service: later })
          const back = after(o, provider.render(o, target))
          expect(JSON.stringify(liveOne(back, kind, 'web').spec)).to.not.match(/web-(primary|canary)|"v[12]"/)
          expect(provider.render(back, target)).to.deep.equal([])
        }),
        { numRuns: RUNS },
      )
    })
  }

  test('a % in a cookie is two in a header of a VirtualService, where Envoy reads one as the begin of a command', () => {
    fc.assert(
      fc.property(
        cookie,
        percent,
        weight.filter(of => of > 0),
        (own, attributes, of) => {
          const sticky = { canary: { ...own, attributes }, primary: null }
          const o = after(observation(), istio.render(observation(), posture({ traffic: weighted(of), sticky })))
          expect(JSON.stringify(o.live)).to.not.match(/(?<!%)%(%%)*(?!%)/)
        },
      ),
      { numRuns: RUNS / 10 },
    )
  })
})
