import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { canary, live, liveOne, object, observation, posture } from '../given-objects.ts'
import { names, removed, routes, settled, split, toTarget, virtualService } from './istio.given.ts'

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

  for (const host of [
    'web.shop.svc',
    'web.shop.svc.cluster.local.',
    'Web.shop.svc.cluster.local',
    'web.shop.svc.corp.internal',
  ])
    test(`the apex is added to ${host}, by which Istio may not find its Service`, () => {
      const o = observation({ canary: canary({}, { hosts: [host] }) })
      expect(at(virtualService(settled(o)).spec, 'hosts')).to.deep.equal([host, 'web'])
    })
  test('the apex is not added to its full name', () => {
    const hosts = ['web.shop.svc.cluster.local', 'shop.example.com']
    const o = observation({ canary: canary({}, { hosts }) })
    expect(at(virtualService(settled(o)).spec, 'hosts')).to.deep.equal(hosts)
  })

  test('the apex is not added to a host of everything', () => {
    const o = settled(observation({ canary: canary({}, { hosts: ['*'], gateways: ['public'] }) }))
    expect(at(virtualService(o).spec, 'hosts')).to.deep.equal(['*'])
  })

  test('a spec.service that is refused changes nothing but the weights', () => {
    const before = settled(observation(), posture({ traffic: weighted(10) }))
    const service = { port: 81, targetPort: 'nowhere', timeout: '5s', hosts: ['other'], gateways: ['public'] }
    const refused = { ...before, canary: canary({}, service) }
    expect(
      routes(refused, posture({ traffic: weighted(10), service: 'as it was' })).filter(
        ({ ref }) => ref.kind === kinds.VirtualService,
      ),
    ).to.deep.equal([])
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
