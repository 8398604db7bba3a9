import { assert } from 'chai'
import { monotonicClock } from '../../src/adapters/clock.ts'
import { type Answer, close, config, event, page, reset, script, status, stream, until } from './scripted-server.ts'
import { lists, reflectorsOfSuite, watches } from './reflector.given.ts'

suite('reflector: after failures', () => {
  const follow = reflectorsOfSuite()

  test('says that a kind which was known is not followed any more, and for how long', async () => {
    const bad = status(500, 'InternalError', 'conversion webhook failed')
    let well = true
    const world = await follow(
      (response, asked) => {
        if (!well) bad(response, asked)
        else if (asked.query['watch'] === 'true') stream([], close)(response, asked)
        else page(10, [config('a', 5)])(response, asked)
      },
      5000,
      { longestBackoff: 4 },
    )
    await until(() => world.reflector.synced)
    assert.equal(world.reflector.failingFor(), 0)
    well = false
    await until(() => world.reflector.failingFor() > 20)
    well = true
    await until(() => world.reflector.failingFor() === 0 && world.reflector.lastError === null)
  })

  const broken: Record<string, Answer> = {
    'a reset of the connection': stream([], reset),
    'a 500 on the watch': status(500, 'InternalError', 'etcdserver: leader changed'),
    'a 429 without Retry-After': status(429, 'TooManyRequests', 'too many requests'),
    'an answer that is no JSON': response => response.end('<html>gateway</html>\n'),
    'a line that nobody can read': stream(['{"type":"ADD'], close),
    'an event of an unknown type': stream([event('PATCHED', config('x', 1))]),
  }
  for (const [what, answer] of Object.entries(broken)) {
    test(`goes on after ${what}`, async () => {
      const world = await follow(
        script([page(10, [config('a', 5)])], [answer, stream([event('MODIFIED', config('a', 12))])]),
      )
      await until(() => world.changes.length === 2)
      assert.deepEqual(world.changes, ['+a5', '~a12'])
      assert.equal(watches(world)[1]?.query['resourceVersion'], '10')
      assert.isNull(world.reflector.lastError)
    })
  }

  test('goes on when the first list is refused with 503', async () => {
    const world = await follow(
      script([status(503, 'ServiceUnavailable', 'apiserver is starting'), page(10, [config('a', 5)])], [stream([])]),
    )
    await until(() => world.reflector.synced)
    assert.deepEqual(world.names(), ['a'])
  })

  for (const [how, gone] of Object.entries({
    'a status': status(410, 'Expired', 'too old resource version'),
    'an ERROR event': stream([
      event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 10 (99)' }),
    ]),
  })) {
    test(`lists again after 410 as ${how}: deletes what vanished, tells only what changed`, async () => {
      const world = await follow(
        script(
          [
            page(10, [config('same', 1), config('changed', 2), config('gone', 3)]),
            page(40, [config('same', 1), config('changed', 35), config('new', 36)]),
          ],
          [gone, stream([])],
        ),
      )
      await until(() => world.changes.length === 6)
      assert.deepEqual(world.changes.slice(3), ['~changed35', '+new36', '-gone3'])
      await until(() => watches(world).length === 2)
      assert.equal(watches(world)[1]?.query['resourceVersion'], '40')
    })
  }

  test('does not spin when every watch is answered with 410', async () => {
    const world = await follow(script([page(10, [])], [status(410, 'Expired', 'too old')]))
    await until(() => lists(world).length >= 4)
    const from = monotonicClock.now()
    const before = lists(world).length
    await until(() => lists(world).length >= before + 4)
    assert.isAtLeast(monotonicClock.now() - from, 12) // four waits of at least 4 ms each, in this test's timing
  })

  test('leaves a watch on which nothing came for too long, and watches again', async () => {
    const world = await follow(
      script([page(10, [])], [stream([event('ADDED', config('a', 11))]), stream([event('ADDED', config('b', 12))])]),
      40,
    )
    await until(() => world.names().length === 2)
    assert.equal(watches(world)[1]?.query['resourceVersion'], '11')
    assert.equal(lists(world).length, 1)
  })

  test('lists again when it cannot get on with a version three times', async () => {
    const bad = status(500, 'InternalError', 'boom')
    const world = await follow(
      script([page(10, [config('a', 5)]), page(50, [config('a', 45)])], [bad, bad, bad, stream([])]),
    )
    await until(() => world.changes.length === 2)
    assert.deepEqual(world.changes, ['+a5', '~a45'])
  })
})
