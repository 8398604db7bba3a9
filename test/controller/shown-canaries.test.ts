/** Runs that ended are counted once, by the process that ended them. */
import { expect } from 'chai'
import { ShownCanaries } from '../../src/controller/shown-canaries.ts'
import type { Decision } from '../../src/core/model/decision.ts'
import type { RunRecord } from '../../src/core/model/memory.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { observation } from '../core/given-objects.ts'

const record = (id: string): RunRecord => ({
  id,
  revision: 'h1:b',
  startedAt: 0,
  endedAt: 60_000,
  outcome: 'Succeeded',
  highest: 100,
  reason: 'AtRest',
  message: 'Promoted',
})

/** A Canary whose runs that have ended are these, newest first. */
function after(...ids: readonly string[]): Observation {
  const o = observation()
  return { ...o, memory: { ...o.memory, history: ids.map(record) } }
}

const leaving = ({ state, memory }: Observation): Decision => ({
  state,
  memory,
  reason: 'AtRest',
  message: 'Promoted',
  wakeAt: null,
  announcements: [],
  calls: [],
  outbox: [],
  writes: [],
})

suite('Canaries that a process shows', () => {
  let counted: string[]
  let shown: ShownCanaries
  const pass = (before: Observation, then: Observation): void => shown.show('shop/web', before, leaving(then))

  setup(() => {
    counted = []
    const ended = (_: string, __: string, { id }: RunRecord): void => void counted.push(id)
    shown = new ShownCanaries({ show: () => {}, ended, forget: () => {} }, new VirtualClock())
  })

  test('a run that ended under another leader is not counted', () => {
    pass(after('one'), after('one'))
    pass(after('one'), after('one'))
    expect(counted).to.deep.equal([])
  })

  test('a run that ends is counted once, also the first of its Canary', () => {
    pass(after(), after())
    pass(after(), after('one'))
    pass(after('one'), after('one'))
    pass(after('one'), after('two', 'one'))
    expect(counted).to.deep.equal(['one', 'two'])
  })

  test("a run that this process's first pass ends is counted", () => {
    pass(after('one'), after('two', 'one'))
    pass(after('two', 'one'), after('two', 'one'))
    expect(counted).to.deep.equal(['two'])
  })

  test('what another leader ended between two terms is not counted', () => {
    pass(after(), after('one'))
    shown.forgetAll()
    pass(after('two', 'one'), after('two', 'one'))
    expect(counted).to.deep.equal(['one'])
  })
})
