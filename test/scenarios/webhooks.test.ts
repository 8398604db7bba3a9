/** Webhooks, on the whole controller: in which order they are called, what holds a run, and what a crash repeats. */
import { expect } from 'chai'
import { HOOK_TYPES } from '../../src/api/webhook.ts'
import { kinds } from '../../src/api/object.ts'
import { World } from './world.ts'

const minute = 60_000
const url = 'http://hooks.test/secret-path'
const each = HOOK_TYPES.map(type => ({ name: type, type, url }))

suite('webhooks, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.receivers.answer('rollback', 403)
    world.start()
  })
  teardown(() => world.close())

  const analysis = (more: Record<string, unknown> = {}) => ({
    analysis: { interval: '10s', threshold: 2, stepWeights: [20, 100], webhooks: each, ...more },
  })
  /** What was called, each name once for as long as no other was called in between. */
  const called = (): string[] =>
    world.receivers.calls
      .filter(({ hook }) => hook.type !== 'event' && hook.type !== 'rollback')
      .map(({ hook, payload }) => `${hook.name} at ${payload.phase} ${payload.weight}`)
      .filter((one, i, all) => one !== all[i - 1])

  test('each type is called at its moment, and nothing shows a path', async () => {
    await world.initialized(analysis())
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(called()).to.deep.equal([
      'confirm-rollout at Waiting 0',
      'pre-rollout at Progressing 0',
      'confirm-traffic-increase at Progressing 0',
      'rollout at Progressing 20',
      'confirm-traffic-increase at Progressing 20',
      'rollout at Progressing 100',
      'confirm-promotion at WaitingPromotion 100',
      'post-rollout at Succeeded 100',
    ])
    const { calls } = world.receivers
    expect(new Set(calls.map(({ id }) => id)).size).to.equal(calls.length)
    const of = (name: string) => calls.filter(({ hook }) => hook.name === name)
    expect(of('rollback').length).to.be.at.least(4)
    const [start] = of('confirm-rollout')
    const [end] = of('post-rollout')
    expect(start?.payload.runId).to.equal(world.status.history?.[0]?.id)
    expect(end?.payload).to.include({ runId: start?.payload.runId, outcome: 'Succeeded', phase: 'Succeeded' })
    expect(end?.payload.images).to.deep.equal({ primary: 'demo/web:1.1.0', canary: 'demo/web:1.1.0' })
    const told = of('event').map(({ payload }) => payload.metadata['eventMessage'])
    expect(told).to.include('Weight 20 → 100')
    // What is acknowledged is not told again, and leaves the status.
    expect(world.status.pendingEvents).to.deep.equal([])
    expect(world.status.webhooks).to.equal(undefined)
    const shown = JSON.stringify([world.user.list(kinds.Event, 'shop'), world.status])
    expect(shown).not.to.include('secret-path')
  })

  test('a closed gate holds at WaitingPromotion, a bad canary is rolled back there, and post-rollout hears of it', async () => {
    world.receivers.answer('confirm-promotion', 403)
    await world.initialized(analysis())
    world.setImage('demo/web:1.1.0')
    await world.until('WaitingPromotion 100')
    await world.clock.advance(2 * minute)
    expect(world.stand).to.equal('WaitingPromotion 100')
    expect(world.status.message).to.match(/waiting for webhook confirm-promotion .*which answered 403/)
    const waits = world.events().filter(event => event.startsWith('WaitingForWebhook') && event.includes('promotion'))
    expect(waits).to.have.length(1)
    expect(world.status.webhooks?.find(({ name }) => name === 'confirm-promotion')).to.include({ verdict: 'fail' })
    world.receivers.answer('rollback', 200)
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(world.status.reason).to.equal('RollbackRequested')
    expect(called().at(-1)).to.equal('post-rollout at Failed 100')
  })

  test('one that hangs holds its step, and not the rollback of a bad canary', async () => {
    world.receivers.answer('rollout', 'hangs')
    await world.initialized(analysis())
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    expect(world.status.history?.[0]).to.include({ highest: 20, reason: 'ThresholdReached' })
  })

  test('what a receiver did not take is told again, for a day, and by the next leader under the same id', async () => {
    world.receivers.answer('post-rollout', 500)
    await world.initialized(analysis())
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    world.processes[0]?.kill()
    world.start()
    await world.clock.advance(minute)
    const tried = world.receivers.calls.filter(({ hook }) => hook.name === 'post-rollout')
    expect(tried.length).to.be.within(3, 12)
    expect(new Set(tried.map(({ id }) => id)).size).to.equal(1)
    await world.clock.advance(25 * 60 * minute)
    expect(world.status.pendingEvents).to.deep.equal([])
  })

  test('killed while any webhook is called: it is called again under the same id, and the run goes on', async () => {
    await world.initialized(analysis())
    world.setImage('demo/web:1.1.0')
    for (const name of ['confirm-rollout', 'pre-rollout', 'confirm-traffic-increase', 'rollout', 'confirm-promotion']) {
      const before = world.receivers.calls.length
      world.receivers.answer(name, 'hangs')
      const under = () => world.receivers.calls.slice(before).filter(({ hook }) => hook.name === name)
      await world.clock.runUntil(() => under().length > 0, 10 * minute)
      world.processes.at(-1)?.kill()
      world.receivers.answer(name, 200)
      world.start()
      await world.clock.runUntil(() => under().length > 1, minute)
      const [first, second] = under()
      expect(second?.id, name).to.equal(first?.id)
    }
    await world.until('Succeeded')
  })

  test('a deletion waits for no receiver', async () => {
    for (const name of ['rollout', 'post-rollout', 'event']) world.receivers.answer(name, 'hangs')
    await world.initialized(analysis())
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 20')
    await world.clock.advance(5000)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, minute)
  })
})
