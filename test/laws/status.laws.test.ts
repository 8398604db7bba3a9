/** Status is the write-ahead log: what is written is what is read. */
import { expect } from 'chai'
import fc from 'fast-check'
import { CanaryStatusSchema } from '../../src/api/status.ts'
import type { Move } from '../../src/core/model/decision.ts'
import { readStatus } from '../../src/core/status/read-status.ts'
import { writeStatus } from '../../src/core/status/write-status.ts'
import { observation } from '../core/given-objects.ts'
import { instant, memory, state } from './states.ts'

const numRuns = Number(process.env['LAW_RUNS'] ?? 300)

suite('laws of the status', function () {
  this.timeout(0)
  test('what is written is what is read, for every phase', () => {
    const o = observation()
    fc.assert(
      fc.property(state, memory, instant, (written, remembered, now) => {
        const { reason, message } = remembered
        const move: Move = { state: written, memory: remembered, reason, message, wakeAt: null, announcements: [] }
        const status = writeStatus(o, move, now)
        const onTheWire: unknown = JSON.parse(JSON.stringify(status))
        expect(CanaryStatusSchema.safeParse(onTheWire).success).to.equal(true)
        // The vantage point is a run's, and one that has none yet begins with the one that is shown.
        const isJudged = 'routedAt' in written && written.routedAt !== null && remembered.provider !== null
        const vantage = isJudged ? (remembered.vantage ?? status.vantage ?? null) : null
        expect(readStatus(onTheWire, now)).to.deep.equal({ state: written, memory: { ...remembered, vantage } })
      }),
      { numRuns },
    )
  })
})
