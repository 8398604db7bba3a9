/** Routes of the user's that are chosen by their labels, and those that are served in an older version. */
import { expect } from 'chai'
import { type Kind, kinds, type KubeObject, refKey } from '../../../src/api/object.ts'
import { at, type Json, recordsOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { otherRoutes } from '../../../src/core/routers/gateway-api/surroundings.ts'
import { after, canary, live, liveOne, noSurroundings, object, observation, posture } from '../given-objects.ts'

const v1 = gatewayApi('v1')
const labels = { team: 'shop' }

const route = (name: string, metadata: object = { labels }, kind: Kind = kinds.HTTPRoute): KubeObject =>
  object(kind, name, { spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] } }, metadata)

const given = (entries: readonly Json[], ...routes: readonly KubeObject[]): Observation =>
  observation({
    canary: canary({ provider: 'gatewayapi:v1' }, { routes: entries }),
    live: live(...routes.map((one): [Kind, KubeObject] => [{ ...kinds.HTTPRoute, plural: pluralOf(one) }, one])),
  })

const pluralOf = ({ kind }: KubeObject): string => `${kind.toLowerCase()}s`

const at50 = (o: Observation): Observation => after(o, v1.render(o, posture({ traffic: weighted(50) })))
const rolledBack = (o: Observation): Observation => after(o, v1.render(o, posture()))
const sidesOf = (o: Observation, name: string, kind: Kind = kinds.HTTPRoute): unknown[] =>
  recordsOf(at(liveOne(o, kind, name).spec, 'rules')).flatMap(rule =>
    recordsOf(rule['backendRefs']).map(({ name: to }) => to),
  )
const both = ['web', 'web-canary']

