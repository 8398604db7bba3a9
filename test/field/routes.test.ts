/** Routes of others around a release, from the field: ways past the split, shared hosts and gateways, hosts that are not one's own. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import type { Flow } from '../../playground/mesh/mesh.ts'
import { World } from '../scenarios/world.ts'

type Spec = Readonly<Record<string, unknown>>

const minute = 60_000
const PUBLIC = 'istio-system/public'
const APEX = 'web.shop.svc.cluster.local'
const to = (host: string) => ({ route: [{ destination: { host } }] })
const listening = { port: 80, targetPort: 8080 }

suite('field: routes of others', () => {
  let world: World
  let namespaces: Set<string>
  setup(() => {
    world = new World()
    namespaces = new Set(['shop'])
  })
  teardown(() => world.close())

  const inNamespace = (name: string): string => {
    if (!namespaces.has(name)) world.user.namespace(name)
    namespaces.add(name)
    return name
  }
  const virtualService = (namespace: string, name: string, spec: Spec): void => {
    world.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name, namespace: inNamespace(namespace) },
      spec,
    })
  }
  /** The public gateway, with callers of `host` behind it. */
  const callersAtGateway = (host: string, perSecond: number, path = '/'): void => {
    inNamespace('istio-system')
    const servers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }]
    if (world.user.get(GATEWAY, 'istio-system', 'public') === null) {
      world.user.create({
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'public', namespace: 'istio-system' },
        spec: { selector: { istio: 'ingressgateway' }, servers },
      })
    }
    world.mesh.load({ host, namespace: 'istio-system', gateway: PUBLIC, perSecond, path })
  }
  const GATEWAY = { group: 'networking.istio.io', version: 'v1', kind: 'Gateway', plural: 'gateways', namespaced: true }
  /** A Deployment and a Service of others. */
  const others = (namespace: string, name: string): void => {
    const labels = { app: name }
    const container = { name, image: 'demo/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] }
    const template = { metadata: { labels }, spec: { containers: [container] } }
    const metadata = { name, namespace: inNamespace(namespace) }
    world.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    })
    world.user.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
  }
  /** Percent of the requests of the last half minute that each Deployment answered; what none did, by code. */
  const heard = (wanted: (flow: Flow) => boolean): Record<string, number> => {
    const from = world.clock.now() - minute / 2
    const shares: Record<string, number> = {}
    const total = world.mesh.count(wanted, from)
    for (const { flows } of world.mesh.stretches(from)) {
      for (const flow of flows.filter(wanted)) {
        const name = flow.revision === '' ? String(flow.code) : flow.workload
        shares[name] = Math.round((100 * world.mesh.count(one => wanted(one) && named(one) === name, from)) / total)
      }
    }
    return shares
  }
  const named = (flow: Flow): string => (flow.revision === '' ? String(flow.code) : flow.workload)
  const atGateway = (path: string) => (flow: Flow) => flow.load.gateway === PUBLIC && (flow.load.path ?? '/') === path
  const inMesh = (path: string) => (flow: Flow) =>
    flow.load.gateway === undefined && flow.load.host === 'web' && (flow.load.path ?? '/') === path

  const begin = async (service: Spec = {}, analysis: Spec = {}): Promise<void> => {
    world.deploy()
    await world.clock.advance(5000)
    world.canary({
      service: { ...listening, ...service },
      analysis: { interval: '10s', threshold: 3, stepWeights: [10, 50], ...analysis },
    })
  }
  const expectConflict = async (message: string): Promise<void> => {
    await world.clock.advance(10_000)
    expect(world.status).to.include({ phase: 'Initializing', reason: 'Conflict', message })
    expect(world.object(kinds.Deployment, 'web-primary'), 'nothing was touched').to.equal(null)
    expect(at(world.object(kinds.Service, 'web')?.spec, 'selector')).to.deep.equal({ app: 'web' })
    expect(world.object(kinds.VirtualService, 'web')).to.equal(null)
  }

  suite('one public host, several VirtualServices at a gateway', () => {
    const users = (http: readonly Spec[]): void => {
      others('people', 'users')
      virtualService('people', 'users', { hosts: ['api.example.com'], gateways: [PUBLIC], http })
    }
    const orders = { gateways: [PUBLIC], hosts: ['api.example.com'], match: [{ uri: { prefix: '/orders' } }] }

    test('F4: another path of the host is in nobody’s way, and the release meets its own requests alone', async () => {
      users([{ match: [{ uri: { prefix: '/users' } }], ...to('users') }])
      callersAtGateway('api.example.com', 20, '/orders/7')
      callersAtGateway('api.example.com', 20, '/users')
      world.start()
      await begin(orders, { interval: '1m' })
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      await world.clock.advance(minute * 0.7)
      expect(heard(atGateway('/orders/7'))).to.deep.equal({ web: 50, 'web-primary': 50 })
      expect(heard(atGateway('/users'))).to.deep.equal({ users: 100 })
      await world.until('Succeeded')
      expect(world.status.warnings).to.equal(undefined)
    })

    test('F4, other values: everything else of the host is for another, and a header of it where ours is everything', async () => {
      users([to('users')])
      callersAtGateway('api.example.com', 20, '/orders/7')
      callersAtGateway('api.example.com', 20, '/else')
      world.start()
      await begin({ ...orders, gateways: ['public.istio-system'] })
      await world.until('Initialized')
      await world.clock.advance(minute)
      expect(heard(atGateway('/orders/7'))).to.deep.equal({ 'web-primary': 100 })
      expect(heard(atGateway('/else'))).to.deep.equal({ users: 100 })
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
      await begin(orders)
      await expectConflict(
        "VirtualService people/users is older and has a route for api.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
      )
    })

    test('F4, other values: a route of theirs that leads here stops the start', async () => {
      users([{ match: [{ uri: { prefix: '/v1' } }], ...to(APEX) }])
      world.start()
      await begin(orders)
      await expectConflict(
        'VirtualService people/users routes requests at gateway istio-system/public to Service web directly and bypasses the traffic split, for api.example.com. Create a VirtualService with that route in namespace shop, then remove the route there, and recreate the Canary with the new one under service.virtualServices.',
      )
    })
  })

  suite('a VirtualService that leads to the Service and is not listed', () => {
    const edge = (namespace: string, name = 'edge', spec: Spec = {}): void =>
      virtualService(namespace, name, {
        hosts: ['shop.example.com'],
        gateways: [PUBLIC],
        http: [to(APEX)],
        ...spec,
      })

    test('F5: Conflict before anything is touched, and the entry that it offers carries the split at the gateway', async () => {
      edge('shop')
      callersAtGateway('shop.example.com', 100)
      world.start()
      await begin()
      await expectConflict(
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
      expect(heard(atGateway('/'))).to.deep.equal({ web: 10, 'web-primary': 90 })
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
      await begin({ hosts: ['web.internal.example.com'] })
      await expectConflict(
        'VirtualService shop/front routes requests at gateway istio-system/public and in the mesh to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: front}], or lead the route to another Service.',
      )
    })

    test('F5, other values: of another namespace it is a warning, told once, and no verdict on the candidate', async () => {
      callersAtGateway('shop.example.com', 200)
      edge('istio-system')
      world.start()
      // Most of what the primary gets never meets the split, so the canary seems to miss requests: that is nothing to count.
      await begin({ gateways: ['mesh'] }, { interval: '1m', stepWeights: [50] })
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
      world = new World(1000, [])
      callersAtGateway('shop.example.com', 200)
      edge('istio-system')
      world.start()
      await begin({}, { stepWeights: [50], maxBlind: '5m' })
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
      callersAtGateway('shop.example.com', 400)
      world.start()
      await begin({}, { interval: '1m', stepWeights: [10, 50], maxDuration: '10m' })
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
      for (let i = 0; i < total; i += 1) virtualService('evil', `past-${i}`, { hosts: [`${i}.evil`], http: [to(APEX)] })
      world.start()
      await begin()
      await world.until('Initialized')
      const told = (): string[] => world.events().filter(event => event.startsWith('Bypassed: '))
      expect(world.status.warnings).to.have.lengthOf(1)
      expect(told()).to.have.lengthOf(1)
      for (let i = total; i < total + 50; i += 1)
        virtualService('evil', `past-${i}`, { hosts: [`${i}.evil`], http: [to(APEX)] })
      await world.clock.advance(minute)
      expect(told()).to.have.lengthOf(1)
      edge('shop')
      await world.clock.advance(10_000)
      expect(world.status).to.include({ reason: 'Conflict' })
      expect(world.status.message).to.match(/^VirtualService shop\/edge routes requests at gateway/)
    })

    test('F5, other values: a bad candidate goes back all the same', async () => {
      world.start()
      await begin({}, { stepWeights: [10, 50] })
      await world.until('Initialized')
      world.setImage('demo/web:2.0.0-errors')
      await world.until('Progressing 10')
      edge('shop')
      await world.until('Failed')
      expect(world.status.history?.[0]).to.include({ reason: 'ThresholdReached' })
    })
  })

  suite('notations of a gateway', () => {
    const old = (gateways: readonly string[]): void =>
      virtualService('shop', 'old', { hosts: ['shop.example.com'], gateways, http: [to('web')] })
    const rows = [
      ['F14', ['istio-system/public'], 'public.istio-system.svc.cluster.local'],
      ['F14, other values', ['public.istio-system'], 'istio-system/public'],
      ['F14, other values', ['public.istio-system.svc.cluster.local', 'mesh'], 'public.istio-system'],
    ] as const
    for (const [id, theirs, ours] of rows) {
      test(`${id}: ${theirs[0]} and ${ours} are one gateway`, async () => {
        old(theirs)
        world.start()
        await begin({ hosts: ['shop.example.com'], gateways: [ours] })
        await world.clock.advance(10_000)
        expect(world.status.message).to.equal(
          `VirtualService shop/old routes requests at gateway istio-system/public${theirs.length > 1 ? ' and in the mesh' : ''} to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: old}], or lead the route to another Service.`,
        )
        expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
      })
    }

    test('F14, other values: an older VirtualService for the host, leading elsewhere, is at the same gateway', async () => {
      virtualService('team', 'old', {
        hosts: ['shop.example.com'],
        gateways: ['public.istio-system'],
        http: [to('other')],
      })
      world.start()
      await begin({ hosts: ['shop.example.com'], gateways: ['public.istio-system.svc.cluster.local'] })
      await expectConflict(
        "VirtualService team/old is older and has a route for shop.example.com at gateway istio-system/public that gets the requests of this Canary's route, so callers would bypass the split. Narrow the match of that route.",
      )
    })

    test('F14, other values: callers at the gateway meet the split, however the gateway is written', async () => {
      callersAtGateway('shop.example.com', 50)
      world.start()
      await begin(
        { hosts: ['shop.example.com'], gateways: ['public.istio-system.svc.cluster.local', 'mesh'] },
        { interval: '1m' },
      )
      await world.until('Initialized')
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      await world.clock.advance(minute * 0.7)
      expect(heard(atGateway('/'))).to.deep.equal({ web: 50, 'web-primary': 50 })
      expect(heard(inMesh('/'))).to.deep.equal({ web: 50, 'web-primary': 50 })
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
        callersAtGateway('shop.example.com', 10, '/else')
        world.start()
        await begin({ match: [{ uri: { prefix: '/api' } }], hosts: ['shop.example.com'], gateways }, { interval: '1m' })
        await world.until('Initialized')
        world.setImage('demo/web:1.1.0')
        await world.until('Progressing 50')
        await world.clock.advance(minute * 0.7)
        expect(heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
        expect(heard(inMesh('/api/1'))).to.deep.equal({ web: 50, 'web-primary': 50 })
        expect(heard(atGateway('/else'))).to.deep.equal({ 404: 100 })
        await world.until('Succeeded')
        world.user.delete(kinds.Canary, 'shop', 'web')
        await world.clock.advance(5 * minute)
        expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
        expect(heard(inMesh('/'))).to.deep.equal({ web: 100 })
      })
    }
  })

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
      others('bank', 'pay')
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
        await begin({ hosts, gateways: ['mesh', PUBLIC] })
        await expectNothing(stolen(hosts[0], namespace, doubt))
        expect(heard(ofPay)).to.not.have.any.keys('web', 'web-primary')
      })
    }

    test('S4: a public host at a shared gateway is allowed, and a restriction of the namespace is one', async () => {
      callersAtGateway('bank.example.com', 20)
      world.start({
        allowedHosts: [{ namespace: 'shop', pattern: '*.example.com' }],
        allowedGateways: [{ namespace: null, pattern: PUBLIC }],
      })
      await begin({ hosts: ['bank.example.com'], gateways: ['mesh', PUBLIC] })
      await world.until('Initialized')
      await world.clock.advance(minute)
      expect(heard(atGateway('/'))).to.deep.equal({ 'web-primary': 100 })
      // A later edit to what is not allowed: said, and traffic stays as it is.
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { hosts: ['bank.example.org'] } } })
      await world.clock.advance(minute)
      expect(world.status).to.include({
        reason: 'HostNotAllowed',
        message:
          'spec.service.hosts[0] is bank.example.org, which the controller does not allow in namespace shop. Write one that matches *.example.com, or have it added with --allowed-hosts.',
      })
      expect(heard(atGateway('/'))).to.deep.equal({ 'web-primary': 100 })
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
      await begin({ hosts: ['bank.example.com'] })
      await world.until('Initialized')
      world.setImage('demo/web:2.0.0-errors')
      await world.until('Progressing 10')
      world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { hosts: ['pay.bank.svc.cluster.local'] } } })
      await world.until('Failed')
      await world.clock.advance(minute)
      expect(heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
      expect(at(world.object(kinds.VirtualService, 'web')?.spec, 'hosts')).to.deep.equal(['bank.example.com', 'web'])
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.advance(5 * minute)
      expect(at(world.object(kinds.VirtualService, 'web')?.spec, 'hosts')).to.deep.equal(['bank.example.com', 'web'])
      expect(heard(inMesh('/'))).to.deep.equal({ web: 100 })
    })
  })

  suite('freezing others', () => {
    const released = async (): Promise<void> => {
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
      expect(world.status.history?.[0]).to.include({ outcome: 'Succeeded' })
    }

    test('S5: a VirtualService for the host that nobody else sees stops nothing', async () => {
      virtualService('evil', 'web', { hosts: [APEX], exportTo: ['.'], http: [to('mine')] })
      world.start()
      await begin()
      await world.until('Initialized')
      await released()
      expect(world.status.warnings).to.equal(undefined)
    })

    test('S5, other values: a public one that comes later gets nothing, and one exported here is a warning in mid-run', async () => {
      others('evil', 'mine')
      world.start()
      await begin({}, { interval: '1m' })
      await world.until('Initialized')
      virtualService('evil', 'web', { hosts: [APEX], http: [to('mine')] })
      await world.clock.advance(minute)
      expect(heard(inMesh('/'))).to.deep.equal({ 'web-primary': 100 })
      expect(world.status.warnings).to.equal(undefined)
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
      virtualService('evil', 'more', { hosts: [APEX], exportTo: ['other'], http: [to('mine')] })
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
