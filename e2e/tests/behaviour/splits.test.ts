/** The three ways to split, and the two ways to label the primary. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { expectNoFailure, expectShares } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import { canaryService, type IsCanary } from '../../fixtures/timeline.ts'
import { gatewayName } from '../../lab/edge.ts'
import { waitFor } from '../../lab/wait.ts'

/** What a user has before the Canary, and what the Canary says of it. */
interface Way {
  readonly name: string
  readonly labels: 'keep' | 'switch'
  readonly before: (shop: Shop) => KubeObject[]
  readonly service: object
  readonly virtualService: string
  readonly isCanary: IsCanary
  /** Labels of the target's pods, beside those of its selector. */
  readonly podLabels?: Record<string, string>
}

const ownVirtualService = (shop: Shop, apiVersion: string, route: object[]): KubeObject => ({
  apiVersion: `networking.istio.io/${apiVersion}`,
  kind: 'VirtualService',
  metadata: { name: 'shop-routes', namespace: shop.namespace, labels: { team: 'shop' } },
  spec: {
    hosts: ['web', shop.hostAtGateway],
    gateways: [gatewayName, 'mesh'],
    http: [
      {
        name: 'teapot',
        match: [{ uri: { prefix: '/teapot' } }],
        directResponse: { status: 418 },
      },
      {
        name: 'main',
        match: [{ uri: { prefix: '/' } }],
        timeout: '7s',
        headers: { response: { set: { 'x-route': 'main' } } },
        route,
      },
    ],
  },
})

const ownRule = (shop: Shop): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'versions', namespace: shop.namespace },
  spec: {
    host: 'web',
    trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 1000 } } },
    subsets: [
      { name: 'stable', labels: { version: 'v1' } },
      { name: 'next', labels: { version: 'v2' } },
    ],
  },
})

const ours = { service: {}, virtualService: 'web', isCanary: canaryService }
const listed = {
  service: {
    gateways: undefined,
    hosts: undefined,
    virtualServices: [{ name: 'shop-routes', routes: [{ name: 'main' }] }],
  },
  virtualService: 'shop-routes',
}
const destinationRule = { name: 'versions', primarySubset: 'stable', canarySubset: 'next' }
const next: IsCanary = ({ subset }) => subset === 'next'

const ways: readonly Way[] = [
  { name: 'objects that Sluice makes', labels: 'switch', before: () => [], ...ours },
  {
    name: "weights in the user's own VirtualService",
    labels: 'keep',
    before: shop => [ownVirtualService(shop, 'v1beta1', [{ destination: { host: 'web' } }])],
    isCanary: canaryService,
    ...listed,
  },
  {
    name: "weights in the user's own VirtualService",
    labels: 'switch',
    before: shop => [
      ownVirtualService(shop, 'v1alpha3', [{ destination: { host: 'web', port: { number: 80 } }, weight: 100 }]),
    ],
    isCanary: canaryService,
    ...listed,
  },
  {
    name: "the user's subsets with the user's VirtualService",
    labels: 'keep',
    before: shop => [
      ownRule(shop),
      ownVirtualService(shop, 'v1', [
        { destination: { host: 'web', subset: 'stable' }, weight: 0 },
        { destination: { host: 'web', subset: 'next' }, weight: 100 },
      ]),
    ],
    virtualService: listed.virtualService,
    service: { ...listed.service, destinationRule },
    isCanary: next,
    podLabels: { version: 'v2' },
  },
  {
    name: "the user's subsets with a VirtualService that Sluice makes",
    labels: 'keep',
    before: shop => [ownRule(shop)],
    virtualService: 'web',
    service: { destinationRule },
    isCanary: next,
    podLabels: { version: 'v2' },
  },
]

/** A VirtualService without what the controller may change: destinations and weights. */
function restOf(virtualService: KubeObject | undefined): unknown {
  if (virtualService === undefined) return undefined
  const { http, ...spec } = virtualService['spec'] as { http: Record<string, unknown>[] }
  return { labels: virtualService.metadata.labels, spec, routes: http.map(route => ({ ...route, route: 'any' })) }
}

