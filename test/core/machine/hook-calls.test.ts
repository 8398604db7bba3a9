/** The calls that follow from what is remembered of webhooks. */
import { expect } from 'chai'
import type { HookType } from '../../../src/api/webhook.ts'
import { askInOrder, withoutAnswers } from '../../../src/core/hooks/ask.ts'
import { callsOf } from '../../../src/core/hooks/call.ts'
import { runPreRollout } from '../../../src/core/machine/rules/run-hooks.ts'
import { worthOf } from '../../../src/core/status/status-write-policy.ts'
import type { CanaryStatus } from '../../../src/api/status.ts'
import type { Move } from '../../../src/core/model/decision.ts'
import type { HookRecord } from '../../../src/core/model/hook.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { findingOf } from '../../receivers.ts'
import { advancing, at, minute, now, promoting, remembers, run, web } from './given.ts'

const asked: HookRecord = {
  name: 'gate',
  place: 'run',
  answers: 0,
  since: now,
  asked: true,
  last: null,
  unavailableSince: null,
}

const having = (state: State, type: HookType, hooks: readonly HookRecord[]): Observation =>
  at(state, {
    canary: web({ analysis: { interval: '10s', webhooks: [{ name: 'gate', type, url: 'http://gate.test/' }] } }),
    memory: remembers({ hooks }),
  })

const idsOf = (o: Observation): string[] => callsOf(o).map(({ id }) => id)

suite('a run that waits for webhooks', () => {
  const gone = { verdict: 'unavailable', said: 'cannot be reached', at: now } as const
  const preRollout = (more: Partial<HookRecord>) =>
    runPreRollout(
      having(run('pausingRollout', { waiting: { for: 'pods', since: now - minute } }), 'pre-rollout', [
        { ...asked, place: 'start', ...more },
      ]) as Observation<'Progressing'>,
      now,
    )
  const moveOf = (more: Partial<HookRecord>): Move => {
    const said = preRollout(more)
    if (said === undefined || 'passed' in said) throw new Error('nothing is waited for')
    return said
  }

  test('is not the wait of its pods: one that fails later has all its time', () => {
    expect(moveOf({}).state).to.deep.include({ waiting: null })
  })

  test('reports that one cannot be called, as of metrics, and not that it is waited for', () => {
    expect(moveOf({}).report).to.equal(undefined)
    expect(moveOf({ last: gone, unavailableSince: now }).report).to.deep.include({ about: 'gate/start' })
  })
})

suite('the status of webhooks', () => {
  const event = {
    severity: 'info',
    reason: 'Succeeded',
    message: 'Promoted',
    key: 'k',
    at: '2026-01-01T00:00:00Z',
  } as const
  const status = (answers: number, sink?: 'event hook'): CanaryStatus => ({
    phase: 'Succeeded',
    webhooks: [{ name: 'gate', place: 'run', answers }],
    pendingEvents: sink === undefined ? [] : [{ ...event, sink }],
  })

  test('has the number of calls of a gate, which is part of their ids', () => {
    expect(worthOf(status(1), status(2))).to.equal('later')
    expect(worthOf(status(1), status(1))).to.equal('nothing')
  })

  test('is written when the last webhook of type event was told at rest', () => {
    expect(worthOf(status(1, 'event hook'), status(1))).to.equal('at once')
  })
})

suite('calls of webhooks follow from their records', () => {
  test('each call of a run has an id of its own: at a place it comes back to, and after a yes that was used up', () => {
    const ids: string[] = []
    let o = having(advancing(10), 'rollout', [])
    for (const place of ['step/10/0', 'step/25/0', 'step/10/0', 'step/10/0']) {
      o = { ...o, memory: askInOrder(o, 'rollout', place, now).memory }
      ids.push(...idsOf(o))
    }
    // The last was the same call: it is still under way.
    expect(new Set(ids).size).to.equal(3)
    expect(ids[3]).to.equal(ids[2])
    const answered = { ...o, findings: Object.fromEntries(ids.map(id => [id, findingOf(200, now)])) }
    const { memory } = askInOrder(answered, 'rollout', 'step/10/0', now)
    o = { ...o, memory: withoutAnswers(o, memory, 'rollout') }
    expect(idsOf(o)).to.deep.equal([])
    o = { ...o, memory: askInOrder(o, 'rollout', 'step/10/0', now).memory }
    expect(idsOf(o)).to.have.length(1)
    expect(ids).not.to.include(idsOf(o)[0])
  })

  test('in a promotion none but those of rollback: what the run asked before is over', () => {
    for (const [type, calls] of [
      ['pre-rollout', 0],
      ['rollout', 0],
      ['confirm-promotion', 0],
      ['rollback', 1],
    ] as const) {
      expect(idsOf(having(promoting('copying'), type, [asked])), type).to.have.length(calls)
    }
  })
})
