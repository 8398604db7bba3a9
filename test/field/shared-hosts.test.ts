/** Hosts and gateways that a release shares with the routes of others, from the field. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { APEX, atGateway, inMesh, minute, PUBLIC, RoutesWorld, type Spec, to } from './routes.given.ts'

suite('field: hosts that are shared with others', () => {
  let world: RoutesWorld
  setup(() => {
    world = new RoutesWorld()
  })
  teardown(() => world.close())

  suite('one public host, several VirtualServices at a gateway', () => {
    const users = (http: readonly Spec[]): void => {
      world.others('people', 'users')
      world.virtualService('people', 'users', { hosts: ['api.example.com'], gateways: [PUBLIC], http })
    }
    const orders = { gateways: [PUBLIC], hosts: ['api.example.com'], match: [{ uri: { prefix: '/orders' } }] }

    test('F4: another path of the host is in nobody’s way, and the release meets its own requests alone', async () => {
      users([{ match: [{ uri: { prefix: '/users' } }], ...to('users') }])
      world.callersAtGateway('api.example.com', 20, '/orders/7')
      world.callersAtGateway('api.example.com', 20, '/users')
      world.start()
      await world.begin(orders, { interval: '1m' })
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      await world.clock.advance(minute * 0.7)
      expect(world.heard(atGateway('/orders/7'))).to.deep.equal({ web: 50, 'web-primary': 50 })
      expect(world.heard(atGateway('/users'))).to.deep.equal({ users: 100 })
      await world.until('Succeeded')
      expect(world.status.warnings).to.equal(undefined)
    })

    test('F4, other values: everything else of the host is for another, and a header of it where ours is everything', async () => {
      users([to('users')])
      world.callersAtGateway('api.example.com', 20, '/orders/7')
      world.callersAtGateway('api.example.com', 20, '/else')
      world.start()
      await world.begin({ ...orders, gateways: ['public.istio-system'] })
      await world.until('Initialized')
      await world.clock.advance(minute)
      expect(world.heard(atGateway('/orders/7'))).to.deep.equal({ 'web-primary': 100 })
      expect(world.heard(atGateway('/else'))).to.deep.equal({ users: 100 })
      world.user.merge(kinds.VirtualService, 'people', 'users', {
        spec: { http: [{ match: [{ headers: { beta: { exact: '1' } } }], ...to('users') }] },
      })
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { match: null } } })
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
    })

    test('F4, other values: an older route for the same requests stops the start', async () => {
      users([{ match: [{ uri: { prefix: '/o' } }], ...to('users') }])
      world.start()
      await world.begin(orders)
      await world.expectConflict(
        "VirtualService people/users is older and has a route for api.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
      )
    })

    test('F4, other values: a route of theirs that leads here stops the start', async () => {
      users([{ match: [{ uri: { prefix: '/v1' } }], ...to(APEX) }])
      world.start()
      await world.begin(orders)
      await world.expectConflict(
        'VirtualService people/users routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split, for api.example.com. Create a VirtualService with that route in namespace shop, then remove the route there, and recreate the Canary with the new one under service.virtualServices.',
      )
    })
  })

  suite('notations of a gateway', () => {
    const old = (gateways: readonly string[]): void =>
      world.virtualService('shop', 'old', { hosts: ['shop.example.com'], gateways, http: [to('web')] })
    const rows = [
      ['F14', ['istio-system/public'], 'public.istio-system.svc.cluster.local'],
      ['F14, other values', ['public.istio-system'], 'istio-system/public'],
      ['F14, other values', ['public.istio-system.svc.cluster.local', 'mesh'], 'public.istio-system'],
    ] as const
    for (const [id, theirs, ours] of rows) {
      test(`${id}: ${theirs[0]} and ${ours} are one gateway`, async () => {
        old(theirs)
        world.start()
        await world.begin({ hosts: ['shop.example.com'], gateways: [ours] })
        await world.clock.advance(10_000)
        expect(world.status.message).to.equal(
          `VirtualService shop/old routes requests at gateway istio-system/public${theirs.length > 1 ? ' and in the mesh' : ''} to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: old}], or lead the route to another Service.`,
        )
        expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
      })
    }

    test('F14, other values: an older VirtualService for the host, leading elsewhere, is at the same gateway', async () => {
      world.virtualService('team', 'old', {
        hosts: ['shop.example.com'],
        gateways: ['public.istio-system'],
        http: [to('other')],
      })
      world.start()
      await world.begin({ hosts: ['shop.example.com'], gateways: ['public.istio-system.svc.cluster.local'] })
      await world.expectConflict(
        "VirtualService team/old is older and has a route for shop.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
      )
    })

    test('F14, other values: callers at the gateway meet the split, however the gateway is written', async () => {
      world.callersAtGateway('shop.example.com', 50)
      world.start()
      await world.begin(
        { hosts: ['shop.example.com'], gateways: ['public.istio-system.svc.cluster.local', 'mesh'] },
        { interval: '1m' },
      )
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      await world.clock.advance(minute * 0.7)
      expect(world.heard(atGateway('/'))).to.deep.equal({ web: 50, 'web-primary': 50 })
      expect(world.heard(inMesh('/'))).to.deep.equal({ web: 50, 'web-primary': 50 })
      await world.until('Succeeded')
    })
  })

  suite('a match in the mesh', () => {
    for (const [what, gateways] of [
      ['in the mesh alone', undefined],
      ['at a gateway too', [PUBLIC, 'mesh']],
    ] as const) {
      test(`callers that it leaves out are served, ${what}`, async () => {
        world.mesh.load({ host: 'web', namespace: 'shop', perSecond: 20, path: '/api/1' })
        world.callersAtGateway('shop.example.com', 10, '/else')
        world.start()
        await world.begin(
          { match: [{ uri: { prefix: '/api' } }], hosts: ['shop.example.com'], gateways },
          { interval: '1m' },
        )
        await world.until('Initialized')
        world.setImage('demo/web:1.1.0')
        await world.until('Progressing 50')
        await world.clock.advance(minute * 0.7)
        expect(world.heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
        expect(world.heard(inMesh('/api/1'))).to.deep.equal({ web: 50, 'web-primary': 50 })
        expect(world.heard(atGateway('/else'))).to.deep.equal({ 404: 100 })
        await world.until('Succeeded')
        world.user.delete(kinds.Canary, 'shop', 'web')
        await world.clock.advance(5 * minute)
        expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
        expect(world.heard(inMesh('/'))).to.deep.equal({ web: 100 })
      })
    }
  })
})
