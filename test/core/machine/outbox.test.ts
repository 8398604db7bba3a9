import { expect } from 'chai'
import type { OutboxEntry, Sink } from '../../../src/core/model/announcement.ts'
import type { CommitState } from '../../../src/core/model/commit.ts'
import { entriesOf, outboxWith, outboxWithout, untold, withoutLate } from '../../../src/core/machine/outbox.ts'
import { at, resting, web } from './given.ts'

const minute = 60_000
const one = (key: string, message = key, time = 0, sink: Sink = 'event'): OutboxEntry => ({
  severity: 'info',
  reason: 'Advancing',
  message,
  key,
  at: time,
  sink,
  hook: '',
  run: '',
})
const keys = (outbox: readonly OutboxEntry[]): string[] => outbox.map(({ key }) => key)

suite('The outbox', () => {
  test('keeps what was announced before, and what is announced again once', () => {
    const first = outboxWith([], [one('a'), one('b')])
    expect(keys(outboxWith(first, [one('c')]))).to.deep.equal(['a', 'b', 'c'])
    expect(keys(outboxWith(first, [one('a')]))).to.deep.equal(['b', 'a'])
    expect(outboxWith(first, [])).to.equal(first)
  })

  test('has room for a long message to each webhook', () => {
    const names = ['a', 'b', 'c', 'd']
    const webhooks = names.map(name => ({ name, type: 'event', url: 'http://a.test/' }))
    const o = at(resting(), { canary: web({ analysis: { interval: '10s', webhooks } }) })
    const news = { severity: 'info', reason: 'Advancing', message: 'x'.repeat(2500), key: 'k', at: 0 } as const
    const outbox = outboxWith([], entriesOf(o, [news]))
    expect(outbox.map(({ hook }) => hook)).to.deep.equal(['', ...names])
  })

  test('leaves out what another process did not tell its event webhooks in time, and nothing else', () => {
    const outbox = [
      one('a', '', 0, 'event hook'),
      one('b', '', 0, 'post-rollout'),
      one('c', '', 0),
      one('d', '', minute, 'event hook'),
    ]
    expect(keys(withoutLate(outbox, 10 * minute))).to.deep.equal(['b', 'c', 'd'])
  })

  test('lets go of what was delivered', () => {
    expect(keys(outboxWithout([one('a'), one('b')], 'a'))).to.deep.equal(['b'])
  })

  test('has room for 16 announcements and 6 KiB; the oldest go', () => {
    const many = Array.from({ length: 20 }, (_, n) => one(`k${n}`))
    expect(keys(outboxWith([], many))).to.deep.equal(keys(many.slice(4)))
    const long = Array.from({ length: 20 }, (_, n) => one(`k${n}`, 'x'.repeat(1000)))
    expect(keys(outboxWith([], long))).to.deep.equal(['k15', 'k16', 'k17', 'k18', 'k19'])
    expect(keys(outboxWith(long.slice(0, 3), [one('huge', 'x'.repeat(9000))]))).to.deep.equal(['huge'])
  })

  test('what informs gives way first, and that a release failed last', () => {
    const graver = (key: string, sink: Sink, severity: OutboxEntry['severity']): OutboxEntry => ({
      ...one(key, key, 0, sink),
      severity,
    })
    const order = [
      graver('failed', 'alert', 'error'),
      graver('ended', 'post-rollout', 'info'),
      graver('stalled', 'alert', 'warn'),
      graver('warned', 'event', 'warn'),
      graver('started', 'alert', 'info'),
      graver('hooked', 'event hook', 'warn'),
      graver('advanced', 'event', 'info'),
      graver('told', 'event hook', 'info'),
    ]
    const more = Array.from({ length: 16 }, (_, n) => graver(`e${n}`, 'alert', 'error'))
    for (let room = order.length; room > 0; room -= 1) {
      const kept = keys(outboxWith(order, more.slice(0, 16 - room)))
      expect(kept.slice(0, room)).to.deep.equal(keys(order.slice(0, room)))
    }
  })

  test('of commit statuses that of a start gives way with what informs, and that of a release that failed last', () => {
    const status = (key: string, severity: OutboxEntry['severity'], state: CommitState): OutboxEntry => {
      return { ...one(key, key, 0, 'commit status'), severity, commit: { of: 'github/shop/web@0', state } }
    }
    const order = [
      status('failure', 'error', 'failure'),
      { ...one('ended', 'ended', 0, 'post-rollout') },
      status('success', 'info', 'success'),
      status('canceled', 'warn', 'canceled'),
      one('event', 'event', 0, 'event'),
      status('pending', 'info', 'pending'),
    ]
    const more = Array.from({ length: 16 }, (_, n) => status(`e${n}`, 'error', 'error'))
    const left = (room: number): string[] => keys(outboxWith(order, more.slice(0, 16 - room))).slice(0, room)
    expect(left(5)).to.deep.equal(['failure', 'ended', 'success', 'canceled', 'pending'])
    expect(left(4)).to.deep.equal(['failure', 'ended', 'success', 'canceled'])
    expect(left(2)).to.deep.equal(['failure', 'ended'])
    expect(left(1)).to.deep.equal(['failure'])
  })

  test('tells again what is younger than half an hour', () => {
    expect(keys(untold([one('old', '', 0), one('new', '', minute)], 30 * minute))).to.deep.equal(['new'])
  })
})
