import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { monotonicClock } from '../../src/adapters/clock.ts'
import type { KubeTransport } from '../../src/adapters/kubernetes/transport.ts'
import { Reflector } from '../../src/runtime/reflector.ts'
import type { ReflectorTiming } from '../../src/runtime/reflector-timing.ts'
import { Store } from '../../src/runtime/store.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { VirtualClock } from '../../playground/clock.ts'
import {
  type Answer,
  close,
  config,
  event,
  json,
  page,
  reset,
  type Scripted,
  script,
  serve,
  status,
  stream,
  transportTo,
  until,
} from './scripted-server.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface World {
  readonly server: Scripted
  readonly reflector: Reflector
  readonly store: Store
  /** `+a1 ~a2 -a2`: added, changed, deleted; name and version. */
  readonly changes: string[]
  names(): string[]
}

suite('reflector', () => {
  let ending: (() => Promise<void>)[] = []

  teardown(async () => {
    for (const end of ending.toReversed()) await end()
    ending = []
  })

  /** A reflector of ConfigMaps against a scripted server, with waits of milliseconds. */
  async function follow(answer: Answer, idle = 5000, timing: Partial<ReflectorTiming> = {}): Promise<World> {
    const server = await serve(answer)
    const api: KubeTransport = transportTo(server.url, { idle })
    const changes: string[] = []
    const store = new Store(
      object => object,
      (before, now) => {
        const object = now ?? before
        const sign = before === undefined ? '+' : now === undefined ? '-' : '~'
        changes.push(`${sign}${object?.metadata.name}${object?.metadata.resourceVersion}`)
      },
    )
    const reflector = new Reflector(
      {
        api,
        kind: kinds.ConfigMap,
        namespace: '',
        labelSelector: '',
        clock: monotonicClock,
        random: () => 0.5,
        log: silent,
        timing: { firstBackoff: 2, longestBackoff: 8, absentRetry: 5, forbiddenRetry: 5, tooShort: 0, ...timing },
      },
      store,
    )
    const stop = new AbortController()
    const done = reflector.run(stop.signal)
    ending.push(async () => {
      stop.abort()
      await done
      await api.close()
      await server.close()
    })
    return { server, reflector, store, changes, names: () => [...store.all()].map(o => o.metadata.name).sort() }
  }

  const watches = (world: World) => world.server.asked.filter(one => one.query['watch'] === 'true')
  const lists = (world: World) => world.server.asked.filter(one => one.query['watch'] !== 'true')

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

  test('asks for smaller pages while they are too large, and for larger ones again', async () => {
    const all = Array.from({ length: 40 }, (_, n) => config(`c${n}`, n + 1))
    const limits: string[] = []
    const world = await follow((response, asked) => {
      if (asked.query['watch'] === 'true') return stream([])(response, asked)
      const limit = Number(asked.query['limit'])
      const from = Number(asked.query['continue'] ?? 0)
      limits.push(`${from}+${limit}`)
      // Objects of 4 MiB: three of them fit into an answer.
      if (Math.min(limit, 40 - from) > 3) {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write(' '.repeat(17 * 1024 * 1024))
        return response.end('{}')
      }
      const next = from + limit < 40 ? String(from + limit) : undefined
      return page(50, all.slice(from, from + limit), next)(response, asked)
    })
    await until(() => world.reflector.synced)
    assert.lengthOf(world.names(), 40)
    assert.deepEqual(limits.slice(0, 5), ['0+500', '0+63', '0+8', '0+1', '1+2'])
  })

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

  test('says which right is missing, keeps trying, and comes to life when it is given', async () => {
    const refused = status(403, 'Forbidden', 'configmaps is forbidden: User "sluice" cannot list resource "configmaps"')
    let allowed = false
    const granted = page(10, [config('a', 5)])
    const world = await follow(
      script([(response, asked) => (allowed ? granted : refused)(response, asked)], [stream([])]),
    )
    await world.reflector.settled
    assert.equal(world.reflector.state, 'forbidden')
    assert.isFalse(world.reflector.synced)
    assert.equal(
      world.reflector.lastError,
      'Cannot watch configmaps in all namespaces: configmaps is forbidden: User "sluice" cannot list resource "configmaps". ' +
        'Allow the controller to "list" and "watch" them (RBAC).',
    )
    await until(() => lists(world).length >= 3)
    allowed = true
    await until(() => world.reflector.synced)
    assert.deepEqual([world.names(), world.reflector.state, world.reflector.lastError], [['a'], 'watching', null])
  })

  test('asks again soon when a server that was away refuses what it allowed before', async () => {
    const refused = status(403, 'Forbidden', 'forbidden: RBAC is not ready')
    const dropped = stream([], reset)
    const world = await follow(
      script(
        [page(10, [config('a', 5)])],
        [
          stream([event('ADDED', config('b', 11))], reset),
          dropped,
          dropped,
          refused,
          stream([event('ADDED', config('c', 12))]),
        ],
      ),
      5000,
      { forbiddenRetry: 60_000 },
    )
    await until(() => world.names().length === 3)
    assert.deepEqual(world.names(), ['a', 'b', 'c'])
  })

  test('is absent while the kind is not served, and follows it as soon as it is', async () => {
    const notFound: Answer = response => {
      response.writeHead(404, { 'content-type': 'text/plain' })
      response.end('404 page not found')
    }
    let served = false
    const world = await follow(
      script([(response, asked) => (served ? page(10, [config('a', 5)]) : notFound)(response, asked)], [stream([])]),
    )
    await world.reflector.settled
    assert.deepEqual([world.reflector.state, world.reflector.synced], ['absent', false])
    assert.include(world.reflector.lastError ?? '', 'install its CustomResourceDefinition')
    served = true
    await until(() => world.reflector.synced)
    assert.deepEqual([world.names(), world.reflector.state], [['a'], 'watching'])
  })

  test('believes that a kind was removed only when told several times, and then forgets its objects', async () => {
    const notFound = status(404, 'NotFound', 'the server could not find the requested resource')
    const here = page(10, [config('a', 5)])
    const passing = await follow(script([here, notFound, notFound, page(20, [config('a', 5)])], [notFound, stream([])]))
    await until(() => watches(passing).length === 2)
    assert.deepEqual(passing.changes, ['+a5'])
    const removed = await follow(script([here, notFound], [notFound]))
    await until(() => removed.reflector.state === 'absent')
    assert.deepEqual([removed.changes, removed.reflector.synced], [['+a5', '-a5'], false])
  })

  test('follows an older version of a kind where the server has that alone, and ours once the older one is gone', async () => {
    const clock = new VirtualClock()
    const api = PlaygroundApi.on(clock)
    const older = { ...kinds.TLSRoute, version: 'v1alpha2' }
    const { resources } = api.server
    resources.install(resourceOf(looseDefinition(older)))
    const objects = new Map<string, string>()
    const store = new Store(
      object => object,
      (before, now) => {
        if (now === undefined) objects.delete(before?.metadata.name ?? '')
        else objects.set(now.metadata.name, now.apiVersion)
      },
    )
    const options = { api, kind: kinds.TLSRoute, namespace: '', labelSelector: '', clock, random: () => 0.5 }
    const stop = new AbortController()
    const reflector = new Reflector({ ...options, log: silent }, store)
    void reflector.run(stop.signal)
    await clock.advance(0)
    assert.deepEqual([reflector.state, reflector.kind.version], ['watching', 'v1'])
    const user = api.as('kubectl')
    user.namespace('shop')
    const route = { kind: 'TLSRoute', metadata: { name: 'db', namespace: 'shop' }, spec: {} }
    user.create({ ...route, apiVersion: 'gateway.networking.k8s.io/v1alpha2' })
    await clock.advance(0)
    assert.deepEqual(Object.fromEntries(objects), { db: 'gateway.networking.k8s.io/v1alpha2' })

    resources.remove(kinds.TLSRoute)
    api.faults.breakWatches()
    await clock.advance(60_000)
    assert.deepEqual([reflector.state, objects.size], ['absent', 0])
    resources.install(resourceOf(looseDefinition(kinds.TLSRoute)))
    const metadata = { ...route.metadata, name: 'web' }
    user.create({ ...route, metadata, apiVersion: 'gateway.networking.k8s.io/v1' })
    await clock.advance(60_000)
    assert.equal(objects.get('web'), 'gateway.networking.k8s.io/v1')
    stop.abort()
    await clock.advance(0)
  })

  for (const isMissed of [false, true]) {
    const read = isMissed ? ', and was not found meanwhile in the version of before,' : ''
    test(`after an upgrade of the definition what is unchanged${read} is known in the version that is served now`, async () => {
      const clock = new VirtualClock()
      const api = PlaygroundApi.on(clock)
      const { resources } = api.server
      resources.install(resourceOf(looseDefinition({ ...kinds.TLSRoute, version: 'v1alpha2' })))
      const told: string[] = []
      const store = new Store(
        object => object,
        (_, now) => told.push(now?.apiVersion ?? 'gone'),
      )
      const options = { api, kind: kinds.TLSRoute, namespace: '', labelSelector: '', clock, random: () => 0.5 }
      const stop = new AbortController()
      void new Reflector({ ...options, log: silent }, store).run(stop.signal)
      const user = api.as('kubectl')
      user.namespace('shop')
      const metadata = { name: 'db', namespace: 'shop' }
      user.create({ apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TLSRoute', metadata, spec: {} })
      await clock.advance(1000)
      resources.install(resourceOf(looseDefinition(kinds.TLSRoute)))
      api.faults.add({
        before: ({ kind }) => {
          if (kind.version !== 'v1')
            throw new ApiError({ code: 404, reason: 'NotFound', message: '404 page not found' })
        },
      })
      if (isMissed) store.removed('shop', 'db', store.get('shop', 'db')?.metadata.uid)
      api.faults.breakWatches()
      await clock.advance(60_000)
      assert.deepEqual(
        [told.at(0), told.at(-1)],
        ['v1alpha2', 'v1'].map(version => `gateway.networking.k8s.io/${version}`),
      )
      stop.abort()
      await clock.advance(0)
    })
  }

  test('asks for what is refused once more soon, then as rarely as it is told', async () => {
    const clock = new VirtualClock()
    const api = PlaygroundApi.on(clock)
    api.server.resources.remove(kinds.ConfigMap)
    const at: number[] = []
    const start = clock.now()
    api.faults.add({ before: () => void at.push(Math.round((clock.now() - start) / 1000)) })
    const store = new Store(
      object => object,
      () => {},
    )
    const options = { api, kind: kinds.ConfigMap, namespace: '', labelSelector: '', clock, random: () => 0.5 }
    const run = async (timing: Partial<ReflectorTiming>, advance: number): Promise<void> => {
      const stop = new AbortController()
      void new Reflector({ ...options, log: silent, timing }, store).run(stop.signal)
      await clock.advance(advance)
      stop.abort()
      await clock.advance(0)
    }
    await run({}, 100_000)
    assert.deepEqual(at, [0, 15, 42, 69, 96])
    at.length = 0
    await run({ absentRetry: 600_000 }, 2_300_000)
    assert.deepEqual(
      at.map(second => second - 100),
      [0, 15, 615, 1215, 1815],
    )
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
    await ending.pop()?.()
    assert.equal(world.reflector.state, 'stopped')
  })
})
