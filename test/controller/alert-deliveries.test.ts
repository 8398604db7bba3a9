/** Alerts that are delivered: in which order, when again, and what ends one. */
import { expect } from 'chai'
import { VirtualClock } from '../../playground/clock.ts'
import { parseAlertProvider, type ReadAlertProvider } from '../../src/api/alert-provider.ts'
import { AlertDeliveries } from '../../src/controller/alert-deliveries.ts'
import { threadsAfter } from '../../src/controller/alert-threads.ts'
import type { OutboxEntry } from '../../src/core/model/announcement.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { Chats } from '../chats.ts'
import { at, resting, web } from '../core/machine/given.ts'

const minute = 60_000
const KEY = 'shop/web'

const alerting = (...names: readonly string[]): Observation =>
  at(resting(), {
    canary: web({ analysis: { interval: '10s', alerts: names.map(name => ({ name, providerRef: { name } })) } }),
  })

function providerOf(name: string): ReadAlertProvider {
  const spec = { type: 'rocket', address: 'https://chat.test/hook' }
  return parseAlertProvider({
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'AlertProvider',
    metadata: { name, namespace: 'shop' },
    spec,
  })
}

suite('deliveries of alerts', () => {
  let clock: VirtualClock
  let chats: Chats
  let deliveries: AlertDeliveries
  let providers: Map<string, ReadAlertProvider>
  let ends: string[]
  let failed: string[]

  setup(() => {
    clock = new VirtualClock()
    chats = new Chats(() => clock.now())
    providers = new Map(['a', 'b'].map(name => [name, providerOf(name)]))
    ends = []
    failed = []
    deliveries = deliveriesWith(() => 0)
  })
  teardown(() => deliveries.close())

  function deliveriesWith(random: () => number): AlertDeliveries {
    return new AlertDeliveries({
      sender: chats,
      provider: (_namespace, name) => providers.get(name) ?? null,
      link: () => '',
      traceId: () => '',
      clock,
      steady: clock,
      random,
      log: { info: () => {}, error: () => {}, debug: () => {}, warn: () => {} },
      done: (_key, { key }, end) => void ends.push(`${key} ${end.outcome === 'delivered' ? 'delivered' : end.said}`),
      answered: (_namespace, name, { kind }) => {
        if (kind !== 'delivered') failed.push(name)
      },
    })
  }

  const entry = (key: string, hook = 'a'): OutboxEntry => ({
    severity: 'info',
    reason: 'Succeeded',
    message: 'Promoted',
    key,
    at: clock.now(),
    sink: 'alert',
    hook,
    run: 'r1',
  })
  const deliver = (outbox: readonly OutboxEntry[], { o = alerting('a', 'b'), owed = outbox } = {}): void =>
    deliveries.deliver(KEY, o, outbox, owed)
  const sent = (): string[] => chats.sent.map(({ call }) => call.id)

  test('those of one alert go one after another, and wait for none of another alert', async () => {
    chats.answer('a', 'hangs')
    deliver([entry('1'), entry('2'), entry('3', 'b'), entry('4', 'b')])
    await clock.advance(1000)
    expect(sent()).to.deep.equal(['1', '3', '4'])
    expect(ends).to.deep.equal(['3 delivered', '4 delivered'])
  })

  test('what comes while the first is tried again waits behind it', async () => {
    chats.answer('a', 'down')
    const first = entry('1')
    deliver([first])
    await clock.advance(minute)
    deliver([first, entry('2')])
    await clock.advance(minute)
    expect(new Set(sent())).to.deep.equal(new Set(['1']))
    expect(new Set(failed)).to.deep.equal(new Set(['a']))
    chats.answer('a', 'takes')
    await clock.advance(5 * minute)
    expect(ends).to.deep.equal(['1 delivered', '2 delivered'])
  })

  test('it is tried again after 5 seconds at first, and after 5 minutes at most', async () => {
    deliveries.close()
    chats.answer('a', 'down')
    const growing = deliveriesWith(() => 0.99)
    const outbox = [entry('1')]
    growing.deliver(KEY, alerting('a'), outbox, outbox)
    await clock.advance(60 * minute)
    growing.close()
    const times = chats.sent.map(one => one.at)
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(waits[0]).to.equal(5000)
    expect(Math.max(...waits)).to.equal(5 * minute)
  })

  test('Retry-After is obeyed, also where it is longer than any pause', async () => {
    chats.answer('a', { after: 20 * minute })
    deliver([entry('1')])
    await clock.advance(19 * minute)
    expect(sent()).to.deep.equal(['1'])
    chats.answer('a', 'takes')
    await clock.advance(minute)
    expect(ends).to.deep.equal(['1 delivered'])
  })

  test('a message that is refused stands before the next one for an hour', async () => {
    chats.answer('a', 'refuses')
    const first = entry('1')
    deliver([first])
    await clock.advance(30 * minute)
    deliver([first, entry('2')])
    await clock.advance(29 * minute)
    expect(new Set(sent())).to.deep.equal(new Set(['1']))
    await clock.advance(2 * minute)
    chats.answer('a', 'takes')
    await clock.advance(minute)
    expect(ends).to.deep.equal(['1 AlertProvider shop/a answered 400: invalid_payload', '2 delivered'])
  })

  test('a call that hangs ends with the day', async () => {
    chats.answer('a', 'hangs')
    deliver([entry('1')])
    await clock.advance(24 * 60 * minute - 1)
    expect(ends).to.deep.equal([])
    await clock.advance(1)
    expect(ends).to.deep.equal(['1 it was not sent in time'])
  })

  test('an AlertProvider that was mended, or is another one now, is tried at once', async () => {
    chats.answer('a', 'down')
    const outbox = [entry('1')]
    deliver(outbox)
    await clock.advance(10 * minute)
    chats.answer('a', 'takes')
    providers.set('a', providerOf('a'))
    deliver(outbox)
    await clock.advance(0)
    expect(ends).to.deep.equal(['1 delivered'])
  })

  test('one whose alert is no longer in the spec is given up, and one that had to give way', async () => {
    chats.answer('a', 'down')
    const [first, second] = [entry('1'), entry('2')]
    deliver([first, second])
    await clock.advance(1000)
    deliver([second], { owed: [first, second] })
    deliver([second], { o: alerting('b') })
    await clock.advance(0)
    expect(ends).to.deep.equal([
      '1 had to give way to what is newer, or matters more',
      '2 it is no longer in the spec of the Canary',
    ])
  })

  test('one whose AlertProvider is missing is kept, and each has a last attempt when its Canary goes', async () => {
    providers.delete('a')
    deliver([entry('1'), entry('2')])
    await clock.advance(minute)
    expect([sent(), ends]).to.deep.equal([[], []])
    providers.set('a', providerOf('a'))
    deliveries.forget(KEY)
    await clock.advance(0)
    expect(sent()).to.deep.equal(['1', '2'])
  })

  test('what waited together is one thread', async () => {
    deliver([entry('1'), entry('2'), { ...entry('3'), run: 'r2' }, entry('4', 'b')])
    await clock.advance(0)
    const threads = chats.sent.map(({ call }) => `${call.id} ${call.thread}`)
    expect(threads.toSorted()).to.deep.equal(['1 null', '2 thread of 1', '3 null', '4 null'])
  })

  test('the first message of a run begins its thread, and the next run another', () => {
    const begun = threadsAfter([], entry('1'), { outcome: 'delivered', thread: 't1' })
    expect(begun).to.deep.equal([{ alert: 'a', run: 'r1', thread: 't1' }])
    expect(threadsAfter(begun, entry('2'), { outcome: 'delivered', thread: 't2' })).to.equal(begun)
    const next = threadsAfter(begun, { ...entry('3'), run: 'r2' }, { outcome: 'delivered', thread: 't3' })
    expect(next).to.deep.equal([{ alert: 'a', run: 'r2', thread: 't3' }])
    expect(threadsAfter(begun, entry('4', 'b'), { outcome: 'given up', said: '' })).to.equal(begun)
  })
})
