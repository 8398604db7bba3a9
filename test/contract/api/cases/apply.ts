/** Server-side apply: who owns what, and what happens to it. */
import { at } from '../../../../src/core/json.ts'
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, template, widget } from '../given.ts'

const by = (path: string, manager: string, more = ''): string => `${path}?fieldManager=${manager}${more}`
const forced = (path: string, manager: string): string => by(path, manager, '&force=true')
const metadata = only('metadata')
const spec = only('spec')
const managers = { only: (body: unknown) => ({ managedFields: at(body, 'metadata', 'managedFields') }) }

export const applies: readonly Case[] = [
  {
    name: 'an apply creates what is missing',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a'))
      await apply(by('services/web', 'one'), service('web'))
      await apply(by('deployments/web', 'one'), deployment('web'), managers)
      await apply(by('canaries/web', 'one'), canary('web'))
    },
  },
  {
    name: 'an apply of the same keeps the resourceVersion',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a'), metadata)
      await apply(by('configmaps/a', 'one'), config('a'), metadata)
      await apply(by('widgets/w', 'one'), widget('w'), metadata)
      await apply(by('widgets/w', 'one'), widget('w'), metadata)
    },
  },
  {
    name: 'the first write after its creation gives a Canary the status that the schema has for it',
    run: async ({ apply }) => {
      for (let time = 0; time < 3; time++) await apply(by('canaries/web', 'one'), canary('web'), metadata)
    },
  },
  {
    name: 'an apply reads YAML',
    run: async ({ apply }) => {
      const yaml =
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {a: b}\ndata:\n  key: |\n    two\n    lines\n'
      await apply(by('configmaps/a', 'one'), yaml)
    },
  },
  {
    name: 'an apply of what cannot be read is refused',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), 'a: b: c')
      await apply(by('configmaps/a', 'one'), '')
      await apply(by('configmaps/a', 'one'), '[]')
    },
  },
  {
    name: 'an apply without a field manager is refused',
    run: async ({ apply }) => apply('configmaps/a', config('a')),
  },
  {
    name: 'a field manager of more than 128 bytes is refused',
    run: async ({ apply }) => apply(by('configmaps/a', 'm'.repeat(129)), config('a')),
  },
  {
    name: 'an apply with managedFields is refused',
    run: async ({ apply }) =>
      apply(by('configmaps/a', 'one'), config('a', {}, { managedFields: [{ manager: 'other', operation: 'Apply' }] })),
  },
  {
    name: 'an apply with a uid does not create',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', {}, { uid: '00000000-0000-4000-8000-000000000000' }))
      await apply(by('configmaps/a', 'one'), config('a', {}, { resourceVersion: '1' }))
    },
  },
  {
    name: 'an apply from an old read is a conflict, forced or not',
    run: async ({ apply, given }) => {
      await given('POST configmaps', config('a'))
      await apply(by('configmaps/a', 'one'), config('a', { key: 'value' }, { resourceVersion: '1' }))
      await apply(forced('configmaps/a', 'one'), config('a', { key: 'value' }, { resourceVersion: '1' }))
    },
  },
  {
    name: 'an apply of another name, kind or version than the path is refused',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('b'))
      await apply(by('configmaps/a', 'one'), service('a'))
      await apply(by('configmaps/a', 'one'), config('a', {}, { namespace: 'elsewhere' }))
      await apply(by('canaries/web', 'one'), { ...canary('web'), apiVersion: 'sluice.dev/v9' })
      await apply(by('configmaps/a', 'one'), { metadata: { name: 'a' } })
    },
  },
  {
    name: 'an apply of unknown fields is refused',
    run: async ({ apply }) => {
      await apply(by('deployments/web', 'one'), deployment('web', { replica: 2 }))
      await apply(by('canaries/web', 'one'), canary('web', { analysys: {} }))
      await apply(by('canaries/web', 'one', '&fieldValidation=Strict'), canary('web', { analysys: {} }))
    },
  },
  {
    name: 'an apply of what is not valid is refused',
    run: async ({ apply }) => {
      await apply(by('services/web', 'one'), service('web', { ports: [] }))
      await apply(by('widgets/w', 'one'), widget('w', { low: 3, high: 2 }))
      await apply(by('widgets/w', 'one'), widget('w', { size: 'huge' }))
    },
  },
  {
    name: 'a field that is no longer applied is removed',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }, { labels: { a: 'b', c: 'd' } }))
      await apply(by('configmaps/a', 'one'), config('a', { x: '1' }, { labels: { c: 'd' } }))
      await apply(by('configmaps/a', 'one'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })
    },
  },
  {
    name: 'a field that is no longer applied stays if another manager owns it',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      await apply(by('configmaps/a', 'two'), config('a', { x: '1' }))
      await apply(by('configmaps/a', 'one'), config('a', {}))
      await apply(by('configmaps/a', 'two'), config('a', {}))
    },
  },
  {
    name: 'a field with a default comes back with it when it is no longer applied',
    run: async ({ apply }) => {
      await apply(by('widgets/w', 'one'), widget('w', { size: 'large', replicas: 2 }))
      await apply(by('widgets/w', 'one'), widget('w', { replicas: 2 }))
      await apply(by('services/web', 'one'), service('web', { sessionAffinity: 'ClientIP' }), spec)
      await apply(by('services/web', 'one'), service('web'), spec)
    },
  },
  {
    name: 'an apply of what another has applied is a conflict that names the fields and their owner',
    run: async ({ ask, apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      await apply(by('configmaps/a', 'two'), config('a', { x: '3' }))
      await apply(by('configmaps/a', 'two'), config('a', { x: '3', y: '4', z: '5' }))
      await ask('GET configmaps/a')
    },
  },
  {
    name: 'a conflict names every owner, and the version of one that does not apply',
    run: async ({ apply, merge }) => {
      await apply(by('canaries/web', 'one'), canary('web', { paused: false }))
      await merge(by('canaries/web', 'kubectl-edit'), { spec: { analysis: { threshold: 7 } } }, managers)
      await apply(by('canaries/web', 'three'), canary('web', { paused: true, progressDeadlineSeconds: 9 }))
      const analysis = { interval: '2m', threshold: 8, stepWeights: [10, 60] }
      await apply(by('canaries/web', 'four'), canary('web', { paused: true, analysis }))
    },
  },
  {
    name: 'a forced apply takes the fields from their owner',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      await apply(forced('configmaps/a', 'two'), config('a', { x: '3' }))
      await apply(forced('configmaps/a', 'three'), config('a', { x: '4', y: '5' }))
    },
  },
  {
    name: 'the same value is owned by all who apply it, and no conflict',
    run: async ({ apply }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1' }))
      await apply(by('configmaps/a', 'two'), config('a', { x: '1' }), managers)
      await apply(by('configmaps/a', 'one'), config('a', { x: '2' }))
      await apply(forced('configmaps/a', 'one'), config('a', { x: '2' }), managers)
    },
  },
  {
    name: 'an update takes what it changes from the one who applied it',
    run: async ({ ask, apply, given }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }), managers)
      const object = await given('GET configmaps/a')
      await ask(by('PUT configmaps/a', 'hand'), { ...object, data: { x: '3', y: '2' } })
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      await apply(by('configmaps/a', 'one'), config('a', { x: '3', y: '2' }), managers)
    },
  },
  {
    name: "what an update removes is nobody's, and the next apply brings it back",
    run: async ({ apply, merge }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }), managers)
      await merge(by('configmaps/a', 'hand'), { data: { x: null } })
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
    },
  },
  {
    name: 'one manager that applies and updates has two entries',
    run: async ({ ask, apply, given }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      const object = await given('GET configmaps/a')
      await ask(by('PUT configmaps/a', 'one'), { ...object, data: { x: '3', y: '2', z: '4' } }, managers)
      await apply(by('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
      await apply(forced('configmaps/a', 'one'), config('a', { x: '1', y: '2' }))
    },
  },
  {
    name: 'a first apply to an object whose owners are unknown conflicts with before-first-apply',
    run: async ({ ask, apply, given }) => {
      const object = await given('POST configmaps', config('a', { x: '1', y: '2' }))
      await ask('PUT configmaps/a', { ...object, metadata: { ...object.metadata, managedFields: [{}] } })
      await apply(by('configmaps/a', 'one'), config('a', { x: '2' }))
      await apply(by('configmaps/a', 'one'), config('a', { x: '1' }), managers)
    },
  },
  {
    name: 'managedFields are kept by an update that leaves them out, and cleared by an empty entry',
    run: async ({ ask, merge, given }) => {
      const object = await given('POST configmaps', config('a', { x: '1' }))
      const { managedFields: _, ...rest } = object.metadata
      await ask(by('PUT configmaps/a', 'two'), { ...object, metadata: rest, data: { x: '1', y: '2' } }, managers)
      await merge(by('configmaps/a', 'three'), { metadata: { managedFields: [{}] } }, metadata)
      await merge(by('configmaps/a', 'three'), { data: { z: '3' } }, metadata)
    },
  },
  {
    name: 'a manager is written out of managedFields by a patch',
    run: async ({ apply, merge, given }) => {
      await apply(by('configmaps/a', 'one'), config('a', { x: '1' }), managers)
      await apply(by('configmaps/a', 'two'), config('a', { y: '2' }), managers)
      const { metadata: now } = await given('GET configmaps/a')
      const left = (now.managedFields ?? []).filter(({ manager }) => manager !== 'one')
      await merge(by('configmaps/a', 'hand'), {
        metadata: { managedFields: left, resourceVersion: now.resourceVersion },
      })
      await apply(by('configmaps/a', 'three'), config('a', { x: '3' }), managers)
    },
  },
  {
    name: 'bad managedFields in an update are refused',
    run: async ({ merge, given }) => {
      await given('POST configmaps', config('a'))
      const managed = (entry: object) => ({ metadata: { managedFields: [entry] } })
      const good = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }
      await merge('configmaps/a', managed({ ...good, operation: 'Guess' }))
      await merge('configmaps/a', managed({ ...good, fieldsType: 'FieldsV2' }))
    },
  },
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
