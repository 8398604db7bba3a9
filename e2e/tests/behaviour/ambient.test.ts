/** Releases in ambient: istiod configures a waypoint, and callers and pods speak HBONE. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at, recordsOf } from '../../../src/core/json.ts'
import { expectNoFailure, expectNoneOf, expectShares } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import type { Lab } from '../../lab/lab.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { proxyContainer } from '../../lab/proxy.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'
import { ambientCaller, ambientDeployment, untilAnswered, withWaypoint } from '../../lab/waypoint.ts'

const service = { gateways: undefined, hosts: undefined, targetPort: 18080 }

const canary = (shop: Shop, analysis: object): KubeObject =>
  shop.canary({ provider: 'gatewayapi:v1', service, analysis })

async function deploy(shop: Shop): Promise<void> {
  const users = shop.service()
  const spec = { ...(users['spec'] as object), ports: [{ name: 'http', port: 80, targetPort: 18080 }] }
  await shop.apply(ambientDeployment(shop, 'v1'), { ...users, spec })
  await shop.kubectl('rollout', 'status', 'deployment/web', timeoutOf(60))
}

/** There are no callers whose requests could be judged. */
const always = { name: 'always', query: 'vector(1)', thresholdRange: { min: 1 } }

const onlyFrontend = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'web' },
} as const

const released = async (shop: Shop): Promise<void> => {
  await withWaypoint(shop)
  await deploy(shop)
  const [frontend, rogue] = await Promise.all([ambientCaller(shop, 'frontend'), ambientCaller(shop, 'rogue')])
  await untilAnswered(shop, frontend, 200)
  const principals = [`cluster.local/ns/${shop.namespace}/sa/frontend`]
  await shop.apply({
    ...onlyFrontend,
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
      rules: [{ from: [{ source: { principals } }] }],
    },
  })
  await untilAnswered(shop, rogue, 403)
  const allowed = shop.load('client', { address: frontend, rate: 80 })
  const denied = shop.load('client', { address: rogue, rate: 20 })
  const timeline = shop.timeline({ httpRoute: 'web' })
  await shop.apply(canary(shop, { stepWeights: [10, 50], interval: '4s' }))
  await timeline.untilPhase('Initialized', 90)
  const [asked = ''] = blocks(read('docs/ambient.md'), 'sh')
  const [, ...words] = asked.trim().replaceAll("'", '').replace('kubectl -n shop', 'kubectl').split(' ')
  for (const name of ['web', 'web-primary', 'web-canary']) {
    const own = words.map(word => (word === 'web' ? name : word))
    expect(await shop.kubectl(...own), name).to.equal('True')
  }

  // The policy names `web` alone. Direct calls to the sides meet its copy.
  const copy = await shop.get(kinds.AuthorizationPolicy, 'web-web-primary')
  const services = ['web-primary', 'web-canary'].map(name => ({ group: '', kind: 'Service', name }))
  expect(at(copy?.['spec'], 'targetRefs')).to.deep.equal(services)
  const direct = await ambientCaller(shop, 'rogue', 'web-primary')
  await untilAnswered(shop, direct, 403)
  const deniedDirectly = shop.load('client', { address: direct, rate: 20 })
  await untilAnswered(shop, await ambientCaller(shop, 'frontend', 'web-primary'), 200)

  const since = await shop.setImage('v2')
  await timeline.untilPhase('Succeeded', 120, since)
  expect(timeline.weights(since)).to.deep.equal([10, 50, 0])
  expectShares(timeline, 'v2', since, allowed)
  expectNoFailure(allowed)
  const status = (await shop.get(kinds.Canary, 'web'))?.['status']
  expect(at(status, 'vantage')).to.equal('waypoint')
  const judged = recordsOf(at(status, 'checks')).find(check => check['name'] === 'request-success-rate')
  expect(judged?.['requests']).to.be.greaterThan(0)

  await shop.behave('v3', { errorRate: 1 })
  const bad = await shop.setImage('v3')
  await timeline.untilPhase('Failed', 120, bad)
  await waitFor('the pods of the target have ended', 30, async () =>
    (await shop.pods('app=web')).every(({ metadata }) => metadata.name.startsWith('web-primary-')),
  )
  const ended = Date.now()
  await allowed.answered(40, ended)
  expectNoneOf('v3', ended, Date.now(), allowed)
  expect(allowed.failures(ended)).to.deep.equal([])
  // Who was to be denied was never let in, whatever the release did.
  for (const load of [denied, deniedDirectly])
    expect(load.between(0).filter(answer => answer.status !== 403)).to.deep.equal([])
  const [told] = await shop.lab.prometheus.query(
    `sum(istio_requests_total{reporter="waypoint",destination_service_name="web-canary",destination_workload_namespace="${shop.namespace}"})`,
  )
  expect(told?.value).to.be.greaterThan(0)
}

