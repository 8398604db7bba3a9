/** Situations from the field: how a run is decided, and what is told of it. */
import { expect } from 'chai'
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
    await world.initialised(spec)
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
    await world.initialised({
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

  test('F12, other values: what the API server confirms is a verdict all the same', async () => {
    await goesSilent({ progressDeadlineSeconds: 30 }, 300_000, 5000)
    await world.until('Failed', 40_000)
    expect(world.status.reason).to.equal('DeadlineExceeded')
  })

  test('F12, other values: while the API server does not answer there is no verdict, and that is said', async () => {
    await goesSilent({ progressDeadlineSeconds: 30 }, 300_000, 5000)
    const allow = controller.api.faults.refuse(({ verb }) => verb === 'get', new Error('connect ETIMEDOUT'))
    await world.clock.advance(60_000)
    expect(world.status.phase, world.status.message).to.equal('Progressing')
    expect(world.status.reason).to.equal('ClusterNotVisible')
    expect(world.status.message).to.match(/^A deadline has passed, .* connect ETIMEDOUT$/)
    allow()
    await world.until('Failed', 60_000)
    expect(world.status.reason).to.equal('DeadlineExceeded')
  })
})
