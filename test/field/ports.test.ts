/** Inputs of the field that are about the ports and the traffic settings of a Service that was there before its Canary. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, type Json, recordsOf } from '../../src/core/json.ts'
import { expectStalled } from '../scenarios/witness.ts'
import { World } from '../scenarios/world.ts'
import { containers, deployed, F1_PORTS, portsOf, reached, TWO } from './ports.given.ts'

suite('a Service with several ports', () => {
  let world: World
  setup(() => {
    world = new World()
  })
  teardown(async () => world.close())

  const spec = (name: string): Json => (world.object(kinds.Service, name)?.['spec'] ?? {}) as Json

  /** From the start to a promotion and a deletion: at each weight, every port leads to its own container port; no request since `begun` failed. */
  async function expectEachPortThroughout(
    leads: Readonly<Record<string, unknown>>,
    next: Json,
    begun: number,
  ): Promise<void> {
    const hosts = Object.entries(leads)
    for (const [host] of hosts) world.mesh.load({ host, namespace: 'shop', perSecond: 100 })
    const expectSplit = (canary: number): void => {
      for (const [host, port] of hosts) {
        const primary = [`web-primary ${100 - canary} → ${String(port)}`]
        expect(reached(world, host), host).to.deep.equal(
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
    for (const [host, port] of hosts) expect(reached(world, host), host).to.deep.equal([`web 100 → ${String(port)}`])
    expect(world.mesh.failures(begun), 'requests that no pod answered').to.equal(0)
  }

  test('F1: every port of an adopted Service leads to its own container port, on both sides and after a deletion', async () => {
    const begun = await deployed(world, TWO, { ports: F1_PORTS }, {})
    await expectEachPortThroughout({ 'web:80': 8080, 'web:9090': 9091 }, containers('demo/web:1.1.0', TWO), begun)
    expect(
      recordsOf(portsOf(world, 'web')).map(port => [port['name'], port['port'], port['targetPort']]),
    ).to.deep.equal([
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
    const begun = await deployed(
      world,
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
        recordsOf(portsOf(world, name)).map(port => [
          port['name'],
          port['port'],
          port['protocol'],
          port['appProtocol'],
        ]),
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
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { ports: [...(portsOf(world, 'web') as object[]), more] } })
    await world.clock.advance(3000)
    const two = (port: unknown): string[] => [`web-primary 75 → ${String(port)}`, `web-canary 25 → ${String(port)}`]
    expect(reached(world, 'web:8081')).to.deep.equal(two(8080))
    expect(reached(world, 'web:8000')).to.deep.equal(two('admin'))
    await world.until('Succeeded')
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    // What is the user's stays, what was ours goes.
    expect(recordsOf(portsOf(world, 'web')).map(port => port['port'])).to.deep.equal([8000, 80, 53, 8081])
    expect(world.object(kinds.Service, 'web')?.metadata.annotations ?? {}).to.deep.equal({})
    expect(world.mesh.failures(begun), 'requests that no pod answered').to.equal(0)
  })

  for (const moment of ['at rest', 'in a run'] as const) {
    test(`F1, other values: a Service that is deleted ${moment} comes back with all that it said, and still is the user's`, async () => {
      const ports = [...F1_PORTS, { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' }]
      const said = {
        internalTrafficPolicy: 'Local',
        trafficDistribution: 'PreferClose',
        publishNotReadyAddresses: true,
      }
      const metadata = { labels: { team: 'a' }, annotations: { 'networking.istio.io/exportTo': '.' } }
      await deployed(world, TWO, { ports, ...said }, { service: { port: 80 } }, metadata)
      world.start()
      await world.until('Initialized')
      await world.clock.advance(20_000)
      if (moment === 'in a run') {
        world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', TWO))
        await world.until('Progressing 25')
      }
      const sides = [spec('web-primary'), spec('web-canary')]
      world.user.delete(kinds.Service, 'shop', 'web')
      await world.clock.advance(5000)
      expect([spec('web-primary'), spec('web-canary')]).to.deep.equal(sides)
      const back = world.object(kinds.Service, 'web')
      expect(spec('web')).to.deep.include({ ...said, ports: sides[0]?.['ports'] })
      expect(back?.metadata.annotations).to.include(metadata.annotations)
      expect(back?.metadata.labels ?? {}).not.to.have.property('sluice.dev/canary')
      expect(reached(world, 'web:9090')[0]).to.match(/^web-primary \d+ → 9091$/)
      world.user.merge(kinds.Service, 'shop', 'web', {
        spec: { ports: [{ name: 'http', port: 80, targetPort: 9091 }] },
      })
      await world.clock.advance(5000)
      expect(portsOf(world, 'web-canary')).to.deep.equal([
        { name: 'http', port: 80, targetPort: 9091, protocol: 'TCP' },
      ])
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
      expect(reached(world, 'web')).to.deep.equal(['web 100 → 9091'])
    })
  }

  test('F1, other values: ports that are discovered, or no longer, in a release are nobody’s edit of the Service', async () => {
    const declared = [...TWO, { name: 'old', containerPort: 7000 }]
    await deployed(world, declared, {}, { service: { port: 80, portDiscovery: true } })
    world.start()
    await world.until('Initialized')
    const next = [...TWO, { name: 'new', containerPort: 7001 }]
    world.user.merge(kinds.Deployment, 'shop', 'web', containers('demo/web:1.1.0', next))
    await world.until('Succeeded')
    await world.clock.advance(10_000)
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(recordsOf(portsOf(world, name)).map(({ port }) => port)).to.have.members([80, 9091, 7001])
    }
    expect(world.events().filter(event => event.startsWith('EditReverted'))).to.deep.equal([])
  })

  test('F1, other values: a port that is edited before there is a Service leaves nothing of the one before', async () => {
    world.deploy()
    world.user.delete(kinds.Service, 'shop', 'web')
    world.start()
    await world.clock.advance(5000)
    world.canary()
    await world.clock.runUntil(() => world.object(kinds.Service, 'web-primary') !== null, 60_000)
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { port: 8080 } } })
    await world.until('Initialized')
    for (const name of ['web', 'web-primary', 'web-canary'])
      expect(portsOf(world, name), name).to.deep.equal([
        { name: 'http', port: 8080, targetPort: 8080, protocol: 'TCP' },
      ])
    expect(world.object(kinds.Service, 'web')?.metadata.labels).to.include({ 'sluice.dev/canary': 'web' })
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
    const begun = await deployed(world, TWO, { ports: F1_PORTS }, listing)
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
    await deployed(world, TWO, { ports: F1_PORTS }, listing)
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
      world,
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
      expect(recordsOf(portsOf(world, name))[0], name).to.include({ name: 'grpc-api', port: 80, targetPort: 8080 })
      expect(world.object(kinds.Service, name)?.metadata.annotations, name).to.include({
        'networking.istio.io/exportTo': '.,istio-system',
      })
    }
  })

  test('F6, other values: appProtocol, affinity, unready pods and waypoints follow, also later; what the Canary says wins; what tracks does not follow', async () => {
    const affinity = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
    await deployed(
      world,
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
      expect(recordsOf(portsOf(world, name))[0], name).to.include({
        name: 'http-api',
        appProtocol: 'kubernetes.io/h2c',
      })
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
    expect(recordsOf(portsOf(world, 'web'))[0]).to.include({ name: 'api' })

    // The Canary says no more of it: the Service that was there does.
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { service: { trafficDistribution: null, portName: null } } })
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { sessionAffinity: 'None', sessionAffinityConfig: null } })
    await world.clock.advance(5000)
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(spec(name), name).to.include({ trafficDistribution: 'PreferClose', sessionAffinity: 'None' })
      expect(spec(name), name).not.to.have.property('sessionAffinityConfig')
      expect(recordsOf(portsOf(world, name))[0], name).to.include({ name: 'api' })
    }
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
    const begun = world.clock.now()
    world.canary({ service: { port: 80, portDiscovery: true } })
    world.start()
    await world.until('Initialized')
    expect(reached(world, 'web')).to.deep.equal(['web-primary 100 → auth'])
    expect(
      recordsOf(portsOf(world, 'web-canary')).map(port => [port['name'], port['port'], port['targetPort']]),
    ).to.deep.equal([
      ['http', 80, 'auth'],
      ['http-8080', 8080, 8080],
    ])
    expect(world.mesh.failures(begun)).to.equal(0)
  })
})
