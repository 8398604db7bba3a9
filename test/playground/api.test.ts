/** The in-memory API answers as the real one does; each test is a behaviour that Sluice leans on. */
import { assert } from 'chai'
import { createHash } from 'node:crypto'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { Call, Sha256, WatchEvent } from '../../src/core/ports.ts'
import { hashOfContent } from '../../src/core/resources/content.ts'
import type { PlaygroundApi } from './api.ts'
import { VirtualClock } from '../../src/playground/clock.ts'
import { NetworkError } from './faults.ts'
import { at, recordOf } from '../../src/playground/json.ts'
import { resourceOf } from '../../src/playground/schema/custom.ts'
import { installed, looseDefinition } from './installed.ts'

const sha256: Sha256 = text => createHash('sha256').update(text).digest('hex')
const call = (signal: AbortSignal = new AbortController().signal): Call => ({ lane: 'normal', signal })
const ref = (kind: Kind, name = 'web') => ({ kind, namespace: 'shop', name })

function service(ports: Record<string, unknown>[] = [{ name: 'http', port: 80 }], extra = {}): KubeObject {
  const metadata = { name: 'web', namespace: 'shop' }
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'web' }, ports, ...extra } }
}
function canary(spec: Record<string, unknown> = { weight: 10 }, metadata = {}): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec,
  }
}
function config(name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', labels }, data }
}

