import { assert } from 'chai'
import { close, config, event, json, page, script, status, stream, until } from './scripted-server.ts'
import { lists, reflectorsOfSuite, watches } from './reflector.given.ts'

suite('reflector', () => {
  const follow = reflectorsOfSuite()

  test('lists, then watches from there with bookmarks and a timeout of 300 to 600 s', async () => {
    const world = await follow(script([page(10, [config('a', 5)])], [stream([event('ADDED', config('b', 11))])]))
    await until(() => world.names().length === 2)
    assert.deepEqual(world.changes, ['+a5', '+b11'])
    assert.deepEqual(lists(world)[0]?.query, { limit: '500' })
    assert.deepEqual(watches(world)[0]?.query, {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '450',
    })
    assert.equal(world.store.get('shop', 'a')?.kind, 'ConfigMap')
    assert.isTrue(world.reflector.synced)
    assert.equal(world.reflector.state, 'watching')
  })

  test('reads a list in pages, and starts over when the pages expire', async () => {
    const world = await follow(
      script(
        [
          page(10, [config('a', 1)], 'next'),
          status(410, 'Expired', 'The provided continue parameter is too old'),
          page(20, [config('a', 1)], 'next-2'),
          page(20, [config('b', 2)]),
        ],
        [stream([])],
      ),
    )
    await until(() => world.reflector.synced)
    assert.deepEqual(world.names(), ['a', 'b'])
    assert.deepEqual(
      lists(world).map(one => one.query['continue']),
      [undefined, 'next', undefined, 'next-2'],
    )
    await until(() => watches(world).length === 1)
    assert.equal(watches(world)[0]?.query['resourceVersion'], '20')
  })

  test('asks for smaller pages while they are larger than 4 MiB, and for as many as will fit into two then', async () => {
    const large = { data: { text: 'x'.repeat(900_000) } }
    const all = Array.from({ length: 12 }, (_, n) => ({ ...config(`c${n}`, n + 1), ...(n < 6 ? large : {}) }))
    const limits: string[] = []
    const world = await follow((response, asked) => {
      if (asked.query['watch'] === 'true') return stream([])(response, asked)
      const limit = Number(asked.query['limit'])
      const from = Number(asked.query['continue'] ?? 0)
      limits.push(`${from}+${limit}`)
      const next = from + limit < all.length ? String(from + limit) : undefined
      return page(50, all.slice(from, from + limit), next)(response, asked)
    })
    await until(() => world.reflector.synced)
    assert.lengthOf(world.names(), 12)
    assert.deepEqual(limits, ['0+500', '0+63', '0+8', '0+1', '1+2', '3+2', '5+2', '7+4', '11+8'])
  })

  test('watches again from the last version it heard of when the server closes, bookmarks included', async () => {
    const bookmark = event('BOOKMARK', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '30' } })
    const world = await follow(
      script([page(10, [])], [stream([event('ADDED', config('a', 11)), bookmark], close), stream([])]),
    )
    await until(() => watches(world).length === 2)
    assert.equal(watches(world)[1]?.query['resourceVersion'], '30')
    assert.equal(lists(world).length, 1)
    assert.deepEqual(world.names(), ['a'])
  })

  test('says after its first answer, whatever that is, that it asked; and lists beside its watch when told to', async () => {
    let answer = status(500, 'InternalError', 'boom')
    const world = await follow(script([(response, asked) => answer(response, asked)], [stream([])]))
    await world.reflector.asked
    assert.deepEqual(
      [world.reflector.synced, world.reflector.lastError],
      [false, 'Cannot watch configmaps in all namespaces: boom'],
    )
    assert.isAbove(world.reflector.awaited(), 0)
    answer = page(10, [config('a', 5)])
    await world.reflector.settled
    assert.equal(world.reflector.awaited(), 0)
    await until(() => watches(world).length === 1)
    answer = page(40, [config('b', 30)])
    await world.reflector.refresh(new AbortController().signal, 10_000)
    assert.deepEqual(world.changes, ['+a5', '+b30', '-a5'])
    assert.deepEqual([world.reflector.state, watches(world).length], ['watching', 1])
  })

  test('ends only by its signal', async () => {
    const world = await follow(json(500, { kind: 'Status', code: 500, message: 'boom' }))
    await until(() => world.server.asked.length > 5)
    assert.notEqual(world.reflector.state, 'stopped')
    await world.stop()
    assert.equal(world.reflector.state, 'stopped')
  })
})
