import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at, present } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

const routes = (o: Observation, wanted: Posture) => istio.render(o, wanted)
const virtualService = (o: Observation, name = 'web'): KubeObject => liveOne(o, kinds.VirtualService, name)
const names = (o: Observation): string[] => Object.values(o.live).map(one => `${one.kind} ${one.metadata.name}`)

function settled(o: Observation, wanted: Posture = posture()): Observation {
  const done = after(o, routes(o, wanted))
  const last = after(done, routes(done, wanted))
  expect(routes(last, wanted)).to.deep.equal([])
  return last
}

const isRoute = ({ ref }: { readonly ref: { readonly kind: { readonly kind: string } } }): boolean =>
  ref.kind.kind === 'VirtualService'

const removed = posture({ callers: 'untouched', traffic: null, primary: null, remove: 'everything' })
const toTarget = posture({ callers: 'target', traffic: null })
const split = (primary: number, more: object = {}) => [
  { destination: { host: 'web-primary', ...more }, weight: primary },
  { destination: { host: 'web-canary', ...more }, weight: 100 - primary },
]

suite('the VirtualService of Sluice', () => {
  test('splits between two hosts, for the Service in the mesh', () => {
    const o = settled(observation(), posture({ traffic: weighted(10) }))
    expect(virtualService(o).spec).to.deep.equal({ hosts: ['web'], gateways: ['mesh'], http: [{ route: split(90) }] })
    expect(istio.read(o)).to.deep.equal(carriedBy([10, 10]))
  })

  test('carries what the spec says of its route', () => {
    const service = {
      hosts: ['web.example.com'],
      gateways: ['istio-system/public', 'mesh'],
      match: [{ uri: { prefix: '/api' } }],
      rewrite: { uri: '/' },
      timeout: '15s',
      retries: { attempts: 3, perTryTimeout: '2s', retryOn: '5xx' },
      headers: { request: { add: { 'x-one': '1' } } },
      corsPolicy: { allowOrigins: [{ exact: 'https://example.com' }], maxAge: '24h' },
      apex: { labels: { team: 'a' }, annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled', note: 'x' } },
    }
    const o = settled(observation({ canary: canary({}, service) }))
    const { match, rewrite, timeout, retries, headers, corsPolicy } = service
    expect(virtualService(o).spec).to.deep.equal({
      hosts: ['web.example.com', 'web'],
      gateways: ['istio-system/public', 'mesh'],
      http: [
        { match, rewrite, timeout, retries, headers, corsPolicy, route: split(100) },
        { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'web' } }] },
      ],
    })
    expect(virtualService(o).metadata.labels).to.deep.equal({ team: 'a', 'sluice.dev/canary': 'web' })
    expect(virtualService(o).metadata.annotations).to.include({ note: 'x' })
  })

  test('names a gateway of its own namespace in the notation that Istio accepts', () => {
    const o = settled(observation({ canary: canary({}, { gateways: ['./own', 'public.istio-system', 'mesh'] }) }))
    expect(at(virtualService(o).spec, 'gateways')).to.deep.equal(['shop/own', 'public.istio-system', 'mesh'])
  })

  test('has no hosts or gateways where another delegates to it', () => {
    const o = settled(observation({ canary: canary({}, { delegation: true }) }))
    expect(Object.keys(virtualService(o).spec as object)).to.deep.equal(['http'])
  })

  test('the apex is not added to a host of everything', () => {
    const o = settled(observation({ canary: canary({}, { hosts: ['*'], gateways: ['public'] }) }))
    expect(at(virtualService(o).spec, 'hosts')).to.deep.equal(['*'])
  })

  suite('with several ports', () => {
    /** The http routes for a Service with an admin port, a database's, and these fields of the Canary. */
    const httpOf = (service: Record<string, unknown>, wanted = posture(), [first] = [80]): unknown => {
      const ports = [
        { name: 'http', port: first, targetPort: 8080 },
        { name: 'http-admin', port: 9090, targetPort: 9091 },
        { name: 'tcp-db', port: 5432, targetPort: 5432 },
      ]
      const web = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ports } })
      const o = settled(observation({ canary: canary({}, service), live: live([kinds.Service, web]) }))
      return at(virtualService(settled(o, wanted)).spec, 'http')
    }
    const to = (port: number) => split(100, { port: { number: port } })

    test('each of the mesh has its route, but those that are not HTTP', () => {
      expect(httpOf({})).to.deep.equal([
        { match: [{ port: 80 }], route: to(80) },
        { match: [{ port: 9090 }], route: to(9090) },
      ])
    })

    test('at gateways alone one route names the port of the Canary', () => {
      expect(httpOf({ gateways: ['public'] })).to.deep.equal([{ route: to(80) }])
    })

    test('what comes by a gateway, whose own port says nothing, comes after the ports of the mesh', () => {
      expect(httpOf({ gateways: ['public', 'mesh'] })).to.deep.equal([
        { match: [{ gateways: ['mesh'], port: 80 }], route: to(80) },
        { match: [{ gateways: ['mesh'], port: 9090 }], route: to(9090) },
        { match: [{ gateways: ['public'] }], route: to(80) },
      ])
    })

    test('callers of another host come by port 80, wherever the port of the Canary is', () => {
      expect(httpOf({ hosts: ['web.example.com'] })).to.deep.equal([
        { match: [{ port: 80 }], route: to(80) },
        { match: [{ port: 9090 }], route: to(9090) },
      ])
      expect(httpOf({ port: 9090, targetPort: 9091, hosts: ['web.example.com'] }, posture(), [81])).to.deep.equal([
        { match: [{ port: 81 }], route: to(81) },
        { match: [{ port: 9090 }], route: to(9090) },
        { match: [{ port: 80 }], route: to(9090) },
      ])
    })

    test('where another delegates, what is not of the mesh comes to the port of the Canary', () => {
      expect(httpOf({ delegation: true })).to.deep.equal([
        { match: [{ gateways: ['mesh'], port: 80 }], route: to(80) },
        { match: [{ gateways: ['mesh'], port: 9090 }], route: to(9090) },
        { route: to(80) },
      ])
    })

    test('a match of callers by their labels stays one, for Istio reads no labels where gateways are named', () => {
      const match = [{ sourceLabels: { app: 'shop' } }, { sourceNamespace: 'team', gateways: ['mesh', 'public'] }]
      expect(httpOf({ gateways: ['mesh', 'public'], match })).to.deep.equal([
        ...[80, 9090].map(port => ({
          match: [
            { sourceLabels: { app: 'shop' }, port },
            { sourceNamespace: 'team', gateways: ['mesh'], port },
          ],
          route: to(port),
        })),
        {
          match: [{ sourceLabels: { app: 'shop' } }, { sourceNamespace: 'team', gateways: ['public'] }],
          route: to(80),
        },
        { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'web' } }] },
      ])
    })

    test('matches of the user hold on every port, each where it was meant', () => {
      const match = [
        { uri: { prefix: '/api' } },
        { headers: { team: { exact: 'a' } }, gateways: ['mesh'], port: 9090 },
        { uri: { prefix: '/public' }, gateways: ['public'], port: 443 },
      ]
      expect(httpOf({ gateways: ['mesh', 'public'], match })).to.deep.equal([
        { match: [{ uri: { prefix: '/api' }, gateways: ['mesh'], port: 80 }], route: to(80) },
        {
          match: [
            { uri: { prefix: '/api' }, gateways: ['mesh'], port: 9090 },
            { headers: { team: { exact: 'a' } }, gateways: ['mesh'], port: 9090 },
          ],
          route: to(9090),
        },
        {
          match: [
            { uri: { prefix: '/api' }, gateways: ['public'] },
            { uri: { prefix: '/public' }, gateways: ['public'], port: 443 },
          ],
          route: to(80),
        },
        { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'web' } }] },
      ])
    })

    test('in what is left after a deletion each port is named too', () => {
      const apex = (port: number) => [{ destination: { host: 'web', port: { number: port } }, weight: 100 }]
      const left = [
        { match: [{ gateways: ['mesh'], port: 80 }], route: apex(80) },
        { match: [{ gateways: ['mesh'], port: 9090 }], route: apex(9090) },
        { match: [{ gateways: ['public'] }], route: apex(80) },
      ]
      expect(httpOf({ gateways: ['public', 'mesh'] }, toTarget)).to.deep.equal(left)
      expect(httpOf({ gateways: ['public', 'mesh'] }, removed)).to.deep.equal(left)
    })

    test('every route is read, whichever port it is for', () => {
      const ports = [{ port: 80 }, { name: 'admin', port: 81 }]
      const web = object(kinds.Service, 'web', { spec: { ports } })
      const o = settled(observation({ live: live([kinds.Service, web]) }), posture({ traffic: weighted(10) }))
      expect(istio.read(o)).to.deep.equal(carriedBy([10, 10]))
      const [first, ...others] = at(virtualService(o).spec, 'http') as object[]
      const http = [{ ...first, route: split(70) }, ...others]
      const byHand = { ...virtualService(o), spec: { ...(virtualService(o).spec as object), http } }
      expect(istio.read({ ...o, live: { ...o.live, ...live([kinds.VirtualService, byHand]) } })).to.deep.equal(
        carriedBy([10, 30]),
      )
    })
  })

  test('a spec.service that is refused changes nothing but the weights', () => {
    const before = settled(observation(), posture({ traffic: weighted(10) }))
    const service = { port: 81, targetPort: 'nowhere', timeout: '5s', hosts: ['other'], gateways: ['public'] }
    const refused = { ...before, canary: canary({}, service) }
    expect(routes(refused, posture({ traffic: weighted(10), service: 'as it was' })).filter(isRoute)).to.deep.equal([])
    const o = settled(refused, posture({ traffic: weighted(30), service: 'as it was' }))
    expect(virtualService(o).spec).to.deep.equal({ hosts: ['web'], gateways: ['mesh'], http: [{ route: split(70) }] })
  })

  test('splits between the subsets of one host', () => {
    const destinationRule = { name: 'rules', primarySubset: 'stable', canarySubset: 'next' }
    const o = settled(observation({ canary: canary({}, { destinationRule }) }), posture({ traffic: weighted(25) }))
    expect(at(virtualService(o).spec, 'http')).to.deep.equal([
      {
        route: [
          { destination: { host: 'web', subset: 'stable' }, weight: 75 },
          { destination: { host: 'web', subset: 'next' }, weight: 25 },
        ],
      },
    ])
    expect(names(o)).not.to.include('DestinationRule web-primary')
    expect(istio.read(o)).to.deep.equal(carriedBy([25, 25]))
  })

  test('is not touched before callers are moved, while its DestinationRules are made', () => {
    const said = canary({}, { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } })
    const o = settled(observation({ canary: said }), posture({ traffic: null, callers: 'untouched' }))
    expect(names(o)).to.have.members(['Deployment web', 'DestinationRule web-primary', 'DestinationRule web-canary'])
    expect(istio.read(o)).to.equal(null)
    expect(routes(observation(), posture({ traffic: null, callers: 'untouched', primary: null }))).to.deep.equal([])
  })

  test('a weight raised by hand is read, and put right', () => {
    const o = settled(observation(), posture({ traffic: weighted(10) }))
    const raised = { ...virtualService(o), spec: { hosts: ['web'], gateways: ['mesh'], http: [{ route: split(20) }] } }
    const byHand = { ...o, live: { ...o.live, ...live([kinds.VirtualService, raised]) } }
    expect(istio.read(byHand)).to.deep.equal(carriedBy([80, 80]))
    expect(istio.read(settled(byHand, posture({ traffic: weighted(10) })))).to.deep.equal(carriedBy([10, 10]))
  })

  test('anything else that was added to its routes is put right, what is beside them is left', () => {
    const o = settled(observation())
    const spec = {
      ...(virtualService(o).spec as object),
      exportTo: ['.'],
      http: [{ route: split(100), fault: { abort: {} } }],
    }
    const done = settled({ ...o, live: { ...o.live, ...live([kinds.VirtualService, { ...virtualService(o), spec }]) } })
    expect(at(virtualService(done).spec, 'http')).to.deep.equal([{ route: split(100) }])
  })

  test('one of that name that somebody else made is neither read, written nor deleted', () => {
    const foreign = object(kinds.VirtualService, 'web', { spec: { hosts: ['web'], http: [{ route: split(50) }] } })
    const o = observation({ live: live([kinds.VirtualService, foreign]) })
    expect(istio.read(o)).to.equal(null)
    for (const wanted of [posture({ traffic: weighted(10) }), toTarget, removed]) {
      expect(virtualService(settled(o, wanted))).to.deep.equal(foreign)
    }
  })

  test('leads everybody to the apex when the target takes over, and is left to the user', () => {
    const routed = settled(settled(observation(), posture({ traffic: weighted(0) })), toTarget)
    const http = [{ route: [{ destination: { host: 'web' }, weight: 100 }] }]
    expect(at(virtualService(routed).spec, 'http')).to.deep.equal(http)
    expect(istio.read(routed)).to.deep.equal(carriedBy([0, 0]))
    const gone = settled(routed, removed)
    expect(names(gone)).to.have.members(['Deployment web', 'VirtualService web'])
    expect(at(virtualService(gone).spec, 'http')).to.deep.equal(http)
    expect([virtualService(gone).metadata.labels, virtualService(gone).metadata.managedFields]).to.deep.equal([
      {},
      undefined,
    ])
    expect(istio.read(settled(gone, posture({ traffic: weighted(5) })))).to.deep.equal(carriedBy([5, 5]))
  })

  test('goes with the canary where that was asked for', () => {
    const o = settled(observation({ canary: canary({ revertOnDeletion: true }) }))
    expect(names(settled(o, removed))).to.deep.equal(['Deployment web'])
  })
})

