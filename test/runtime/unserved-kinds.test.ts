import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { Reflector } from '../../src/runtime/reflector.ts'
import type { ReflectorTiming } from '../../src/runtime/reflector-timing.ts'
import { Store } from '../../src/runtime/store.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { looseDefinition } from '../../playground/test/installed.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { type Answer, config, event, page, reset, script, status, stream, until } from './scripted-server.ts'
import { lists, optionsOn, reflectorsOfSuite, watches } from './reflector.given.ts'

suite('reflector: kinds that may not be read, or are not served', () => {
  const follow = reflectorsOfSuite()

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
    const options = optionsOn(api, clock, kinds.TLSRoute)
    const stop = new AbortController()
    const reflector = new Reflector(options, store)
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
      const options = optionsOn(api, clock, kinds.TLSRoute)
      const stop = new AbortController()
      void new Reflector(options, store).run(stop.signal)
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
    const options = optionsOn(api, clock, kinds.ConfigMap)
    const run = async (timing: Partial<ReflectorTiming>, advance: number): Promise<void> => {
      const stop = new AbortController()
      void new Reflector({ ...options, timing }, store).run(stop.signal)
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
})
