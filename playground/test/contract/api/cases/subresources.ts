/** Status and scale. */
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, widget } from '../given.ts'

export const subresources: readonly Case[] = [
  {
    name: 'a status is not written with its object',
    run: async ({ ask, merge }) => {
      await ask('POST canaries', { ...canary('web'), status: { phase: 'Succeeded' } }, only('status'))
      await merge('canaries/web', { status: { phase: 'Succeeded' } }, only('status'))
      const { object } = await ask('GET canaries/web', undefined, only('status'))
      await ask('PUT canaries/web', { ...object, status: { phase: 'Succeeded' } }, only('status'))
    },
  },
  {
    name: 'an object is not written with its status',
    run: async ({ ask, merge, given }) => {
      const object = await given('POST canaries', canary('web'))
      await ask('PUT canaries/web/status', { ...object, spec: {}, status: { phase: 'Progressing', canaryWeight: 10 } })
      await merge('canaries/web/status', { spec: { paused: true }, status: { canaryWeight: 20 } })
      await merge(
        'canaries/web/status',
        { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } },
        only('metadata'),
      )
    },
  },
  {
    name: 'a status from an old read is a conflict',
    run: async ({ ask, given, merge }) => {
      const object = await given('POST canaries', canary('web'))
      await given('PUT canaries/web/status', { ...object, status: { phase: 'Progressing' } })
      await ask('PUT canaries/web/status', { ...object, status: { phase: 'Failed' } })
      const { resourceVersion } = object.metadata
      await merge('canaries/web/status', { metadata: { resourceVersion }, status: { phase: 'Failed' } })
    },
  },
  {
    name: 'a bad status is refused, and its unknown fields are pruned',
    run: async ({ merge, given }) => {
      await given('POST canaries', canary('web'))
      await merge('canaries/web/status', { status: { phase: 'Dreaming' } })
      await merge('canaries/web/status', { status: { canaryWeight: 'many' } })
      await merge('canaries/web/status', { status: { unheard: true, canaryWeight: 3 } }, only('status'))
    },
  },
  {
    name: 'a status without effect keeps the resourceVersion',
    run: async ({ merge, given }) => {
      await given('POST canaries', canary('web'))
      await merge('canaries/web/status', { status: { canaryWeight: 3 } }, only('metadata'))
      await merge('canaries/web/status', { status: { canaryWeight: 3 } }, only('metadata'))
    },
  },
  {
    name: 'a Canary has a status from the first moment',
    run: async ({ ask }) => ask('POST canaries', canary('web'), only('status')),
  },
  {
    name: 'the status of a Service and of a Namespace',
    run: async ({ ask, merge, given }) => {
      await given('POST services', service('web'))
      await ask('GET services/web/status', undefined, only('status'))
      await merge(
        'services/web/status',
        { spec: { type: 'NodePort' }, status: { loadBalancer: {} } },
        only('spec', 'type'),
      )
    },
  },
  {
    name: 'what has no status and no scale says so',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('GET configmaps/a/status')
      await ask('GET configmaps/a/scale')
      await given('POST canaries', canary('web'))
      await ask('GET canaries/web/scale')
      await ask('GET canaries/web/unheard')
    },
  },
  {
    name: 'a Deployment is scaled',
    run: async ({ ask, merge, given }) => {
      await given('POST deployments', deployment('web', { paused: true }))
      await ask('GET deployments/web/scale', undefined, only('spec'))
      const scale = (replicas: number) => ({
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'web' },
        spec: { replicas },
      })
      await ask('PUT deployments/web/scale', scale(0), only('spec'))
      await ask('PUT deployments/web/scale', scale(-1))
      await merge('deployments/web/scale', { spec: { replicas: -2 } })
      await ask('PUT deployments/web/scale', { ...scale(0), metadata: { name: 'web', resourceVersion: '1' } })
      await ask('GET deployments/web/scale', undefined, { only: body => ({ ...(body as object), metadata: {} }) })
    },
  },
  {
    name: 'a custom resource is scaled by the paths of its schema',
    run: async ({ ask, merge, given }) => {
      await given('POST widgets', widget('w', { replicas: 1 }))
      await ask('GET widgets/w/scale')
      await merge('widgets/w/status', { status: { replicas: 1, selector: 'app=w' } }, only('status'))
      await ask('GET widgets/w/scale')
      await merge('widgets/w/scale?fieldManager=scaler', { spec: { replicas: 3 } })
      await ask('GET widgets/w')
      await merge('widgets/w/scale', { spec: { replicas: 30 } })
    },
  },
  {
    name: 'a custom resource without replicas has no scale yet',
    run: async ({ ask, given }) => {
      await given('POST widgets', widget('w'))
      await ask('GET widgets/w/scale')
    },
  },
]
