/** Writes, as the real server takes or refuses them; each test is a behaviour that Sluice leans on. */
import { assert } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { hashOfContent } from '../../src/core/render/content.ts'
import type { PlaygroundApi } from './api.ts'
import { recordOf } from '../json.ts'
import { looseDefinition } from './installed.ts'
import { call, canary, config, freshApi, ref, refusal, refusalOf, service, sha256 } from './api.given.ts'

suite('playground: the API: writes', () => {
  let api: PlaygroundApi
  const user = () => api.as('kubectl')
  setup(() => {
    ;({ api } = freshApi())
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
})