function refusal(write: () => unknown): string {
  try {
    write()
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.reason}: ${error.message}`
    throw error
  }
  return 'accepted'
}
async function refusalOf(write: Promise<unknown>): Promise<string> {
  return write.then(
    () => 'accepted',
    error => (error instanceof ApiError ? `${error.code} ${error.reason}` : String(error)),
  )
}

suite('playground: the API', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  const user = () => api.as('kubectl')
  const owners = (object: KubeObject | null) =>
    (object?.metadata.managedFields ?? []).map(entry => [entry.manager, entry.operation, entry.fieldsV1])
  setup(() => {
    clock = new VirtualClock()
    api = installed(clock)
    // Most of these tests are about any custom object.
    api.server.resources.install(resourceOf(looseDefinition(kinds.Canary)))
    user().namespace('shop')
  })

  suite('versions', () => {
    test('one counter gives every write of every object a higher resourceVersion', () => {
      const versions = [user().create(canary()), user().create(service()), user().create(config('a'))]
      const numbers = versions.map(object => Number(object.metadata.resourceVersion))
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      )
    })

    test('a write that changes nothing keeps the resourceVersion, and no watcher hears of it', async () => {
      const before = user().create(canary())
      const heard: string[] = []
      api.server.store.subscribe(() => heard.push('change'))
      const after = await api.write({ verb: 'merge', ref: ref(kinds.Canary), patch: { spec: { weight: 10 } } }, call())
      assert.deepEqual([after, heard], [before, []])
    })

    test('the generation counts changes of the spec, not of metadata or status; a Service has none', () => {
      user().create(canary())
      const generation = (patch: Record<string, unknown>) =>
        user().merge(kinds.Canary, 'shop', 'web', patch).metadata.generation
      assert.equal(generation({ metadata: { annotations: { a: 'b' } } }), 1)
      assert.equal(
        user().mergeStatus(kinds.Canary, 'shop', 'web', { status: { phase: 'Failed' } }).metadata.generation,
        1,
      )
      assert.equal(generation({ spec: { weight: 20 } }), 2)
      assert.isUndefined(user().create(service()).metadata.generation)
    })

    test('a replace or a patch from an old read is a Conflict and changes nothing', async () => {
      const old = user().create(canary())
      const current = user().merge(kinds.Canary, 'shop', 'web', { spec: { weight: 20 } })
      const resourceVersion = old.metadata.resourceVersion ?? ''
      const stale = [
        api.write({ verb: 'replace', ref: ref(kinds.Canary), object: { ...old, spec: { weight: 30 } } }, call()),
        api.write(
          { verb: 'merge', ref: ref(kinds.Canary), patch: { metadata: { resourceVersion }, spec: { weight: 30 } } },
          call(),
        ),
        api.write(
          { verb: 'status', ref: ref(kinds.Canary), patch: { metadata: { resourceVersion }, status: {} } },
          call(),
        ),
        api.write({ verb: 'patch', ref: ref(kinds.Canary), resourceVersion, operations: [] }, call()),
        api.write({ verb: 'delete', ref: ref(kinds.Canary), resourceVersion }, call()),
      ]
      assert.deepEqual(await Promise.all(stale.map(refusalOf)), Array(5).fill('409 Conflict'))
      assert.deepEqual(user().get(kinds.Canary, 'shop', 'web'), current)
    })
  })

  suite('verbs', () => {
    test('what does not exist is null to a read and to a delete, and NotFound to every other write', async () => {
      const absent = ref(kinds.Canary, 'none')
      assert.isNull(await api.get(absent, call()))
      assert.isNull(await api.write({ verb: 'delete', ref: absent }, call()))
      assert.isNull(await api.write({ verb: 'disown', ref: absent }, call()))
      assert.equal(await refusalOf(api.write({ verb: 'merge', ref: absent, patch: {} }, call())), '404 NotFound')
    })

    test('creating twice is AlreadyExists; creating in a namespace that is not there, NotFound', () => {
      user().create(canary())
      assert.equal(
        refusal(() => user().create(canary())),
        '409 AlreadyExists: canaries.sluice.dev "web" already exists',
      )
      const elsewhere = canary({}, { namespace: 'nowhere' })
      assert.equal(
        refusal(() => user().create(elsewhere)),
        '404 NotFound: namespaces "nowhere" not found',
      )
    })

    test('main writes leave the status alone, and status writes everything else', () => {
      const created = user().create({ ...canary(), status: { phase: 'Made up' } })
      assert.notProperty(created, 'status')
      user().mergeStatus(kinds.Canary, 'shop', 'web', { spec: { weight: 99 }, status: { phase: 'Progressing' } })
      const after = user().merge(kinds.Canary, 'shop', 'web', { spec: { weight: 20 }, status: null })
      assert.deepEqual([after['spec'], after['status']], [{ weight: 20 }, { phase: 'Progressing' }])
    })

    test('a JSON patch whose test fails changes nothing', async () => {
      const object = user().create(canary({ routes: [{ name: 'a', weight: 1 }] }))
      const patch = (name: string) =>
        api.write(
          {
            verb: 'patch',
            ref: ref(kinds.Canary),
            resourceVersion: object.metadata.resourceVersion ?? '',
            operations: [
              { op: 'test', path: '/spec/routes/0/name', value: name },
              { op: 'replace', path: '/spec/routes/0/weight', value: 5 },
              { op: 'add', path: '/spec/routes/-', value: { name: 'b' } },
            ],
          },
          call(),
        )
      assert.equal(await refusalOf(patch('other')), '422 Invalid')
      assert.deepEqual((await patch('a'))?.['spec'], { routes: [{ name: 'a', weight: 5 }, { name: 'b' }] })
    })

    test('a copy of a ConfigMap is immutable, carries our labels only, and a second copy finds the first', async () => {
      const original = user().create(config('flags', { team: 'x' }, { a: '1' }))
      const name = `flags-${hashOfContent(original, sha256).slice(0, 10)}`
      const copy = {
        verb: 'copy',
        ref: ref(kinds.ConfigMap, name),
        from: ref(kinds.ConfigMap, 'flags'),
        labels: { by: 'us' },
      } as const
      const made = await api.write(copy, call())
      assert.deepEqual(await api.write(copy, call()), made)
      user().merge(kinds.ConfigMap, 'shop', 'flags', { data: { a: '2' } })
      const changed: unknown = await api.write(copy, call()).catch((thrown: unknown) => thrown)
      assert.instanceOf(changed, ApiError)
      assert.equal(changed.message, `ConfigMap shop/flags was changed before it could be copied as ${name}.`)
      assert.deepInclude(made, { immutable: true, data: { a: '1' } })
      assert.deepEqual(made?.metadata.labels, { by: 'us' })
      assert.match(
        refusal(() => user().merge(kinds.ConfigMap, 'shop', name, { data: { a: '3' } })),
        /^422 Invalid: .*data: Forbidden: field is immutable/,
      )
    })

    test('an object is read and kept in whichever version is asked for', () => {
      const v1beta1 = {
        apiVersion: 'networking.istio.io/v1beta1',
        kind: 'VirtualService',
        metadata: { name: 'web', namespace: 'shop' },
      }
      user().create({ ...v1beta1, spec: { hosts: ['web'] } })
      assert.equal(user().get(kinds.VirtualService, 'shop', 'web')?.apiVersion, 'networking.istio.io/v1')
    })
  })

  suite('server-side apply', () => {
    const apply = (object: KubeObject) => api.write({ verb: 'apply', ref: ref(kinds.Service), object }, call())

    test('takes what it names, and leaves what others wrote', async () => {
      user().create(
        service(
          [
            { name: 'http', port: 80 },
            { name: 'admin', port: 81 },
          ],
          { sessionAffinity: 'ClientIP' },
        ),
      )
      const applied = await apply(service([{ name: 'web', port: 80 }]))
      assert.deepNestedInclude(applied, { 'spec.sessionAffinity': 'ClientIP' })
      assert.deepEqual(at(applied, 'spec', 'ports'), [
        { name: 'web', port: 80, protocol: 'TCP', targetPort: 80 },
        { name: 'admin', port: 81, protocol: 'TCP', targetPort: 81 },
      ])
      const ours = owners(applied).find(([manager]) => manager === 'sluice')
      assert.deepEqual(ours?.slice(1), [
        'Apply',
        {
          'f:spec': {
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
            'f:selector': {},
          },
        },
      ])
    })

    test('removes what it named before and names no more, unless somebody else owns it', async () => {
      await apply(
        service(
          [
            { name: 'http', port: 80 },
            { name: 'admin', port: 81 },
          ],
          { externalName: 'x' },
        ),
      )
      user().apply(service([{ name: 'http', port: 80 }], { externalName: 'x' }))
      const applied = await apply(service([{ name: 'http', port: 80 }]))
      assert.deepEqual(
        [(at(applied, 'spec', 'ports') as unknown[]).length, at(applied, 'spec', 'externalName')],
        [1, 'x'],
      )
    })

    test('without force a field of another manager is a Conflict that names it; with force it changes hands', async () => {
      user().apply(service())
      const argo = api.as('argocd')
      const wanted = service([{ name: 'other', port: 80 }])
      assert.equal(
        refusal(() => argo.apply(wanted)),
        '409 Conflict: Apply failed with 1 conflict: conflict with "kubectl": .spec.ports[port=80,protocol="TCP"].name',
      )
      argo.apply(wanted, 'force')
      const kubectl = owners(user().get(kinds.Service, 'shop', 'web')).find(([manager]) => manager === 'kubectl')
      assert.notNestedProperty(kubectl?.[2], 'f:spec.f:ports.k:{"port":80,"protocol":"TCP"}.f:name')
    })

    test('what is applied again unchanged changes nothing, not even a time', async () => {
      const first = await apply(service())
      await clock.advance(60_000)
      assert.deepEqual(await apply(service()), first)
    })

    test('lists of Istio are atomic: who applies a route has all routes', () => {
      const routes = (...names: string[]): KubeObject => ({
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { http: names.map(name => ({ name })) },
      })
      user().create(routes('a', 'b'))
      const applied = api.as('argocd').apply(routes('c'), 'force')
      assert.deepEqual(applied['spec'], { http: [{ name: 'c' }] })
    })

    test('a write of another kind takes the field it changes from the one who applied it', () => {
      user().apply(canary({ weight: 10, name: 'x' }))
      const after = api.as('hand').merge(kinds.Canary, 'shop', 'web', { spec: { weight: 20 } })
      assert.deepEqual(owners(after), [
        ['kubectl', 'Apply', { 'f:spec': { '.': {}, 'f:name': {} } }],
        ['hand', 'Update', { 'f:spec': { 'f:weight': {} } }],
      ])
    })

    test('an object that nobody owns is not taken in silence: a first apply conflicts with what was there', async () => {
      user().create(canary({ weight: 10 }))
      user().merge(kinds.Canary, 'shop', 'web', { metadata: { managedFields: [{}] } })
      assert.equal(
        refusal(() => user().apply(canary({ weight: 20 }))),
        '409 Conflict: Apply failed with 1 conflict: conflict with "before-first-apply" using sluice.dev/v1beta1: .spec.weight',
      )
    })

    test('disowning gives up our entries and nothing else, so that the next apply of a user meets no conflict', async () => {
      user().create(service([{ name: 'mine', port: 81 }]))
      const before = await apply(service([{ name: 'ours', port: 80 }]))
      const after = await api.write({ verb: 'disown', ref: ref(kinds.Service) }, call())
      assert.deepEqual(
        owners(after),
        owners(before).filter(([manager]) => manager !== 'sluice'),
      )
      assert.deepEqual(after?.['spec'], before?.['spec'])
      assert.equal(
        refusal(() => user().apply(service([{ name: 'other', port: 80 }]))),
        'accepted',
      )
    })
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

  suite('deletion', () => {
    test('with finalizers an object stays, marked, until the last one goes', () => {
      user().create(canary({}, { finalizers: ['a', 'b'] }))
      user().delete(kinds.Canary, 'shop', 'web')
      const marked = user().merge(kinds.Canary, 'shop', 'web', { metadata: { finalizers: ['b'] } })
      assert.deepInclude(marked.metadata, {
        deletionTimestamp: '2026-01-05T09:00:00Z',
        generation: 2,
        finalizers: ['b'],
      })
      assert.match(
        refusal(() => user().merge(kinds.Canary, 'shop', 'web', { metadata: { finalizers: ['b', 'c'] } })),
        /no new finalizers can be added if the object is being deleted/,
      )
      user().merge(kinds.Canary, 'shop', 'web', { metadata: { finalizers: null } })
      assert.isNull(user().get(kinds.Canary, 'shop', 'web'))
    })

    test('a uid of an earlier object of that name protects the present one', async () => {
      user().create(canary())
      const gone = api.write({ verb: 'delete', ref: ref(kinds.Canary), uid: 'other' }, call())
      assert.equal(await refusalOf(gone), '409 Conflict')
      assert.isNotNull(user().get(kinds.Canary, 'shop', 'web'))
    })
  })

  suite('refusals', () => {
    test('RBAC and admission speak as the server does', async () => {
      api.server.authorize = ({ manager, verb }) => (manager === 'sluice' && verb === 'create' ? 'no role' : null)
      api.server.admission.set('canaries.sluice.dev', [
        object => ((object['spec'] as { weight?: number }).weight === 99 ? 'spec.weight: write 100' : null),
        () => (istiodDown ? { code: 500, reason: 'InternalError', message: 'failed calling webhook' } : null),
      ])
      let istiodDown = false
      const forbidden = api.write({ verb: 'create', ref: ref(kinds.Canary), object: canary() }, call())
      assert.equal(await refusalOf(forbidden), '403 Forbidden')
      assert.equal(
        refusal(() => user().create(canary({ weight: 99 }))),
        '422 Invalid: Canary.sluice.dev "web" is invalid: spec.weight: write 100',
      )
      istiodDown = true
      assert.equal(
        refusal(() => user().create(canary())),
        '500 InternalError: failed calling webhook',
      )
    })

    test('of a kind whose CRD is missing there is nothing, and lists and writes say so', async () => {
      api.server.resources.remove(kinds.VirtualService)
      assert.equal(await refusalOf(api.list(kinds.VirtualService, { namespace: '' }, call())), '404 NotFound')
      assert.isNull(await api.get(ref(kinds.VirtualService), call()))
    })

    test('a schema fills in what a CRD fills in', () => {
      const definition = looseDefinition(kinds.Canary)
      const spec = {
        type: 'object',
        properties: { threshold: { type: 'integer', default: 5 }, weight: { type: 'integer' } },
      }
      const openAPIV3Schema = { type: 'object', properties: { spec } }
      const versions = [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema } }]
      user().create({ ...definition, spec: { ...recordOf(definition['spec']), versions } })
      assert.deepEqual(user().create(canary({ weight: 10, novel: 1 }))['spec'], { threshold: 5, weight: 10 })
    })

    test('a Deployment whose selector misses its template is refused', () => {
      const spec = {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'api' } },
          spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0' }] },
        },
      }
      const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec }
      assert.match(
        refusal(() => user().create(object)),
        /^422 Invalid: .*`selector` does not match template `labels`$/,
      )
    })
  })

  suite('faults', () => {
    const create = (name: string) =>
      api.write({ verb: 'create', ref: ref(kinds.ConfigMap, name), object: config(name) }, call())

    test('an answer is lost after the write is done, or the write before it is', async () => {
      api.faults.loseAnswers(attempt => attempt.ref?.name === 'lost')
      api.faults.refuse(attempt => attempt.ref?.name === 'never', new NetworkError('ECONNREFUSED'))
      assert.deepEqual(
        [await refusalOf(create('lost')), await refusalOf(create('never'))],
        ['NetworkError: read ECONNRESET', 'NetworkError: connect ECONNREFUSED'],
      )
      assert.deepEqual(
        user()
          .list(kinds.ConfigMap)
          .map(object => object.metadata.name),
        ['lost'],
      )
    })

    for (const [moment, left] of [
      ['before', ['a']],
      ['after', ['a', 'b']],
    ] as const) {
      test(`a process killed ${moment} its second write leaves ${left.join(' and ')}, and does nothing more`, async () => {
        const died: string[] = []
        api.faults.killAtWrite(2, moment, () => died.push('died'))
        void ['a', 'b', 'c'].reduce<Promise<unknown>>(
          (before, name) => before.then(() => create(name)),
          Promise.resolve(),
        )
        await clock.advance(60_000)
        assert.deepEqual(
          [
            user()
              .list(kinds.ConfigMap)
              .map(object => object.metadata.name),
            died,
          ],
          [left, ['died']],
        )
        const successor = api.replica()
        await successor.write({ verb: 'create', ref: ref(kinds.ConfigMap, 'd'), object: config('d') }, call())
      })
    }

    test('across a cut network a call hangs until its signal aborts, and does nothing', async () => {
      const heal = api.faults.partition()
      const deadline = new AbortController()
      clock.at(clock.now() + 5000, () => deadline.abort(new Error('deadline')))
      const hanging = api.write(
        { verb: 'create', ref: ref(kinds.ConfigMap, 'a'), object: config('a') },
        call(deadline.signal),
      )
      const ended = refusalOf(hanging)
      await clock.advance(5000)
      assert.equal(await ended, 'Error: deadline')
      heal()
      await create('b')
      assert.deepEqual(
        user()
          .list(kinds.ConfigMap)
          .map(object => object.metadata.name),
        ['b'],
      )
    })

    test('a delayed write lands that much later', async () => {
      api.faults.delay(() => true, 3000)
      const writing = create('slow')
      await clock.advance(2999)
      assert.isNull(user().get(kinds.ConfigMap, 'shop', 'slow'))
      await clock.advance(1)
      assert.equal((await writing)?.metadata.name, 'slow')
    })
  })
})
