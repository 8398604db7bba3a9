import { assert } from 'chai'
import { Queue, type QueueMetrics } from '../../src/runtime/workqueue.ts'
import { VirtualClock } from '../../playground/clock.ts'

suite('queue', () => {
  let clock: VirtualClock
  /** What was worked, and when (milliseconds since the start). */
  let worked: string[]

  setup(() => {
    clock = new VirtualClock(0)
    worked = []
  })

  /** A queue whose work on a key takes `takes` milliseconds, and throws while `fails` says so. */
  function queueOf(
    options: { atOnce?: number; takes?: number; fails?: (key: string) => boolean; metrics?: QueueMetrics } = {},
  ): Queue {
    return new Queue({
      clock,
      steady: clock,
      ...(options.atOnce === undefined ? {} : { atOnce: options.atOnce }),
      ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
      worker: async key => {
        worked.push(`${key}@${clock.now()}`)
        const { takes = 0 } = options
        if (takes > 0) await new Promise<void>(resolve => clock.at(clock.now() + takes, resolve))
        if (options.fails?.(key) === true) throw new Error('boom')
      },
    })
  }

  test('works a key once, however often it was added before its turn', async () => {
    const queue = queueOf({ atOnce: 1 })
    for (const key of ['a', 'b', 'b', 'c', 'b']) queue.add(key)
    await clock.advance(100)
    assert.deepEqual(worked, ['a@0', 'b@0', 'c@0'])
  })

  test('lets news come between passes that take long', async () => {
    const steady = new VirtualClock(0)
    const begun: string[] = []
    // The pass itself takes the time: the clock goes on while nothing else can happen.
    const slow = { now: () => steady.now() + begun.length * 100, at: steady.at.bind(steady) }
    const queue = new Queue({
      clock,
      steady: slow,
      worker: async key => {
        begun.push(key)
      },
    })
    for (let n = 0; n < 5; n += 1) queue.add(`evil/${n}`)
    queue.add('shop/web')
    assert.deepEqual(begun, ['evil/0'])
    await steady.advance(1000)
    assert.deepEqual(begun, ['evil/0', 'evil/1', 'shop/web', 'evil/2', 'evil/3', 'evil/4'])
  })

  test('works a key again that was added while it was worked, and never twice at a time', async () => {
    const queue = queueOf({ takes: 10 })
    queue.add('a')
    await clock.advance(5)
    queue.add('a')
    queue.add('a')
    queue.add('b')
    await clock.advance(100)
    assert.deepEqual(worked, ['a@0', 'b@5', 'a@10'])
  })

  test('gathers the news of a moment, and forgets it when the key is worked before', async () => {
    const queue = queueOf()
    queue.addSoon('a')
    queue.addSoon('b')
    await clock.advance(10)
    queue.addSoon('a')
    queue.add('b')
    await clock.advance(100)
    queue.addSoon('b')
    await clock.advance(100)
    assert.deepEqual(worked, ['b@10', 'a@20', 'b@130'])
  })

  test('works what comes while a key is worked once more, a moment later', async () => {
    const queue = queueOf({ takes: 30 })
    queue.add('a')
    await clock.advance(5)
    queue.addSoon('a')
    await clock.advance(100)
    assert.deepEqual(worked, ['a@0', 'a@30'])
  })

  test('begins a few keys at a time, and namespaces take turns', async () => {
    const queue = queueOf({ atOnce: 2 })
    for (const key of ['slow/a', 'slow/b', 'slow/c', 'slow/d', 'shop/a', 'pay/a']) queue.add(key)
    await clock.advance(100)
    assert.deepEqual(worked, ['slow/a@0', 'slow/b@0', 'slow/c@0', 'shop/a@0', 'pay/a@0', 'slow/d@0'])
  })

  test('work that hangs keeps no other key waiting', async () => {
    const queue = queueOf({ takes: 1e9 })
    for (let n = 0; n < 200; n += 1) queue.add(`slow/${n}`)
    await clock.advance(10)
    queue.add('shop/web')
    await clock.advance(0)
    assert.equal(worked.at(-1), 'shop/web@10')
  })

  test('adds a key when it is due; of several wishes the earliest holds', async () => {
    const queue = queueOf()
    queue.addAt('a', 500)
    queue.addAt('a', 200)
    queue.addAt('a', 900)
    queue.addAt('b', 300)
    queue.addAt('past', -1)
    await clock.advance(2000)
    assert.deepEqual(worked, ['past@0', 'a@200', 'b@300'])
  })

  test('keeps thousands of due times in order', async () => {
    const queue = queueOf()
    const whens = Array.from({ length: 2000 }, (_, n) => ((n * 7919) % 2003) + 1)
    for (const when of whens) queue.addAt(`k${when}`, when)
    await clock.advance(3000)
    assert.deepEqual(
      worked,
      whens.sort((a, b) => a - b).map(when => `k${when}@${when}`),
    )
  })

  test('tries a key again after 5 ms, 10 ms, 20 ms … while it throws, and others are not kept waiting', async () => {
    let broken = true
    const queue = queueOf({ fails: key => key === 'a' && broken })
    queue.add('a')
    await clock.advance(1)
    queue.add('b')
    await clock.advance(99)
    assert.deepEqual(worked, ['a@0', 'b@1', 'a@5', 'a@15', 'a@35', 'a@75'])

    broken = false
    await clock.advance(100) // succeeds at 155, which ends the backoff
    broken = true
    queue.add('a')
    await clock.advance(6)
    assert.deepEqual(worked.slice(-3), ['a@155', 'a@200', 'a@205'])
  })

  test('never waits longer than five seconds before it tries again', async () => {
    const queue = queueOf({ fails: () => true })
    queue.add('a')
    await clock.advance(60 * 60_000)
    const times = worked.map(entry => Number(entry.split('@')[1]))
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    assert.equal(Math.max(...waits), 5000)
    assert.isAbove(waits.filter(wait => wait === 5000).length, 50)
  })

  test('closes when the work at hand is done, and drops what waits', async () => {
    const queue = queueOf({ takes: 30 })
    queue.add('a')
    queue.addAt('c', 10)
    await clock.advance(5)
    queue.add('a')
    const closed = queue.close(1000)
    queue.add('late')
    await clock.advance(100)
    assert.deepEqual([await closed, worked], [true, ['a@0']])
    assert.isTrue(await queue.close(0))
  })

  test('gives up waiting at the deadline, and tells the worker', async () => {
    let told: unknown = null
    const queue = new Queue({
      clock,
      steady: clock,
      worker: (_, signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            told = (signal.reason as Error).message
          })
        }),
    })
    queue.add('a')
    const closed = queue.close(50)
    await clock.advance(60)
    assert.deepEqual([await closed, told], [false, 'The queue was closed, and 50 ms were not enough to finish.'])
  })

  test('says which key has been worked for the longest time', async () => {
    const queue = queueOf({ takes: 100 })
    assert.isNull(queue.longest())
    queue.add('a')
    await clock.advance(30)
    queue.add('b')
    await clock.advance(20)
    assert.deepEqual(queue.longest(), { key: 'a', milliseconds: 50 })
    await clock.advance(60)
    assert.deepEqual(queue.longest(), { key: 'b', milliseconds: 80 })
    await clock.advance(60)
    assert.isNull(queue.longest())
  })

  test('tells depth, latency, duration and failures', async () => {
    const seen: string[] = []
    const metrics: QueueMetrics = {
      depth: ready => seen.push(`depth ${ready}`),
      latency: waited => seen.push(`waited ${waited}`),
      worked: took => seen.push(`took ${took}`),
      failed: (key, error, wait) => seen.push(`${key}: ${(error as Error).message}, again in ${wait}`),
    }
    const queue = queueOf({ takes: 10, fails: key => key === 'b', metrics })
    queue.add('a')
    queue.add('b')
    await clock.advance(21)
    assert.deepEqual(
      seen.filter(line => !line.startsWith('depth')),
      ['waited 0', 'waited 0', 'took 10', 'b: boom, again in 5', 'took 10', 'waited 0'],
    )
    assert.equal(seen.filter(line => line.startsWith('depth')).at(-1), 'depth 0')
  })
})
