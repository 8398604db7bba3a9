/** Lists and watches, as the real server answers them; each test is a behaviour that Sluice leans on. */
import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import type { WatchEvent } from '../../src/core/ports.ts'
import type { PlaygroundApi } from './api.ts'
import { VirtualClock } from '../clock.ts'
import { call, config, freshApi, refusal, refusalOf } from './api.given.ts'

suite('playground: the API: reads', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  const user = () => api.as('kubectl')
  setup(() => {
    ;({ clock, api } = freshApi())
  })

  suite('lists', () => {
    test('pages show the world as it was when the list began', async () => {
      for (const name of ['a', 'b', 'c', 'd']) user().create(config(name))
      const first = await api.list(kinds.ConfigMap, { namespace: 'shop', limit: 2 }, call())
      user().delete(kinds.ConfigMap, 'shop', 'c')
      user().create(config('bb'))
      const rest = await api.list(
        kinds.ConfigMap,
        { namespace: 'shop', limit: 9, continue: first.continue ?? '' },
        call(),
      )
      const names = [...first.items, ...rest.items].map(object => object.metadata.name)
      assert.deepEqual(
        [names, rest.continue, rest.resourceVersion],
        [['a', 'b', 'c', 'd'], undefined, first.resourceVersion],
      )
    })

    test('a page that continues from before a compaction is 410', async () => {
      for (const name of ['a', 'b']) user().create(config(name))
      const first = await api.list(kinds.ConfigMap, { namespace: '', limit: 1 }, call())
      user().create(config('c'))
      api.server.store.compact()
      const more = api.list(kinds.ConfigMap, { namespace: '', limit: 1, continue: first.continue ?? '' }, call())
      assert.equal(await refusalOf(more), '410 Expired')
    })

    for (const [selector, names] of [
      ['app=web', ['a', 'b']],
      ['app!=web', ['c', 'd']],
      ['app in (web, api),tier', ['b', 'c']],
      ['app notin (web)', ['c', 'd']],
      ['!app', ['d']],
    ] as const) {
      test(`the selector ${selector} picks ${names.join(', ')}`, () => {
        user().create(config('a', { app: 'web' }))
        user().create(config('b', { app: 'web', tier: 'front' }))
        user().create(config('c', { app: 'api', tier: 'back' }))
        user().create(config('d'))
        assert.deepEqual(
          user()
            .list(kinds.ConfigMap, 'shop', selector)
            .map(object => object.metadata.name),
          [...names],
        )
      })
    }

    test('a selector that is none is refused', () => {
      assert.match(
        refusal(() => user().list(kinds.ConfigMap, 'shop', 'app=(')),
        /^400 BadRequest/,
      )
    })
  })

  suite('watches', () => {
    const aborter = () => new AbortController()
    const watch = (
      resourceVersion: string,
      seen: (event: WatchEvent) => void,
      signal: AbortSignal,
      labelSelector = '',
    ) =>
      api.watch(
        kinds.ConfigMap,
        { namespace: 'shop', resourceVersion, labelSelector, timeout: 300_000 },
        seen,
        call(signal),
      )
    const told = (events: readonly WatchEvent[]) => events.map(event => `${event.type} ${event.object.metadata.name}`)

    test('deliver every change after the version they start from, in order, and stop when told', async () => {
      const { resourceVersion } = await api.list(kinds.ConfigMap, { namespace: 'shop' }, call())
      user().create(config('early'))
      const [events, stop] = [[] as WatchEvent[], aborter()]
      const watching = watch(resourceVersion, event => events.push(event), stop.signal)
      await clock.advance(0)
      user().merge(kinds.ConfigMap, 'shop', 'early', { data: { a: '1' } })
      user().delete(kinds.ConfigMap, 'shop', 'early')
      await clock.advance(0)
      stop.abort()
      await watching
      user().create(config('late'))
      await clock.advance(0)
      assert.deepEqual(told(events), ['ADDED early', 'MODIFIED early', 'DELETED early'])
      const versions = events.map(event => Number(event.object.metadata.resourceVersion))
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((a, b) => a - b),
      )
    })

    test('an object that leaves the selector is DELETED to the watcher, one that enters it ADDED', async () => {
      const [events, stop] = [[] as WatchEvent[], aborter()]
      const watching = watch(String(api.server.store.version), event => events.push(event), stop.signal, 'app=web')
      await clock.advance(0)
      user().create(config('a', { app: 'web' }))
      user().merge(kinds.ConfigMap, 'shop', 'a', { metadata: { labels: { app: 'other' } } })
      user().merge(kinds.ConfigMap, 'shop', 'a', { metadata: { labels: { app: 'web' } } })
      await clock.advance(0)
      stop.abort()
      await watching
      assert.deepEqual(told(events), ['ADDED a', 'DELETED a', 'ADDED a'])
    })

    test('from a version that is forgotten are refused with 410', async () => {
      const { resourceVersion } = await api.list(kinds.ConfigMap, { namespace: 'shop' }, call())
      user().create(config('a'))
      api.server.store.compact()
      assert.equal(await refusalOf(watch(resourceVersion, () => {}, aborter().signal)), '410 Expired')
    })

    test('get bookmarks, and end at their timeout', async () => {
      const events: WatchEvent[] = []
      let ended = false
      const watching = watch('0', event => events.push(event), aborter().signal).then(() => {
        ended = true
      })
      await clock.advance(299_999)
      assert.deepEqual(
        [events.map(({ type }) => type), ended],
        [['BOOKMARK', 'BOOKMARK', 'BOOKMARK', 'BOOKMARK'], false],
      )
      await clock.advance(1)
      await watching
      assert.equal(events.at(-1)?.object.metadata.resourceVersion, String(api.server.store.version))
    })

    test('may lag behind the writes, in order', async () => {
      const [events, stop] = [[] as WatchEvent[], aborter()]
      const watching = watch('0', event => events.push(event), stop.signal)
      await clock.advance(0)
      api.faults.watchLag = 3000
      user().create(config('a'))
      user().create(config('b'))
      await clock.advance(2999)
      assert.deepEqual(told(events), [])
      await clock.advance(1)
      stop.abort()
      await watching
      assert.deepEqual(told(events), ['ADDED a', 'ADDED b'])
    })

    test('break with the network, and are silent while it is cut', async () => {
      const events: WatchEvent[] = []
      const watching = watch('0', event => events.push(event), aborter().signal)
      await clock.advance(0)
      const heal = api.faults.partition()
      user().create(config('unseen'))
      await clock.advance(0)
      heal()
      assert.equal(await refusalOf(watching), 'NetworkError: read ECONNRESET')
      assert.deepEqual(events, [])
    })
  })
})