suite('routes of the user, by their labels', () => {
  const selector = { matchLabels: labels }

  test('each that has all labels is split, read and rolled back; others are not touched', () => {
    const o = given(
      [{ selector: { matchLabels: { ...labels, tier: 'front' } } }],
      route('a', { labels: { ...labels, tier: 'front' } }),
      route('b', { labels: { ...labels, tier: 'front', more: 'x' } }),
      route('c'),
      route('d', { labels: { tier: 'front' } }),
    )
    const split = at50(o)
    expect(['a', 'b', 'c', 'd'].map(name => sidesOf(split, name))).to.deep.equal([both, both, ['web'], ['web']])
    expect(v1.read(split)).to.include({ low: 50, high: 50 })
    expect(v1.routes(split).map(({ name }) => name)).to.deep.equal(['a', 'b'])
    const back = rolledBack(split)
    expect(['a', 'b'].map(name => sidesOf(back, name))).to.deep.equal([['web'], ['web']])
  })

  test('a route that loses its label in mid-run is read, and rolled back with the others', () => {
    const split = at50(given([{ selector }], route('a'), route('b')))
    const bare = { ...liveOne(split, kinds.HTTPRoute, 'b') }
    const { labels: _, ...metadata } = bare.metadata
    const lost = { ...split, live: { ...split.live, ...live([kinds.HTTPRoute, { ...bare, metadata }]) } }
    expect(v1.read(lost)).to.include({ low: 50, high: 50 })
    expect(sidesOf(rolledBack(lost), 'b')).to.deep.equal(['web'])
    // At rest it is as any other.
    expect(v1.routes(rolledBack(lost)).map(({ name }) => name)).to.deep.equal(['a'])
  })

  test('a route without the labels, in which the user leads to the canary and another Canary shifts weights, is not touched', () => {
    const rule = (name: string, ...to: string[]): Json => ({
      name,
      backendRefs: to.map(one => ({ name: one, port: 80, weight: 1 })),
    })
    const theirs = object(
      kinds.HTTPRoute,
      'b',
      { spec: { rules: [rule('ours', ...both), rule('theirs', 'api', 'api-canary')] } },
      { annotations: { 'sluice.dev/original': '{"theirs":null}' } },
    )
    const o = given([{ selector }], route('a'), theirs)
    expect(v1.routes(o).map(({ name }) => name)).to.deep.equal(['a'])
    expect(liveOne(at50(o), kinds.HTTPRoute, 'b').spec).to.deep.equal(theirs.spec)
  })

  test('of an entry by name and one by labels the first says which rules of a route are chosen', () => {
    const two = object(kinds.HTTPRoute, 'a', {
      spec: { rules: ['x', 'y'].map(name => ({ name, backendRefs: [{ name: 'web', port: 80 }] })) },
    })
    const o = given([{ name: 'a', rules: [{ name: 'y' }] }, { selector }], {
      ...two,
      metadata: { ...two.metadata, labels },
    })
    expect(sidesOf(at50(o), 'a')).to.deep.equal(['web', ...both])
  })

  test('no more than 20 are split', () => {
    const all = Array.from({ length: 21 }, (_, n) => route(`r${String(n).padStart(2, '0')}`))
    const split = at50(given([{ selector }], ...all))
    expect(all.filter(({ metadata: { name } }) => sidesOf(split, name).length === 2)).to.have.lengthOf(20)
  })

  test('what is read for them: those with all labels, one more than may be, and those that have weights of ours', () => {
    const o = given([{ kind: 'GRPCRoute', selector: { matchLabels: { b: '2', a: '1' } } }])
    const found: Record<string, KubeObject[]> = {
      'label shop/a=1': [
        ...Array.from({ length: 30 }, (_, n) => route(`r${n}`, { labels: { a: '1', b: '2' } })),
        route('a0', { labels: { a: '1' } }),
      ],
      'backend shop/web-canary': [
        object(
          kinds.GRPCRoute,
          'z',
          { spec: { rules: [{ backendRefs: [{ name: 'web-canary', port: 80, weight: 5 }] }] } },
          { annotations: { 'sluice.dev/original': '{"#0":null}' } },
        ),
        route('theirs', {}),
      ],
    }
    const refs = v1.refs(o, (kind, index, key) => (kind.kind === 'GRPCRoute' ? (found[`${index} ${key}`] ?? []) : []))
    const names = refs.filter(({ kind }) => kind.kind === 'GRPCRoute').map(({ name }) => name)
    expect(names).to.have.lengthOf(22).and.to.include('z')
    expect(names).to.not.include.members(['a0', 'theirs'])
    expect(v1.namedKinds(o)).to.deep.equal([kinds.GRPCRoute])
  })

  test('one that is chosen is no rival of the split, and one of another kind is', () => {
    const chosen = given([{ selector }], route('a'))
    const beside = [route('a'), route('b', { labels }, kinds.GRPCRoute)]
    expect(
      otherRoutes({ ...chosen, surroundings: { ...noSurroundings, routes: beside } }).map(({ kind }) => kind),
    ).to.deep.equal(['GRPCRoute'])
    // It has the split for as long as it has weights of ours.
    const split = liveOne(at50(chosen), kinds.HTTPRoute, 'a')
    const lost = { ...split, metadata: { ...split.metadata, labels: {} } }
    expect(otherRoutes({ ...chosen, surroundings: { ...noSurroundings, routes: [lost] } })).to.deep.equal([])
  })
})

suite('routes of the user, in an older version', () => {
  test('they are read and written in the version in which they are served', () => {
    const older = { ...kinds.TLSRoute, version: 'v1alpha3' }
    const o = given(
      [
        { kind: 'TLSRoute', name: 'db' },
        { kind: 'TLSRoute', selector: { matchLabels: labels } },
      ],
      route('db', {}, older),
      route('api', { labels }, older),
    )
    const writes = v1.render(o, posture({ traffic: weighted(50) }))
    expect(writes.map(({ ref }) => [ref.kind.version, refKey(ref)])).to.deep.equal([
      ['v1alpha3', 'tlsroutes.gateway.networking.k8s.io/shop/db'],
      ['v1alpha3', 'tlsroutes.gateway.networking.k8s.io/shop/api'],
    ])
    expect(v1.routes(o).map(({ kind }) => kind.version)).to.deep.equal(['v1alpha3', 'v1alpha3'])
  })
})
