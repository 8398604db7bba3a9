/** A Service with several ports: requests to each come out at its own port of the pods, whichever side carries them. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { fits, type Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { together } from '../../fixtures/together.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

/** Port of the Service → port of the application, behind the proxy of its pod. */
const LEADS = { 80: 18080, 9090: 19091, 7000: 17001, 9444: 19444 } as const
type Port = keyof typeof LEADS

suite('A Service with several ports', () => {
  /** The Deployment with more ports, and a proxy that takes them over; 7001 is passed on as bytes, so that HTTP/1 would fail there. */
  const ofManyPorts = async (shop: Shop): Promise<KubeObject> => {
    const deployment = shop.deployment()
    const spec = deployment['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } }
    Object.assign(spec.template.spec.containers[0] ?? {}, {
      env: [{ name: 'MORE_PORTS', value: '19091,17001/h2,19444' }],
      ports: [
        { name: 'http', containerPort: 8080 },
        { containerPort: 9091 },
        { name: 'api', containerPort: 7001 },
        { name: 'http-extra', containerPort: 9444 },
      ],
    })
    const through = (number: number, protocol: string, to: number): object => ({
      port: { number, protocol, name: `${protocol.toLowerCase()}-${number}` },
      defaultEndpoint: `0.0.0.0:${to}`,
    })
    await shop.apply({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'in-mesh' },
      spec: {
        workloadSelector: { labels: { mesh: 'in' } },
        ingress: [
          through(8080, 'HTTP', 18080),
          through(9091, 'HTTP', 19091),
          through(7001, 'TCP', 17001),
          through(9444, 'HTTP', 19444),
        ],
        egress: [{ hosts: ['~/*'] }],
      },
    })
    return deployment
  }

  const service = (shop: Shop): KubeObject => ({
    ...shop.service(),
    spec: {
      selector: { app: 'web' },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'http-admin', port: 9090, targetPort: 9091 },
        { name: 'api', port: 7000, targetPort: 'api', appProtocol: 'grpc' },
      ],
    },
  })

  /** Resolves when ten requests in a row to the port were answered from where it leads. */
  const answers = async (shop: Shop, port: number, from: number): Promise<true> =>
    waitFor(`port ${port} answers from ${from}`, 30, async () => {
      const load = shop.load('client', { port, rate: 100, seconds: 0.1 })
      await load.ended
      return load.between(0).length > 0 && load.failures().length === 0 && (load.ports()[from] ?? 0) > 0
        ? true
        : undefined
    })

  const expectPort = (load: Load, port: number): void => {
    expectNoFailure(load)
    expect(Object.keys(load.ports()), `ports that answered`).to.deep.equal([String(port)])
  }

  /** Releases v2 at weight 50, of which each load meets its share. */
  const promoted = async (shop: Shop, timeline: Timeline, loads: readonly Load[]): Promise<void> => {
    const since = await shop.setImage('v2')
    const carried = await timeline.untilWeight(50, 60, since)
    const from = await timeline.untilReached(carried, 'client')
    const promoting = await timeline.untilPhase('Promoting', 60, from)
    for (const load of loads) expect(fits(load.share('v2', from, promoting.decidedAt), 50)).to.equal(true)
    await timeline.untilPhase('Succeeded', 90, from)
  }

  const adopted = async (shop: Shop): Promise<void> => {
    await shop.apply(await ofManyPorts(shop), service(shop))
    await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
    const ports = [80, 9090, 7000] as const
    for (const port of ports) await answers(shop, port, LEADS[port])
    const loads = new Map<Port, Load>(ports.map(port => [port, shop.load('client', { port, rate: 40 })]))

    const timeline = shop.timeline()
    await shop.apply(shop.canary({ service: { portDiscovery: true }, analysis: { stepWeights: [50], interval: '6s' } }))
    await timeline.untilPhase('Initialized', 90)
    await shop.reachable('gateway')
    const gateway = shop.load('gateway', { rate: 40 })
    await answers(shop, 9444, LEADS[9444])
    loads.set(9444, shop.load('client', { port: 9444, rate: 40 }))

    const since = await shop.setImage('v2')
    const carried = await timeline.untilWeight(50, 60, since)
    const from = await timeline.untilReached(carried, 'client')
    // A port that comes in the middle of a run is split as well.
    const more = JSON.stringify([
      { op: 'add', path: '/spec/ports/-', value: { name: 'http-more', port: 9555, targetPort: 9091 } },
    ])
    await shop.kubectl('patch', 'service', 'web', '--type=json', '-p', more)
    await answers(shop, 9555, LEADS[9090])
    const late = shop.load('client', { port: 9555, rate: 40 })
    const promoting = await timeline.untilPhase('Promoting', 60, from)
    for (const [port, load] of loads) {
      const share = load.share('v2', from, promoting.decidedAt)
      expect(fits(share, 50), `v2 got ${share.percent.toFixed(1)} % of ${share.of} at port ${port}`).to.equal(true)
    }
    await timeline.untilPhase('Succeeded', 90, from)

    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(90))
    const left = (await shop.get(kinds.VirtualService, 'web'))?.['spec'] as { http: { route: unknown[] }[] }
    expect(JSON.stringify(left.http)).not.to.include('-canary').and.not.to.include('-primary')
    const gone = Date.now()
    await waitFor('requests after the deletion', 20, () =>
      [...loads.values(), gateway, late].every(load => load.between(gone).length > 20) ? true : undefined,
    )
    await Promise.all([...loads.values(), gateway, late].map(load => load.stop()))
    for (const [port, load] of loads) expectPort(load, LEADS[port])
    expectPort(gateway, LEADS[80])
    expectPort(late, LEADS[9090])
  }

  const routed = async (shop: Shop): Promise<void> => {
    const front = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'front' },
      spec: {
        hosts: ['web'],
        http: [
          {
            name: 'admin',
            match: [{ uri: { prefix: '/admin' } }],
            route: [{ destination: { host: 'web', port: { number: 9090 } } }],
          },
          { name: 'main', route: [{ destination: { host: 'web', port: { number: 80 } } }] },
        ],
      },
    }
    await shop.apply(await ofManyPorts(shop), service(shop), front)
    await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
    await shop.reachable('client')
    const main = shop.load('client', { rate: 40 })
    await waitFor('the route to the admin port', 20, async () => {
      const load = shop.load('client', { path: '/admin', rate: 100, seconds: 0.1 })
      await load.ended
      return (load.ports()[LEADS[9090]] ?? 0) > 5 ? true : undefined
    })
    const admin = shop.load('client', { path: '/admin', rate: 40 })
    const timeline = shop.timeline({ virtualService: 'front' })
    const listed = { gateways: undefined, hosts: undefined, virtualServices: [{ name: 'front' }] }
    await shop.apply(shop.canary({ service: listed, analysis: { stepWeights: [50], interval: '6s' } }))
    await timeline.untilPhase('Initialized', 90)
    await promoted(shop, timeline, [main, admin])
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(90))
    await Promise.all([main.stop(), admin.stop()])
    expectPort(main, LEADS[80])
    expectPort(admin, LEADS[9090])
  }

  /** The port of the Canary is HTTP/2 by its name alone, and the Canary says nothing of it. */
  const named = async (shop: Shop): Promise<void> => {
    const ports = [
      { name: 'admin', port: 9090, targetPort: 9091, appProtocol: 'http' },
      { name: 'grpc-api', port: 80, targetPort: 'api' },
    ]
    const users = { ...shop.service(), spec: { selector: { app: 'web' }, ports } }
    await shop.apply(await ofManyPorts(shop), users)
    await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
    await answers(shop, 80, LEADS[7000])
    await answers(shop, 9090, LEADS[9090])
    const [main, admin] = [80, 9090].map(port => shop.load('client', { port, rate: 40 }))
    if (main === undefined || admin === undefined) throw new Error('two loads were started')
    const timeline = shop.timeline()
    // The proxy of a pod that takes a port over as bytes tells of no requests to it.
    const metrics = [{ name: 'always', query: 'vector(1)', thresholdRange: { min: 1 }, interval: '10s' }]
    const analysis = { stepWeights: [50], interval: '6s', metrics }
    await shop.apply(shop.canary({ service: { targetPort: undefined }, analysis, revertOnDeletion: true }))
    await timeline.untilPhase('Initialized', 90)
    await shop.reachable('gateway')
    const gateway = shop.load('gateway', { rate: 40 })
    await promoted(shop, timeline, [main, admin])
    // With the Canary goes its VirtualService, and with that the host at the gateway.
    await gateway.stop()
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(90))
    const gone = Date.now()
    await waitFor('requests after the deletion', 20, () =>
      [main, admin].every(load => load.between(gone).length > 20) ? true : undefined,
    )
    await Promise.all([main.stop(), admin.stop()])
    expectPort(main, LEADS[7000])
    expectPort(gateway, LEADS[7000])
    expectPort(admin, LEADS[9090])
    expect((await shop.get(kinds.Service, 'web'))?.spec).to.deep.include({ selector: { app: 'web' } })
  }

  together([
    {
      name: 'every port of an adopted Service leads to its own port of the pods at every weight, gRPC stays HTTP/2, and so it is after a deletion',
      run: async world => Shop.within(world, 'ports', adopted),
    },
    {
      name: "a route of the user's to another port meets both sides there",
      run: async world => Shop.within(world, 'admin', routed),
    },
    {
      name: 'other values: a port that is gRPC by its name alone, of which the Canary says nothing, stays HTTP/2 on both sides',
      run: async world => Shop.within(world, 'named', named),
    },
  ])
})
