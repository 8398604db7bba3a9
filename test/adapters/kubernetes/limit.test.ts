import { assert } from 'chai'
import { RateLimit } from '../../../src/adapters/kubernetes/limit.ts'
import type { Lane } from '../../../src/core/ports.ts'
import { VirtualClock } from '../../../playground/clock.ts'

suite('rate limit', () => {
  let clock: VirtualClock
  let admitted: string[]

  setup(() => {
    clock = new VirtualClock(0)
    admitted = []
  })

  function ask(limit: RateLimit, lane: Lane, times: number, namespace = 'shop'): void {
    for (let n = 0; n < times; n++) {
      void limit
        .take(lane, namespace, new AbortController().signal)
        .then(waited =>
          admitted.push(
            `${namespace === 'shop' ? '' : `${namespace}:`}${lane}@${clock.now()}${waited > 0 ? `(${waited})` : ''}`,
          ),
        )
    }
  }

  const count = (lane: Lane | 'other:urgent'): number => admitted.filter(each => each.startsWith(lane)).length

  test('lets a burst through at once, and then so many a second', async () => {
    const limit = new RateLimit({ qps: 10, burst: 5 }, clock)
    ask(limit, 'normal', 8)
    await clock.advance(0)
    assert.equal(count('normal'), 5)
    await clock.advance(1000)
    assert.deepEqual(admitted.slice(5), ['normal@100(100)', 'normal@200(200)', 'normal@300(300)'])
  })

  test('an urgent call does not wait, however many do', async () => {
    const limit = new RateLimit({ qps: 10, burst: 5 }, clock)
    ask(limit, 'normal', 100)
    ask(limit, 'background', 100)
    await clock.advance(1000)
    ask(limit, 'urgent', 4)
    await clock.advance(0)
    assert.deepEqual(admitted.slice(-4), Array(4).fill('urgent@1000'))
  })

  test('urgent calls owe one burst at most, and then go ahead of all others', async () => {
    const limit = new RateLimit({ qps: 10, burst: 5 }, clock)
    ask(limit, 'urgent', 12) // five are there, five more are owed
    ask(limit, 'normal', 1)
    await clock.advance(0)
    assert.equal(count('urgent'), 10)
    await clock.advance(200)
    assert.deepEqual(admitted.slice(10), ['urgent@100(100)', 'urgent@200(200)'])
    await clock.advance(2000)
    assert.deepEqual(admitted.slice(12), ['normal@800(800)']) // when the debt is paid
  })

  test('urgent calls without end leave every fifth token to the others', async () => {
    const limit = new RateLimit({ qps: 10, burst: 5 }, clock)
    ask(limit, 'urgent', 200, 'other')
    ask(limit, 'normal', 100)
    ask(limit, 'background', 100)
    await clock.advance(10_000)
    assert.deepEqual([count('other:urgent'), count('normal'), count('background')], [90, 18, 2])
  })

  test('background work leaves half of a burst to the others', async () => {
    const limit = new RateLimit({ qps: 10, burst: 10 }, clock)
    ask(limit, 'background', 20)
    await clock.advance(0)
    assert.equal(count('background'), 5)
    ask(limit, 'normal', 5)
    await clock.advance(0)
    assert.equal(count('normal'), 5)
  })

  test('background work gets every tenth turn while all are busy', async () => {
    const limit = new RateLimit({ qps: 100, burst: 10 }, clock)
    ask(limit, 'normal', 1000)
    ask(limit, 'background', 1000)
    await clock.advance(5000)
    assert.approximately(count('background'), 50, 3)
    assert.approximately(count('normal'), 460, 6)
  })

  test('a burst of one lets background work through too', async () => {
    const limit = new RateLimit({ qps: 10, burst: 1 }, clock)
    ask(limit, 'background', 3)
    await clock.advance(1000)
    assert.equal(count('background'), 3)
  })

  test('namespaces take turns: one that asks a hundred times is one turn ahead', async () => {
    const limit = new RateLimit({ qps: 10, burst: 1 }, clock)
    ask(limit, 'normal', 100)
    ask(limit, 'normal', 2, 'pay')
    await clock.advance(400)
    assert.deepEqual(admitted.slice(1), [
      'normal@100(100)',
      'pay:normal@200(200)',
      'normal@300(300)',
      'pay:normal@400(400)',
    ])
  })

  test('who gives up leaves the line', async () => {
    const limit = new RateLimit({ qps: 1, burst: 1 }, clock)
    ask(limit, 'normal', 1)
    const gone = new AbortController()
    const waiting = limit.take('normal', 'shop', gone.signal)
    ask(limit, 'normal', 1)
    assert.equal(limit.waiting('normal'), 2)
    gone.abort(new Error('too late'))
    let said = ''
    await waiting.catch((error: unknown) => {
      said = error instanceof Error ? error.message : ''
    })
    assert.equal(said, 'too late')
    await clock.advance(1000)
    assert.deepEqual(admitted, ['normal@0', 'normal@1000(1000)'])
  })

  test('a limit that lets nothing through is refused', () => {
    assert.throws(
      () => new RateLimit({ qps: 0, burst: 10 }, clock),
      'A rate limit of 0 requests/s with a burst of 10 lets nothing through.',
    )
  })
})
