/**
 * Routes of the user's that another client edits while they have a weight of ours. What has to hold whatever was edited: a rollback takes
 * the share back wherever it was given, nothing that leads to the canary is read as nothing, and what is taken out is only ours.
 */
import { expect } from 'chai'
import { type Kind, kinds } from '../../../src/api/object.ts'
import { at, type Json, recordOf, recordsOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import type { RoutingProvider } from '../../../src/core/routers/provider.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

/** How an API writes routes, for rows that are the same in each. */
interface Api {
  readonly provider: RoutingProvider
  readonly kind: Kind
  readonly world: (routes: readonly Json[], named?: readonly string[]) => Observation
  readonly routes: string
  readonly to: (name: string, weight?: number) => Json
  readonly entries: string
  readonly nameOf: (entry: Json) => string
}

const named = (names?: readonly string[]): object[] | undefined => names?.map(name => ({ name }))
const withoutAbsent = (fields: Record<string, unknown>): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const apis: Readonly<Record<string, Api>> = {
  HTTPRoute: {
    provider: gatewayApi('v1'),
    kind: kinds.HTTPRoute,
    routes: 'rules',
    entries: 'backendRefs',
    to: (name, weight) => withoutAbsent({ name, port: 80, weight }),
    nameOf: ({ name }) => String(name),
    world: (rules, names) =>
      observation({
        canary: canary(
          { provider: 'gatewayapi:v1' },
          { routes: [withoutAbsent({ name: 'routes', rules: named(names) })] },
        ),
        live: live([
          kinds.HTTPRoute,
          object(kinds.HTTPRoute, 'routes', { spec: { parentRefs: [{ name: 'public' }], rules } }),
        ]),
      }),
  },
  VirtualService: {
    provider: istio,
    kind: kinds.VirtualService,
    routes: 'http',
    entries: 'route',
    to: (host, weight) => withoutAbsent({ destination: { host }, weight }),
    nameOf: entry => String(at(entry, 'destination', 'host')),
    world: (http, names) =>
      observation({
        canary: canary({}, { virtualServices: [withoutAbsent({ name: 'routes', routes: named(names) })] }),
        live: live([kinds.VirtualService, object(kinds.VirtualService, 'routes', { spec: { hosts: ['web'], http } })]),
      }),
  },
}

for (const [name, api] of Object.entries(apis)) {
  suite(`the user's ${name}, edited in mid-run`, () => {
    const { provider, kind, world, to, entries, nameOf } = api
    const rule = (backends: readonly Json[], more: Json = {}): Json => ({ ...more, [entries]: backends })
    const routesOf = (o: Observation): readonly Json[] => recordsOf(at(liveOne(o, kind, 'routes').spec, api.routes))
    const at50 = (o: Observation): Observation => after(o, provider.render(o, posture({ traffic: weighted(50) })))
    const rolledBack = (o: Observation): Observation => after(o, provider.render(o, posture()))
    const deleted = (o: Observation): Observation =>
      after(o, provider.render(o, posture({ callers: 'target', traffic: null })))
    const edited = (o: Observation, edit: (rules: readonly Json[]) => readonly Json[]): Observation => {
      const before = liveOne(o, kind, 'routes')
      const metadata = { ...before.metadata, resourceVersion: '9' }
      const next = { ...before, metadata, spec: { ...recordOf(before.spec), [api.routes]: edit(routesOf(o)) } }
      return { ...o, live: { ...o.live, ...live([kind, next]) } }
    }
    const weightsOf = (o: Observation): Record<string, unknown>[] =>
      routesOf(o).map(one => Object.fromEntries(recordsOf(one[entries]).map(entry => [nameOf(entry), entry['weight']])))
    const remembered = (o: Observation): unknown => liveOne(o, kind, 'routes').metadata.annotations ?? {}
    const withThird = (one: Json): Json => rule([...recordsOf(one[entries]), to('legacy', 20)], { name: one['name'] })

    test('a third destination in a rule keeps the canary from no rollback', () => {
      const o = edited(at50(world([rule([to('web')], { name: 'main' })])), rules => rules.map(withThird))
      expect(provider.read(o)).to.deep.include({ low: 41.7, high: 41.7 })
      const back = rolledBack(o)
      expect(weightsOf(back)).to.deep.equal([{ web: 100, 'web-canary': 0, legacy: 20 }])
      expect(provider.read(back)).to.include({ low: 0, high: 0 })
      expect(provider.render(back, posture()).filter(({ verb }) => verb !== 'disown')).to.deep.equal([])
      // Once it is gone again, so is what was ours.
      const mended = rolledBack(
        edited(back, rules => rules.map(one => rule(recordsOf(one[entries]).slice(0, 2), { name: 'main' }))),
      )
      expect([weightsOf(mended), remembered(mended)]).to.deep.equal([[{ web: undefined }], {}])
    })

    test('nor from being handed back: nothing leads to Services that go', () => {
      const o = edited(at50(world([rule([to('web-primary')], { name: 'main' })])), rules => rules.map(withThird))
      const back = deleted(o)
      expect([weightsOf(back), remembered(back)]).to.deep.equal([[{ web: 100, legacy: 20 }], {}])
      expect(
        provider.render(back, posture({ callers: 'target', traffic: null })).filter(({ verb }) => verb !== 'disown'),
      ).to.deep.equal([])
    })

    test('a rule that is named and gets another name is read, and rolled back', () => {
      const two = [rule([to('web')], { name: 'main' }), rule([to('web')], { name: 'api' })]
      const o = edited(at50(world(two, ['main', 'api'])), ([main = {}, other = {}]) => [
        { ...main, name: 'front' },
        other,
      ])
      expect(provider.read(o)).to.include({ low: 50, high: 50 })
      const half = edited(o, ([front = {}, other = {}]) => [front, { ...other, [entries]: [to('web')] }])
      expect(provider.read(half)).to.include({ low: 0, high: 50 })
      const back = rolledBack(o)
      expect([weightsOf(back), remembered(back)]).to.deep.equal([[{ web: undefined }, { web: undefined }], {}])
    })

    test('so is one with a canary of the user in it, which stays', () => {
      const own = [rule([to('web', 100), to('web-canary', 0)], { name: 'main' })]
      const o = edited(at50(world(own, ['main'])), ([main = {}]) => [{ ...main, name: 'front' }])
      expect(provider.read(o)).to.include({ low: 50, high: 50 })
      expect([weightsOf(rolledBack(o)), remembered(rolledBack(o))]).to.deep.equal([[{ web: 100, 'web-canary': 0 }], {}])
    })

    test('rules without names are found again where others come before them, or they change places', () => {
      const two = [rule([to('web')], { timeout: '1s' }), rule([to('web', 7)], { timeout: '2s' })]
      const run = at50(world(two))
      const orders: Readonly<Record<string, (rules: readonly Json[]) => readonly Json[]>> = {
        'another destination first': rules => [rule([to('other')]), ...rules],
        'one more of ours first': rules => [rule([to('web', 3)]), ...rules],
        'one is gone': rules => rules.slice(1),
        nothing: rules => rules,
      }
      for (const [how, edit] of Object.entries(orders)) {
        const back = rolledBack(edited(run, edit))
        expect(JSON.stringify(routesOf(back)), how).to.not.include('web-canary')
        expect(remembered(back), how).to.deep.equal({})
        const again = rolledBack(at50(edited(run, edit)))
        expect(JSON.stringify(routesOf(again)), how).to.not.include('web-canary')
        expect(remembered(again), how).to.deep.equal({})
      }
    })

    test('a rule that was applied anew has the weight that it says', () => {
      const run = at50(world([rule([to('web', 100)], { name: 'main' })]))
      const git = edited(run, () => [rule([to('web')], { name: 'main' })])
      expect(weightsOf(rolledBack(at50(git)))).to.deep.equal([{ web: undefined }])
    })
  })
}
