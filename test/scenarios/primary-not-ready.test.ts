/** A primary without ready pods: what mends it, and how long is waited. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { minute } from './witness.ts'
import { World } from './world.ts'

suite('a primary that is not ready', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  /** A primary that serves for a minute and a half, and then never again. */
  async function deadPrimary(spec: Record<string, unknown>): Promise<void> {
    world.deploy('demo/web:1.0.0-crash-later')
    await world.clock.advance(5000)
    world.canary(spec)
    await world.until('Initialized')
    await world.clock.advance(3 * minute)
    expect(world.status.reason).to.equal('PrimaryNotReady')
  }

  test('skipAnalysis mends a primary that is dead', async () => {
    await deadPrimary({ skipAnalysis: true })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
  })

  test('a run that waits for a primary that stays dead ends after maxDuration', async () => {
    await deadPrimary({ analysis: { interval: '10s', maxDuration: '1h' } })
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(50 * minute)
    expect(world.status.phase).to.equal('Progressing')
    await world.clock.advance(11 * minute)
    expect([world.status.phase, world.status.history?.[0]?.reason]).to.deep.equal(['Failed', 'Undecided'])
  })

  test('a primary that loses pods while traffic returns to it gets the promoted template back in time', async () => {
    await world.initialized({
      progressDeadlineSeconds: 120,
      analysis: { interval: '10s', threshold: 2, stepWeightPromotion: 40 },
    })
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting 60')
    world.images.set('demo/web:1.1.0', { readyAfter: null })
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(minute)
    expect(world.stand).to.equal('Promoting 34')
    await world.until('Failed')
    expect(world.status.history?.[0]?.message).to.match(
      /Promotion of .* failed: 2 of 3 pods of Deployment web-primary are ready/,
    )
  })

  test('a rollback to a revision that does not start any more keeps nobody from releasing another one', async () => {
    await world.initialized({ progressDeadlineSeconds: 60 })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    world.images.set('demo/web:1.0.0', { readyAfter: 60 * minute })
    const begun = world.clock.now()
    world.annotate('rollback', '1 kim: too slow')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.reason).to.equal('RolledBack')
    expect(world.status.message).to.match(
      /^Deployment web-primary was rolled back to \w{10} \(web:1\.0\.0\), requested by kim: too slow, and was not ready within 1m \(0 of 2 pods available\)\. Manual intervention required: release a revision that works on Deployment web$/,
    )
    world.setImage('demo/web:1.2.0')
    await world.until('Succeeded')
    expect(world.mesh.failures(begun)).to.equal(0)
  })
})
