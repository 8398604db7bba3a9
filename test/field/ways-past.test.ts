/** VirtualServices of others that lead to the Service past the split, from the field. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { APEX, atGateway, minute, PUBLIC, listening, RoutesWorld, type Spec, to } from './routes.given.ts'

suite('field: ways past the split', () => {
  let world: RoutesWorld
  setup(() => {
    world = new RoutesWorld()
  })
  teardown(() => world.close())

  suite('a VirtualService that leads to the Service and is not listed', () => {
    const edge = (namespace: string, name = 'edge', spec: Spec = {}): void =>
      world.virtualService(namespace, name, {
        hosts: ['shop.example.com'],
        gateways: [PUBLIC],
        http: [to(APEX)],
        ...spec,
      })

    test('F5: Conflict before anything is touched, and the entry that it offers carries the split at the gateway', async () => {
      edge('shop')
      world.callersAtGateway('shop.example.com', 100)
      world.start()
      await world.begin()
      await world.expectConflict(
        'VirtualService shop/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: edge}], or lead the route to another Service.',
      )
      const since = world.clock.now()
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.advance(10_000)
      world.canary({
        service: { ...listening, virtualServices: [{ name: 'edge' }] },
        analysis: { interval: '1m', threshold: 3, stepWeights: [10, 50] },
      })
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      await world.clock.advance(minute * 0.7)
      expect(world.heard(atGateway('/'))).to.deep.equal({ web: 10, 'web-primary': 90 })
      await world.until('Succeeded')
      expect(world.mesh.failures(since)).to.equal(0)
    })

    test('F5, other values: by a short name, a wildcard host and a part of the weight', async () => {
      edge('shop', 'front', {
        hosts: ['*.example.com'],
        gateways: [PUBLIC, 'mesh'],
        http: [
          {
            route: [
              { destination: { host: 'other' }, weight: 90 },
              { destination: { host: 'web' }, weight: 10 },
            ],
          },
        ],
      })
      world.start()
      await world.begin({ hosts: ['web.internal.example.com'] })
      await world.expectConflict(
        'VirtualService shop/front routes requests at gateway istio-system/public and in the mesh to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: front}], or lead the route to another Service.',
      )
    })

    test('F5, other values: of another namespace it is a warning, told once, and no verdict on the candidate', async () => {
      world.callersAtGateway('shop.example.com', 200)
      edge('istio-system')
      world.start()
      // Most of what the primary gets never meets the split, so the canary seems to miss requests: that is nothing to count.
      await world.begin({ gateways: ['mesh'] }, { interval: '1m', stepWeights: [50] })
      await world.until('Initialized')
      const message =
        'VirtualService istio-system/edge routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them'
      expect(world.status.warnings).to.deep.equal([{ reason: 'Bypassed', message }])
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(world.status.history?.[0]).to.include({ outcome: 'Succeeded', highest: 50 })
      expect(world.events().filter(event => event === `Bypassed: ${message}`)).to.have.lengthOf(1)
      world.user.delete(kinds.VirtualService, 'istio-system', 'edge')
      await world.clock.advance(10_000)
      expect(world.status.warnings).to.equal(undefined)
    })

    test('F5, other values: where no other callers are, the canary has no data, and is not called unreachable', async () => {
      world = new RoutesWorld(1000, [])
      world.callersAtGateway('shop.example.com', 200)
      edge('istio-system')
      world.start()
      await world.begin({}, { stepWeights: [50], maxBlind: '5m' })
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      await world.clock.advance(4 * minute)
      expect(world.status).to.include({
        phase: 'Progressing',
        reason: 'MetricsUnavailable',
        failedChecks: 0,
        canaryWeight: 50,
      })
      expect(world.status.history ?? []).to.deep.equal([])
    })

    test('F5, other values: one that comes in mid-run holds the release, counts nothing, and lets no time run out', async () => {
      world.callersAtGateway('shop.example.com', 400)
      world.start()
      await world.begin({}, { interval: '1m', stepWeights: [10, 50], maxDuration: '10m' })
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      edge('shop')
      await world.clock.advance(15 * minute)
      expect(world.status).to.include({ phase: 'Progressing', reason: 'Conflict', failedChecks: 0, canaryWeight: 10 })
      expect(world.status.conditions?.find(({ type }) => type === 'Stalled')?.status).to.equal('True')
      expect(world.events().filter(event => event.startsWith('Conflict: '))).to.have.lengthOf.at.most(2)
      world.user.delete(kinds.VirtualService, 'shop', 'edge')
      await world.until('Succeeded')
    })

    test('F5, other values: hundreds of another namespace hide none of the own, and are one warning', async () => {
      const total = 250
      for (let i = 0; i < total; i += 1)
        world.virtualService('evil', `past-${i}`, { hosts: [`${i}.evil`], http: [to(APEX)] })
      world.start()
      await world.begin()
      await world.until('Initialized')
      const told = (): string[] => world.events().filter(event => event.startsWith('Bypassed: '))
      expect(world.status.warnings).to.have.lengthOf(1)
      expect(told()).to.have.lengthOf(1)
      for (let i = total; i < total + 50; i += 1)
        world.virtualService('evil', `past-${i}`, { hosts: [`${i}.evil`], http: [to(APEX)] })
      await world.clock.advance(minute)
      expect(told()).to.have.lengthOf(1)
      edge('shop')
      await world.clock.advance(10_000)
      expect(world.status).to.include({ reason: 'Conflict' })
      expect(world.status.message).to.match(/^VirtualService shop\/edge routes requests at gateway/)
    })

    test('F5, other values: an HTTPRoute at a Gateway, and one of another namespace for its own callers, are warnings', async () => {
      world.api.server.resources.install(resourceOf(looseDefinition(kinds.HTTPRoute)))
      const httpRoute = (namespace: string, parent: object, name: string): void =>
        void world.user.create({
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'HTTPRoute',
          metadata: { name: 'edge', namespace: world.inNamespace(namespace) },
          spec: { parentRefs: [parent], rules: [{ backendRefs: [{ name, port: 80 }] }] },
        })
      world.start()
      await world.begin({}, { interval: '1m' })
      await world.until('Initialized')
      httpRoute('shop', { name: 'public', namespace: 'infra' }, 'web')
      await world.clock.advance(10_000)
      const message =
        'HTTPRoute shop/edge leads requests at Gateway infra/public to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them'
      expect(world.status.warnings).to.deep.equal([{ reason: 'Bypassed', message }])
      httpRoute('evil', { group: '', kind: 'Service', name: 'web', namespace: 'shop' }, 'mine')
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(world.status.warnings?.map(({ reason }) => reason)).to.deep.equal(['Conflict', 'Bypassed'])
      expect(world.events().filter(event => event === `Bypassed: ${message}`)).to.have.lengthOf(1)
      world.user.delete(kinds.HTTPRoute, 'shop', 'edge')
      world.user.delete(kinds.HTTPRoute, 'evil', 'edge')
      await world.clock.advance(10_000)
      expect(world.status.warnings).to.equal(undefined)
    })

    test('F5, other values: an Ingress to the Service, and the Service open to the outside, are a warning', async () => {
      world.api.server.resources.install(resourceOf(looseDefinition(kinds.Ingress)))
      const backend = { service: { name: 'web', port: { number: 80 } } }
      const http = { paths: [{ path: '/', pathType: 'Prefix', backend }] }
      world.start()
      await world.begin({}, { interval: '1m' })
      await world.until('Initialized')
      world.user.create({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'front', namespace: 'shop' },
        spec: { rules: [{ host: 'shop.example.com', http }] },
      })
      await world.clock.advance(10_000)
      const said = (subject: string): string =>
        `${subject} requests from outside of the mesh to Service web that bypass the traffic split. These requests never reach the canary, and traffic checks ignore them. To split them, serve their hosts at a Gateway: service.gateways and service.hosts`
      const told = (): string[] => world.events().filter(event => event.startsWith('Bypassed: '))
      expect(world.status.warnings?.map(({ message }) => message)).to.deep.equal([said('Ingress shop/front brings')])
      world.user.merge(kinds.Service, 'shop', 'web', { spec: { type: 'LoadBalancer' } })
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(told()).to.deep.equal(
        ['Ingress shop/front brings', 'Service shop/web (LoadBalancer) and Ingress shop/front bring'].map(
          subject => `Bypassed: ${said(subject)}`,
        ),
      )
      world.user.delete(kinds.Ingress, 'shop', 'front')
      world.user.merge(kinds.Service, 'shop', 'web', { spec: { type: 'ClusterIP' } })
      await world.clock.advance(10_000)
      expect(world.status.warnings).to.equal(undefined)
    })

    test('F5, other values: a bad candidate goes back all the same', async () => {
      world.start()
      await world.begin({}, { stepWeights: [10, 50] })
      await world.until('Initialized')
      world.setImage('demo/web:2.0.0-errors')
      await world.until('Progressing 10')
      edge('shop')
      await world.until('Failed')
      expect(world.status.history?.[0]).to.include({ reason: 'ThresholdReached' })
    })
  })

  test('a route that is to delegate: what it delegates to is made first, and a candidate waits for it', async () => {
    const front = (main: Spec): Spec => ({
      hosts: ['shop.example.com', APEX],
      gateways: [PUBLIC, 'mesh'],
      http: [main],
    })
    world.virtualService('shop', 'front', front(to(APEX)))
    world.callersAtGateway('shop.example.com', 10)
    world.start()
    await world.begin({ delegation: true })
    await world.until('Initialized')
    expect(Object.keys(world.object(kinds.VirtualService, 'web')?.spec as object)).to.deep.equal(['http'])
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(minute)
    expect(world.status).to.include({
      reason: 'Conflict',
      canaryWeight: 0,
      message:
        'VirtualService shop/front routes requests at gateway istio-system/public and in the mesh to Service web directly and bypasses the traffic split. In place of its destinations write delegate: {name: web, namespace: shop} into that route.',
    })
    // The mesh of the playground delegates nothing; the release that follows is in e2e/tests/behaviour/ways-in.test.ts.
    world.user.delete(kinds.VirtualService, 'shop', 'front')
    await world.clock.advance(minute)
    expect(world.status).to.include({
      reason: 'ReferenceMissing',
      canaryWeight: 0,
      message:
        'No VirtualService delegates to VirtualService shop/web, so no request meets the split. Write a route with delegate: {name: web, namespace: shop} into the VirtualService that has the hosts.',
    })
  })
})