suite('A release is split', () => {
  const split = async (way: Way, shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1', ...(way.podLabels === undefined ? {} : { labels: way.podLabels }) })
    const before = way.before(shop)
    if (before.length > 0) await shop.apply(...before)
    const timeline = shop.timeline({ virtualService: way.virtualService, isCanary: way.isCanary })
    const original = await shop.get(kinds.VirtualService, way.virtualService)
    // A route that reaches a proxy before the subsets it names loses requests: the user's own objects, not yet Sluice.
    if (original !== undefined) {
      const first = await waitFor('the VirtualService is seen', 10, () => timeline.carried[0])
      await timeline.untilReached(first, 'client')
    }
    await shop.reachable('client')
    const client = shop.load('client', { rate: 80 })

    const { labels, service } = way
    await shop.apply(shop.canary({ service, primary: { labels }, analysis: { stepWeights: [20, 60], interval: '4s' } }))
    await timeline.untilPhase('Initialized', 90)
    await shop.reachable('gateway')
    const gateway = shop.load('gateway', { rate: 80 })
    const app = (await shop.webPods('primary'))[0]?.metadata.labels?.['app']
    expect(app).to.equal(labels === 'keep' ? 'web' : 'web-primary')

    const since = await shop.setImage('v9')
    await timeline.untilPhase('Succeeded', 120, since)
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
    expect(timeline.weights(since)).to.deep.equal([20, 60, 0])
    expectShares(timeline, 'v9', since, client, gateway)
    expectNoFailure(client, gateway)
    if (original !== undefined) {
      const after = await shop.get(kinds.VirtualService, way.virtualService)
      expect(restOf(after)).to.deep.equal(restOf(original))
      expect(JSON.stringify(after?.['spec'])).not.to.include('-canary')
    }
  }

  const appliedAgain = async (shop: Shop): Promise<void> => {
    await shop.deployWeb({ version: 'v1' })
    const own = ownVirtualService(shop, 'v1', [{ destination: { host: 'web' } }])
    await shop.apply(own)
    await shop.reachable('client')
    const timeline = shop.timeline({ virtualService: 'shop-routes' })
    await shop.apply(
      shop.canary({ service: listed.service, analysis: { steps: [{ weight: 30, approve: true }, { weight: 60 }] } }),
    )
    await timeline.untilPhase('Initialized', 90)
    const client = shop.load('client', { rate: 80 })
    const since = await shop.setImage('v2')
    await timeline.untilWeight(30, 30, since)
    const spec = own['spec'] as { http: Record<string, unknown>[] }
    const [teapot = {}, main = {}] = spec.http
    // A merge patch replaces the list: a deploy script that knows nothing of a canary.
    const edited = {
      http: [
        { ...teapot, directResponse: { status: 503 } },
        { ...main, timeout: '9s' },
      ],
    }
    await shop.kubectl('patch', 'virtualservice', 'shop-routes', '--type=merge', '-p', JSON.stringify({ spec: edited }))
    await waitFor('the run holds', 15, () => timeline.last?.reason === 'WeightOverridden')
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/resume=${Date.now()} edited on purpose`)
    await waitFor('the step waits', 30, () => timeline.last?.reason === 'WaitingForApproval')
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 as expected')
    await timeline.untilPhase('Succeeded', 120, since)
    const after = JSON.stringify(await shop.get(kinds.VirtualService, 'shop-routes'))
    expect(after).to.include('"timeout":"9s"').and.include('"status":503')
    expectNoFailure(client)
  }

  together([
    ...ways.map(
      (way): Scenario => ({
        name: `by ${way.name}, labels ${way.labels}`,
        run: async world => Shop.within(world, 'ways', async shop => split(way, shop)),
      }),
    ),
    {
      name: "by a user's VirtualService that is applied again in mid-run: its other parts stay, the weight waits for `resume`",
      run: async world => Shop.within(world, 'ways', appliedAgain),
    },
  ])
})
