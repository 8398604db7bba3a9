import { expect } from 'chai'
import type { OutboxEntry, Sink } from '../../../src/core/model/announcement.ts'
import { outboxWith, outboxWithout, untold } from '../../../src/core/machine/outbox.ts'

const minute = 60_000
const one = (key: string, message = key, at = 0, sink: Sink = 'event'): OutboxEntry => ({
  severity: 'info',
  reason: 'Advancing',
  message,
  key,
  at,
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

  test('lets go of what was delivered', () => {
    expect(keys(outboxWithout([one('a'), one('b')], 'a'))).to.deep.equal(['b'])
  })

  test('has room for 16 announcements and 4 KiB; the oldest go', () => {
    const many = Array.from({ length: 20 }, (_, n) => one(`k${n}`))
    expect(keys(outboxWith([], many))).to.deep.equal(keys(many.slice(4)))
    const long = Array.from({ length: 20 }, (_, n) => one(`k${n}`, 'x'.repeat(1000)))
    expect(keys(outboxWith([], long))).to.deep.equal(['k17', 'k18', 'k19'])
    expect(keys(outboxWith(long.slice(0, 3), [one('huge', 'x'.repeat(9000))]))).to.deep.equal(['huge'])
  })

  test('tells again what is younger than half an hour', () => {
    expect(keys(untold([one('old', '', 0), one('new', '', minute)], 30 * minute))).to.deep.equal(['new'])
  })
})
