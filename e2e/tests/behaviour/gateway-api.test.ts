/** Releases by HTTPRoutes, which istiod serves at a Gateway and in the mesh. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { expectNoFailure, expectNoneOf, expectShares } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import { connectionAt } from '../../lab/clusters.ts'
import { gatewayAt, publicGateway, publicPort } from '../../lab/edge.ts'
import type { Lab } from '../../lab/lab.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const port = publicPort
/** A run that stays at 50 % until it is approved, so that what a test does there meets it, however slow the machine is. */
const heldAt50 = [{ weight: 50, approve: true }, { weight: 60 }]
const atService = { kind: 'Service', name: 'web', port: 80 }

/** Fields of the service for an HTTPRoute with these parents. */
const service = (shop: Shop, ...gatewayRefs: object[]): object => ({
  gateways: undefined,
  hosts: [shop.hostAtGateway],
  gatewayRefs,
})

/** What the Canary says, once it says this reason. */
async function untilReason(shop: Shop, reason: string, message: RegExp): Promise<void> {
  await waitFor(`the Canary says ${reason}: ${message}`, 40, async () => {
    const status = ((await shop.get(kinds.Canary, 'web'))?.['status'] ?? {}) as { reason?: string; message?: string }
    return status.reason === reason && message.test(status.message ?? '')
  })
}

const released = async (shop: Shop): Promise<void> => {
  await shop.deployWeb({ version: 'v1' })
  await shop.reachable('client')
  const timeline = shop.timeline({ httpRoute: 'web' })
  const client = shop.load('client', { rate: 80 })
  const outlierDetection = { consecutive5xxErrors: 9, maxEjectionPercent: 0 }
  await shop.apply({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'web' },
    spec: { host: 'web', trafficPolicy: { outlierDetection } },
  })
  await shop.apply(
    shop.canary({
      provider: 'gatewayapi:v1',
      service: service(shop, publicGateway, atService),
      analysis: { stepWeights: [0.5, 10, 50], interval: '4s' },
    }),
  )
  await timeline.untilPhase('Initialized', 90)
  await shop.reachable('gateway', 20, { port })
  // What the user's rule says of the Service holds for what the route leads to, as Envoy has it.
  for (const name of ['web-primary', 'web-canary']) {
    await waitFor(`the client ejects pods of ${name} after 9 errors`, 20, async () => {
      const connection = await connectionAt(shop.lab, 'client', shop.hostInMesh(name))
      return connection?.ejectsAfter === 9
    })
  }
  const gateway = shop.load('gateway', { rate: 80, port })
  const { uid } = (await shop.get(kinds.HTTPRoute, 'web'))?.metadata ?? {}

  const since = await shop.setImage('v2')
  await timeline.untilPhase('Succeeded', 120, since)
  expect(timeline.weights(since)).to.deep.equal([0.5, 10, 50, 0])
  expectShares(timeline, 'v2', since, client, gateway)
  expectNoFailure(client, gateway)

  await shop.behave('v3', { errorRate: 1 })
  const bad = await shop.setImage('v3')
  await timeline.untilPhase('Failed', 120, bad)
  await waitFor('the pods of the target have ended', 30, async () => (await shop.webPods('target')).length === 0)
  const ended = Date.now()
  await client.answered(40, ended)
  expectNoneOf('v3', ended, Date.now(), client, gateway)

  // Handed back, the route leads to the Service, and is the one that was made first.
  await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=true', timeoutOf(90))
  const left = Date.now()
  await client.answered(40, left)
  await gateway.answered(40, left)
  expect([...client.failures(ended), ...gateway.failures(ended)]).to.deep.equal([])
  const route = await shop.get(kinds.HTTPRoute, 'web')
  expect(route?.metadata.uid).to.equal(uid)
  expect(JSON.stringify(route?.['spec'])).to.not.match(/web-(primary|canary)/)
}

const absent = async (shop: Shop): Promise<void> => {
  await shop.deployWeb({ version: 'v1' })
  const timeline = shop.timeline({ httpRoute: 'web' })
  const nowhere = { ...publicGateway, name: 'nowhere' }
  await shop.apply(
    shop.canary({ provider: 'gatewayapi:v1', service: service(shop, nowhere), analysis: { steps: heldAt50 } }),
  )
  await untilReason(shop, 'RouteNotAccepted', /^HTTPRoute .* has no answer from Gateway edge\/nowhere/)
  // One that does not let the route in has a reason.
  await shop.lab.kubectl.apply([gatewayAt('nowhere', port + 1, 'Same')])
  await untilReason(shop, 'RouteNotAccepted', /Accepted is False, NotAllowedByListeners .*allowedRoutes of a listener$/)
  await shop.lab.kubectl.apply([gatewayAt('nowhere', port + 1, 'All')])
  await timeline.untilPhase('Initialized', 60)
  await shop.reachable('gateway', 20, { port: port + 1 })

  shop.load('gateway', { rate: 40, port: port + 1 })

  // Taken away in a run, the weight is carried no longer, and the run holds.
  const since = await shop.setImage('v2')
  await timeline.untilWeight(50, 60, since)
  await shop.lab.kubectl.run('delete', 'gateways.gateway.networking.k8s.io', 'nowhere', '-n', publicGateway.namespace)
  await untilReason(shop, 'RouteNotAccepted', /has no answer from Gateway edge\/nowhere/)
  expect(timeline.last?.phase).to.equal('Progressing')
  await shop.lab.kubectl.apply([gatewayAt('nowhere', port + 1, 'All')])
  await untilReason(shop, 'WaitingForApproval', /50/)
  await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 the Gateway is back')
  await timeline.untilPhase('Succeeded', 90, since)
}

