/** Routes of others around a release, on real proxies: ways past the split, notations of a gateway, one host for several. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { expectNoFailure, expectShares } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { gatewayName, publicGateway, publicPort } from '../../lab/edge.ts'
import type { Lab } from '../../lab/lab.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const quick = { stepWeights: [20, 60], interval: '4s' }
const [gatewayNamespace = '', gateway = ''] = gatewayName.split('/')

const virtualService = (name: string, spec: object): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name },
  spec,
})
const to = (host: string) => ({ route: [{ destination: { host } }] })
const apexOf = (shop: Shop): string => `web.${shop.namespace}.svc.cluster.local`

suite('Past the split', () => {
  /** The Canary is refused with this sentence, and callers go on as before it. */
  const expectConflict = async (shop: Shop, timeline: ReturnType<Shop['timeline']>, message: string): Promise<void> => {
    const told = await waitFor('the Canary is stalled', 30, () =>
      timeline.moments.find(({ reason }) => reason === 'Conflict'),
    )
    expect(told).to.include({ phase: 'Initializing', message })
    expect(await shop.get(kinds.Deployment, 'web-primary')).to.equal(undefined)
    expect(await shop.get(kinds.VirtualService, 'web')).to.equal(undefined)
    expect((await shop.get(kinds.Service, 'web'))?.['spec']).to.deep.include({ selector: { app: 'web' } })
  }

  const ownGateway = async (shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    await shop.apply(
      virtualService('edge', { hosts: [shop.hostAtGateway], gateways: [gatewayName], http: [to(apexOf(shop))] }),
    )
    await shop.reachable('gateway')
    const callers = shop.load('gateway', { rate: 80 })
    const before = shop.timeline({ virtualService: 'edge' })
    // As in the README: nothing about gateways.
    await shop.apply(shop.canary({ service: { gateways: undefined, hosts: undefined }, analysis: quick }))
    await expectConflict(
      shop,
      before,
      `VirtualService ${shop.namespace}/edge routes requests at gateway ${gatewayName} to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: edge}], or lead the route to another Service.`,
    )
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(60))
    await before.stop()

    const timeline = shop.timeline({ virtualService: 'edge' })
    const service = { gateways: undefined, hosts: undefined, virtualServices: [{ name: 'edge' }] }
    await shop.apply(shop.canary({ service, analysis: quick }))
    await timeline.untilPhase('Initialized', 90)
    const since = await shop.setImage('v9')
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
    expectShares(timeline, 'v9', since, callers)
    expectNoFailure(callers)
  }

  const notations = async (shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    const old = virtualService('old', { hosts: [shop.hostAtGateway], gateways: [gatewayName], http: [to('web')] })
    await shop.apply(old)
    await shop.reachable('gateway')
    const callers = shop.load('gateway', { rate: 80 })
    const timeline = shop.timeline()
    const gateways = [`${gateway}.${gatewayNamespace}.svc.cluster.local`, 'mesh']
    await shop.apply(shop.canary({ service: { gateways }, analysis: quick }))
    await expectConflict(
      shop,
      timeline,
      `VirtualService ${shop.namespace}/old routes requests at gateway ${gatewayName} to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: old}], or lead the route to another Service.`,
    )
    // Until our VirtualService is there, the gateway has no route for the host.
    const moved = JSON.stringify({ spec: { http: [to('nowhere')], hosts: [`old.${shop.hostAtGateway}`] } })
    await callers.stop()
    expectNoFailure(callers)
    await shop.kubectl('patch', 'virtualservice', 'old', '--type=merge', '-p', moved)
    await timeline.untilPhase('Initialized', 90)
    await shop.reachable('gateway')
    const again = shop.load('gateway', { rate: 80 })
    const client = shop.load('client', { rate: 80 })
    const since = await shop.setImage('v9')
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
    expectShares(timeline, 'v9', since, again, client)
    expectNoFailure(again, client)
  }

  const oneHost = async (shop: Shop, people: Shop): Promise<void> => {
    const host = shop.hostAtGateway
    await Promise.all([shop.deployWeb({ version: 'v1' }), people.deployWeb({ version: 'people' })])
    const users = { match: [{ uri: { prefix: '/users' } }], ...to('web') }
    await people.apply(virtualService('users', { hosts: [host], gateways: [gatewayName], http: [users] }))
    const timeline = shop.timeline()
    const match = [{ uri: { prefix: '/orders' } }]
    await shop.apply(shop.canary({ service: { match }, analysis: quick }))
    await timeline.untilPhase('Initialized', 90)
    await people.reachable('client')
    await shop.reachable('client')
    const orders = shop.load('gateway', { rate: 80, path: '/orders/7' })
    const ofPeople = shop.load('gateway', { rate: 40, path: '/users/7' })
    const client = shop.load('client', { rate: 80, path: '/orders/7' })
    const leftOut = shop.load('client', { rate: 40, path: '/health' })
    const nobodys = shop.load('gateway', { rate: 10, path: '/health' })
    const since = await shop.setImage('v9')
    const { decidedAt } = await timeline.untilPhase('Promoting', 120, since)
    await timeline.untilPhase('Succeeded', 120, since)
    expectShares(timeline, 'v9', since, orders, client)
    expect(ofPeople.versions(), 'another path of the host').to.have.all.keys('people')
    expect(leftOut.versions(since, decidedAt), 'what `match` leaves out, in the mesh').to.have.all.keys('v1')
    expect(nobodys.between(0).every(({ status }) => status === 404)).to.equal(true)
    expectNoFailure(orders, ofPeople, client, leftOut)
  }

  const elsewhere = async (shop: Shop, team: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    await team.apply(
      virtualService('edge', { hosts: [shop.hostAtGateway], gateways: [gatewayName], http: [to(apexOf(shop))] }),
    )
    await shop.reachable('gateway')
    const bypassing = shop.load('gateway', { rate: 80 })
    const timeline = shop.timeline()
    await shop.apply(shop.canary({ service: { gateways: ['mesh'], hosts: undefined }, analysis: quick }))
    await timeline.untilPhase('Initialized', 90)
    const client = shop.load('client', { rate: 80 })
    const since = await shop.setImage('v9')
    const { decidedAt } = await timeline.untilPhase('Promoting', 120, since)
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
    expectShares(timeline, 'v9', since, client)
    expect(bypassing.versions(since, decidedAt), 'past the split').to.have.all.keys('v1')
    expectNoFailure(client, bypassing)
    const status = (await shop.get(kinds.Canary, 'web'))?.['status']
    expect((status as { warnings?: unknown } | undefined)?.warnings).to.deep.equal([
      {
        reason: 'Bypassed',
        message: `VirtualService ${team.namespace}/edge routes requests at gateway ${gatewayName} to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them`,
      },
    ])
  }

  /** Of the other API: requests there look as if the canary should have had a share of them. */
  const byHttpRoute = async (shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    await shop.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'edge' },
      spec: {
        parentRefs: [publicGateway],
        hostnames: [shop.hostAtGateway],
        rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
      },
    })
    await shop.reachable('gateway', 20, { port: publicPort })
    const bypassing = shop.load('gateway', { rate: 160, port: publicPort })
    const timeline = shop.timeline()
    const service = { gateways: undefined, hosts: undefined }
    await shop.apply(shop.canary({ service, analysis: { ...quick, threshold: 2 } }))
    await timeline.untilPhase('Initialized', 90)
    const since = await shop.setImage('v9')
    await timeline.untilReason('MetricsUnavailable', 90, since)
    // The canary was due more than 1,000 requests by what the primary gets.
    const from = Date.now()
    await bypassing.answered(5000, from)
    const held = (await shop.get(kinds.Canary, 'web'))?.['status'] as {
      phase?: string
      canaryWeight?: number
      failedChecks?: number
      warnings?: unknown
    }
    expect(held).to.include({ phase: 'Progressing', canaryWeight: 20, failedChecks: 0 })
    expect(held.warnings).to.deep.equal([
      {
        reason: 'Bypassed',
        message: `HTTPRoute ${shop.namespace}/edge leads requests at Gateway ${publicGateway.namespace}/${publicGateway.name} to Service web directly and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them`,
      },
    ])
    const client = shop.load('client', { rate: 80 })
    const { decidedAt } = await timeline.untilPhase('Promoting', 120, since)
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
    expect(bypassing.versions(since, decidedAt), 'past the split').to.have.all.keys('v1')
    expectNoFailure(client, bypassing)
  }

  const alias = (name: string, of: Shop): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    // Istiod takes an alias for the Service at listeners of these ports alone (https://github.com/istio/istio/issues/61519).
    spec: {
      type: 'ExternalName',
      externalName: apexOf(of),
      ports: [80, 8080].map(port => ({ name: `http-${port}`, port })),
    },
  })

  /** An alias is one more name of the Service at callers in the mesh; a route to it leads to the Service itself, past the weights. */
  const byAlias = async (shop: Shop, team: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    const backend = { service: { name: 'web', port: { number: 80 } } }
    const paths = [{ path: '/', pathType: 'Prefix', backend }]
    await shop.apply(alias('shop', shop), {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'front' },
      spec: { rules: [{ host: shop.hostAtGateway, http: { paths } }] },
    })
    const http = [{ route: [{ destination: { host: 'theirs', port: { number: 80 } } }] }]
    await team.apply(
      alias('theirs', shop),
      virtualService('edge', { hosts: [shop.hostAtGateway], gateways: [gatewayName], http }),
    )
    const timeline = shop.timeline()
    await shop.apply(shop.canary({ service: { gateways: ['mesh'], hosts: undefined }, analysis: quick }))
    await timeline.untilPhase('Initialized', 90)
    const names = [shop.hostInMesh('web'), shop.hostInMesh('shop'), team.hostInMesh('theirs')]
    for (const host of names) await shop.reachable('client', 60, { host })
    await shop.reachable('gateway')
    const callers = names.map(host => shop.load('client', { rate: 80, host }))
    const bypassing = shop.load('gateway', { rate: 80 })
    const since = await shop.setImage('v9')
    const { decidedAt } = await timeline.untilPhase('Promoting', 120, since)
    await timeline.untilPhase('Succeeded', 120, since)
    expectShares(timeline, 'v9', since, ...callers)
    expect(bypassing.versions(since, decidedAt), 'past the split').to.have.all.keys('v1')
    expectNoFailure(...callers, bypassing)
    const status = (await shop.get(kinds.Canary, 'web'))?.['status'] as { warnings?: { message: string }[] } | undefined
    expect(status?.warnings?.map(({ message }) => message)).to.deep.equal([
      `VirtualService ${team.namespace}/edge routes requests at gateway ${gatewayName} to Service ${team.namespace}/theirs, which is Service web, and bypasses the traffic split. These requests never reach the canary, and traffic checks ignore them`,
      `Ingress ${shop.namespace}/front brings requests from outside of the mesh to Service web that bypass the traffic split. These requests never reach the canary, and traffic checks ignore them. To split them, serve their hosts at a Gateway: service.gateways and service.hosts`,
    ])
  }

  const two =
    (run: (shop: Shop, other: Shop) => Promise<void>) =>
    async (world: Lab): Promise<void> =>
      Shop.within(world, 'past', async shop => Shop.within(world, 'other', async other => run(shop, other)))

  together([
    {
      name: 'F5: a VirtualService at the gateway stops the start, and the entry that it offers carries the split',
      run: async world => Shop.within(world, 'past', ownGateway),
    },
    {
      name: 'F14: an older notation is the same gateway, and callers there meet the split',
      run: async world => Shop.within(world, 'past', notations),
    },
    {
      name: 'F5, other values: an HTTPRoute at a Gateway is a warning, and no verdict on the candidate',
      run: async world => Shop.within(world, 'past', byHttpRoute),
    },
    {
      name: 'F5, other values: callers by an alias meet the split; a route to one, and an Ingress, are warnings',
      run: two(byAlias),
    },
    { name: 'F4: one host at a gateway, and each path for its own', run: two(oneHost) },
    { name: 'F5, other values: of another namespace it is a warning, and the release goes on', run: two(elsewhere) },
  ])
})
