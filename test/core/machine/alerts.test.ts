/** Which announcements are alerts, to whom, and with which facts. */
import { expect } from 'chai'
import { alertsOf, isAlerted } from '../../../src/core/machine/alerts.ts'
import type { Announcement } from '../../../src/core/model/announcement.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { type Reason, reasons } from '../../../src/core/status/reasons.ts'
import { at, remembers, resting, web } from './given.ts'

const SEVERITIES = ['info', 'warn', 'error'] as const

const alerts = SEVERITIES.map(severity => ({ name: severity, severity, providerRef: { name: 'chat' } }))
const o: Observation = at(resting(), { canary: web({ analysis: { interval: '10s', alerts } }) })

const news = (reason: Reason, severity = reasons[reason].severity): Announcement => ({
  severity,
  reason,
  message: 'm',
  key: 'k',
  at: 7,
})

/** The alerts that are told of an announcement while the status shows this reason. */
function told(one: Announcement, shown: Reason = one.reason, seen = o): string[] {
  return alertsOf(seen, { state: seen.state, memory: seen.memory, reason: shown }, [one], 7).map(({ hook }) => hook)
}

suite('Alerts', () => {
  const rows: readonly [Announcement, Reason | undefined, readonly string[]][] = [
    [news('NewRevision'), undefined, ['info']],
    [news('Restarted'), undefined, ['info']],
    [news('Succeeded'), undefined, ['info']],
    [news('WaitingForApproval'), undefined, ['info', 'warn']],
    [news('WaitingForWebhook'), undefined, ['info', 'warn']],
    // `muteAlert` of the webhook.
    [news('WaitingForWebhook', 'info'), undefined, []],
    [news('WeightOverridden'), undefined, ['info', 'warn']],
    [news('ThresholdReached'), undefined, ['info', 'warn', 'error']],
    [news('DeadlineExceeded'), undefined, ['info', 'warn', 'error']],
    [news('Undecided'), undefined, ['info', 'warn', 'error']],
    [news('RollbackRequested'), undefined, ['info', 'warn', 'error']],
    [news('Aborted', 'error'), undefined, ['info', 'warn', 'error']],
    [news('PromotionFailed'), undefined, ['info', 'warn', 'error']],
    [news('Undoing'), undefined, ['info', 'warn', 'error']],
    [news('Conflict'), undefined, ['info', 'warn']],
    // A warning about what would stall elsewhere.
    [news('Invalid'), 'Advancing', []],
    [news('Advancing'), undefined, []],
    [news('CheckFailed'), undefined, []],
    [news('AlertNotSent'), undefined, []],
  ]
  for (const [one, shown, expected] of rows) {
    test(`${one.reason} of severity ${one.severity}, shown as ${shown ?? one.reason}: ${expected.join(', ') || 'none'}`, () => {
      expect(told(one, shown)).to.deep.equal(expected)
    })
  }

  test('tell of everything that stalls', () => {
    const silent = (Object.keys(reasons) as Reason[]).filter(reason => reasons[reason].stalls && !isAlerted(reason))
    expect(silent).to.deep.equal([])
  })

  test('each has an id of its own, which a repeat has too', () => {
    const keys = (): string[] =>
      alertsOf(o, { state: o.state, memory: o.memory, reason: 'Undoing' }, [news('Undoing')], 7).map(({ key }) => key)
    expect(new Set(keys()).size).to.equal(3)
    expect(keys()).to.deep.equal(keys())
  })

  test('say the gate that failed with its unit, what serves and what can be done; of a promotion no failure', () => {
    const check = { verdict: 'fail', max: null, requests: 90, message: '', at: 0 } as const
    const run = { id: 'r1', revision: 'h1:b', startedAt: 0, endedAt: 0, outcome: 'Failed', message: '' } as const
    const memory = remembers({
      checks: [
        { ...check, name: 'request-duration', value: 20, min: null, max: 500, verdict: 'pass' },
        { ...check, name: 'request-success-rate', value: 87.65, min: 99 },
      ],
      history: [{ ...run, highest: 10, reason: 'ThresholdReached' }],
    })
    const [entry] = alertsOf(o, { state: o.state, memory, reason: 'ThresholdReached' }, [news('ThresholdReached')], 7)
    expect(entry?.about?.metric).to.deep.equal({ name: 'request-success-rate', value: '87.7 %', limit: '≥ 99 %' })
    expect(entry?.about?.weight).to.equal(10)
    expect(entry?.run).to.equal('r1')
    expect(entry?.about?.next).to.match(/serves; to try again, push another revision, or: sluice -n shop retry web$/)
    const [end] = alertsOf(o, { state: o.state, memory, reason: 'Succeeded' }, [news('Succeeded')], 7)
    expect(end?.about).to.not.have.property('metric')
  })

  test('fit into the status, however long the names are', () => {
    const checks = [
      { name: 'n'.repeat(5000), verdict: 'fail', value: 1, min: 2, max: null, requests: null, message: '', at: 0 },
    ] as const
    const after = { state: o.state, memory: remembers({ checks }), reason: 'ThresholdReached' } as const
    const entries = alertsOf(o, after, [{ ...news('ThresholdReached'), message: 'x'.repeat(5000) }], 7)
    for (const entry of entries) expect(JSON.stringify(entry).length).to.be.below(1200)
  })
})
