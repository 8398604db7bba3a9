import { expect } from 'chai'
import fc from 'fast-check'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { recordOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

const RUNS = Number(process.env['LAW_RUNS'] ?? 2000) / 4

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
const weight = fc.integer({ min: 0, max: 100 })
const host = (name: string) => fc.constantFrom(name, `${name}.shop`, `${name}.shop.svc.cluster.local`)

/** A route as a user may have written it, with or without the canary in it. */
function userRoute(subsets: boolean): fc.Arbitrary<Record<string, unknown>> {
  const destination = (name: string, subset: string) =>
    fc.tuple(host(name), extra).map(([own, more]) => ({ ...more, host: own, ...(subsets ? { subset } : {}) }))
  const entry = (of: fc.Arbitrary<object>) =>
    fc.tuple(of, fc.option(weight), extra).map(([to, share, more]) => ({
      ...more,
      destination: to,
      ...(share === null ? {} : { weight: share }),
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

function written(o: Observation, asked: number): Observation {
  const wanted = posture({ traffic: weighted(asked) })
  const done = after(o, istio.render(o, wanted))
  return after(done, istio.render(done, wanted))
}

const ours = fc
  .record(
    { hosts: fc.uniqueArray(fc.constantFrom('a.example.com', 'web')), timeout: fc.constant('5s') },
    { requiredKeys: [] },
  )
  .chain(service => fc.constantFrom(service, { ...service, destinationRule }))
  .map(service => observation({ canary: canary({}, service) }))

/** The object without what we may change: weights, canaries that were added, and our annotation. */
function untouchable(o: Observation): unknown {
  const routes: KubeObject = liveOne(o, kinds.VirtualService, 'routes')
  const spec = recordOf(routes.spec)
  const isCanary = (to: Record<string, unknown>): boolean =>
    String(to['host']).startsWith('web-canary') || to['subset'] === 'v2'
  const http = (spec['http'] as { route: Record<string, unknown>[] }[]).map(route => ({
    ...route,
    route: route.route
      .map(({ weight: _weight, ...entry }) => entry)
      .filter(entry => !isCanary(recordOf(entry['destination']))),
  }))
  return { apiVersion: routes.apiVersion, spec: { ...spec, http } }
}

suite('the law of routers: what was rendered is read back', function () {
  // Thousands of cases: on a busy machine that is more than the usual patience.
  this.timeout(120_000)

  const ways = {
    'own VirtualService': ours,
    "the user's hosts": usersWorld(false),
    "the user's subsets": usersWorld(true),
  }
  for (const [way, worlds] of Object.entries(ways)) {
    test(`${way}: any weight, after any other`, () => {
      fc.assert(
        fc.property(worlds, fc.array(weight, { minLength: 1, maxLength: 4 }), (world, weights) => {
          let o = world
          for (const asked of weights) {
            o = written(o, asked)
            expect(istio.read(o)).to.deep.equal({ low: asked, high: asked })
            expect(istio.render(o, posture({ traffic: weighted(asked) }))).to.deep.equal([])
          }
        }),
        { numRuns: RUNS },
      )
    })
  }

  for (const subsets of [false, true]) {
    test(`every other byte of the user's ${subsets ? 'subsets' : 'hosts'} stays, in a run and after it`, () => {
      fc.assert(
        fc.property(usersWorld(subsets), weight, (world, asked) => {
          const run = written(world, asked)
          expect(untouchable(run)).to.deep.equal(untouchable(world))
          const rested = written(run, 0)
          const before = liveOne(world, kinds.VirtualService, 'routes')
          const now = liveOne(rested, kinds.VirtualService, 'routes')
          // A canary of the user's own takes nothing at rest, and its primary everything; else nothing differs at all.
          expect(now.spec).to.deep.equal(before.spec)
          expect(now.metadata.annotations ?? {}).to.deep.equal({})
        }),
        { numRuns: RUNS },
      )
    })
  }
})
