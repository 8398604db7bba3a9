/** Names, labels, owners and finalizers, and that an object is what its path says. */
import type { Case } from '../case.ts'
import { canary, config, deployment, service } from '../given.ts'

const uid = '00000000-0000-4000-8000-000000000000'

export const metadata: readonly Case[] = [
  {
    name: 'generateName makes a name',
    run: async ({ ask }) => {
      await ask('POST configmaps', {
        ...config('', {}, { generateName: 'made-' }),
        metadata: { generateName: 'made-' },
      })
      await ask('POST configmaps', config('a', {}, { generateName: 'made-' }))
    },
  },
  {
    name: 'an object without a name is refused',
    run: async ({ ask }) => {
      await ask('POST configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })
      await ask('POST configmaps', { apiVersion: 'v1', kind: 'ConfigMap' })
      await ask('POST canaries', { ...canary('web'), metadata: {} })
    },
  },
  {
    name: 'bad names are refused in words',
    run: async ({ ask }) => {
      await ask('POST configmaps', config('Not A Name'))
      await ask('POST configmaps', config('a'.repeat(254)))
      await ask('POST services', service('web.shop'))
      await ask('POST services', service('1web'))
      await ask('POST deployments', deployment('web', {}, { name: '-web' }))
      await ask('POST canaries', canary('web_1'))
      await ask('POST /api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } })
    },
  },
  {
    name: 'bad labels, annotations and keys are refused in words',
    run: async ({ ask }) => {
      await ask('POST configmaps', config('a', {}, { labels: { 'not a key': 'x' } }))
      await ask('POST configmaps', config('a', {}, { labels: { key: 'not a value' } }))
      await ask('POST configmaps', config('a', {}, { labels: { key: 'a'.repeat(64) } }))
      await ask('POST configmaps', config('a', {}, { annotations: { 'a/b/c': 'x' } }))
      await ask('POST configmaps', config('a', { 'not a key': 'x' }))
      await ask('POST canaries', canary('web', {}, { labels: { key: 'not a value' } }))
    },
  },
  {
    name: 'a bad finalizer is refused',
    run: async ({ ask }) => {
      await ask('POST configmaps', config('a', {}, { finalizers: ['nodomain'] }))
      await ask('POST configmaps', config('a', {}, { finalizers: ['not a name'] }))
    },
  },
  {
    name: 'bad owner references are refused',
    run: async ({ ask }) => {
      const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid }
      await ask('POST configmaps', config('a', {}, { ownerReferences: [{ ...reference, uid: '' }] }))
      await ask('POST configmaps', config('a', {}, { ownerReferences: [{ ...reference, name: '' }] }))
      const both = [
        { ...reference, controller: true },
        { ...reference, name: 'p', uid: uid.replace('8', '9'), controller: true },
      ]
      await ask('POST configmaps', config('a', {}, { ownerReferences: both }))
    },
  },
  {
    name: 'the name in the body is the name in the path',
    run: async ({ ask, merge, given }) => {
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', config('b'))
      await merge('configmaps/a', { metadata: { name: 'b' } })
      await given('POST canaries', canary('web'))
      await merge('canaries/web', { metadata: { name: 'other' } })
    },
  },
  {
    name: 'the namespace in the body is the namespace in the path',
    run: async ({ ask, merge, given }) => {
      await ask('POST configmaps', config('a', {}, { namespace: 'elsewhere' }))
      await ask('POST canaries', canary('a', {}, { namespace: 'elsewhere' }))
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', config('a', {}, { namespace: 'elsewhere' }))
      await merge('configmaps/a', { metadata: { namespace: 'elsewhere' } })
    },
  },
  {
    name: 'the kind in the body is the kind of the path',
    run: async ({ ask, given }) => {
      await ask('POST configmaps', service('a'))
      await ask('POST configmaps', deployment('a'))
      await ask('POST configmaps', { ...config('a'), apiVersion: 'v2' })
      await ask('POST configmaps', { ...config('a'), kind: 'Unheard' })
      await ask('POST canaries', { ...canary('web'), kind: 'MetricTemplate' })
      await ask('POST canaries', { ...canary('web'), apiVersion: 'flagger.app/v1beta1' })
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', service('a'))
    },
  },
  {
    name: 'a body without kind and apiVersion is of the kind of the path, where that is built in',
    run: async ({ ask }) => {
      await ask('POST configmaps', { metadata: { name: 'a' } })
      await ask('POST canaries', { ...canary('web'), kind: undefined, apiVersion: undefined })
    },
  },
  {
    name: 'nothing is created in a namespace that does not exist',
    run: async ({ ask }) => {
      await ask('POST /api/v1/namespaces/nowhere/configmaps', config('a'))
      await ask('POST /apis/sluice.dev/v1beta1/namespaces/nowhere/canaries', canary('a'))
      await ask('GET /api/v1/namespaces/nowhere/configmaps')
    },
  },
  {
    name: 'nothing namespaced is created outside of a namespace',
    run: async ({ ask }) => {
      await ask('POST /api/v1/configmaps', config('a', {}, { namespace: 'default' }))
      await ask('POST /apis/sluice.dev/v1beta1/canaries', canary('a', {}, { namespace: 'default' }))
    },
  },
]
