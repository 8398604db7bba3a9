/** One object, from its creation to its deletion. */
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, widget } from '../given.ts'

const uid = '00000000-0000-4000-8000-000000000000'

export const objects: readonly Case[] = [
  {
    name: 'an object is created, read, replaced and deleted',
    run: async ({ ask }) => {
      const { object } = await ask('POST configmaps', config('a'))
      await ask('GET configmaps/a')
      await ask('PUT configmaps/a', { ...object, data: { key: 'other' } })
      await ask('DELETE configmaps/a')
      await ask('GET configmaps/a')
    },
  },
  { name: 'a Service is filled in', run: async ({ ask }) => ask('POST services', service('web')) },
  {
    name: 'a Service without a port is refused',
    run: async ({ ask }) => ask('POST services', service('web', { ports: [] })),
  },
  {
    name: 'a Service whose ports have one name is refused',
    run: async ({ ask }) =>
      ask(
        'POST services',
        service('web', {
          ports: [
            { name: 'a', port: 80 },
            { name: 'a', port: 81 },
          ],
        }),
      ),
  },
  {
    name: 'a Service with several ports, one without a name, is refused',
    run: async ({ ask }) => ask('POST services', service('web', { ports: [{ name: 'a', port: 80 }, { port: 81 }] })),
  },
  {
    name: 'a headless Service has no address',
    run: async ({ ask }) => ask('POST services', service('web', { clusterIP: 'None' })),
  },
  {
    name: 'a Service keeps its address in an update that does not name it, and cannot change it',
    run: async ({ ask, given }) => {
      await given('POST services', service('web'))
      await ask('PUT services/web', service('web', { ports: [{ port: 81 }] }))
      await ask('PUT services/web', service('web', { clusterIP: '10.96.200.200', clusterIPs: ['10.96.200.200'] }))
    },
  },
  { name: 'a Deployment is filled in', run: async ({ ask }) => ask('POST deployments', deployment('web')) },
  {
    name: 'a Deployment whose selector misses its template is refused',
    run: async ({ ask }) => ask('POST deployments', deployment('web', { selector: { matchLabels: { app: 'other' } } })),
  },
  {
    name: 'a Deployment without a selector is refused',
    run: async ({ ask }) => ask('POST deployments', deployment('web', { selector: undefined })),
  },
  {
    name: 'the selector of a Deployment is immutable',
    run: async ({ ask, given }) => {
      await given('POST deployments', deployment('web'))
      const { spec } = deployment('other')
      await ask('PUT deployments/web', { ...deployment('web'), spec })
    },
  },
  {
    name: 'a Deployment with a negative number of replicas is refused',
    run: async ({ ask }) => ask('POST deployments', deployment('web', { replicas: -1 })),
  },
  {
    name: 'a Deployment whose container has no image is refused',
    run: async ({ ask }) => {
      const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app' }] } }
      await ask('POST deployments', deployment('web', { template }))
    },
  },
  { name: 'a Canary is filled in', run: async ({ ask }) => ask('POST canaries', canary('web')) },
  {
    name: 'stringData of a Secret becomes data',
    run: async ({ ask }) =>
      ask('POST secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        data: { one: 'MQ==' },
        stringData: { two: '2' },
      }),
  },
  {
    name: 'an immutable ConfigMap keeps its data and stays immutable',
    run: async ({ ask, merge, given }) => {
      await given('POST configmaps', { ...config('a'), immutable: true })
      await merge('configmaps/a', { data: { key: 'other' } })
      await merge('configmaps/a', { immutable: false })
      await merge('configmaps/a', { metadata: { labels: { a: 'b' } } })
      await ask('DELETE configmaps/a')
    },
  },
  {
    name: 'an object that exists is not created again',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('POST configmaps', config('a', { key: 'other' }))
      await given('POST deployments', deployment('web'))
      await ask('POST deployments', deployment('web'))
      await given('POST canaries', canary('web'))
      await ask('POST canaries', canary('web'))
    },
  },
  {
    name: 'what does not exist is not found, whatever is asked of it',
    run: async ({ ask, merge }) => {
      await ask('GET configmaps/a')
      await ask('PUT configmaps/a', config('a', {}, { resourceVersion: '1' }))
      await ask('DELETE configmaps/a')
      await merge('configmaps/a', {})
      await ask('GET deployments/web')
      await merge('canaries/web', {})
      await ask('GET deployments/web/status')
      await ask('GET deployments/web/scale')
    },
  },
  {
    name: 'an update without a resourceVersion replaces blindly where it may',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', config('a', { key: 'other' }))
    },
  },
  {
    name: 'an update creates nothing, but for kinds that allow it',
    run: async ({ ask }) => {
      await ask('PUT configmaps/a', config('a'))
      await ask('PUT services/web', service('web'))
      await ask('PUT widgets/w', widget('w'))
      await ask('PUT leases/l', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l' },
        spec: {},
      })
    },
  },
  {
    name: 'a custom resource is not replaced without its resourceVersion',
    run: async ({ ask, given }) => {
      await given('POST canaries', canary('web'))
      await ask('PUT canaries/web', canary('web'))
    },
  },
  {
    name: 'an update from an old read is a conflict',
    run: async ({ ask, given }) => {
      const old = await given('POST configmaps', config('a'))
      await given('PUT configmaps/a', { ...old, data: { key: 'second' } })
      await ask('PUT configmaps/a', { ...old, data: { key: 'third' } })
      const web = await given('POST canaries', canary('web'))
      await given('PUT canaries/web', { ...web, metadata: { ...web.metadata, labels: { a: 'b' } } })
      await ask('PUT canaries/web', web)
    },
  },
  {
    name: 'an update of another object of that name is a conflict',
    run: async ({ ask, given }) => {
      const object = await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', { ...object, metadata: { ...object.metadata, uid } })
    },
  },
  {
    name: 'a resourceVersion that is no number is refused',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', config('a', {}, { resourceVersion: 'abc' }))
    },
  },
  {
    name: 'an object with a resourceVersion is not created',
    run: async ({ ask }) => ask('POST configmaps', config('a', {}, { resourceVersion: '1' })),
  },
  {
    name: 'what only the server may write is not taken from a client',
    run: async ({ ask }) =>
      ask('POST configmaps', {
        ...config('a'),
        metadata: {
          name: 'a',
          uid,
          creationTimestamp: '2020-01-01T00:00:00Z',
          deletionTimestamp: '2020-01-01T00:00:00Z',
          generation: 7,
          selfLink: '/somewhere',
        },
      }),
  },
  {
    name: 'an update without effect keeps the resourceVersion',
    run: async ({ ask, given }) => {
      const object = await given('POST services', service('web'))
      await ask('PUT services/web', object)
      await ask('PUT services/web', object)
      const web = await given('POST canaries', canary('web'))
      await ask('PUT canaries/web', web)
    },
  },
  {
    name: 'the generation of a Deployment counts changes of its spec',
    run: async ({ ask, merge }) => {
      const generation = only('metadata', 'generation')
      await ask('POST deployments', deployment('web'), generation)
      await merge('deployments/web', { metadata: { labels: { a: 'b' } } }, generation)
      await merge('deployments/web', { spec: { minReadySeconds: 3 } }, generation)
      await merge('deployments/web', { spec: { minReadySeconds: 3 } }, generation)
      await merge('deployments/web/status', { status: { unavailableReplicas: 1 } }, generation)
    },
  },
  {
    name: 'the generation of a Canary counts changes of its spec',
    run: async ({ merge, ask }) => {
      await ask('POST canaries', canary('web'))
      await merge('canaries/web', { metadata: { labels: { a: 'b' } } })
      await merge('canaries/web', { spec: { paused: true } })
      await merge('canaries/web/status', { status: { phase: 'Progressing' } })
    },
  },
  {
    name: 'a creation names its field manager',
    run: async ({ ask }) => {
      await ask('POST configmaps?fieldManager=me', config('a'))
      await ask(`POST configmaps?fieldManager=${'m'.repeat(129)}`, config('b'))
      await ask('POST configmaps?fieldManager=%00', config('b'))
    },
  },
  {
    name: 'a deletion can ask for the uid and the version that it means',
    run: async ({ ask, given }) => {
      const { metadata } = await given('POST configmaps', config('a'))
      const options = (preconditions: object) => ({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions })
      await ask('DELETE configmaps/a', options({ uid }))
      await ask('DELETE configmaps/a', options({ resourceVersion: '1' }))
      await ask('DELETE configmaps/a', options({ uid: metadata.uid, resourceVersion: metadata.resourceVersion }))
      const web = await given('POST canaries', canary('web'))
      await ask('DELETE canaries/web', options({ uid }))
      await ask('DELETE canaries/web', options({ uid: web.metadata.uid }))
    },
  },
  {
    name: 'a collection is deleted, all of it or by label',
    run: async ({ ask, given }) => {
      for (const name of ['a', 'b', 'c']) {
        await given('POST configmaps', config(name, {}, { labels: { half: String(name < 'b') } }))
      }
      await ask('DELETE configmaps?labelSelector=half%3Dtrue')
      await ask('GET configmaps')
      await ask('DELETE configmaps')
      await ask('GET configmaps')
    },
  },
  {
    name: 'a Namespace has a phase, a label and a finalizer',
    run: async ({ ask, namespace }) => ask(`GET /api/v1/namespaces/${namespace}`),
  },
]
