/** Hosts that are not one’s own, and releases that others might freeze, from the field. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import type { Flow } from '../../playground/mesh/mesh.ts'
import { APEX, atGateway, inMesh, minute, PUBLIC, RoutesWorld, to } from './routes.given.ts'

suite('field: hosts of others', () => {
  let world: RoutesWorld
  setup(() => {
    world = new RoutesWorld()
  })
  teardown(() => world.close())

  suite('hosts that are not one’s own', () => {
    const stolen = (host: string, namespace: string, doubt = ''): string =>
      `spec.service.hosts[0] is ${host}, which stands for Services of namespace ${namespace}${doubt}. A Canary takes only requests for its own namespace: remove the host.`
    const TWO_LABELS =
      ' (in the mesh a host of two labels is read as Service and namespace; a public one has to be among --allowed-hosts, or bound to gateways without mesh)'
    const expectNothing = async (message: string): Promise<void> => {
      await world.clock.advance(10_000)
      expect(world.status).to.include({ phase: 'Initializing', reason: 'HostNotAllowed', message })
      expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
      expect(world.object(kinds.VirtualService, 'web')).to.equal(null)
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.advance(minute)
      expect(world.object(kinds.Canary, 'web')).to.equal(null)
      expect(world.user.list(kinds.VirtualService, 'shop')).to.deep.equal([])
    }
    const callersOfPay = (): void => {
      world.others('bank', 'pay')
      world.mesh.load({ host: 'pay.bank', namespace: 'bank', perSecond: 10 })
    }
    const ofPay = (flow: Flow): boolean => flow.load.host === 'pay.bank'

    for (const [id, hosts, namespace, doubt] of [
      ['S4', ['pay.bank.svc.cluster.local', 'bank.example.com'], 'bank', ''],
      ['S4', ['*.bank.svc.cluster.local'], 'bank', ''],
      ['S4, other values', ['Pay.Bank.svc'], 'bank', ''],
      ['S4, other values', ['pay.bank'], 'bank', TWO_LABELS],
      ['S4, other values', ['*.bank'], 'bank', TWO_LABELS],
    ] as const) {
      test(`${id}: ${hosts[0]} is refused before anything is written, and nothing is left`, async () => {
        callersOfPay()
        world.start()
        await world.begin({ hosts, gateways: ['mesh', PUBLIC] })
        await expectNothing(stolen(hosts[0], namespace, doubt))
        expect(world.heard(ofPay)).to.not.have.any.keys('web', 'web-primary')
      })
    }

    test('S4: a public host at a shared gateway is allowed, and a restriction of the namespace is one', async () => {
      world.callersAtGateway('bank.example.com', 20)
      world.start({
        allowedHosts: [{ namespace: 'shop', pattern: '*.example.com' }],
        allowedGateways: [{ namespace: null, pattern: PUBLIC }],
      })
      await world.begin({ hosts: ['bank.example.com'], gateways: ['mesh', PUBLIC] })
      await world.until('Initialized')
      await world.clock.advance(minute)
      expect(world.heard(atGateway('/'))).to.deep.equal({ 'web-primary': 100 })
      // A later edit to what is not allowed: said, and traffic stays as it is.
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { hosts: ['bank.example.org'] } } })
      await world.clock.advance(minute)
      expect(world.status).to.include({
        reason: 'HostNotAllowed',
        message:
          'spec.service.hosts[0] is bank.example.org, which the controller does not allow in namespace shop. Write one that matches *.example.com, or have it added with --allowed-hosts.',
      })
      expect(world.heard(atGateway('/'))).to.deep.equal({ 'web-primary': 100 })
      world.user.merge(kinds.Canary, 'shop', 'web', {
        spec: { service: { hosts: ['bank.example.com'], gateways: ['own'] } },
      })
      await world.clock.advance(10_000)
      expect(world.status).to.include({ reason: 'GatewayNotAllowed' })
      expect(at(world.object(kinds.VirtualService, 'web')?.spec, 'gateways')).to.deep.equal(['mesh', PUBLIC])
    })

    test('S4, other values: an edit in mid-run to a host of others holds, and a bad candidate still goes back', async () => {
      callersOfPay()
      world.start()
      await world.begin({ hosts: ['bank.example.com'] })
      await world.until('Initialized')
      world.setImage('demo/web:2.0.0-errors')
      await world.until('Progressing 10')
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { hosts: ['pay.bank.svc.cluster.local'] } } })
      await world.until('Failed')
      await world.clock.advance(minute)
      expect(world.heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
      expect(at(world.object(kinds.VirtualService, 'web')?.spec, 'hosts')).to.deep.equal(['bank.example.com', 'web'])
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.advance(5 * minute)
      expect(at(world.object(kinds.VirtualService, 'web')?.spec, 'hosts')).to.deep.equal(['bank.example.com', 'web'])
      expect(world.heard(inMesh('/'))).to.deep.equal({ web: 100 })
    })
  })

  suite('freezing others', () => {
    const released = async (): Promise<void> => {
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(world.status.history?.[0]).to.include({ outcome: 'Succeeded' })
    }

    test('S5: a VirtualService for the host that nobody else sees stops nothing', async () => {
      world.virtualService('evil', 'web', { hosts: [APEX], exportTo: ['.'], http: [to('mine')] })
      world.start()
      await world.begin()
      await world.until('Initialized')
      await released()
      expect(world.status.warnings).to.equal(undefined)
    })

    test('S5, other values: a public one that comes later gets nothing, and one exported here is a warning in mid-run', async () => {
      world.others('evil', 'mine')
      world.start()
      await world.begin({}, { interval: '1m' })
      await world.until('Initialized')
      world.virtualService('evil', 'web', { hosts: [APEX], http: [to('mine')] })
      await world.clock.advance(minute)
      expect(world.heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
      expect(world.status.warnings).to.equal(undefined)
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      world.virtualService('evil', 'more', { hosts: [APEX], exportTo: ['other'], http: [to('mine')] })
      await world.until('Succeeded')
      expect(world.status.warnings).to.deep.equal([
        {
          reason: 'Conflict',
          message: `VirtualService evil/more gets the requests for ${APEX} in the mesh, where Istio uses one VirtualService for each host, so callers would bypass the split. Remove the host from it.`,
        },
      ])
    })
  })
})
