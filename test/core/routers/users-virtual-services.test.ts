import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { at, present } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { keysOf } from '../../../src/core/routers/remembered-weights.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { after, canary, live, object, observation, posture } from '../given-objects.ts'
import { removed, routes, settled, toTarget, virtualService } from './istio.given.ts'

suite('VirtualServices of the user', () => {
  const spec = (route: readonly object[], more: object = {}) => ({
    hosts: ['web'],
    http: [{ name: 'all', route, ...more }],
  })
  const given = (routed: object, service: object = {}, apiVersion = 'networking.istio.io/v1'): Observation => {
    const users = { ...object(kinds.VirtualService, 'routes', { spec: routed }), apiVersion }
    return observation({
      canary: canary({}, { virtualServices: [{ name: 'routes' }], ...service }),
      live: live([kinds.VirtualService, users]),
    })
  }
  const http = (o: Observation): unknown => at(virtualService(o, 'routes').spec, 'http')
  const entry = (host: string, more: object = {}) => ({ destination: { host }, ...more })

  test('the canary comes beside the primary as a copy of it, and goes again', () => {
    const own = {
      destination: { host: 'web.shop.svc.cluster.local', port: { number: 80 } },
      headers: { request: { add: { a: 'b' } } },
    }
    const o = given(spec([own], { timeout: '5s' }), {}, 'networking.istio.io/v1alpha3')
    const before = virtualService(o, 'routes')
    const run = settled(o, posture({ traffic: weighted(25) }))
    expect(http(run)).to.deep.equal([
      {
        name: 'all',
        timeout: '5s',
        route: [
          { ...own, weight: 75 },
          { ...own, destination: { host: 'web-canary.shop.svc.cluster.local', port: { number: 80 } }, weight: 25 },
        ],
      },
    ])
    expect(istio.read(run)).to.deep.equal(carriedBy([25, 25]))
    const rest = virtualService(settled(run), 'routes')
    expect([rest.apiVersion, rest.spec, rest.metadata.annotations]).to.deep.equal([before.apiVersion, before.spec, {}])
    expect(rest.metadata.managedFields).to.equal(undefined)
  })

  test('of thousands of routes each is looked at once, to tell how it is remembered', () => {
    let reads = 0
    const rules = Array.from({ length: 2000 }, (_, n) => ({
      get name(): string {
        reads += 1
        return n < 2 ? 'twice' : `route-${n}`
      },
    }))
    expect(keysOf(rules).slice(0, 3)).to.deep.equal(['#0', '#1', 'route-2'])
    expect(reads).to.equal(2000)
  })

  test('the patch is refused where the routes have changed under it', () => {
    const o = given(spec([entry('web')]))
    const [patch] = routes(o, posture({ traffic: weighted(10) })).filter(write => write.verb === 'patch')
    expect(patch).to.deep.include({ resourceVersion: '1' })
    expect(at(patch, 'operations')).to.deep.include.members([
      { op: 'test', path: '/spec/hosts', value: ['web'] },
      { op: 'test', path: '/spec/http/0/name', value: 'all' },
      { op: 'test', path: '/spec/http/0/route/0/destination/host', value: 'web' },
    ])
    const moved = given(spec([entry('other')]))
    expect(() => after(moved, patch === undefined ? [] : [patch])).to.throw('rejected')
  })

  test('a canary that the user wrote stays, at weight 0', () => {
    const o = given(spec([entry('web-primary', { weight: 100 }), entry('web-canary', { weight: 0 })]))
    const run = settled(o, posture({ traffic: weighted(50) }))
    expect(istio.read(run)).to.deep.equal(carriedBy([50, 50]))
    expect(virtualService(settled(run), 'routes').spec).to.deep.equal(virtualService(o, 'routes').spec)
  })

  test('a route that was applied from Git in mid-run is shifted again, and restored at the end', () => {
    const git = spec([entry('web', { weight: 100 })])
    const run = settled(given(git), posture({ traffic: weighted(10) }))
    const applied = { ...virtualService(run, 'routes'), spec: git }
    const fresh = { ...run, live: { ...run.live, ...live([kinds.VirtualService, applied]) } }
    expect(istio.read(fresh)).to.deep.equal(carriedBy([0, 0]))
    const again = settled(fresh, posture({ traffic: weighted(10) }))
    expect(istio.read(again)).to.deep.equal(carriedBy([10, 10]))
    expect(virtualService(settled(again), 'routes').spec).to.deep.equal(git)
  })

  test('only the routes that are named are shifted', () => {
    const two = {
      hosts: ['web'],
      http: [
        { name: 'api', route: [entry('web')] },
        { name: 'rest', route: [entry('web')] },
      ],
    }
    const o = settled(
      given(two, { virtualServices: [{ name: 'routes', routes: [{ name: 'rest' }] }] }),
      posture({ traffic: weighted(30) }),
    )
    expect(http(o)).to.deep.equal([
      { name: 'api', route: [entry('web')] },
      { name: 'rest', route: [entry('web', { weight: 70 }), entry('web-canary', { weight: 30 })] },
    ])
    expect(istio.read(o)).to.deep.equal(carriedBy([30, 30]))
  })

  test('all routes to the Service are shifted where none is named; the rest is left alone', () => {
    const several = {
      hosts: ['web'],
      http: [
        { redirect: { uri: '/x' } },
        { route: [entry('other')] },
        { route: [entry('web')] },
        { route: [entry('web-primary')] },
      ],
    }
    const o = settled(given(several), posture({ traffic: weighted(40) }))
    expect(JSON.stringify((http(o) as unknown[]).slice(0, 2))).to.equal(JSON.stringify(several.http.slice(0, 2)))
    expect(istio.read(o)).to.deep.equal(carriedBy([40, 40]))
    expect(virtualService(settled(o), 'routes').spec).to.deep.equal(several)
  })

  test('routes at different weights are read as a span', () => {
    const uneven = [10, 30].map(weight => ({
      route: [entry('web', { weight: 100 - weight }), entry('web-canary', { weight })],
    }))
    expect(istio.read(given({ hosts: ['web'], http: uneven }))).to.deep.equal(carriedBy([10, 30]))
  })

  test('weights are read as shares of their sum, "none" and "all" only where it is so', () => {
    const read = (...weights: (number | undefined)[]) =>
      istio.read(given(spec(weights.map((weight, i) => entry(i === 0 ? 'web' : 'web-canary', present({ weight }))))))
    expect(read(undefined)).to.deep.equal(carriedBy([0, 0]))
    expect(read(1, 3)).to.deep.equal(carriedBy([75, 75]))
    expect(read(undefined, 5)).to.deep.equal(carriedBy([100, 100]))
    expect(read(999, 1)).to.deep.equal(carriedBy([0.1, 0.1]))
    expect(read(199, 1)).to.deep.equal(carriedBy([0.5, 0.5]))
    expect(read(2, 1)).to.deep.equal(carriedBy([33.3, 33.3]))
    expect(read(1, 999_999)).to.deep.equal(carriedBy([99.9, 99.9]))
    expect(read(999_999, 1)).to.deep.equal(carriedBy([0.1, 0.1]))
    expect(read(0, 0)).to.equal(null)
  })

  test('a route with a third destination is not shifted', () => {
    const o = given(spec([entry('web', { weight: 90 }), entry('legacy', { weight: 10 })]))
    expect(virtualService(settled(o, posture({ traffic: weighted(10) })), 'routes')).to.deep.equal(
      virtualService(o, 'routes'),
    )
  })

  test('subsets are shifted within one host', () => {
    const destinationRule = { name: 'rules', primarySubset: 'v1', canarySubset: 'v2' }
    const of = (subset: string, more: object = {}) => ({ destination: { host: 'web', subset }, ...more })
    const o = given(spec([of('v1')]), { destinationRule })
    const run = settled(o, posture({ traffic: weighted(10) }))
    expect(http(run)).to.deep.equal([{ name: 'all', route: [of('v1', { weight: 90 }), of('v2', { weight: 10 })] }])
    expect(virtualService(settled(run), 'routes').spec).to.deep.equal(virtualService(o, 'routes').spec)
    expect(http(settled(run, toTarget))).to.deep.equal([
      { name: 'all', route: [of('v1', { weight: 0 }), of('v2', { weight: 100 })] },
    ])
  })

  test('when the target takes over, the primary is the apex and the canary is gone', () => {
    const run = settled(given(spec([entry('web-primary.shop')])), posture({ traffic: weighted(10) }))
    const back = settled(run, toTarget)
    expect(http(back)).to.deep.equal([{ name: 'all', route: [entry('web.shop')] }])
    const gone = virtualService(settled(back, removed), 'routes')
    expect([gone.metadata.annotations, gone.metadata.labels, gone.metadata.managedFields]).to.deep.equal([
      {},
      undefined,
      undefined,
    ])
  })

  test('one that is missing or being deleted is not written', () => {
    const o = observation({ canary: canary({}, { virtualServices: [{ name: 'routes' }] }) })
    expect(
      routes(o, posture({ traffic: weighted(10) })).filter(write => write.ref.kind === kinds.VirtualService),
    ).to.deep.equal([])
    expect(istio.read(o)).to.equal(null)
  })
})
