import { assert } from 'chai'
import { kinds, type KubeObject, type Ref } from '../../src/api/object.ts'
import type { KubeApi, WatchEvent } from '../../src/core/ports.ts'
import { Informers } from '../../src/runtime/informers.ts'
import { NamespaceBudget } from '../../src/runtime/namespace-budget.ts'
import { refusalOf } from '../../src/runtime/object-limits.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { VirtualClock } from '../../playground/clock.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const ref = (name: string, namespace = 'shop'): Ref => ({ kind: kinds.ConfigMap, namespace, name })
const call = { lane: 'normal', signal: new AbortController().signal } as const
const object = (name: string, data: Record<string, string>, namespace = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
})

const no = async (): Promise<never> => {
  throw new Error('this is not asked here')
}
const refusing: KubeApi = { get: no, list: no, watch: no, served: no, write: no }

suite('cache', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  let cache: Informers

  setup(async () => {
    clock = new VirtualClock()
    api = PlaygroundApi.on(clock)
    for (const name of ['shop', 'web']) {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      api.server.create({ kind: kinds.Namespace, namespace: '', name }, namespace, { manager: 'admin' })
    }
    cache = new Informers({ api, clock, random: () => 0.5, log })
  })

  teardown(() => cache.close())

  const dataOf = (name: string): unknown => cache.get(ref(name))?.['data']

  test('shows the answer of our own write at once, and tells of it once', async () => {
    await api.write({ verb: 'create', ref: ref('a'), object: object('a', { v: '1' }) }, call)
    cache.use(kinds.ConfigMap)
    await clock.advance(10)
    const told: string[] = []
    cache.listen((before, now) => told.push(`${before === undefined ? 'new' : 'old'} ${JSON.stringify(now?.['data'])}`))

    const answer = await api.write({ verb: 'merge', ref: ref('a'), patch: { data: { v: '2' } } }, call)
    if (answer === null) throw new Error('the object is there')
    cache.accept(kinds.ConfigMap, answer)
    assert.deepEqual(dataOf('a'), { v: '2' })
    await clock.advance(1000)
    assert.deepEqual([dataOf('a'), told], [{ v: '2' }, ['old {"v":"2"}']])
  })

  test('shows our own delete at once, and keeps it', async () => {
    await api.write({ verb: 'create', ref: ref('a'), object: object('a', {}) }, call)
    cache.use(kinds.ConfigMap)
    await clock.advance(10)
    await api.write({ verb: 'delete', ref: ref('a') }, call)
    cache.removed(ref('a'), cache.get(ref('a')))
    assert.isUndefined(cache.get(ref('a')))
    await clock.advance(1000)
    assert.isUndefined(cache.get(ref('a')))
  })

  test('lists and watches a kind once for all its users, and stops after the last', async () => {
    const asked: string[] = []
    const counting: KubeApi = {
      ...refusing,
      get: (...args) => api.get(...args),
      list: (...args) => (asked.push('list'), api.list(...args)),
      watch: (...args) => (asked.push('watch'), api.watch(...args)),
      write: (...args) => api.write(...args),
    }
    const shared = new Informers({ api: counting, clock, random: () => 0.5, log })
    const first = shared.use(kinds.ConfigMap)
    assert.strictEqual(shared.use(kinds.ConfigMap), first)
    await clock.advance(10)
    assert.deepEqual(asked, ['list', 'watch'])

    shared.release(kinds.ConfigMap)
    await clock.advance(10)
    assert.equal(first.state, 'watching')
    shared.release(kinds.ConfigMap)
    await clock.advance(10)
    assert.equal(first.state, 'stopped')
    assert.lengthOf(shared.reflectors(), 0)
    await shared.close()
  })

  test('finds by index what an owner has, over namespaces that are followed apart', async () => {
    cache.index(kinds.ConfigMap, 'owner', each => [(each['data'] as Record<string, string>)['owner'] ?? ''])
    for (const namespace of ['shop', 'web']) {
      const written = object('a', { owner: 'x' }, namespace)
      await api.write({ verb: 'create', ref: ref('a', namespace), object: written }, call)
      cache.use(kinds.ConfigMap, namespace)
    }
    await clock.advance(10)
    const found = cache.byIndex(kinds.ConfigMap, 'owner', 'x').map(each => each.metadata.namespace)
    assert.sameMembers(found, ['shop', 'web'])
    assert.lengthOf(cache.list(kinds.ConfigMap), 2)
    assert.lengthOf(cache.list(kinds.ConfigMap, 'web'), 1)
  })

  test('a listener that throws keeps nobody else from hearing', async () => {
    const heard: string[] = []
    cache.listen(() => {
      throw new Error('boom')
    })
    cache.listen((_, now) => heard.push(now?.metadata.name ?? ''))
    cache.use(kinds.ConfigMap)
    await clock.advance(10)
    await api.write({ verb: 'create', ref: ref('a'), object: object('a', {}) }, call)
    await clock.advance(10)
    assert.deepEqual(heard, ['a'])
  })

  test('an object that is nested too deep is known by its name and a reason, and the rest of its kind is followed', async () => {
    const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
    const canary = (name: string, resourceVersion: string, levels: number): KubeObject => ({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name, namespace: 'shop', resourceVersion, labels: { team: 'a' } },
      spec: { service: deep(levels) },
      status: { phase: 'Initialized' },
    })
    const events: ((event: WatchEvent) => void)[] = []
    const scripted: KubeApi = {
      ...refusing,
      list: async () => ({ resourceVersion: '3', items: [canary('deep', '1', 9900), canary('web', '2', 20)] }),
      watch: (_kind, _query, seen) => {
        events.push(seen)
        return new Promise(() => {})
      },
    }
    const own = new Informers({ api: scripted, clock, random: () => 0.5, log })
    const reflector = own.use(kinds.Canary)
    await clock.advance(10)
    const known = (name: string): KubeObject | undefined => own.get({ kind: kinds.Canary, namespace: 'shop', name })
    const refusal = (name: string): string | null => refusalOf(known(name) ?? assert.fail(name))
    const tooDeep = 'it is nested deeper than 64 levels, the most that Sluice reads'
    assert.deepEqual([refusal('deep'), refusal('web')], [tooDeep, null])
    assert.deepEqual(known('deep')?.['status'], { phase: 'Initialized' })
    events[0]?.({ type: 'MODIFIED', object: canary('web', '4', 9900) })
    events[0]?.({ type: 'MODIFIED', object: canary('deep', '5', 30) })
    assert.deepEqual([refusal('deep'), refusal('web')], [null, tooDeep])
    assert.equal(reflector.state, 'watching')
  })

  test('what found no room in the budget of its namespace is listed again when there is room, and once more where that fails', async () => {
    const budget = new NamespaceBudget(5 * 1_100_000)
    const own = new Informers({ api, clock, random: () => 0.5, log, budget })
    for (const name of ['a', 'b']) {
      await api.write({ verb: 'create', ref: ref(name), object: object(name, { v: name.padEnd(900_000, 'x') }) }, call)
    }
    own.use(kinds.ConfigMap)
    await clock.advance(10)
    const refusals = (): (string | null)[] =>
      ['a', 'b'].map(name => {
        const found = own.get(ref(name))
        return found === undefined ? null : refusalOf(found)
      })
    assert.deepEqual(refusals(), [null, budget.refusal])
    assert.match(own.lack('shop') ?? '', /^1 object of namespace shop cannot be read/)
    await api.write({ verb: 'delete', ref: ref('a') }, call)
    const heal = api.faults.refuse(({ verb }) => verb === 'list', new Error('not now'))
    await clock.advance(61_000)
    heal()
    await clock.advance(50_000)
    assert.deepEqual(refusals(), [null, budget.refusal])
    await clock.advance(11_000)
    assert.deepEqual([refusals(), own.lack('shop')], [[null, null], null])
    await own.close()
  })

  test('what is not followed does not exist, and a foreign answer is not kept', () => {
    cache.accept(kinds.ConfigMap, object('a', {}))
    assert.isUndefined(cache.get(ref('a')))
    assert.isFalse(cache.synced(kinds.ConfigMap))
    assert.deepEqual(cache.list(kinds.ConfigMap), [])
  })
})
