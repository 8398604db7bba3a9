import { assert } from 'chai'
import { Slots } from '../../../src/adapters/kubernetes/slots.ts'
import { VirtualClock } from '../../../playground/clock.ts'

suite('slots for calls', () => {
  let clock: VirtualClock
  let entered: string[]
  let leaves: Map<string, () => void>

  setup(() => {
    clock = new VirtualClock(0)
    entered = []
    leaves = new Map()
  })

  function enter(slots: Slots, ...calls: string[]): void {
    for (const call of calls) {
      void slots.enter(call.split('/')[0] ?? '', new AbortController().signal).then(leave => {
        entered.push(`${call}@${clock.now()}`)
        leaves.set(call, leave)
      })
    }
  }

  test('a namespace has a few, and the next comes when one is given back', async () => {
    const slots = new Slots({ total: 10, each: 2 }, clock)
    enter(slots, 'slow/1', 'slow/2', 'slow/3', 'shop/1')
    await clock.advance(50)
    assert.deepEqual(entered, ['slow/1@0', 'slow/2@0', 'shop/1@0'])
    leaves.get('slow/1')?.()
    await clock.advance(0)
    assert.deepEqual(entered.slice(3), ['slow/3@50'])
  })

  test('namespaces take turns when there is none left', async () => {
    const slots = new Slots({ total: 1, each: 10 }, clock)
    enter(slots, 'a/1', 'a/2', 'a/3', 'b/1')
    for (const call of ['a/1', 'a/2', 'b/1']) {
      await clock.advance(1)
      leaves.get(call)?.()
    }
    await clock.advance(1)
    assert.deepEqual(
      entered.map(one => one.split('@')[0]),
      ['a/1', 'a/2', 'b/1', 'a/3'],
    )
  })

  test('what has taken a second no longer counts among all, and still does in its namespace', async () => {
    const slots = new Slots({ total: 2, each: 2 }, clock)
    enter(slots, 'slow/1', 'slow/2', 'slow/3', 'shop/1')
    await clock.advance(999)
    assert.lengthOf(entered, 2)
    await clock.advance(1)
    assert.deepEqual(entered.slice(2), ['shop/1@1000'])
    leaves.get('slow/1')?.()
    leaves.get('slow/1')?.()
    await clock.advance(1000)
    assert.deepEqual(entered.slice(3), ['slow/3@1000'])
  })

  test('who gives up leaves the line', async () => {
    const slots = new Slots({ total: 1, each: 1 }, clock)
    enter(slots, 'a/1')
    const gone = new AbortController()
    const waiting = slots.enter('a', gone.signal)
    gone.abort(new Error('too late'))
    let said = ''
    await waiting.catch((error: unknown) => {
      said = error instanceof Error ? error.message : ''
    })
    enter(slots, 'a/2')
    await clock.advance(0)
    leaves.get('a/1')?.()
    await clock.advance(0)
    assert.deepEqual([said, entered], ['too late', ['a/1@0', 'a/2@0']])
  })
})
