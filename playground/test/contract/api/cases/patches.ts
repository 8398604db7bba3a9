/** JSON patches and merge patches. */
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, widget } from '../given.ts'

const add = (path: string, value: unknown) => ({ op: 'add', path, value })

export const patches: readonly Case[] = [
  {
    name: 'a JSON patch adds, replaces, removes, moves, copies and tests',
    run: async ({ operations, given }) => {
      await given('POST configmaps', config('a', { one: '1', two: '2', three: '3' }))
      await operations('configmaps/a', [
        { op: 'test', path: '/data/one', value: '1' },
        { op: 'replace', path: '/data/one', value: 'I' },
        { op: 'remove', path: '/data/two' },
        { op: 'move', from: '/data/three', path: '/data/four' },
        { op: 'copy', from: '/data/one', path: '/data/five' },
        add('/metadata/labels', { a: 'b' }),
        add('/metadata/annotations', {}),
        add('/metadata/annotations/example.com~1a', 'c'),
      ])
    },
  },
  {
    name: 'a JSON patch whose test fails changes nothing',
    run: async ({ ask, operations, given }) => {
      await given('POST configmaps', config('a', { one: '1' }))
      await operations('configmaps/a', [add('/data/two', '2'), { op: 'test', path: '/data/one', value: '2' }])
      await operations('configmaps/a', [{ op: 'test', path: '/data/nothing', value: '2' }])
      await operations('configmaps/a', [{ op: 'test', path: '/metadata/resourceVersion', value: '1' }])
      await ask('GET configmaps/a')
    },
  },
  {
    name: 'a JSON patch of what is not there is refused',
    run: async ({ operations, given }) => {
      await given('POST configmaps', config('a'))
      await operations('configmaps/a', [{ op: 'remove', path: '/data/nothing' }])
      await operations('configmaps/a', [{ op: 'replace', path: '/data/nothing', value: 'x' }])
      await operations('configmaps/a', [add('/binaryData/x', 'x')])
      await operations('configmaps/a', [{ op: 'move', from: '/data/nothing', path: '/data/x' }])
      await operations('configmaps/a', [{ op: 'copy', from: '/data/nothing', path: '/data/x' }])
    },
  },
  {
    name: 'a JSON patch that is none is refused',
    run: async ({ operations, given }) => {
      await given('POST configmaps', config('a'))
      await operations('configmaps/a', { op: 'remove', path: '/data/key' })
      await operations('configmaps/a', [{ op: 'jump', path: '/data/key' }])
      await operations('configmaps/a', [{ path: '/data/key', value: 'x' }])
      await operations('configmaps/a', '[{')
      await operations('configmaps/a', 'null')
    },
  },
  {
    name: 'a JSON patch counts in lists',
    run: async ({ operations, given }) => {
      await given('POST canaries', canary('web'))
      const weights = only('spec', 'analysis', 'stepWeights')
      await operations('canaries/web', [add('/spec/analysis/stepWeights/-', 60)], weights)
      await operations('canaries/web', [add('/spec/analysis/stepWeights/0', 5)], weights)
      await operations('canaries/web', [{ op: 'remove', path: '/spec/analysis/stepWeights/1' }], weights)
      await operations('canaries/web', [add('/spec/analysis/stepWeights/9', 70)], weights)
      await operations('canaries/web', [{ op: 'remove', path: '/spec/analysis/stepWeights/9' }], weights)
      await operations('canaries/web', [{ op: 'test', path: '/spec/analysis/stepWeights/0', value: 5 }], weights)
    },
  },
  {
    name: 'a JSON patch without operations changes nothing',
    run: async ({ ask, operations }) => {
      await ask('POST configmaps', config('a'))
      await operations('configmaps/a', [])
    },
  },
  {
    name: 'a JSON patch changes weights in a VirtualService and nothing else',
    run: async ({ ask, operations }) => {
      const path = '/apis/networking.istio.io/v1/namespaces/NS/virtualservices'
      const route = (weight: number) => [
        { destination: { host: 'web-primary' }, weight: 100 - weight },
        { destination: { host: 'web-canary' }, weight },
      ]
      const spec = { hosts: ['web'], http: [{ name: 'main', route: route(0), timeout: '15s' }] }
      const { object } = await ask(`POST ${path}`, {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'web' },
        spec,
      })
      const version = { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion }
      const patch = [
        version,
        { op: 'test', path: '/spec/http/0/name', value: 'main' },
        { op: 'replace', path: '/spec/http/0/route', value: route(10) },
      ]
      await operations(`${path}/web?fieldManager=sluice`, patch)
      await operations(`${path}/web?fieldManager=sluice`, patch)
    },
  },
  {
    name: 'a merge patch changes, adds and removes',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a', { one: '1', two: '2' }, { labels: { a: 'b' } }))
      await merge('configmaps/a', { data: { one: 'I', two: null, three: '3' }, metadata: { labels: null } })
      await merge('configmaps/a', { data: null })
    },
  },
  {
    name: 'a merge patch replaces lists as a whole',
    run: async ({ merge, given }) => {
      await given('POST services', service('web'))
      await merge('services/web', { spec: { ports: [{ name: 'grpc', port: 90 }] } }, only('spec', 'ports'))
      await given('POST canaries', canary('web'))
      await merge('canaries/web', { spec: { analysis: { stepWeights: [30] } } }, only('spec', 'analysis'))
    },
  },
  {
    name: 'a merge patch without effect keeps the resourceVersion',
    run: async ({ ask, merge }) => {
      await ask('POST widgets', widget('w', { low: 5 }), only('metadata'))
      await merge('widgets/w', {})
      await merge('widgets/w', { spec: { low: 5 } })
      await merge('widgets/w', { spec: { nothing: null } })
    },
  },
  {
    name: 'a merge patch can ask for the version and the uid that it means',
    run: async ({ merge, given }) => {
      const { metadata } = await given('POST canaries', canary('web'))
      await merge('canaries/web', { metadata: { resourceVersion: '1' }, spec: { paused: true } })
      const { resourceVersion, uid } = metadata
      await merge('canaries/web', { metadata: { resourceVersion, uid }, spec: { paused: true } })
      await merge('canaries/web', { metadata: { uid: '00000000-0000-4000-8000-000000000000' } })
      await given('POST configmaps', config('a'))
      await merge('configmaps/a', { metadata: { resourceVersion: '1' }, data: { x: 'y' } })
      await merge('configmaps/a', { metadata: { uid: '00000000-0000-4000-8000-000000000000' } })
    },
  },
  {
    name: 'a merge patch that is none is refused',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      await merge('configmaps/a', [])
      await merge('configmaps/a', '"text"')
      await merge('configmaps/a', '{')
      await merge('configmaps/a', '')
    },
  },
  {
    name: 'a merge patch that makes an object bad is refused',
    run: async ({ merge, given }) => {
      await given('POST canaries', canary('web'))
      await merge('canaries/web', { spec: { targetRef: { kind: null } } })
      await merge('canaries/web', { spec: { analysis: { threshold: 'many' } } })
      await given('POST deployments', deployment('web'))
      await merge('deployments/web', { spec: { template: { spec: { containers: [] } } } })
    },
  },
  {
    name: 'a merge patch after which the object cannot be read is refused',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      await merge('configmaps/a', { data: { key: 7 } })
      await merge('configmaps/a', { data: ['a'] })
      await merge('configmaps/a', { kind: 'Service' })
      await merge('configmaps/a', { apiVersion: 'v2' })
    },
  },
  {
    name: 'a merge patch to another kind with the same fields is refused',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      await merge('configmaps/a', { kind: 'Secret' })
    },
  },
  {
    name: 'a merge patch cannot move what only the server writes',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      const metadata = { creationTimestamp: null, generation: 9, deletionTimestamp: '2020-01-01T00:00:00Z' }
      await merge('configmaps/a', { metadata })
      await given('POST canaries', canary('web'))
      await merge('canaries/web', { kind: 'Other' })
    },
  },
  {
    name: 'a patch of an unknown type is refused',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('PATCH configmaps/a', {}, { type: 'application/json' })
      await ask('PATCH configmaps/a', {}, { type: 'text/plain' })
      await ask('PATCH configmaps/a', {}, { type: 'application/merge-patch+yaml' })
      await ask('PATCH configmaps/a', {}, { type: 'application/merge-patch+json; charset=utf-8' })
    },
  },
  {
    name: 'force belongs to an apply only',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      await merge('configmaps/a?force=true', {})
    },
  },
]
