import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { sampled } from '../sampled.ts'
import { heard } from './witness.ts'
import { World } from './world.ts'

suite('a release, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  test('a good one climbs 10, 25, 50, 100 and is promoted, and no client request fails', async () => {
    await world.initialized()
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    for (const weight of [10, 25, 50, 100]) await world.until(`Progressing ${weight}`)
    await world.until('Succeeded')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(/^Promoted /)
    expect(world.object(kinds.Deployment, 'web')?.spec).to.have.property('replicas', 0)
    expect(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec)).to.contain('demo/web:1.1.0')
    expect(world.mesh.count(flow => flow.code >= 500, begun, world.clock.now())).to.equal(0)
  })

  test('a bad one goes back to 0, with a sentence that says which metric, which value, which limit', async () => {
    await world.initialized()
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(
      /^Rolled back \w+ \(web:2\.0\.0-errors\) at weight \d+: request-success-rate [\d.]+ % is below 99 % \(\d+ requests in \d+s\)/,
    )
    expect(world.object(kinds.Deployment, 'web')?.spec).to.have.property('replicas', 0)
    expect(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec)).to.contain('demo/web:1.0.0')
  })

  /** Milliseconds into the primary's rollout: before it begins, while its new pods start, and as its old ones end. */
  const moments = [0, 20, 40, 1080, 1100, 1120, 2180]

  for (const later of sampled(moments, 2)) {
    test(`deleted ${later} ms into its promotion, what was judged is handed back, and no client request fails`, async () => {
      await world.initialized()
      const begun = world.clock.now()
      world.setImage('demo/web:1.1.0')
      await world.until('Promoting')
      await world.clock.runUntil(() => imageOf('web-primary') === 'demo/web:1.1.0', 1000)
      await world.clock.advance(later)
      await handsBack('demo/web:1.1.0', begun)
    })
  }

  for (const later of sampled(moments, 2, 1)) {
    test(`aborted ${later} ms into its promotion, the canary carries before the primary goes back, and no request fails`, async () => {
      const begun = await promoting()
      await world.clock.advance(later)
      world.annotate('abort', '1 wrong after all')
      await world.clock.runUntil(() => imageOf('web-primary') === 'demo/web:1.0.0', 60_000)
      expect(heard(world, world.clock.now() - 100)).to.deep.equal(['web 100'])
      await world.until('Failed')
      await world.clock.advance(60_000)
      expect(world.status.reason).to.equal('PromotionFailed')
      expect(world.mesh.count(flow => flow.code >= 500, begun, world.clock.now())).to.equal(0)
    })
  }

  /** A deletion ends with that image on the target, and cost no request since. */
  async function handsBack(image: string, begun: number): Promise<void> {
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 120_000)
    await world.clock.advance(60_000)
    expect(imageOf('web')).to.equal(image)
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    expect(world.mesh.count(flow => flow.code >= 500, begun, world.clock.now())).to.equal(0)
  }

  /** Into a promotion, at weight 50, whose primary was set to the candidate. */
  async function promoting(spec: Record<string, unknown> = {}): Promise<number> {
    await world.initialized({ analysis: { interval: '10s', steps: [{ weight: 50 }] }, ...spec })
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    await world.clock.runUntil(() => imageOf('web-primary') === 'demo/web:1.1.0', 1000)
    return begun
  }

  test('deleted right after the abort of its promotion, the promoted revision is handed back, and no request fails', async () => {
    const begun = await promoting()
    world.annotate('abort', '1 wrong after all')
    await world.clock.runUntil(() => world.status.run?.stage === 'diverting', 5000)
    await handsBack('demo/web:1.0.0', begun)
  })

  test('a primary that could not be written is not given up by way of 100 %', async () => {
    await world.initialized({ analysis: { interval: '10s', steps: [{ weight: 50 }] } })
    const refused = world.processes[0]?.api.faults.refuse(
      ({ ref, write }) => ref?.name === 'web-primary' && write !== null,
      new ApiError({ code: 403, reason: 'Forbidden', message: 'no deployments today' }),
    )
    const begun = world.clock.now()
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    await world.clock.advance(2000)
    world.annotate('abort', '1 wrong after all')
    await world.until('Failed')
    await world.clock.advance(60_000)
    refused?.()
    expect(heard(world, begun)).to.not.include('web 100')
    expect(imageOf('web-primary')).to.equal('demo/web:1.0.0')
  })

  test('a mesh that is never told keeps the template off the primary until the deadline, and no longer', async () => {
    await promoting({ progressDeadlineSeconds: 60 })
    world.processes[0]?.api.faults.refuse(
      ({ kind, write }) => kind === kinds.VirtualService && write !== null,
      new ApiError({ code: 403, reason: 'Forbidden', message: 'no routes today' }),
    )
    const aborted = world.clock.now()
    world.annotate('abort', '1 wrong after all')
    await world.clock.runUntil(() => imageOf('web-primary') === 'demo/web:1.0.0', 120_000)
    expect(world.clock.now() - aborted).to.be.within(60_000, 65_000)
  })

  function imageOf(deployment: string): string | undefined {
    const text = JSON.stringify(world.object(kinds.Deployment, deployment)?.spec)
    return /"image":"([^"]*)"/.exec(text)?.[1]
  }
})
