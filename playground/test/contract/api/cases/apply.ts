/** Server-side apply: who owns what, and what happens to it. */
import { at } from '../../../../../src/core/json.ts'
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, widget } from '../given.ts'

export const by = (path: string, manager: string, more = ''): string => `${path}?fieldManager=${manager}${more}`
export const forced = (path: string, manager: string): string => by(path, manager, '&force=true')
const metadata = only('metadata')
const spec = only('spec')
export const managers = { only: (body: unknown) => ({ managedFields: at(body, 'metadata', 'managedFields') }) }

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
]
