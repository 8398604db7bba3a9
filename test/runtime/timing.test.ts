import { assert } from 'chai'
import { Slots } from '../../src/adapters/kubernetes/slots.ts'
import { withDeadline } from '../../src/runtime/timing.ts'
import { VirtualClock } from '../../playground/clock.ts'

suite('the deadline of a call', () => {
  let clock: VirtualClock
  let ends: string[]

  setup(() => {
    clock = new VirtualClock(0)
    ends = []
  })

  /** A call that waits for its turn in `slots`, and is answered `after` so many milliseconds, or never. */
  function call(slots: Slots, name: string, after: number | null): void {
    const told = (end: string): void => void ends.push(`${name}@${clock.now()} ${end}`)
    const run = withDeadline(clock, 15_000, new AbortController().signal, name, async (signal, turn) => {
      turn.waits()
      const leave = await slots.enter('shop', signal)
      turn.comes()
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          if (after !== null) clock.at(clock.now() + after, resolve)
        })
      } finally {
        leave()
      }
    })
    run.then(
      () => told('answered'),
      (error: Error) => told(error.message),
    )
  }

  test('begins when the call is sent: one that waits behind others has not been asked yet', async () => {
    const slots = new Slots({ total: 1, each: 1 }, clock)
    for (const name of ['a', 'b', 'c']) call(slots, name, 900)
    call(slots, 'd', null)
    for (let n = 0; n < 30; n++) call(slots, `e${n}`, 900)
    await clock.advance(60_000)
    assert.deepEqual(ends.slice(0, 4), [
      'a@900 answered',
      'b@1800 answered',
      'c@2700 answered',
      'd@17700 d had no answer within 15 s',
    ])
    assert.deepEqual(ends.slice(-1), ['e29@44700 answered'])
  })

  test('a turn that does not come ends it too, after two minutes', async () => {
    const slots = new Slots({ total: 1, each: 1 }, clock)
    await slots.enter('shop', new AbortController().signal)
    call(slots, 'a', 900)
    await clock.advance(119_999)
    assert.deepEqual(ends, [])
    await clock.advance(1)
    assert.deepEqual(ends, ['a@120000 a had no turn within 120 s'])
  })
})