suite('DestinationRules of the two hosts', () => {
  test('carry the policy of the spec', () => {
    const trafficPolicy = { outlierDetection: { consecutive5xxErrors: 5 } }
    const o = settled(observation({ canary: canary({}, { trafficPolicy }) }))
    expect(liveOne(o, kinds.DestinationRule, 'web-canary').spec).to.deep.equal({ host: 'web-canary', trafficPolicy })
  })

  test('are not made where there is nothing to say, and one of an older version goes', () => {
    const empty = object(
      kinds.DestinationRule,
      'web-primary',
      { spec: { host: 'web-primary' } },
      { labels: { 'sluice.dev/canary': 'web' } },
    )
    const o = settled(observation({ live: live([kinds.DestinationRule, empty]) }))
    expect(names(o).filter(name => name.startsWith('DestinationRule'))).to.deep.equal([])
  })

  test('beside a route of the user, the canary is treated as the apex is', () => {
    const trafficPolicy = { tls: { mode: 'ISTIO_MUTUAL' } }
    const rule = object(kinds.DestinationRule, 'any', { spec: { host: 'web.shop.svc.cluster.local', trafficPolicy } })
    const o = observation({ canary: canary({}, { virtualServices: [{ name: 'routes' }] }) })
    const done = settled({ ...o, surroundings: { ...o.surroundings, trafficPolicies: [rule] } })
    expect(liveOne(done, kinds.DestinationRule, 'web-canary').spec).to.deep.equal({ host: 'web-canary', trafficPolicy })
  })
})

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
