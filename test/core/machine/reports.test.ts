/** What holds is announced when it begins to, and when it comes back; how it is said in between decides nothing. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { runChecks } from '../../../src/core/machine/rules/checks.ts'
import { decide } from '../../../src/core/machine/decide.ts'
import { hold, holdAndReport, holdUnchanged, withReport } from '../../../src/core/machine/move.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import type { Move } from '../../../src/core/model/decision.ts'
import type { Observation, WriteError } from '../../../src/core/model/observation.ts'
import { noSurroundings, object } from '../given-objects.ts'
import { advancing, answered, at, now, remembers, resting, second, target } from './given.ts'

const o = at(resting())
const conflict = { reason: 'Conflict', message: 'Service shop/web is in conflict' } as const
const reported = (move: Move): string => {
  const { memory } = withReport(o, move, now)
  if (memory.reported === null) throw new Error('nothing is reported')
  return memory.reported
}
const after = (mark: string | null, move: (o: Observation) => Move) => {
  const seen = { ...o, memory: remembers({ reported: mark }) }
  const { announcements, memory } = withReport(seen, move(seen), now)
  return [announcements.map(({ message }) => message), memory.reported] as const
}
const mark = reported(holdAndReport(o, conflict, null))

suite('reports', () => {
  test('what holds is announced once', () => {
    expect(after(null, seen => holdAndReport(seen, conflict, null))).to.deep.equal([[conflict.message], mark])
    expect(after(mark, seen => holdAndReport(seen, conflict, null))).to.deep.equal([[], mark])
  })

  test('also while something else is on show without an end of it', () => {
    expect(after(mark, seen => holdUnchanged(seen, null))).to.deep.equal([[], mark])
  })

  test('and again when it comes back', () => {
    expect(after(mark, seen => hold(seen, 'AtRest', 'web-primary serves', null))).to.deep.equal([[], null])
  })

  test('the same in other words is no news, something else is', () => {
    const blind = (message: string) => ({ reason: 'MetricsUnavailable', message, about: 'metrics' }) as const
    const first = reported(holdAndReport(o, blind('no data over 10s'), null))
    expect(after(first, seen => holdAndReport(seen, blind('no data over 20s'), null))[0]).to.deep.equal([])
    expect(after(first, seen => holdAndReport(seen, conflict, null))[0]).to.deep.equal([conflict.message])
  })

  test('a failed check counts, and what is to be mended is said: callers and servers that contradict', () => {
    const value = (of: number): Finding => ({ kind: 'value', value: of })
    const failing = ({ subject: { measure, side } }: Check): Finding =>
      value(measure === 'errors' || side === 'primary' ? 50 : measure === 'latency' ? 20 : 100)
    const policies = [object(kinds.PeerAuthentication, 'default', { spec: { mtls: { mode: 'STRICT' } } })]
    const spec = { host: '*.shop.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } }
    const trafficPolicies = [object(kinds.DestinationRule, 'all', { spec })]
    const due = advancing(10, { lastCheckTime: now - 10 * second, lastCheckPassed: false })
    const surroundings = { ...noSurroundings, policies, trafficPolicies }
    const told = decide(answered(at(due, { surroundings }), runChecks, failing), now)
    if ('ask' in told || 'read' in told) throw new Error('asks')
    expect([told.reason, 'failedChecks' in told.state && told.state.failedChecks]).to.deep.equal([
      'MutualTlsConflict',
      1,
    ])
    expect(told.message).to.match(/^DestinationRule shop\/all makes callers send plaintext/)
    // The given run has no Services and routes, which is an edit of its own.
    const others = told.announcements.filter(({ reason }) => reason !== 'EditReverted')
    expect(others.map(({ reason }) => reason)).to.have.members(['CheckFailed', 'MutualTlsConflict'])
  })

  test('a refused write is announced once, whatever port its error names', () => {
    const refused = (port: number): WriteError => ({
      reason: 'WriteRefused',
      message: `dial tcp 10.0.0.1:${port}: refused`,
    })
    const asleep = target('web:1', 0, { replicas: 0, paused: false })
    const told = (writeError: WriteError, memory = remembers()) => {
      const decision = decide(at(resting(), { target: asleep, writeError, memory }), now)
      if ('ask' in decision || 'read' in decision) throw new Error('asks')
      return decision
    }
    const first = told(refused(40_001))
    expect(first.announcements.map(({ reason }) => reason)).to.deep.equal(['WriteRefused'])
    const again = told(refused(40_002), { ...first.memory, reason: 'AtRest', message: 'whatever is on show' })
    expect([again.announcements, again.message]).to.deep.equal([[], refused(40_002).message])
  })
})
