/** Things that change while a release is under way: revisions, pods, and primaries that do not get up. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { expectNoFailure, expectNoneOf, expectSoon } from '../../fixtures/expect.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { pathOf } from '../../lab/api.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

/** The destinations of its first route. */
function routeOf(virtualService: KubeObject | undefined): { destination: { host: string } }[] {
  const spec = virtualService?.['spec'] as { http: { route: { destination: { host: string } }[] }[] } | undefined
  return spec?.http[0]?.route ?? []
}

interface Terms {
  readonly progressDeadlineSeconds?: number
  readonly interval?: string
  readonly steps?: readonly { readonly weight: number; readonly approve?: true }[]
}

/** A run that stays at 50 % until it is approved, so that what a test does there meets it, however slow the machine is. */
const heldAt50 = [{ weight: 20 }, { weight: 50, approve: true }, { weight: 60 }] as const
/** One that is promoted once it is approved. */
const heldBeforePromotion = [{ weight: 20 }, { weight: 50, approve: true }] as const

/** From now on all answers are of this version. */
async function expectOnly(version: string, load: Load): Promise<void> {
  const from = Date.now()
  await load.answered(50, from)
  expect(load.versions(from)).to.have.all.keys(version)
}

type Script = (shop: Shop, timeline: Timeline) => Promise<void>

