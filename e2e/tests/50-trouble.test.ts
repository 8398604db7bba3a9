/** Trouble around the controller: what it needs goes away and comes back, and it is killed itself. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { Controller, controllerNamespace } from '../fixtures/controller.ts'
import { explain } from '../fixtures/explain.ts'
import { expectNoFailure } from '../fixtures/expect.ts'
import type { Load } from '../fixtures/load.ts'
import { randomFrom, seedOfRun } from '../fixtures/random.ts'
import { Shop } from '../fixtures/shop.ts'
import type { Timeline } from '../fixtures/timeline.ts'
import { type Lab, lab } from '../lab/lab.ts'
import { sleep, waitFor } from '../lab/wait.ts'

suite('Trouble in mid-run', () => {
  let world: Lab
  let shop: Shop
  let timeline: Timeline
  let client: Load
  let controllers: Controller[]

  suiteSetup(async () => {
    world = await lab()
  })
  setup(async () => {
    controllers = []
    shop = await Shop.open(world, 'trouble')
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    client = shop.load('client', { rate: 100 })
    timeline = shop.timeline()
  })
  teardown(async function (this: Mocha.Context) {
    // Before it closes: what the root hook would tell is then gone.
    if (this.currentTest?.state === 'failed') await explain(this.currentTest.err, shop.namespace)
    await shop.close()
    await Promise.all(controllers.map(controller => controller.close()))
  })

  async function launch(...flags: string[]): Promise<Controller> {
    const started = await Controller.start(world, flags.length === 0 ? ['--leader-elect=false'] : flags)
    controllers.push(started)
    return started
  }

  /** A release of v2 that has just reached 10 %. */
  async function releaseUnderWay(analysis: object = {}): Promise<number> {
    await shop.apply(shop.canary({ analysis }))
    await timeline.untilPhase('Initialized', 60)
    const since = await shop.setImage('v2')
    await timeline.untilWeight(10, 40, since)
    return since
  }

  async function expectGoodEnd(since: number, seconds = 120): Promise<void> {
    await timeline.untilPhase('Succeeded', seconds, since)
    expect(timeline.weights(since)).to.deep.equal([10, 25, 50, 100, 0])
    const now = Date.now()
    await sleep(500)
    expect(client.versions(now)).to.have.all.keys('v2')
    expectNoFailure(client)
  }

  test('without Prometheus the weight stays and nothing is counted; with it the run goes on', async () => {
    await launch()
    const since = await releaseUnderWay()
    await world.prometheus.stop()
    try {
      await sleep(2500) // a look that was under way may still end
      const stopped = timeline.carried.at(-1)?.weight
      await sleep(6000)
      expect(timeline.carried.at(-1)?.weight).to.equal(stopped)
      expect(timeline.last).to.include({ phase: 'Progressing' })
      expect(timeline.last?.reason).to.equal('MetricsUnavailable')
      const status = (await shop.get(kinds.Canary, 'web'))?.['status'] as { failedChecks?: number }
      expect(status.failedChecks ?? 0).to.equal(0)
    } finally {
      await world.prometheus.start()
    }
    await expectGoodEnd(since)
  })

  test('an API server that dies and comes back does not change how a run ends', async () => {
    await launch()
    const since = await releaseUnderWay()
    await world.controlPlane.killApiServer()
    await sleep(3000)
    await world.controlPlane.startApiServer()
    await expectGoodEnd(since)
  })

  test('while istiod refuses writes the run holds, and goes on when it is back', async () => {
    const one = await launch()
    const since = await releaseUnderWay({ interval: '3s' })
    // What is written may not have reached the proxies yet, and would not for as long as istiod is away.
    await waitFor('callers see the new version', 10, () => client.versions(since)['v2'])
    await world.istio.stop()
    const stopped = Date.now()
    try {
      await sleep(9000)
      expect(timeline.weights(stopped), 'weights written without istiod').to.deep.equal([])
      expect(one.program.running).to.equal(true)
    } finally {
      await world.istio.start()
    }
    await timeline.untilWeight(25, 15, stopped)
    await expectGoodEnd(since)
  })

  test('a rollback that istiod could not be asked about is made as soon as it is back', async () => {
    await launch()
    await shop.behave('v2', { errorRate: 0.5 })
    const since = await releaseUnderWay()
    await waitFor('callers see the new version', 10, () => client.versions(since)['v2'])
    await world.istio.stop()
    try {
      await timeline.untilPhase('Failed', 30, since)
      await sleep(5000)
      expect(timeline.weights(since)).to.deep.equal([10])
    } finally {
      await world.istio.start()
    }
    const back = Date.now()
    const zero = await timeline.untilWeight(0, 10, since)
    expect(zero.at - back, 'ms').to.be.below(8000)
    expect((await shop.webPods('target')).length, 'pods that still carry traffic').to.equal(1)
    await waitFor('the pods of the target have ended', 20, async () => (await shop.webPods('target')).length === 0)
    expect(client.failures().filter(({ version }) => version !== 'v2')).to.deep.equal([])
  })

  test('killed at ten random moments, the run ends as if nothing had happened', async () => {
    const seed = seedOfRun()
    console.log(`      SEED=${seed}`)
    const random = randomFrom(seed)
    const one = await launch()
    // Ten kills and restarts take up to 40 s, and each has to hit the run.
    await shop.apply(shop.canary({ analysis: { interval: '8s' } }))
    await timeline.untilPhase('Initialized', 60)
    const since = await shop.setImage('v2')
    for (let kill = 0; kill < 10; kill += 1) {
      await sleep(150 + random() * 2500)
      await one.kill()
      await one.start()
    }
    expect(timeline.last?.phase, 'the kills must hit a run').not.to.equal('Succeeded')
    await expectGoodEnd(since)
  })

  test('killed while it takes over, while it promotes and while it rolls back, it loses no request', async () => {
    const one = await launch()
    const again = async (): Promise<void> => {
      await one.kill()
      await one.start()
    }
    await shop.apply(shop.canary({ analysis: { stepWeights: [20, 60] } }))
    for (let kill = 0; kill < 3; kill += 1) await sleep(300).then(again)
    await timeline.untilPhase('Initialized', 60)
    const since = await shop.setImage('v2')
    await timeline.untilPhase('Promoting', 60, since)
    for (let kill = 0; kill < 3; kill += 1) await again()
    await timeline.untilPhase('Succeeded', 60, since)
    const next = await shop.setImage('v3')
    await timeline.untilWeight(20, 60, next)
    await shop.kubectl('annotate', 'canaries.sluice.dev/web', `sluice.dev/abort=${next} enough seen`)
    for (let kill = 0; kill < 3; kill += 1) await again()
    await timeline.untilPhase('Failed', 60, next)
    await timeline.untilWeight(0, 5, next)
    expect(timeline.weights(next)).to.deep.equal([20, 0])
    expectNoFailure(client)
  })

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

  test('of two replicas the other one takes over when the leader stops, and soon', async () => {
    const [leader, other] = await replicas()
    const since = await releaseUnderWay()
    const stop = await leader.stop()
    expect(stop).to.include({ code: 0 })
    expect(stop.milliseconds, 'ms until it ended').to.be.below(5000)
    await waitFor('the other replica leads', 5, async () => leads(other))
    await expectGoodEnd(since)
  })

  test('a leader that is frozen loses its lease, and does not act when it thaws', async () => {
    const [leader, other] = await replicas()
    const since = await releaseUnderWay({ interval: '3s' })
    leader.program.signal('SIGSTOP')
    try {
      await waitFor('the other replica leads', 40, async () => leads(other))
    } finally {
      leader.program.signal('SIGCONT')
    }
    await expectGoodEnd(since)
    expect(await leads(other)).to.equal(true)
  })
})
