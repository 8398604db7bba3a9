/** Inputs of the field that are about the ports and the traffic settings of a Service that was there before its Canary. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, type Json, recordsOf } from '../../src/core/json.ts'
import { routeOf } from '../../playground/mesh/routes.ts'
import { expectConditions, expectStalled } from '../scenarios/witness.ts'
import { World } from '../scenarios/world.ts'

const F1_PORTS = [
  { name: 'http', port: 80, targetPort: 8080 },
  { name: 'http-admin', port: 9090, targetPort: 9091 },
]
const TWO = [{ containerPort: 8080 }, { containerPort: 9091 }]

suite('a Service with several ports', () => {
  let world: World
  /** When callers have met ready pods. */
  let begun = 0
  setup(() => {
    world = new World()
  })
  teardown(async () => world.close())

  const containers = (image: string, ports: readonly object[]): Record<string, unknown> => ({
    spec: { template: { spec: { containers: [{ name: 'web', image, ports }] } } },
  })

  /** The Deployment with these container ports and the Service with these fields, and the Canary. */
  async function deployed(ports: readonly object[], service: Json, canary: Json, metadata: Json = {}): Promise<void> {
    world.deploy()
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.0.0', ports))
    world.user.merge(kinds.Service, 'shop', 'web', { metadata, spec: service })
    await world.clock.advance(5000)
    begun = world.clock.now()
    world.canary(canary)
  }

  const portsOf = (name: string): unknown => at(world.object(kinds.Service, name), 'spec', 'ports')
  const spec = (name: string): Json => (world.object(kinds.Service, name)?.['spec'] ?? {}) as Json

  /** Where requests to a host and port go: `web-primary 90 → 8080`, or the flag of a proxy that answers itself. */
  function reached(host: string, gateway = 'mesh', namespace = 'shop'): string[] {
    const request = { host, namespace, gateway, path: '/', method: 'GET', headers: {}, labels: {} }
    return routeOf(world.api.server.store, request).destinations.map(({ service, share, to }) =>
      'code' in to ? `${to.code} ${to.flag}` : `${service} ${Math.round(share * 100)} → ${String(to.port)}`,
    )
  }

  /** From the start to a promotion and a deletion: at each weight, every port leads to its own container port. */
  async function expectEachPortThroughout(leads: Readonly<Record<string, unknown>>, next: Json): Promise<void> {
    const hosts = Object.entries(leads)
    for (const [host] of hosts) world.mesh.load({ host, namespace: 'shop', perSecond: 100 })
    const expectSplit = (canary: number): void => {
      for (const [host, port] of hosts) {
        const primary = [`web-primary ${100 - canary} → ${String(port)}`]
        expect(reached(host), host).to.deep.equal(
          canary === 0 ? primary : [...primary, `web-canary ${canary} → ${String(port)}`],
        )
      }
    }
    world.start()
    await world.until('Initialized')
    expectSplit(0)
    world.user.merge(kinds.Deployment, 'shop', 'web', next)
    await world.until('Progressing 50')
    await world.clock.advance(2000)
    expectSplit(50)
    await world.until('Succeeded')
    expectSplit(0)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    for (const [host, port] of hosts) expect(reached(host), host).to.deep.equal([`web 100 → ${String(port)}`])
    expect(world.mesh.failures(begun), 'requests that no pod answered').to.equal(0)
  }

  test('F1: every port of an adopted Service leads to its own container port, on both sides and after a deletion', async () => {
    await deployed(TWO, { ports: F1_PORTS }, {})
    await expectEachPortThroughout({ 'web:80': 8080, 'web:9090': 9091 }, containers('demo/web:1.1.0', TWO))
    expect(recordsOf(portsOf('web')).map(port => [port['name'], port['port'], port['targetPort']])).to.deep.equal([
      ['http', 80, 8080],
      ['http-admin', 9090, 9091],
    ])
  })

  test('F1, other values: names, a gRPC protocol, a third port in the middle of a run, port discovery, and all of it reverted', async () => {
    const declared = [{ containerPort: 8080 }, { name: 'admin', containerPort: 9091 }, { containerPort: 7000 }]
    const ports = [
      { port: 8000, targetPort: 'admin', name: 'admin' },
      { port: 80, targetPort: 8080, name: 'grpc-api', appProtocol: 'grpc' },
      { port: 53, targetPort: 5353, protocol: 'UDP', name: 'dns' },
    ]
    await deployed(
      declared,
      { ports },
      {
        revertOnDeletion: true,
        service: { port: 80, portDiscovery: true, gateways: ['public', 'mesh'] },
      },
    )
    world.mesh.load({ host: 'web:8000', namespace: 'shop', perSecond: 10 })
    world.start()
    await world.until('Initialized')
    // 9091 has a port already, 7000 has none.
    const discovered = { name: 'tcp-web-2', port: 7000, targetPort: 7000, protocol: 'TCP' }
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(
        recordsOf(portsOf(name)).map(port => [port['name'], port['port'], port['protocol'], port['appProtocol']]),
        name,
      ).to.deep.equal([
        ['admin', 8000, 'TCP', undefined],
        ['grpc-api', 80, 'TCP', 'grpc'],
        ['dns', 53, 'UDP', undefined],
        [discovered.name, discovered.port, 'TCP', undefined],
      ])
    }
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', declared))
    await world.until('Progressing 25')
    const more = { name: 'http-more', port: 8081, targetPort: 8080, protocol: 'TCP' }
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { ports: [...(portsOf('web') as object[]), more] } })
    await world.clock.advance(3000)
    const two = (port: unknown): string[] => [`web-primary 75 → ${String(port)}`, `web-canary 25 → ${String(port)}`]
    expect(reached('web:8081')).to.deep.equal(two(8080))
    expect(reached('web:8000')).to.deep.equal(two('admin'))
    await world.until('Succeeded')
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    // What is the user's stays, what was ours goes.
    expect(recordsOf(portsOf('web')).map(port => port['port'])).to.deep.equal([8000, 80, 53, 8081])
    expect(world.object(kinds.Service, 'web')?.metadata.annotations ?? {}).to.deep.equal({})
    expect(world.mesh.failures(begun), 'requests that no pod answered').to.equal(0)
  })

  const front = (port: number): Json => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'front', namespace: 'shop' },
    spec: {
      hosts: ['web'],
      http: [
        {
          name: 'admin',
          match: [{ uri: { prefix: '/admin' } }],
          route: [{ destination: { host: 'web', port: { number: port } } }],
        },
        { name: 'main', route: [{ destination: { host: 'web', port: { number: 80 } } }] },
      ],
    },
  })
  const listing = { service: { port: 80, targetPort: 8080, virtualServices: [{ name: 'front' }] } }

  test("F2: a route of the user's to another port meets both sides there, and no caller fails", async () => {
    world.user.create(front(9090) as never)
    world.mesh.load({ host: 'web', namespace: 'shop', perSecond: 20, path: '/admin/x' })
    await deployed(TWO, { ports: F1_PORTS }, listing)
    world.start()
    await world.until('Initialized')
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', TWO))
    await world.until('Progressing 50')
    await world.clock.advance(2000)
    const ports = recordsOf(at(world.object(kinds.VirtualService, 'front'), 'spec', 'http')).map(route =>
      recordsOf(route['route']).map(entry => at(entry, 'destination')),
    )
    expect(ports).to.deep.equal(
      [9090, 80].map(number => [
        { host: 'web', port: { number } },
        { host: 'web-canary', port: { number } },
      ]),
    )
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('F2, other values: a route to a port that no side has is refused before the first write', async () => {
    world.user.create(front(7070) as never)
    await deployed(TWO, { ports: F1_PORTS }, listing)
    const before = world.object(kinds.Service, 'web')
    world.start()
    await world.clock.runUntil(() => world.status.reason === 'ReferenceMissing', 60_000)
    expectStalled(world, {
      reason: 'ReferenceMissing',
      sentence:
        'spec.service.virtualServices[0] names VirtualService shop/front, whose http route admin leads to port 7070, which Service web-canary does not have; it has 80 and 9090. Write one of them, or add the port to Service web.',
    })
    expect(world.object(kinds.Service, 'web')).to.deep.equal(before)
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
  })

  test('F6: what the Canary does not say of protocol and traffic is as in the Service that was there', async () => {
    await deployed(
      [{ containerPort: 8080 }],
      {
        internalTrafficPolicy: 'Local',
        trafficDistribution: 'PreferClose',
        ports: [{ name: 'grpc-api', port: 80, targetPort: 8080 }],
      },
      { service: { port: 80 } },
      { annotations: { 'networking.istio.io/exportTo': '.,istio-system' } },
    )
    world.start()
    await world.until('Initialized')
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(spec(name), name).to.include({ internalTrafficPolicy: 'Local', trafficDistribution: 'PreferClose' })
      expect(recordsOf(portsOf(name))[0], name).to.include({ name: 'grpc-api', port: 80, targetPort: 8080 })
      expect(world.object(kinds.Service, name)?.metadata.annotations, name).to.include({
        'networking.istio.io/exportTo': '.,istio-system',
      })
    }
  })

  test('F6, other values: appProtocol, affinity, unready pods and waypoints follow, also later; what the Canary says wins; what tracks does not follow', async () => {
    const affinity = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
    await deployed(
      [{ containerPort: 8080 }],
      {
        ...affinity,
        publishNotReadyAddresses: true,
        trafficDistribution: 'PreferClose',
        ports: [{ name: 'api', port: 80, targetPort: 8080, appProtocol: 'kubernetes.io/h2c' }],
      },
      { revertOnDeletion: true, service: { port: 80, trafficDistribution: 'PreferSameNode', portName: 'http-api' } },
      {
        labels: { 'istio.io/use-waypoint': 'waypoint', 'argocd.argoproj.io/instance': 'shop', team: 'a' },
        annotations: { 'meta.helm.sh/release-name': 'shop' },
      },
    )
    world.start()
    await world.until('Initialized')
    for (const name of ['web-primary', 'web-canary']) {
      const expected = { publishNotReadyAddresses: true, trafficDistribution: 'PreferSameNode' }
      expect(spec(name), name).to.deep.include({ ...expected, ...affinity })
      expect(recordsOf(portsOf(name))[0], name).to.include({ name: 'http-api', appProtocol: 'kubernetes.io/h2c' })
      expect(world.object(kinds.Service, name)?.metadata.labels, name).to.deep.equal({
        'istio.io/use-waypoint': 'waypoint',
        'sluice.dev/canary': 'web',
        'sluice.dev/endpoints': 'web',
      })
      expect(Object.keys(world.object(kinds.Service, name)?.metadata.annotations ?? {})).to.deep.equal([
        'sluice.dev/rendered',
      ])
    }
    // Others refer to the port of the apex by its name.
    expect(recordsOf(portsOf('web'))[0]).to.include({ name: 'api' })

    // The Canary says no more of it: the Service that was there does.
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { trafficDistribution: null, portName: null } } })
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { sessionAffinity: 'None', sessionAffinityConfig: null } })
    await world.clock.advance(5000)
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(spec(name), name).to.include({ trafficDistribution: 'PreferClose', sessionAffinity: 'None' })
      expect(spec(name), name).not.to.have.property('sessionAffinityConfig')
      expect(recordsOf(portsOf(name))[0], name).to.include({ name: 'api' })
    }
  })

  const named = [{ name: 'http', containerPort: 8080 }]

  /** A refused edit: said, and every request is answered as before. */
  async function expectRefused(edit: Json, sentence: string): Promise<void> {
    const kept = [kinds.Service, kinds.VirtualService].flatMap(kind => world.user.list(kind, 'shop'))
    const since = world.clock.now()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: edit } })
    await world.clock.advance(30_000)
    expectConditions(world, { reason: 'TargetInvalid', sentence }, 'Stalled')
    expect(world.events()).to.include(`TargetInvalid: ${sentence}`)
    expect([kinds.Service, kinds.VirtualService].flatMap(kind => world.user.list(kind, 'shop'))).to.deep.equal(kept)
    expect(world.mesh.failures(since)).to.equal(0)
  }

  test('N2: an edit at rest that leads to a port which no container declares is refused, and traffic stays as it is', async () => {
    world.deploy()
    world.user.delete(kinds.Service, 'shop', 'web')
    await world.clock.advance(5000)
    world.canary({ service: { port: 80, targetPort: 'http' } })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { targetPort: null },
      'spec.service has no targetPort, so it is 80, but no container of Deployment shop/web-primary declares that port; there are http (8080). Write one of them as spec.service.targetPort, or declare the port 80.',
    )
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 8080 } } })
    await world.clock.advance(5000)
    expect(world.status.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True')
    expect(recordsOf(portsOf('web-primary'))[0]).to.include({ targetPort: 8080 })
  })

  test('N2, other values: from the start, by name, and in the middle of a run, which still goes back', async () => {
    await deployed(named, {}, { service: { port: 80, targetPort: 9999 } })
    const before = world.object(kinds.Service, 'web')
    world.start()
    await world.clock.runUntil(() => world.status.reason === 'TargetInvalid', 60_000)
    expectStalled(world, {
      reason: 'TargetInvalid',
      sentence:
        'spec.service.targetPort is 9999, but no container of Deployment shop/web declares that port; there are http (8080). Write one of them, or declare the port 9999.',
    })
    expect(world.object(kinds.Service, 'web')).to.deep.equal(before)

    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 'http' } } })
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { targetPort: 'https', timeout: '5s' },
      'spec.service.targetPort is https, but no container of Deployment shop/web-primary has a port of that name; there are http (8080). Write one of them, or name the port https.',
    )

    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 'http', timeout: null } } })
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', named))
    await world.until('Progressing 10')
    await world.clock.advance(2000)
    const since = world.clock.now()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { targetPort: 9999 } } })
    await world.clock.advance(60_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 10', 'TargetInvalid'])
    expect(reached('web')).to.deep.equal(['web-primary 90 → http', 'web-canary 10 → http'])
    world.annotate('abort', '1 enough')
    await world.until('Failed')
    expect(reached('web')).to.deep.equal(['web-primary 100 → http'])
    expect(world.mesh.failures(since)).to.equal(0)
  })

  test("N2, other values: an edit of the user's Service, which the Canary follows, leads nowhere", async () => {
    await deployed(named, { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }, { service: { port: 80 } })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { ports: [{ name: 'http', port: 80, targetPort: 9999 }] } })
    await world.clock.advance(30_000)
    expectStalled(world, {
      reason: 'TargetInvalid',
      sentence:
        'Service shop/web leads from port 80 to 9999, but no container of Deployment shop/web-primary declares that port; there are http (8080). Write one of them, or declare the port 9999.',
    })
    expect(reached('web')).to.deep.equal(['web-primary 100 → http'])
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('N2, other values: a Canary whose edit is refused is deleted, and the target takes over at the port that served', async () => {
    await deployed(TWO, { ports: F1_PORTS }, { service: { port: 80, gateways: ['public', 'mesh'] } })
    world.mesh.load({ host: 'web:9090', namespace: 'shop', perSecond: 10 })
    world.start()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    await expectRefused(
      { port: 81, targetPort: 'web' },
      'spec.service.targetPort is web, but no container of Deployment shop/web-primary has a port of that name; there are 8080 and 9091. Write one of them, or name the port web.',
    )
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    expect([reached('web'), reached('web:9090')]).to.deep.equal([['web 100 → 8080'], ['web 100 → 9091']])
    expect(world.mesh.failures(begun)).to.equal(0)
  })

  test('F1, other values: the port of a native sidecar is a port, for the Canary and for discovery', async () => {
    const sidecar = {
      name: 'auth',
      image: 'auth:1',
      restartPolicy: 'Always',
      ports: [{ name: 'auth', containerPort: 4180 }],
    }
    world.deploy()
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { initContainers: [sidecar] } } } })
    await world.clock.advance(5000)
    world.user.merge(kinds.Service, 'shop', 'web', {
      spec: { ports: [{ name: 'http', port: 80, targetPort: 'auth' }] },
    })
    await world.clock.advance(5000)
    begun = world.clock.now()
    world.canary({ service: { port: 80, portDiscovery: true } })
    world.start()
    await world.until('Initialized')
    expect(reached('web')).to.deep.equal(['web-primary 100 → auth'])
    expect(
      recordsOf(portsOf('web-canary')).map(port => [port['name'], port['port'], port['targetPort']]),
    ).to.deep.equal([
      ['http', 80, 'auth'],
      ['http-8080', 8080, 8080],
    ])
    expect(world.mesh.failures(begun)).to.equal(0)
  })
})