suite('In mid-run', () => {
  /** A release of v2 that has just begun; resolves to when. */
  async function release(shop: Shop, timeline: Timeline, options: Terms = {}): Promise<number> {
    await shop.deployWeb({ version: 'v1' })
    const { interval = '2s', steps = [{ weight: 20 }, { weight: 50 }], ...rest } = options
    await shop.apply(shop.canary({ ...rest, analysis: { steps, interval } }))
    await timeline.untilPhase('Initialized', 90)
    await shop.reachable('client')
    return shop.setImage('v2')
  }

  /** Waits until the run needs an approval, which it did not before `from`, and gives it. */
  async function approve(shop: Shop, timeline: Timeline, from: number): Promise<void> {
    await waitFor(
      'the step waits for an approval',
      60,
      () => timeline.moments.some(({ at, reason }) => at >= from && reason === 'WaitingForApproval'),
      () => timeline.last,
    )
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/approve=${Date.now()}`, '--overwrite')
  }

  const push: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { steps: heldAt50 })
    const client = shop.load('client', { rate: 200 })
    await timeline.untilWeight(50, 40, since)
    await sleep(1000)
    const pushed = await shop.setImage('v3')
    const done = Date.now()
    const zero = await timeline.untilWeight(0, 10, pushed)
    const again = await timeline.untilWeight(20, 60, zero.at)
    await approve(shop, timeline, again.at)
    await timeline.untilPhase('Succeeded', 90, again.at)

    expectSoon('kubectl has ended: weight 0', zero.at - done, 3000)
    // Until the proxy was last seen without a weight, as this process may hear of one later than the proxy.
    expectNoneOf('v3', 0, timeline.absentUntil(again, 'client'), client)
    expectNoneOf('v2', await timeline.untilReached(zero, 'client'), Date.now(), client)
    expect(timeline.weights(zero.at)).to.deep.equal([0, 20, 50, 60, 0])
    expectNoFailure(client)
  }

  const revert: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { steps: heldAt50 })
    const client = shop.load('client', { rate: 200 })
    await timeline.untilWeight(50, 40, since)
    await sleep(500)
    const reverted = await shop.setImage('v1')
    const zero = await timeline.untilWeight(0, 10, reverted)
    await waitFor('the pods of the target have ended', 40, async () => (await shop.webPods('target')).length === 0)

    expect(timeline.weights(zero.at)).to.deep.equal([0])
    expectNoneOf('v2', await timeline.untilReached(zero, 'client'), Date.now(), client)
    const strangers = client
      .between(0)
      .filter(({ version, pod }) => version === 'v1' && !pod.startsWith('web-primary-') && pod !== '')
    expect(strangers, 'answers of pods that were not judged').to.deep.equal([])
    await waitFor(
      'the Canary rests',
      20,
      () => ['Initialized', 'Succeeded'].includes(timeline.last?.phase ?? ''),
      () => timeline.last,
    )
    expect(timeline.weights(zero.at)).to.deep.equal([0])
    expectNoFailure(client)
  }

  const crash: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { progressDeadlineSeconds: 30, steps: heldAt50 })
    const client = shop.load('client', { rate: 100 })
    await timeline.untilWeight(50, 40, since)
    await sleep(1500)
    const crashed = Date.now()
    await shop.behave('v2', { crash: true })
    const zero = await timeline.untilWeight(0, 10, crashed)
    const failed = await timeline.untilPhase('Failed', 60, crashed)

    expect(zero.at, 'weight 0, before the deadline of 30 s').to.be.below(failed.decidedAt)
    expectSoon('the crash: weight 0', zero.at - crashed, 5000)
    expect(timeline.weights(zero.at)).to.deep.equal([0])
    expect(failed.message).to.match(/ready/i)
    // The crash itself breaks what is in flight, and callers learn of it with the endpoints; after weight 0 nothing fails.
    expect(client.failures(0, crashed - 1000)).to.deep.equal([])
    expect(client.failures(await timeline.untilReached(zero, 'client'))).to.deep.equal([])
    await expectOnly('v1', client)
  }

  const failedPromotion: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { progressDeadlineSeconds: 30, steps: heldBeforePromotion })
    const client = shop.load('client', { rate: 100 })
    await timeline.untilWeight(50, 40, since)
    // Pods that run stay as they are; pods that start now never open their port.
    await shop.behave('v2', { neverReady: true })
    await approve(shop, timeline, since)
    await timeline.untilPhase('Promoting', 40, since)
    const failed = await timeline.untilPhase('Failed', 90, since)

    expect(failed.reason).to.equal('PromotionFailed')
    expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v1')
    await timeline.untilReached(await timeline.untilWeight(0, 30, since), 'client')
    await expectOnly('v1', client)
    expectNoFailure(client)
  }

  const abortedPromotion: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { steps: heldBeforePromotion })
    const client = shop.load('client', { rate: 200 })
    await timeline.untilWeight(50, 40, since)
    // The new pod of the primary gets ready while the promotion is undone: the worst moment to change the template back.
    await shop.behave('v2', { readyAfterMs: 2500 })
    await approve(shop, timeline, since)
    const promoting = await timeline.untilPhase('Promoting', 60, since)
    const metadata = { annotations: { 'sluice.dev/abort': `${since} wrong after all` } }
    await shop.lab.api.patch(pathOf(kinds.Canary, shop.namespace, 'web'), { metadata })
    await timeline.untilPhase('Failed', 60, promoting.at)
    const reached = await timeline.untilReached(await timeline.untilWeight(0, 30, since), 'client')
    await waitFor('a hundred requests are answered since', 10, () => client.between(reached).length >= 100)

    expect(timeline.weights(since)).to.deep.equal([20, 50, 100, 0])
    expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v1')
    expectNoneOf('v2', reached, Date.now(), client)
    expectNoFailure(client)
  }

  const manualEdit: Script = async (shop, timeline) => {
    const since = await release(shop, timeline, { steps: heldAt50 })
    const client = shop.load('client')
    await timeline.untilWeight(50, 40, since)
    const route = routeOf(await shop.get(kinds.VirtualService, 'web'))
    const weights = (primary: number, canary: number): string => {
      const isCanary = route.map(({ destination }) => destination.host.includes('-canary'))
      return JSON.stringify(
        isCanary.map((own, index) => ({
          op: 'add',
          path: `/spec/http/0/route/${index}/weight`,
          value: own ? canary : primary,
        })),
      )
    }
    const raised = Date.now()
    await shop.kubectl('patch', 'virtualservice', 'web', '--type=json', '-p', weights(10, 90))
    await timeline.untilWeight(50, 10, raised)
    const lowered = Date.now()
    await shop.kubectl('patch', 'virtualservice', 'web', '--type=json', '-p', weights(95, 5))
    await waitFor(
      'the run holds',
      15,
      () => timeline.last?.reason === 'WeightOverridden',
      () => timeline.last,
    )
    await sleep(5000)
    expect(timeline.weights(lowered).filter(weight => weight > 5)).to.deep.equal([])
    const resumed = Date.now()
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/resume=${resumed} on purpose`)
    await timeline.untilWeight(50, 60, resumed)
    await approve(shop, timeline, resumed)
    await timeline.untilPhase('Succeeded', 60, lowered)
    expectNoFailure(client)
  }

  const scripts: Record<string, Script> = {
    'a push gives no request to a pod that was not judged: weight 0, then a run of its own': push,
    'a revert to the promoted revision ends the run at weight 0, without a new one': revert,
    'a canary whose pods crash loses its traffic at once, and its release at the deadline': crash,
    'a promotion whose primary does not get ready puts the promoted revision back, and loses no request':
      failedPromotion,
    'a promotion that is aborted as its pods get ready goes back, and loses no request': abortedPromotion,
    'a weight that a user lowers stays until `resume`, and one that a user raises is changed back': manualEdit,
  }
  together(
    Object.entries(scripts).map(([name, script]) => ({
      name,
      run: async world => Shop.within(world, 'changes', async shop => script(shop, shop.timeline())),
    })),
  )
})
