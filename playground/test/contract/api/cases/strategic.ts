/** Strategic merge patches, of built-in kinds. */
import type { Case } from '../case.ts'
import { canary, config, deployment, only, pod as podOf, service, widget } from '../given.ts'

const containers = only('spec', 'template', 'spec', 'containers')
const pod = only('spec', 'template', 'spec')
const podPatch = (spec: Record<string, unknown>) => ({ spec: { template: { spec } } })
const webWithTwo = deployment('web', {
  template: {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'demo/web:1.0.0',
          args: ['--one', '--two'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 8080, name: 'http' }],
        },
        { name: 'side', image: 'demo/side:1.0.0' },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
      tolerations: [{ key: 'a', operator: 'Exists' }],
    },
  },
})

export const strategics: readonly Case[] = [
  {
    name: 'a strategic merge patch changes the container that it names',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      await strategic(
        'deployments/web',
        podPatch({ containers: [{ name: 'app', image: 'demo/web:2.0.0' }] }),
        containers,
      )
    },
  },
  {
    name: 'a strategic merge patch adds a container in front',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      await strategic(
        'deployments/web',
        podPatch({ containers: [{ name: 'new', image: 'demo/new:1.0.0' }] }),
        containers,
      )
    },
  },
  {
    name: 'a strategic merge patch merges env by name and ports by containerPort',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const app = {
        name: 'app',
        env: [
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
        ],
        ports: [
          { containerPort: 8080, name: 'web' },
          { containerPort: 9090, name: 'admin' },
        ],
      }
      await strategic('deployments/web', podPatch({ containers: [app] }), containers)
    },
  },
  {
    name: 'a strategic merge patch replaces lists that have no merge key',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const app = { name: 'app', args: ['--three'] }
      await strategic('deployments/web', podPatch({ containers: [app], tolerations: [{ key: 'b' }] }), pod)
    },
  },
  {
    name: 'a strategic merge patch deletes with $patch: delete',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const app = { name: 'app', env: [{ name: 'A', $patch: 'delete' }] }
      await strategic(
        'deployments/web',
        podPatch({
          containers: [app, { name: 'side', $patch: 'delete' }],
          volumes: [{ name: 'none', $patch: 'delete' }],
        }),
        pod,
      )
    },
  },
  {
    name: 'a strategic merge patch replaces with $patch: replace',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const app = { name: 'other', image: 'demo/other:1.0.0' }
      await strategic('deployments/web', podPatch({ containers: [app, { $patch: 'replace' }] }), containers)
      await strategic(
        'deployments/web',
        { metadata: { labels: { $patch: 'replace', only: 'this' } } },
        only('metadata', 'labels'),
      )
    },
  },
  {
    name: 'a strategic merge patch orders with $setElementOrder, as kubectl does',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const order = [{ name: 'side' }, { name: 'new' }, { name: 'app' }]
      const fresh = { name: 'new', image: 'demo/new:1.0.0' }
      await strategic(
        'deployments/web',
        podPatch({ '$setElementOrder/containers': order, containers: [fresh] }),
        containers,
      )
      await strategic(
        'deployments/web',
        podPatch({ '$setElementOrder/containers': [{ name: 'app' }, { name: 'side' }] }),
        containers,
      )
    },
  },
  {
    name: 'a strategic merge patch keeps only $retainKeys',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      const strategy = { $retainKeys: ['type'], type: 'Recreate' }
      await strategic('deployments/web', { spec: { strategy } }, only('spec', 'strategy'))
      const volumes = [{ $retainKeys: ['name', 'configMap'], name: 'tmp', configMap: { name: 'a' } }]
      await strategic('deployments/web', podPatch({ volumes }), only('spec', 'template', 'spec', 'volumes'))
    },
  },
  {
    name: 'a strategic merge patch removes from a list of words',
    run: async ({ strategic, given }) => {
      await given('POST configmaps', config('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }))
      await strategic('configmaps/a', { metadata: { finalizers: ['example.com/c'] } }, only('metadata', 'finalizers'))
      const gone = { '$deleteFromPrimitiveList/finalizers': ['example.com/a', 'example.com/b', 'example.com/c'] }
      await strategic('configmaps/a', { metadata: gone }, only('metadata', 'finalizers'))
    },
  },
  {
    name: 'a strategic merge patch merges conditions by type',
    run: async ({ strategic, given }) => {
      await given('POST pods', podOf('p'))
      const conditions = (...all: readonly Record<string, string>[]) => ({ status: { conditions: all } })
      await strategic(
        'pods/p/status',
        conditions({ type: 'Ready', status: 'False' }, { type: 'Other', status: 'True' }),
        only('status', 'conditions'),
      )
      await strategic('pods/p/status', conditions({ type: 'Ready', status: 'True' }), only('status', 'conditions'))
    },
  },
  {
    name: 'a strategic merge patch merges the ports of a Service by port',
    run: async ({ strategic, given }) => {
      await given('POST services', service('web'))
      await strategic(
        'services/web',
        { spec: { ports: [{ name: 'http', port: 80, targetPort: 9 }] } },
        only('spec', 'ports'),
      )
      await strategic('services/web', { spec: { ports: [{ name: 'grpc', port: 90 }] } }, only('spec', 'ports'))
      await strategic('services/web', { spec: { ports: [{ port: 80, $patch: 'delete' }] } }, only('spec', 'ports'))
      await strategic('services/web', { spec: { selector: { version: 'v1' } } }, only('spec', 'selector'))
      await strategic('services/web', { spec: { selector: { app: null } } }, only('spec', 'selector'))
    },
  },
  {
    name: 'a strategic merge patch without a merge key is refused',
    run: async ({ strategic, given }) => {
      await given('POST deployments', webWithTwo)
      await strategic('deployments/web', podPatch({ containers: [{ image: 'demo/web:2.0.0' }] }))
      await strategic('deployments/web', podPatch({ containers: [{ name: 'app', $patch: 'jump' }] }))
      await strategic('deployments/web', '[]')
    },
  },
  {
    name: 'a strategic merge patch of a custom resource is refused',
    run: async ({ strategic, given }) => {
      await given('POST canaries', canary('web'))
      await strategic('canaries/web', { spec: { paused: true } })
      await given('POST widgets', widget('w'))
      await strategic('widgets/w', {})
    },
  },
  {
    name: 'a strategic merge patch names its field manager, who owns what it changed',
    run: async ({ strategic, given }) => {
      await given('POST services', service('web'))
      await strategic('services/web?fieldManager=kubectl-patch', { spec: { ports: [{ port: 80, name: 'web' }] } })
    },
  },
]
