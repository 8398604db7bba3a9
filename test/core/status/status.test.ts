/** The status on the wire: it stays small, whatever people and metrics say, and holds no moment of the future. */
import { expect } from 'chai'
import { clampMemoryToNow, clampToNow } from '../../../src/core/machine/clock-skew.ts'
import { emptyMemory, type Memory } from '../../../src/core/model/memory.ts'
import { firstStep } from '../../../src/core/machine/rules/start-run.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { readStatus } from '../../../src/core/status/read-status.ts'
import { writeStatus } from '../../../src/core/status/write-status.ts'
import { observation } from '../given-objects.ts'

const now = Date.UTC(2026, 0, 5)
const long = 'ü'.repeat(5000)
const revision = `h1:${'0'.repeat(64)}+${'1'.repeat(64)}`

suite('the status on the wire', () => {
  test('it stays below 32 KiB with forty gates, ten runs and endless sentences', () => {
    const memory: Memory = {
      ...emptyMemory,
      paused: 'w'.repeat(256),
      handled: Object.fromEntries(
        ['abort', 'pause', 'rollback', 'retry', 'resume', 'approve', 'unknown'].map(name => [
          name,
          { id: 'i'.repeat(64), value: 'v'.repeat(128), outcome: 'refused' as const, reason: 'r'.repeat(256) },
        ]),
      ),
      checks: Array.from({ length: 40 }, (_, i) => ({
        name: `gate-${i}`.padEnd(63, 'x'),
        verdict: 'fail' as const,
        value: 1 / 3,
        min: null,
        max: 500,
        requests: 123_456,
        message: '測'.repeat(5000),
        at: now,
      })),
      history: Array.from({ length: 10 }, (_, i) => ({
        id: `run-${i}`,
        revision,
        startedAt: now,
        endedAt: now,
        outcome: 'Failed' as const,
        highest: 100,
        reason: 'ThresholdReached' as const,
        message: '🐤'.repeat(5000),
      })),
    }
    const announcement = {
      severity: 'error',
      reason: 'ThresholdReached',
      message: long,
      key: '0'.repeat(16),
      at: now,
    } as const
    const state = firstStep({ promoted: revision, rejected: revision }, revision, 'advancing', now)
    const configs = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`secrets/web-settings-${i}`, String(i).padEnd(64, '0')]),
    )
    const status = writeStatus(
      observation({ configs }),
      { state, memory, reason: 'ThresholdReached', message: long, wakeAt: now + 1, announcements: [announcement] },
      now,
    )
    expect(Buffer.byteLength(JSON.stringify(status))).to.be.below(32 * 1024)
    // Half a character would come back as another one, and be written again for ever.
    expect(JSON.stringify(status)).not.to.match(/\\ud[89a-f]/)
  })

  test('a stage of another version is gone through again from weight 0, which nothing says is carried', () => {
    const state = {
      ...firstStep({ promoted: revision, rejected: null }, revision, 'advancing', now),
      traffic: weighted(50),
      carriedAt: now,
    }
    const move = {
      state,
      memory: emptyMemory,
      reason: 'Analysing',
      message: '',
      wakeAt: null,
      announcements: [],
    } as const
    const status = writeStatus(observation(), move, now)
    const [known, unknown] = ['advancing', 'meditating'].map(stage => {
      const { state: read } = readStatus({ ...status, run: { ...status.run, stage } }, now)
      return read.phase === 'Progressing' ? [read.stage, read.traffic.canary, read.carriedAt] : []
    })
    expect({ known, unknown }).to.deep.equal({ known: ['advancing', 50, now], unknown: ['draining', 0, null] })
  })
})

suite('a clock that was set back', () => {
  const later = now + 3_600_000
  const run = {
    ...firstStep({ promoted: revision, rejected: null }, revision, 'advancing', later),
    waiting: { for: 'pods', since: later } as const,
    carriedAt: later,
    routedAt: now - 1,
    hold: { by: 'suspension', since: later } as const,
  }

  test('nothing that is remembered of a run lies in the future', () => {
    expect(clampToNow(run, now)).to.deep.equal({
      ...run,
      startedAt: now,
      waiting: { for: 'pods', since: now },
      carriedAt: now,
      hold: { by: 'suspension', since: now },
    })
  })

  test('what lies in the past stays the object that it was', () => {
    expect(clampToNow(run, later)).to.equal(run)
    expect(clampMemoryToNow(emptyMemory, now)).to.equal(emptyMemory)
  })

  test('a wish put back in the future counts from now', () => {
    const memory = {
      ...emptyMemory,
      transitionAt: later,
      replicas: { ...emptyMemory.replicas, externalScaleEvents: [{ manager: 'argo', at: later }] },
    }
    expect(clampMemoryToNow(memory, now)).to.deep.equal({
      ...memory,
      transitionAt: now,
      replicas: { ...memory.replicas, externalScaleEvents: [{ manager: 'argo', at: now }] },
    })
  })
})
