/** The calls that follow from what is remembered of webhooks. */
import { expect } from 'chai'
import type { HookType } from '../../../src/api/webhook.ts'
import { askInOrder, withoutAnswers } from '../../../src/core/hooks/ask.ts'
import { callsOf } from '../../../src/core/hooks/call.ts'
import type { HookRecord } from '../../../src/core/model/hook.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { findingOf } from '../../receivers.ts'
import { advancing, at, now, promoting, remembers, web } from './given.ts'

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
