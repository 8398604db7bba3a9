/** Releases that shift more than a share of all requests: what callers meet, in virtual time. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf, textOf } from '../../src/core/json.ts'
import type { Load } from '../../playground/mesh/mesh.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

const call = (perSecond: number, client: string, headers: Readonly<Record<string, string>> = {}): Load => ({
  host: 'web',
  namespace: 'shop',
  perSecond,
  client,
  headers,
})

suite('strategies beyond weights', () => {
  let world: World
  teardown(() => world.close())

  async function begin(loads: readonly Load[], analysis: Record<string, unknown>): Promise<number> {
    world = new World(1000, loads)
    world.start()
    await world.initialized({ analysis: { interval: '10s', threshold: 2, ...analysis } })
    return world.clock.now()
  }

  /** Requests of one client that pods of the target answered. */
  const onCanary = (client: string, from: number): number =>
    world.mesh.count(flow => flow.load.client === client && flow.workload === 'web', from)
  const failed = (from: number): number => world.mesh.count(flow => flow.code >= 500, from)
  const copies = (from: number): number =>
    world.mesh
      .stretches(from)
      .reduce((sum, { from: start, to, mirrored }) => sum + (mirrored.length * (to - start)) / 1000, 0)
  const http = () => recordsOf(at(world.object(kinds.VirtualService, 'web')?.spec, 'http'))

  const matched = call(50, 'insider', { 'x-canary': 'yes' })
  const abTest = { iterations: 3, match: [{ headers: { 'x-canary': { exact: 'yes' } } }] }

  test('an A/B test: whose requests match is on the canary until the primary takes over, and no one else ever', async () => {
    const begun = await begin([matched, call(50, 'other')], abTest)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 100')
    await world.clock.advance(5000)
    const settled = world.clock.now()
    await world.until('Finalising')
    // While the primary takes the template, too.
    expect(onCanary('insider', settled)).to.be.closeTo((50 * (world.clock.now() - settled)) / 1000, 60)
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(onCanary('other', begun)).to.equal(0)
    expect(failed(begun)).to.equal(0)
    expect(http()).to.have.lengthOf(1)
  })

  test('a bad A/B test ends with all requests on the primary', async () => {
    const begun = await begin([matched, call(50, 'other')], abTest)
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.message).to.match(
      /^Rolled back \w+ \(web:2\.0\.0-errors\) at weight 100 of the matched requests: /,
    )
    expect(onCanary('other', begun)).to.equal(0)
    expect(http()).to.have.lengthOf(1)
  })

  test('blue/green with copies: whose errors no caller sees, and which are enough to roll back', async () => {
    const begun = await begin([call(50, 'other')], { iterations: 3, mirror: true })
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    expect(copies(begun)).to.be.greaterThan(0)
    await world.clock.advance(minute)
    expect([failed(begun), onCanary('other', begun)]).to.deep.equal([0, 0])
    expect(world.status.message).to.match(/before it received traffic: request-success-rate/)
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 100')
    const switched = world.clock.now()
    await world.until('Succeeded')
    expect([failed(begun), copies(switched + 2000)]).to.deep.equal([0, 0])
    expect(onCanary('other', begun)).to.be.greaterThan(0)
  })

  test('copies before weights end before the first', async () => {
    const begun = await begin([call(50, 'other')], { stepWeights: [20, 50], mirror: true })
    world.setImage('demo/web:1.1.0')
    await world.clock.runUntil(() => copies(begun) > 0, 2 * minute)
    await world.until('Progressing 20')
    const first = world.clock.now()
    await world.until('Succeeded')
    expect([failed(begun), copies(first)]).to.deep.equal([0, 0])
  })

  test('blue/green without a request holds and says what would bring some', async () => {
    await begin([call(50, 'other')], { iterations: 3 })
    world.setImage('demo/web:1.1.0')
    await world.clock.runUntil(() => world.status.reason === 'MetricsUnavailable', 2 * minute)
    expect(world.status.message).to.contain('write analysis.mirror: true')
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { analysis: { mirror: true } } })
    await world.until('Succeeded')
  })

  suite('session affinity', () => {
    const sticky = {
      stepWeights: [10, 50],
      sessionAffinity: { cookieName: 'web', primaryCookieName: 'old', maxAge: 300 },
    }
    /** The cookies that routes of a name set, in the order of their destinations. */
    const setCookies = (name: string): string[] =>
      http()
        .filter(route => (route['name'] ?? '') === name)
        .flatMap(route => recordsOf(route['route']))
        .map(entry => textOf(at(entry, 'headers', 'response', 'add', 'Set-Cookie')))

    test('callers with the cookie stay on the canary, a rollback takes them at once, and the cookie ends', async () => {
      await begin([call(50, 'other')], sticky)
      world.setImage('demo/web:2.0.0-errors-later')
      world.images.set('demo/web:2.0.0-errors-later', {})
      await world.until('Progressing 10')
      await world.clock.advance(3000)
      const { sessionAffinityCookie: cookie = '', primarySessionAffinityCookie: old = '' } = world.status
      expect(setCookies('')).to.deep.equal([`${old}; Max-Age=10`, `${cookie}; Max-Age=300`])
      world.mesh.load(call(50, 'kept', { cookie: `a=b; ${cookie}` }))
      world.mesh.load(call(50, 'faithful', { cookie: old }))
      world.mesh.load(call(50, 'near', { cookie: `x${cookie}; y=${cookie}1` }))
      const from = world.clock.now()
      await world.clock.advance(5000)
      expect(onCanary('kept', from)).to.be.closeTo(250, 1)
      expect(onCanary('near', from)).to.be.closeTo(25, 2)
      expect(onCanary('faithful', from)).to.equal(0)
      world.annotate('abort', '1 no')
      await world.until('Failed')
      await world.clock.advance(2000)
      const back = world.clock.now()
      await world.clock.advance(10_000)
      expect(onCanary('kept', back)).to.equal(0)
      expect(setCookies('sluice-retired-cookie')).to.deep.equal([`${cookie}; Max-Age=0`])
      expect(world.status.previousSessionAffinityCookie).to.equal(cookie)
      await world.clock.advance(6 * minute)
      expect(http()).to.have.lengthOf(1)
      expect(world.events().filter(event => /^(EditReverted|ObjectsUpdated)/.test(event))).to.deep.equal([])
    })

    test('a deleted Canary leaves no route for a cookie', async () => {
      await begin([call(50, 'other')], sticky)
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 10 * minute)
      expect(JSON.stringify(http())).to.not.match(/cookie/i)
    })
  })
})