/** How often another writer edits the route in a release. */
const EDITS = 100

const users = async (shop: Shop): Promise<void> => {
  await shop.deployWeb({ version: 'v1' })
  await shop.apply(shop.service({ name: 'idle' }))
  const backendRefs = [{ name: 'web', port: 80 }]
  const route = (kind: string, name: string, parentRefs: object[], more: object): KubeObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: { name, labels: { split: 'web' } },
    spec: { parentRefs, ...more },
  })
  const parents = [publicGateway, { group: '', ...atService }]
  const filters = [
    { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-route', value: 'main' }] } },
  ]
  const teapot = {
    name: 'away',
    matches: [{ path: { type: 'Exact', value: '/away' } }],
    filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'elsewhere.example.com' } }],
  }
  const main = { name: 'main', filters, backendRefs }
  await shop.apply(
    route('HTTPRoute', 'ours', parents, { hostnames: [shop.hostAtGateway], rules: [teapot, main] }),
    // Nobody calls this Service: these are here for their weights.
    ...['GRPCRoute', 'TCPRoute', 'TLSRoute'].map(kind =>
      route(kind, 'ours', [{ group: '', kind: 'Service', name: 'idle', port: 80 }], {
        ...(kind === 'TLSRoute' ? { hostnames: ['idle.example.com'] } : {}),
        rules: [{ backendRefs }],
      }),
    ),
  )
  const before = await shop.get(kinds.HTTPRoute, 'ours')
  const timeline = shop.timeline({ httpRoute: 'ours' })
  await shop.reachable('client')
  await shop.reachable('gateway', 20, { port })
  const loads = [shop.load('client', { rate: 80 }), shop.load('gateway', { rate: 80, port })]
  const routes = [
    { name: 'ours', rules: [{ name: 'main' }] },
    { kind: 'GRPCRoute', name: 'ours' },
    ...['TCPRoute', 'TLSRoute'].map(kind => ({ kind, selector: { matchLabels: { split: 'web' } } })),
  ]
  await shop.apply(
    shop.canary({
      provider: 'gatewayapi:v1',
      service: { gateways: undefined, hosts: undefined, routes },
      analysis: { stepWeights: [10, 50], interval: '4s' },
    }),
  )
  await timeline.untilPhase('Initialized', 90)
  const since = await shop.setImage('v2')
  const edited = (async () => {
    for (let edit = 1; edit <= EDITS; edit += 1) {
      const value = { set: [{ name: 'x-route', value: `main-${edit}` }] }
      await shop.kubectl(
        'patch',
        'httproutes.gateway.networking.k8s.io',
        'ours',
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'replace', path: '/spec/rules/1/filters/0/responseHeaderModifier', value }]),
      )
    }
  })()
  await timeline.untilPhase('Succeeded', 180, since)
  await edited
  await waitFor('the canary has left the routes', 20, async () =>
    (
      await Promise.all(
        [kinds.HTTPRoute, kinds.GRPCRoute, kinds.TCPRoute, kinds.TLSRoute].map(kind => shop.get(kind, 'ours')),
      )
    ).every(one => !JSON.stringify(one?.['spec']).includes('web-canary')),
  )
  expect(timeline.weights(since)).to.deep.equal([10, 50, 0])
  expectShares(timeline, 'v2', since, ...loads)
  expectNoFailure(...loads)
  const after = await shop.get(kinds.HTTPRoute, 'ours')
  const last = JSON.stringify(after?.['spec']).replace(`main-${EDITS}`, 'main')
  expect(JSON.parse(last)).to.deep.equal(before?.['spec'])
}

const besideVirtualService = async (shop: Shop): Promise<void> => {
  await shop.deployWeb({ version: 'v1' })
  const virtualService = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'old' },
    spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }] }] },
  } satisfies KubeObject
  await shop.apply(virtualService)
  await shop.apply(
    shop.canary({
      provider: 'gatewayapi:v1',
      revertOnDeletion: true,
      service: { gateways: undefined, hosts: undefined },
    }),
  )
  await untilReason(shop, 'Conflict', /^VirtualService .*\/old is for requests in the mesh to Service web/)
  expect(await shop.get(kinds.HTTPRoute, 'web')).to.equal(undefined)
  const timeline = shop.timeline({ httpRoute: 'web' })
  await shop.kubectl('delete', 'virtualservice', 'old')
  await timeline.untilPhase('Initialized', 90)
  await shop.kubectl('delete', 'canaries.sluice.dev/web', '--wait=true', timeoutOf(90))
  expect(await shop.get(kinds.HTTPRoute, 'web')).to.equal(undefined)
}

const scenario = (name: string, run: (shop: Shop) => Promise<void>): Scenario => ({
  name,
  run: async (world: Lab) => Shop.within(world, 'http-route', run),
})

suite('A release by the Gateway API', () => {
  together([
    scenario('is split at a Gateway and in the mesh; a bad one is rolled back; the route is handed back', released),
    scenario('waits for a Gateway that is absent, or does not let the route in, and says so', absent),
    scenario('shifts weights in routes of the user, which another writer edits 100 times meanwhile', users),
    scenario('does not begin beside a VirtualService for the same requests', besideVirtualService),
  ])
})
