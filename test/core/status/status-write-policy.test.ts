import { expect } from 'chai'
import { informTime } from '../../../src/core/status/status-write-policy.ts'

suite('status-write-policy: when news that only inform are written', () => {
  const written = 1_000_000
  /** Seconds since the status was last written. */
  interface Row {
    readonly it: string
    readonly now: number
    readonly wake: number | null
    readonly at: number
  }
  const rows: Row[] = [
    { it: 'ten seconds after the last write', now: 0.1, wake: null, at: 10 },
    { it: 'not for a pass that comes before', now: 0.1, wake: 2, at: 10 },
    { it: 'with the pass that comes soon after', now: 0.1, wake: 10.9, at: 10.9 },
    { it: 'with one three seconds after, at the latest', now: 0.1, wake: 13, at: 13 },
    { it: 'not with one that comes later', now: 0.1, wake: 13.1, at: 10 },
    { it: 'at once where it is due, though another pass comes soon', now: 10, wake: 11, at: 10 },
    { it: 'at once where nothing was written for a long time', now: 60, wake: 61, at: 60 },
  ]
  for (const { it, now, wake, at } of rows) {
    test(it, () => {
      const wakeAt = wake === null ? null : written + wake * 1000
      expect((informTime(written, wakeAt, written + now * 1000) - written) / 1000).to.equal(at)
    })
  }
})