const unbound = async (shop: Shop): Promise<void> => {
  await withWaypoint(shop)
  await deploy(shop)
  await shop.kubectl('label', 'service', 'web', 'istio.io/use-waypoint=none')
  const timeline = shop.timeline({ httpRoute: 'web' })
  // It stays at 50 % until it is approved.
  const steps = [{ weight: 50, approve: true }, { weight: 60 }]
  await shop.apply(canary(shop, { steps, metrics: [always] }))
  const { message } = await timeline.untilReason('WaypointMissing', 40)
  expect(message).to.match(/is bound to no waypoint, by the label istio\.io\/use-waypoint: none of Service/)
  await shop.kubectl('label', 'service', 'web', 'istio.io/use-waypoint-')
  await timeline.untilPhase('Initialized', 90)

  const since = await shop.setImage('v2')
  await timeline.untilWeight(50, 60, since)
  await shop.kubectl('label', 'service', 'web', 'istio.io/use-waypoint=none')
  await timeline.untilReason('WaypointMissing', 40, since)
  expect(timeline.last?.phase).to.equal('Progressing')
  const back = Date.now()
  await shop.kubectl('label', 'service', 'web', 'istio.io/use-waypoint-')
  await timeline.untilReason('WaitingForApproval', 40, back)
  await shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 the waypoint is back')
  await timeline.untilPhase('Succeeded', 90, since)
}

/** A caller with a sidecar is split by its own proxy, and neither the gates nor the policies of the waypoint know of it. */
const withSidecar = async (shop: Shop): Promise<void> => {
  await withWaypoint(shop)
  await deploy(shop)
  const [frontend, legacy] = await Promise.all([
    ambientCaller(shop, 'frontend'),
    shop.caller('legacy', { ...proxyContainer.of('sidecar'), env: [{ name: 'HBONE', value: '1' }] }),
  ])
  await untilAnswered(shop, frontend, 200)
  await untilAnswered(shop, legacy, 200)
  const timeline = shop.timeline({ httpRoute: 'web' })
  await shop.apply(canary(shop, { stepWeights: [30, 60], interval: '6s' }))
  await timeline.untilPhase('Initialized', 90)
  const principals = [`cluster.local/ns/${shop.namespace}/sa/frontend`]
  const targetRefs = [{ group: '', kind: 'Service', name: 'web' }]
  await shop.apply({ ...onlyFrontend, spec: { targetRefs, rules: [{ from: [{ source: { principals } }] }] } })
  await untilAnswered(shop, await ambientCaller(shop, 'rogue'), 403)
  const seen = shop.load('client', { address: frontend, rate: 80 })
  const past = shop.load('client', { address: legacy, rate: 80 })
  const since = await shop.setImage('v2')
  await timeline.untilPhase('Succeeded', 120, since)
  // The policy of the waypoint, which lets in frontend alone, never applied to it.
  expectShares(timeline, 'v2', since, seen, past)
  expectNoFailure(seen, past)
  const status = (await shop.get(kinds.Canary, 'web'))?.['status']
  const [warning] = recordsOf(at(status, 'warnings'))
  expect(warning).to.include({ reason: 'Bypassed' })
  expect(warning?.['message']).to.match(
    /^Callers with sidecars send requests to Service .*\/web-canary past the waypoint/,
  )
  expect(at(status, 'requestsPastWaypoint')).to.be.within(1, past.versions(since)['v2'] ?? 0)
  const told = await shop.kubectl('get', 'events', '--field-selector=reason=Bypassed', '-o', 'name')
  expect(told.trim().split('\n')).to.have.lengthOf(1)
}

const scenario = (name: string, run: (shop: Shop) => Promise<void>): Scenario => ({
  name,
  run: async (world: Lab) => Shop.within(world, 'ambient', run),
})

suite('A release in ambient', () => {
  together([
    scenario('is split and judged at a waypoint, and the policy there holds; a bad one is rolled back', released),
    scenario(
      'is split for callers with sidecars past the waypoint, and says that no metric and no policy knows of them',
      withSidecar,
    ),
    scenario('waits for its waypoint, and holds where it is taken away', unbound),
  ])
})
