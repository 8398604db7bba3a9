/**
 * Statuses that another version of Sluice wrote: no run starts out of nothing, nothing is promoted unjudged, and every release
 * comes to an end.
 */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { CanaryStatusSchema } from '../../src/api/status.ts'
import { sampled } from '../sampled.ts'
import { expectRest, heard, minute, primaryImage, requestsOf, weightsChecked } from './witness.ts'
import { type Process, World } from './world.ts'

suite('statuses of another version, in virtual time', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  /** What another version left; null takes a field away. `inRun`: what a run in progress depends on. */
  const statuses: readonly { name: string; status: Record<string, unknown>; inRun?: true }[] = [
    { name: 'a phase that nobody knows', status: { phase: 'Levitating' }, inRun: true },
    { name: 'no phase', status: { phase: null } },
    { name: 'no promoted revision', status: { lastPromotedSpec: null }, inRun: true },
    { name: 'fields that nobody knows', status: { novel: { a: [1] }, run: { novel: true }, progress: { novel: 'x' } } },
    { name: 'a reason that nobody knows', status: { reason: 'Levitating' } },
    {
      name: 'times that are none',
      status: { run: { startedAt: 'yesterday', carriedAt: 'x' }, lastTransitionTime: 'x' },
      inRun: true,
    },
    { name: 'no run', status: { run: null }, inRun: true },
    { name: 'a weight that is text', status: { canaryWeight: '25' }, inRun: true },
    { name: 'a history that is text', status: { history: 'none' } },
    { name: 'checks of another shape', status: { checks: [{ name: 1 }] } },
    { name: 'a run that is text', status: { run: 'first' }, inRun: true },
    { name: 'replicas that are a number', status: { replicas: 3 } },
    { name: 'commands of another shape', status: { handledCommands: ['abort'] } },
  ]

  const write = (status: Record<string, unknown>): void => {
    world.asBefore(() => world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status }))
  }

  for (const { name, status } of sampled(statuses, 2)) {
    test(`${name}, at rest: no run starts, callers notice nothing, and the next release begins as ever`, async () => {
      await world.initialized()
      const requests = requestsOf(controller)
      const begun = world.clock.now()
      write(status)
      await world.clock.advance(2 * minute)
      expect(world.status.phase).to.be.oneOf(['Initialized', 'Succeeded'])
      expect(CanaryStatusSchema.safeParse(world.status).success, 'what is written is of this version').to.equal(true)
      await expectRest(world, requests, 0)
      expect(heard(world, begun)).to.deep.equal(['web-primary 100'])
      expect(world.status.history ?? []).to.deep.equal([])
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 10')
    })
  }

  for (const { name, status } of sampled(
    statuses.filter(({ inRun }) => inRun),
    2,
    1,
  )) {
    test(`${name}, in mid-run: the release comes to its end, judged`, async () => {
      await world.initialized()
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      await world.clock.advance(2000)
      const begun = world.clock.now()
      write(status)
      await world.until('Succeeded', 20 * minute)
      await world.clock.advance(minute)
      expect(CanaryStatusSchema.safeParse(world.status).success, 'what is written is of this version').to.equal(true)
      expect(primaryImage(world)).to.equal('demo/web:1.1.0')
      expect(weightsChecked(world)).to.include.members([10, 25, 50, 100])
      expect(world.mesh.count(flow => flow.code >= 500 || flow.flag !== '', begun)).to.equal(0)
    })
  }

  test('a status whose conditions are no list does not end in a TypeError at every pass', async () => {
    await world.initialized()
    const status = { conditions: { Ready: 'True' } }
    world.asBefore(() => world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status }))
    await world.clock.advance(minute)
    expect(world.status.conditions).to.be.an('array')
  })

  test('an unknown stage at weight 25 begins the ladder anew, and skips no rung', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    await world.clock.advance(2000)
    world.user.mergeStatus(kinds.Canary, 'shop', 'web', { status: { run: { stage: 'levitating' } } })
    await world.until('Succeeded')
    expect(new Set(world.metrics.asked.map(id => id.split('/')[1]))).to.include('25')
  })

  test('a stage of an undone promotion that nobody knows: it is undone, not promoted after all', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Promoting')
    write({ run: { stage: 'levitating', because: 'aborted by ann' } })
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.message).to.match(/^Promotion of \w+ \(web:1\.1\.0\) failed: aborted by ann$/)
    expect(primaryImage(world)).to.equal('demo/web:1.0.0')
  })

  test('a promoted revision by an unknown hash: what the target holds is the new baseline, and no run starts', async () => {
    await world.initialized()
    write({ lastPromotedSpec: 'h9:0123456789', lastAppliedSpec: 'h9:0123456789' })
    await world.clock.advance(2 * minute)
    expect([world.status.phase, world.status.reason]).to.deep.equal(['Succeeded', 'BaselineTaken'])
    expect(world.status.message).to.match(
      /^The recorded revision was written by another version of Sluice; \w{10} \(web:[\d.]+\) is taken as promoted$/,
    )
    expect(world.events().filter(event => event.startsWith('BaselineTaken'))).to.have.lengthOf(1)
    expect(primaryImage(world)).to.equal('demo/web:1.0.0')
  })
})
