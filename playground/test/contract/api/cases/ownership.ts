/** Server-side apply of what is owned in parts: lists, maps, sets, the other side of a subresource. */
import type { Case } from '../case.ts'
import { config, deployment, only, service, template, widget } from '../given.ts'
import { by, forced, managers } from './apply.ts'

const metadata = only('metadata')
const spec = only('spec')

export const ownership: readonly Case[] = [
  {
    name: 'ports of a Service are owned by port and protocol',
    run: async ({ apply }) => {
      const port = (number: number, more = {}) => ({ name: `p${number}`, port: number, ...more })
      const web = (...ports: readonly object[]) => ({ ...service('web'), spec: { ports } })
      await apply(by('services/web', 'one'), web(port(80), port(81)), managers)
      await apply(by('services/web', 'two'), web(port(82), port(53, { protocol: 'UDP' })), spec)
      await apply(by('services/web', 'two'), web(port(80, { targetPort: 9 }), port(82)))
      await apply(by('services/web', 'one'), web(port(81, { name: 'other' })), spec)
      await apply(by('services/web', 'two'), web(port(81, { name: 'mine' })))
    },
  },
  {
    name: 'the selector of a Service is owned as a whole',
    run: async ({ apply }) => {
      const web = (selector: Record<string, string>) => service('web', { selector })
      await apply(by('services/web', 'one'), web({ app: 'web' }), managers)
      await apply(by('services/web', 'two'), { ...service('web'), spec: { selector: { app: 'web', version: 'v1' } } })
      await apply(forced('services/web', 'two'), { ...service('web'), spec: { selector: { version: 'v1' } } })
    },
  },
  {
    name: 'containers, env and ports are owned one by one',
    run: async ({ apply }) => {
      const names = (...all: readonly string[]) => all.map(name => ({ name, value: name }))
      const web = (container: Record<string, unknown>) => deployment('web', { template: template('web', container) })
      await apply(by('deployments/web', 'one'), web({ env: names('A', 'B'), ports: [{ containerPort: 80 }] }), managers)
      const added = {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'app', env: names('C') },
                { name: 'side', image: 's' },
              ],
            },
          },
        },
      }
      const partial = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...added }
      await apply(by('deployments/web', 'two'), partial, only('spec', 'template', 'spec', 'containers'))
      await apply(
        by('deployments/web', 'one'),
        web({ env: names('B') }),
        only('spec', 'template', 'spec', 'containers'),
      )
      const changed = { spec: { template: { spec: { containers: [{ name: 'app', image: 'other' }] } } } }
      await apply(by('deployments/web', 'two'), { ...partial, ...changed })
      await apply(
        forced('deployments/web', 'two'),
        { ...partial, ...changed },
        only('spec', 'template', 'spec', 'containers'),
      )
    },
  },
  {
    name: 'the replicas are left to the scale once they are no longer applied',
    run: async ({ apply, merge }) => {
      const without = deployment('web', { replicas: undefined })
      await apply(
        by('deployments/web', 'one'),
        deployment('web', { replicas: 0, paused: true }),
        only('spec', 'replicas'),
      )
      await merge(by('deployments/web/scale', 'scaler'), { spec: { replicas: 0 } })
      await apply(
        by('deployments/web', 'one'),
        { ...without, spec: { ...(without['spec'] as object), paused: true } },
        only('spec', 'replicas'),
      )
    },
  },
  {
    name: 'entries of a list map in a custom resource are owned one by one',
    run: async ({ apply }) => {
      const parts = (...all: readonly object[]) => widget('w', { parts: all })
      await apply(by('widgets/w', 'one'), parts({ name: 'a', count: 2 }, { name: 'b' }))
      await apply(by('widgets/w', 'two'), parts({ name: 'c' }, { name: 'b', colour: 'red' }))
      await apply(by('widgets/w', 'two'), parts({ name: 'b', count: 5 }))
      await apply(by('widgets/w', 'one'), parts({ name: 'a', count: 2 }))
      await apply(by('widgets/w', 'two'), parts({ name: 'd' }))
    },
  },
  {
    name: 'members of a set are owned one by one',
    run: async ({ apply }) => {
      const tags = (...all: readonly string[]) => widget('w', { tags: all })
      await apply(by('widgets/w', 'one'), tags('a', 'b'))
      await apply(by('widgets/w', 'two'), tags('c', 'b'))
      await apply(by('widgets/w', 'one'), tags('a'))
      await apply(by('widgets/w', 'two'), tags('d'))
    },
  },
  {
    name: 'twins in a list map or a set are refused',
    run: async ({ apply, ask }) => {
      await apply(by('widgets/w', 'one'), widget('w', { tags: ['a', 'a'] }))
      await apply(by('widgets/w', 'one'), widget('w', { parts: [{ name: 'a' }, { name: 'a' }] }))
      await ask('POST widgets', widget('w', { tags: ['a', 'a'] }))
      await ask('POST widgets', widget('w', { parts: [{ name: 'a' }, { name: 'a' }] }))
    },
  },
  {
    name: 'atomic lists and maps are owned as a whole, and so is a list of which nothing is said',
    run: async ({ apply }) => {
      await apply(by('widgets/w', 'one'), widget('w', { order: ['a', 'b'], plain: ['a'], whole: { a: '1' } }))
      await apply(by('widgets/w', 'two'), widget('w', { order: ['a'], plain: ['b'], whole: { b: '2' } }))
      await apply(forced('widgets/w', 'two'), widget('w', { order: ['a'], plain: ['b'], whole: { b: '2' } }))
      await apply(by('widgets/w', 'one'), widget('w', {}))
    },
  },
  {
    name: 'keys of a map are owned one by one, in free objects too',
    run: async ({ apply }) => {
      await apply(by('widgets/w', 'one'), widget('w', { labels: { a: '1' }, free: { x: { y: 1 }, list: [1] } }))
      await apply(by('widgets/w', 'two'), widget('w', { labels: { b: '2' }, free: { x: { z: 2 } } }))
      await apply(by('widgets/w', 'one'), widget('w', { labels: {}, free: {} }))
      await apply(by('widgets/w', 'two'), widget('w', { labels: { b: '3' }, free: { x: null } }))
    },
  },
  {
    name: 'a null in an apply',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), { ...config('a'), data: { x: null } })
    },
  },
  {
    name: 'finalizers and owner references are owned one by one',
    run: async ({ apply, ask }) => {
      const labels = (own: object) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', ...own },
      })
      await apply(by('configmaps/a', 'one'), labels({ finalizers: ['example.com/a', 'example.com/b'] }), metadata)
      await apply(by('configmaps/a', 'two'), labels({ finalizers: ['example.com/b', 'example.com/c'] }), metadata)
      await apply(by('configmaps/a', 'one'), labels({ finalizers: [] }), metadata)
      await apply(by('configmaps/a', 'two'), labels({ finalizers: [] }), metadata)
      const reference = (n: number) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: `o${n}`,
        uid: `0000000${n}-0000-4000-8000-000000000000`,
      })
      const secret = (...ownerReferences: readonly object[]) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', ownerReferences },
      })
      await apply(by('secrets/s', 'one', '&dryRun=All'), secret(reference(1), reference(2)), metadata)
      await ask('GET secrets/s')
    },
  },
  {
    name: 'a status is applied by its subresource, with owners of its own',
    run: async ({ apply, given }) => {
      const status = (fields: object) => ({
        apiVersion: 'contract.example/v1',
        kind: 'Widget',
        metadata: { name: 'w' },
        status: fields,
      })
      const ready = (value: string) => ({ conditions: [{ type: 'Ready', status: value }] })
      await given('POST widgets', widget('w', { size: 'large' }))
      await apply(by('widgets/w/status', 'one'), status({ phase: 'New', ...ready('False') }))
      await apply(by('widgets/w/status', 'two'), status({ conditions: [{ type: 'Other', status: 'True' }] }))
      await apply(by('widgets/w/status', 'two'), status(ready('True')))
      await apply(by('widgets/w', 'one'), { ...widget('w', { size: 'large', replicas: 1 }), status: { phase: 'Old' } })
      await apply(by('widgets/w/status', 'one'), { ...status({ phase: 'New' }), spec: { size: 'small' } })
    },
  },
  {
    name: 'a status of what does not exist is not applied',
    run: async ({ apply }) =>
      apply(by('widgets/w/status', 'one'), { ...widget('w'), spec: undefined, status: { phase: 'New' } }),
  },
  {
    name: "kubectl's client-side apply: its annotation, and a server-side apply that goes on from it",
    run: async ({ ask, strategic, apply }) => {
      const last = (data: object) => ({ 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data }) })
      const kubectl = 'kubectl-client-side-apply'
      await ask(
        by('POST configmaps', kubectl),
        config('a', { x: '1', y: '2' }, { annotations: last({ x: '1', y: '2' }) }),
      )
      const patch = { metadata: { annotations: last({ x: '3' }) }, data: { x: '3', y: null } }
      await strategic(by('configmaps/a', kubectl), patch)
      await apply(by('configmaps/a', 'kubectl'), config('a', { x: '3' }))
      await apply(by('configmaps/a', 'kubectl'), config('a', { x: '4' }))
      await apply(forced('configmaps/a', 'kubectl'), config('a', { x: '4' }))
    },
  },
  {
    name: 'a dry apply answers as a wet one and changes nothing',
    run: async ({ ask, apply }) => {
      await apply(by('configmaps/a', 'one', '&dryRun=All'), config('a'), only('data'))
      await ask('GET configmaps/a')
      await apply(by('configmaps/a', 'one'), config('a'), metadata)
      await apply(by('configmaps/a', 'one', '&dryRun=All'), config('a', { key: 'other' }))
      await apply(by('configmaps/a', 'two', '&dryRun=All'), config('a', { key: 'other' }))
      await ask('GET configmaps/a')
    },
  },
  {
    name: 'an apply while the object is being deleted',
    run: async ({ ask, apply, given }) => {
      await given('POST configmaps', config('a', {}, { finalizers: ['example.com/a'] }))
      await given('DELETE configmaps/a')
      await apply(by('configmaps/a', 'one'), config('a', { x: '1' }))
      await apply(forced('configmaps/a', 'one'), config('a', {}, { finalizers: ['example.com/b'] }))
      await ask('GET configmaps/a')
    },
  },
  {
    name: 'stringData of a Secret is applied',
    run: async ({ apply }) =>
      apply(by('secrets/s', 'one'), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { a: 'b' },
      }),
  },
]
