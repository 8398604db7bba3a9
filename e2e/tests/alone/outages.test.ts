/** What the controller needs goes away and comes back, and it is killed itself. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { Controller, controllerNamespace } from '../../fixtures/controller.ts'
import { explain } from '../../fixtures/explain.ts'
import { expectNoFailure, expectSoon } from '../../fixtures/expect.ts'
import type { Load } from '../../fixtures/load.ts'
import { randomFrom, seedOfRun } from '../../fixtures/random.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { sleep, waitFor } from '../../lab/wait.ts'

/** A namespace with `web`, callers and what is written down about them. */
interface Scene {
  readonly shop: Shop
  readonly client: Load
  readonly timeline: Timeline
}

const ladder = [10, 25, 50, 100]

suite('In a run', () => {
  let world: Lab
  let shops: Shop[]
  let controllers: Controller[]

  suiteSetup(async () => {
    world = await lab()
  })
  setup(() => {
    shops = []
    controllers = []
  })
  teardown(async function (this: Mocha.Context) {
    // Before they close: what the root hook would tell is then gone.
    for (const shop of shops) {
      if (this.currentTest?.state === 'failed') await explain(this.currentTest.err, shop.namespace)
      await shop.close()
    }
    await Promise.all(controllers.map(controller => controller.close()))
  })

  async function launch(...flags: string[]): Promise<Controller> {
    const started = await Controller.start(world, flags.length === 0 ? ['--leader-elect=false'] : flags)
    controllers.push(started)
    return started
  }

  async function open(): Promise<Scene> {
    const shop = await Shop.open(world, 'outage')
    shops.push(shop)
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    return { shop, client: shop.load('client', { rate: 100 }), timeline: shop.timeline() }
  }

  /** A release of v2 that has just reached 10 %. */
  async function releaseUnderWay({ shop, timeline }: Scene, analysis: object = {}): Promise<number> {
    await shop.apply(shop.canary({ analysis }))
    await timeline.untilPhase('Initialized', 60)
    const since = await shop.setImage('v2')
    await timeline.untilWeight(10, 40, since)
    return since
  }

  async function expectGoodEnd({ client, timeline }: Scene, since: number, version = 'v2'): Promise<void> {
    await timeline.untilPhase('Succeeded', 120, since)
    expect(timeline.weights(since)).to.deep.equal([...ladder, 0])
    const now = Date.now()
    await client.answered(50, now)
    expect(client.versions(now)).to.have.all.keys(version)
    expectNoFailure(client)
  }

  test('without Prometheus the weight stays and nothing is counted; with it the run goes on', async () => {
    const scene = await open()
    const { shop, timeline } = scene
    await launch()
    // Steps that are long enough for Prometheus to end in.
    const since = await releaseUnderWay(scene, { interval: '6s' })
    await world.prometheus.stop()
    try {
      // A check that was in flight may still end.
      await waitFor('the run has no metrics', 20, () => timeline.last?.reason === 'MetricsUnavailable')
      const stopped = timeline.carried.at(-1)?.weight
      await sleep(5000)
      expect(timeline.carried.at(-1)?.weight).to.equal(stopped)
      expect(timeline.last).to.include({ phase: 'Progressing', reason: 'MetricsUnavailable' })
      const status = (await shop.get(kinds.Canary, 'web'))?.['status'] as { failedChecks?: number }
      expect(status.failedChecks ?? 0).to.equal(0)
    } finally {
      await world.prometheus.start()
    }
    await expectGoodEnd(scene, since)
  })

  test('an API server that dies and comes back does not change how a run ends', async () => {
    const scene = await open()
    await launch()
    const since = await releaseUnderWay(scene)
    await world.controlPlane.killApiServer()
    await sleep(3000)
    await world.controlPlane.startApiServer()
    await expectGoodEnd(scene, since)
  })

  test('while istiod refuses writes a run holds and a rollback waits; both go on when it is back', async () => {
    const [good, bad] = await Promise.all([open(), open()])
    const one = await launch()
    // The first step waits for an approval, so it is at 10 % when istiod stops, however long the other release takes.
    const steps = ladder.map((weight, index) => ({ weight, ...(index === 0 ? { approve: true } : {}) }))
    const since = await releaseUnderWay(good, { steps })
    await waitFor('the step waits', 40, () => good.timeline.last?.reason === 'WaitingForApproval')
    await bad.shop.behave('v2', { errorRate: 0.5 })
    // It fails ten checks, one a second: by then istiod is away.
    const pushed = await releaseUnderWay(bad, { threshold: 10 })
    // What is written may not have reached the proxies yet, and would not for as long as istiod is away.
    for (const { client } of [good, bad])
      await waitFor('callers see the new version', 10, () => client.versions(since)['v2'])
    await world.istio.stop()
    const stopped = Date.now()
    try {
      await good.shop.kubectl('annotate', 'canaries.sluice.dev/web', 'sluice.dev/approve=1 while istiod is away')
      await bad.timeline.untilPhase('Failed', 60, pushed)
      await waitFor('the write is refused', 20, () => good.timeline.last?.reason === 'WriteRefused')
      await sleep(4000)
      expect(good.timeline.weights(stopped), 'weights written without istiod').to.deep.equal([])
      expect(bad.timeline.weights(pushed)).to.deep.equal([10])
      expect(one.program.running).to.equal(true)
    } finally {
      await world.istio.start()
    }
    const back = Date.now()
    const zero = await bad.timeline.untilWeight(0, 20, pushed)
    expectSoon('istiod is back: weight 0', zero.at - back, 8000)
    expect((await bad.shop.webPods('target')).length, 'pods that still carry traffic').to.equal(1)
    const ended = async (): Promise<boolean> => (await bad.shop.webPods('target')).length === 0
    await waitFor('the pods of the target have ended', 20, ended)
    expect(bad.client.failures().filter(({ version }) => version !== 'v2')).to.deep.equal([])
    await expectGoodEnd(good, since)
  })

  test('a controller that is killed again and again loses no request, and runs end as if nothing had happened', async () => {
    const seed = seedOfRun()
    console.log(`      SEED=${seed}`)
    const random = randomFrom(seed)
    const [slow, quick] = await Promise.all([open(), open()])
    const one = await launch()
    let last: Promise<void> = Promise.resolve()
    const again = (): Promise<void> => {
      last = last.then(async () => {
        await one.kill()
        await one.start()
      })
      return last
    }

    /** Its start, and nine random moments of a run; each has to hit it, so the promotion waits for an approval. */
    const atRandom = async ({ shop, timeline }: Scene): Promise<number> => {
      const steps = ladder.map(weight => ({ weight, ...(weight === 100 ? { approve: true } : {}) }))
      await shop.apply(shop.canary({ analysis: { interval: '10s', steps } }))
      await timeline.untilPhase('Initialized', 90)
      const since = await shop.setImage('v2')
      await again()
      await timeline.untilPhase('Progressing', 60, since)
      for (let kill = 1; kill < 10; kill += 1) {
        await sleep(150 + random() * 2500)
        await again()
      }
      expect(timeline.last?.phase, 'the kills must hit a run').to.be.oneOf(['Progressing', 'WaitingPromotion'])
      await timeline.untilPhase('WaitingPromotion', 120, since)
      await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/approve=${since} enough kills`)
      return since
    }

    /** While it takes over, while it promotes and while it rolls back. */
    const atEachChange = async ({ shop, timeline }: Scene): Promise<void> => {
      await shop.apply(shop.canary({ analysis: { stepWeights: [20, 60] } }))
      for (let kill = 0; kill < 3; kill += 1) await sleep(300).then(again)
      await timeline.untilPhase('Initialized', 90)
      const since = await shop.setImage('v2')
      await timeline.untilPhase('Promoting', 90, since)
      for (let kill = 0; kill < 3; kill += 1) await again()
      await timeline.untilPhase('Succeeded', 90, since)
      // It stays at 20 % until it is aborted, however long that takes.
      await shop.apply(shop.canary({ analysis: { steps: [{ weight: 20, approve: true }, { weight: 60 }] } }))
      const next = await shop.setImage('v3')
      await timeline.untilWeight(20, 90, next)
      await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/abort=${next} enough seen`)
      for (let kill = 0; kill < 3; kill += 1) await again()
      await timeline.untilPhase('Failed', 60, next)
      await timeline.untilWeight(0, 10, next)
      expect(timeline.weights(next)).to.deep.equal([20, 0])
    }

    const [since] = await Promise.all([atRandom(slow), atEachChange(quick)])
    expectNoFailure(quick.client)
    await expectGoodEnd(slow, since)
  }).timeout(1_200_000)

  const leads = async ({ identity }: Controller): Promise<boolean> => {
    const leases = await world.api.list(kinds.Lease, controllerNamespace)
    return leases.some(lease => (lease['spec'] as { holderIdentity?: string }).holderIdentity === identity)
  }

  /** Two replicas, the one that leads first. */
  async function replicas(): Promise<[Controller, Controller]> {
    const [one, two] = [await launch('--leader-elect=true'), await launch('--leader-elect=true')]
    const first = await waitFor('one replica leads', 30, async () =>
      (await leads(one)) ? one : (await leads(two)) && two,
    )
    return first === one ? [one, two] : [two, one]
  }

  test('of two replicas the other takes over soon when the leader stops; a frozen leader loses its lease and does not act when it thaws', async () => {
    const scene = await open()
    const [first, second] = await replicas()
    const since = await releaseUnderWay(scene)
    const stop = await first.stop()
    expect(stop).to.include({ code: 0 })
    expectSoon('the leader has ended', stop.milliseconds, 5000)
    const stopped = Date.now()
    await waitFor('the other replica leads', 20, async () => leads(second))
    // A Lease that was not given back is taken over after 15 s.
    expectSoon('the other replica leads', Date.now() - stopped, 5000, 12_000)
    await first.start()
    await expectGoodEnd(scene, since)

    const pushed = await scene.shop.setImage('v3')
    await scene.timeline.untilWeight(10, 40, pushed)
    second.program.signal('SIGSTOP')
    try {
      await waitFor('the other replica leads', 40, async () => leads(first))
    } finally {
      second.program.signal('SIGCONT')
    }
    await expectGoodEnd(scene, pushed, 'v3')
    expect(await leads(first)).to.equal(true)
  }).timeout(1_200_000)
})
