/** Status is the write-ahead log: what is written is what is read. */
import { expect } from 'chai'
import fc from 'fast-check'
import { CanaryStatusSchema } from '../../src/api/status.ts'
import type { Move } from '../../src/core/model/decision.ts'
import { readStatus } from '../../src/core/status/read-status.ts'
import { writeStatus } from '../../src/core/status/write-status.ts'
import { observation } from '../core/given-objects.ts'
import { describe } from '../../src/core/view/describe.ts'
import { NOTHING_OBSERVED } from '../../src/core/view/observed.ts'
import { written as canaryWith } from '../core/view/given.ts'
import { healthOf } from '../argocd/scripts.ts'
import { faultOfConditions } from './laws-of-gitops.ts'
import { faultOf } from './laws-of-views.ts'
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

  test('Reconciling is always there, and False exactly where a release is over or a person has to put something right', () => {
    const o = observation()
    const over: readonly string[] = ['Initialized', 'Succeeded', 'Failed']
    fc.assert(
      fc.property(state, memory, instant, (given, remembered, now) => {
        const { reason, message } = remembered
        const move: Move = { state: given, memory: remembered, reason, message, wakeAt: null, announcements: [] }
        const { conditions = [] } = writeStatus(o, move, now)
        const is = (type: string): string | undefined => conditions.find(one => one.type === type)?.status
        const isOver = over.includes(given.phase) || is('Stalled') === 'True'
        expect(is('Reconciling')).to.equal(isOver ? 'False' : 'True')
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    )
  })

  test('the conditions of any status keep the rules of kstatus, and its health in Argo CD is never Unknown', () => {
    const o = observation()
    fc.assert(
      fc.property(state, memory, instant, (given, remembered, now) => {
        const { reason, message } = remembered
        const move: Move = { state: given, memory: remembered, reason, message, wakeAt: null, announcements: [] }
        const status: unknown = JSON.parse(JSON.stringify(writeStatus(o, move, now)))
        expect(faultOfConditions({ ...o.canary, status })).to.equal(null)
        // What another version wrote, and what any client did.
        for (const one of [
          status,
          { ...(status as object), phase: 'Sleeping' },
          { phase: given.phase },
          [],
          'x',
          null,
        ]) {
          const health = healthOf({ ...o.canary, status: one })
          expect(health.status).to.be.oneOf(['Progressing', 'Suspended', 'Degraded', 'Healthy'])
          expect(health.message).to.be.a('string')
        }
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    )
  })

  test('the view of any status is JSON, and its steps are in order', () => {
    const o = observation()
    const plans = [
      {},
      { iterations: 3 },
      { iterations: 3, mirror: true },
      { stepWeights: [5, 50], mirror: true },
      {
        steps: [
          { weight: 10, approve: true },
          { weight: 20, hold: '1m' },
        ],
      },
    ]
    const spec = fc.constantFrom(...plans).map(analysis => ({ ...o.canary, ...canaryWith({ analysis }) }))
    fc.assert(
      fc.property(spec, state, memory, instant, (object, given, remembered, now) => {
        const { reason, message } = remembered
        const move: Move = { state: given, memory: remembered, reason, message, wakeAt: null, announcements: [] }
        const status: unknown = JSON.parse(JSON.stringify(writeStatus(o, move, now)))
        expect(faultOf(describe({ ...object, status }, NOTHING_OBSERVED, now), now)).to.equal(null)
        // What another version wrote, and what any client did.
        for (const strange of [
          { ...(status as object), phase: 'Sleeping' },
          { ...(status as object), checks: 3 },
          [],
          'x',
          null,
        ])
          expect(faultOf(describe({ ...object, status: strange }, NOTHING_OBSERVED, now), now)).to.equal(null)
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    )
  })
})
