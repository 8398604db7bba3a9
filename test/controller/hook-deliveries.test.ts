/** Webhooks that are told: how long, by which call, and what is said of those that are not. */
import { expect } from 'chai'
import { VirtualClock } from '../../playground/clock.ts'
import { HookCalls } from '../../src/controller/hook-calls.ts'
import { HookDeliveries } from '../../src/controller/hook-deliveries.ts'
import { InFlightHooks } from '../../src/controller/in-flight-hooks.ts'
import type { OutboxEntry, Sink } from '../../src/core/model/announcement.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { at, remembers, resting, web } from '../core/machine/given.ts'
import { callOf, Receivers } from '../receivers.ts'

const minute = 60_000
const KEY = 'shop/web'
const history = [
  {
    id: 'r1',
    revision: 'h1:a',
    startedAt: 0,
    endedAt: 0,
    outcome: 'Succeeded',
    highest: 100,
    reason: 'Succeeded',
    message: '',
  },
] as const

const spec = (url: string, names = ['event', 'post-rollout']): Observation =>
  at(resting(), {
    canary: web({ analysis: { interval: '10s', webhooks: names.map(name => ({ name, type: name, url })) } }),
    memory: remembers({ history }),
  })

suite('deliveries of webhooks', () => {
  let clock: VirtualClock
  let receivers: Receivers
  let deliveries: HookDeliveries
  let outcomes: string[]
  const warnings: string[] = []

  setup(() => {
    clock = new VirtualClock()
    receivers = new Receivers(() => clock.now())
    outcomes = []
    warnings.length = 0
    deliveries = new HookDeliveries({
      calls: new HookCalls(receivers),
      clock,
      steady: clock,
      random: () => 0,
      log: {
        info: () => {},
        error: () => {},
        debug: () => {},
        warn: (_said: string, pairs?: Readonly<Record<string, unknown>>) =>
          void warnings.push(String(pairs?.['error'])),
      },
      done: (_key, { key }, outcome) => void outcomes.push(`${key} ${outcome}`),
    })
  })
  teardown(() => deliveries.close())

  const entry = (key: string, sink: Sink): OutboxEntry => ({
    severity: 'info',
    reason: 'Succeeded',
    message: 'Promoted',
    key,
    at: clock.now(),
    sink,
    hook: sink === 'event hook' ? 'event' : 'post-rollout',
    run: sink === 'post-rollout' ? 'r1' : '',
  })
  const deliver = (outbox: readonly OutboxEntry[], { o = spec('http://a.test/'), owed = outbox } = {}): void =>
    deliveries.deliver(KEY, o, outbox, owed)

  test('a corrected URL is called at once, and the old one no more', async () => {
    receivers.answer('post-rollout', 500)
    const outbox = [entry('end', 'post-rollout')]
    deliver(outbox)
    await clock.advance(minute)
    receivers.calls.length = 0
    receivers.answer('post-rollout', 200)
    deliver(outbox, { o: spec('http://b.test/') })
    await clock.advance(0)
    expect(receivers.calls.map(({ hook }) => hook.url)).to.deep.equal(['http://b.test/'])
    await clock.advance(60 * minute)
    expect(outcomes).to.deep.equal(['end delivered'])
    expect(receivers.calls).to.have.length(1)
  })

  test('one that is no longer in the spec is given up, and said', async () => {
    receivers.answer('event', 500)
    const outbox = [entry('news', 'event hook')]
    deliver(outbox)
    await clock.advance(1000)
    deliver(outbox, { o: spec('http://a.test/', ['post-rollout']) })
    await clock.advance(0)
    expect(outcomes).to.deep.equal(['news given up'])
    expect(warnings).to.deep.equal(['is no longer in the spec, or its run is forgotten'])
  })

  test('what had to give way is said and counted once, called or not', async () => {
    receivers.answer('event', 'hangs')
    const called = entry('called', 'event hook')
    deliver([called])
    await clock.advance(0)
    const [kept, never] = [entry('kept', 'event hook'), entry('never', 'event hook')]
    deliver([kept], { owed: [called, never, kept] })
    deliver([kept])
    await clock.advance(0)
    expect(outcomes).to.have.members(['called given up', 'never given up'])
    expect(new Set(warnings)).to.deep.equal(new Set(['had to give way to what is newer, or matters more']))
  })

  test('a call that hangs does not outlast the ten minutes of an event', async () => {
    receivers.answer('event', 'hangs')
    deliver([entry('news', 'event hook')])
    await clock.advance(9 * minute)
    expect(outcomes).to.deep.equal([])
    await clock.advance(minute)
    expect(outcomes).to.deep.equal(['news given up'])
  })

  test('what waits to be tried again is tried once more when its Canary goes', async () => {
    receivers.answer('post-rollout', 500)
    deliver([entry('end', 'post-rollout')])
    await clock.advance(0)
    expect(receivers.calls).to.have.length(1)
    deliveries.forget(KEY)
    await clock.advance(minute)
    expect(receivers.calls).to.have.length(2)
  })
})

suite('calls of webhooks that a run waits for', () => {
  test('one that hangs is called again where its URL is corrected', async () => {
    const receivers = new Receivers(() => 0, { gate: 'hangs' })
    const answered: string[] = []
    const hooks = new InFlightHooks(new HookCalls(receivers), key => answered.push(key))
    const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
    hooks.ask(KEY, [callOf({ url: 'http://a.test/' })])
    await settle()
    receivers.answer('gate', 200)
    hooks.ask(KEY, [callOf({ url: 'http://a.test/' })])
    await settle()
    expect(answered).to.deep.equal([])
    hooks.ask(KEY, [callOf({ url: 'http://b.test/' })])
    await settle()
    expect(receivers.calls.map(({ hook }) => hook.url)).to.deep.equal(['http://a.test/', 'http://b.test/'])
    expect(answered).to.deep.equal([KEY])
    expect(Object.keys(hooks.findings(KEY))).to.deep.equal(['id-1'])
  })
})
