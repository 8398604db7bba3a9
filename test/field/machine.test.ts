/** Situations from the field: how a run is decided, and what is told of it. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { recordOf } from '../../src/core/json.ts'
import { Pod } from '../../playground/kinds.ts'
import { sampled } from '../sampled.ts'
import { heard } from '../scenarios/witness.ts'
import { type Process, World } from '../scenarios/world.ts'

suite('from the field: decisions', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  /** A release whose pods are ready after a while, and a controller that hears nothing any more before they are. */
  async function goesSilent(spec: Record<string, unknown>, readyAfter: number, silentAfter: number): Promise<void> {
    await world.initialized(spec)
    world.images.set('demo/web:1.1.0', { readyAfter })
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(silentAfter)
    controller.api.faults.loseLines()
  }

  test('F12: a release is not rolled back by a cache that had gone silent', async () => {
    await goesSilent({ progressDeadlineSeconds: 60 }, 30_000, 7000)
    await world.clock.advance(60_000)
    expect(world.status.phase, world.status.message).to.equal('Progressing')
    expect(world.status.rejectedSpec).to.equal(undefined)
    world.images.set('demo/web:1.1.0', { readyAfter: 1000 })
    await world.until('Succeeded')
    expect(world.events().filter(event => event.startsWith('DeadlineExceeded'))).to.deep.equal([])
  })

  test('F12, other values: nor one whose rollout was not even taken up when the connections died', async () => {
    await goesSilent({ progressDeadlineSeconds: 20 }, 9000, 0)
    await world.clock.advance(25_000)
    expect(world.status.phase, world.status.message).to.equal('Progressing')
    await world.until('Succeeded')
  })

  test('F12, other values: nor is a promotion undone whose primary was ready, unheard', async () => {
    await world.initialized({
      progressDeadlineSeconds: 45,
      analysis: { interval: '10s', threshold: 2, stepWeights: [50] },
    })
    world.images.set('demo/web:1.1.0', { readyAfter: 20_000 })
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    await world.clock.advance(3000)
    controller.api.faults.loseLines()
    await world.until('Succeeded')
    expect(world.events().filter(event => event.startsWith('PromotionFailed'))).to.deep.equal([])
  })

  test('F12, other values: nor is a canary called unreachable whose weight was taken away by hand, unheard', async () => {
    await world.initialized({ analysis: { interval: '10m', threshold: 1 } })
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    controller.api.faults.loseLines()
    const live = world.object(kinds.VirtualService, 'web')
    const route = [{ destination: { host: 'web-primary' }, weight: 100 }]
    world.user.replace({ ...live, spec: { ...recordOf(live?.spec), http: [{ route }] } } as KubeObject)
    await world.clock.advance(300_000)
    expect([world.stand, world.status.reason]).to.deep.equal(['Progressing 0', 'WeightOverridden'])
  })

  test('F12, other values: what the API server confirms is a verdict all the same', async () => {
    await goesSilent({ progressDeadlineSeconds: 30 }, 300_000, 5000)
    await world.until('Failed', 40_000)
    expect(world.status.reason).to.equal('DeadlineExceeded')
  })

  /** Release 1.1.0 is rejected, 1.2.0 carries, and the target goes back to 1.1.0. */
  async function goesBackToTheRejected(): Promise<void> {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 10')
    world.annotate('abort', '1 no good')
    await world.until('Failed')
    await world.clock.advance(30_000)
    world.setImage('demo/web:1.2.0')
    await world.until('Progressing 25')
    await world.clock.advance(3000)
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(200)
  }

  /** The primary's pods end, and those in their place are ready after so long. */
  function primaryDies(readyAfter: number | null): void {
    world.images.set('demo/web:1.0.0', { readyAfter })
    for (const { metadata } of world.user.list(Pod, 'shop'))
      if (metadata.name.startsWith('web-primary-')) world.user.delete(Pod, 'shop', metadata.name)
  }

  test('N6: a run that a rejected revision replaced is recorded as itself, and its pods stand in for a dead primary', async () => {
    await goesBackToTheRejected()
    expect([world.status.phase, world.status.reason]).to.deep.equal(['Failed', 'StillRejected'])
    const [ended, earlier] = world.status.history ?? []
    expect([ended?.outcome, ended?.highest, earlier?.outcome]).to.deep.equal(['Superseded', 25, 'Failed'])
    expect(world.status.rejectedSpec).to.equal(earlier?.revision)
    expect(ended?.revision).not.to.equal(earlier?.revision)
    const died = world.clock.now()
    primaryDies(null)
    await world.clock.advance(30_000)
    expect(world.mesh.failures(died), 'failed requests of 3,000').to.be.below(100)
    expect(heard(world, died + 3000)).to.deep.equal(['web 100'])
  })

  test('N6, other values: so do those of a run that a newer revision replaced', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    await world.clock.advance(3000)
    world.setImage('demo/web:1.2.0')
    await world.clock.advance(200)
    const died = world.clock.now()
    primaryDies(null)
    await world.clock.advance(20_000)
    expect(world.mesh.failures(died), 'failed requests of 2,000').to.be.below(100)
    expect([world.status.reason, world.status.history?.[0]?.outcome]).to.deep.equal(['PrimaryNotReady', 'Superseded'])
    primaryDies(1000)
    await world.until('Succeeded')
  })

  const strategies = {
    Recreate: { type: 'Recreate', rollingUpdate: null },
    'maxSurge 0': { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } },
  }
  for (const [index, [name, strategy]] of Object.entries(strategies).entries()) {
    for (const skipAnalysis of sampled([false, true], 2, index)) {
      const how = skipAnalysis ? 'unjudged' : 'judged'
      test(`a promotion under the strategy ${name} loses no request, ${how}`, async () => {
        world.deploy()
        world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { strategy } })
        await world.clock.advance(5000)
        world.canary({ skipAnalysis, analysis: { interval: '10s', threshold: 2, stepWeights: [20, 50] } })
        await world.until('Initialized')
        await world.clock.advance(20_000)
        const begun = world.clock.now()
        world.setImage('demo/web:1.1.0')
        await world.until('Succeeded')
        await world.clock.advance(30_000)
        expect(world.mesh.failures(begun)).to.equal(0)
        expect(heard(world, begun)).to.include('web 100')
        expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
      })
    }

    test(`nor does one that is aborted while traffic shifts, under ${name}`, async () => {
      world.deploy()
      world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { strategy } })
      await world.clock.advance(5000)
      world.canary({ analysis: { interval: '10s', threshold: 2, stepWeights: [50] } })
      await world.until('Initialized')
      await world.clock.advance(20_000)
      const begun = world.clock.now()
      world.setImage('demo/web:1.1.0')
      await world.until('Promoting 100')
      world.annotate('abort', '1 not now')
      await world.until('Failed')
      await world.clock.advance(30_000)
      expect(world.mesh.failures(begun)).to.equal(0)
      expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
      expect(world.status.history?.[0]?.reason).to.equal('PromotionFailed')
    })
  }

  test('a deletion that sets the target back to what was promoted says so in an event', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.advance(120_000)
    expect(world.object(kinds.Canary, 'web')).to.equal(null)
    expect(world.events().filter(event => event.startsWith('TargetRestored'))).to.have.lengthOf(1)
  })

  test('F12, other values: while the API server does not answer there is no verdict, and that is said', async () => {
    await goesSilent({ progressDeadlineSeconds: 30 }, 300_000, 5000)
    const allow = controller.api.faults.refuse(({ verb }) => verb === 'get', new Error('connect ETIMEDOUT'))
    await world.clock.advance(60_000)
    expect(world.status.phase, world.status.message).to.equal('Progressing')
    expect(world.status.reason).to.equal('WatchUnavailable')
    expect(world.status.message).to.match(/^A deadline has passed; .* connect ETIMEDOUT$/)
    allow()
    await world.until('Failed', 60_000)
    expect(world.status.reason).to.equal('DeadlineExceeded')
  })
})
