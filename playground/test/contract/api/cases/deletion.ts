/** Deletion: finalizers, grace, owners, namespaces. */
import type { Case, Talk } from '../case.ts'
import { canary, config, only, owner, pod, service } from '../given.ts'

const options = (more: object) => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...more })
const propagation = (propagationPolicy: string) => options({ propagationPolicy })
const metadata = only('metadata')
const isGone = ({ code }: { code: number }): boolean => code === 404

/** `owner` and `dependent`, a ConfigMap that it owns. */
async function pair({ given }: Talk, blockOwnerDeletion?: boolean): Promise<void> {
  const object = await given('POST configmaps', config('owner'))
  const reference = owner(object, blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion })
  await given('POST configmaps', config('dependent', {}, { ownerReferences: [reference] }))
}

export const deletions: readonly Case[] = [
  {
    name: 'an object with finalizers stays until the last is gone',
    run: async ({ ask, merge, given }) => {
      await given('POST canaries', canary('web', {}, { finalizers: ['sluice.dev/a', 'sluice.dev/b'] }))
      await ask('DELETE canaries/web')
      await ask('GET canaries/web', undefined, metadata)
      await ask('DELETE canaries/web', undefined, metadata)
      await merge('canaries/web', { metadata: { finalizers: ['sluice.dev/b'] } }, metadata)
      await merge('canaries/web', { metadata: { finalizers: [] } }, metadata)
      await ask('GET canaries/web')
    },
  },
  {
    name: 'an object that is being deleted can be changed, but gets no new finalizer',
    run: async ({ ask, merge, given }) => {
      await given('POST configmaps', config('a', {}, { finalizers: ['example.com/a'] }))
      await given('DELETE configmaps/a')
      await merge('configmaps/a', { data: { still: 'here' } })
      await merge('configmaps/a', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } })
      await merge('configmaps/a', { metadata: { deletionTimestamp: null } }, metadata)
      await ask('POST configmaps', config('a'))
    },
  },
  {
    name: 'a dependent goes after its owner',
    run: async talk => {
      await pair(talk)
      await talk.ask('DELETE configmaps/owner')
      await talk.eventually('GET configmaps/dependent', isGone)
    },
  },
  {
    name: 'a dependent goes before its owner in the foreground',
    run: async talk => {
      await pair(talk, true)
      await talk.ask('DELETE configmaps/owner', propagation('Foreground'), metadata)
      await talk.eventually('GET configmaps/owner', isGone)
      await talk.ask('GET configmaps/dependent')
    },
  },
  {
    name: 'an owner waits in the foreground for a dependent that blocks it',
    run: async talk => {
      const { merge, given } = talk
      await pair(talk, true)
      await merge(
        'configmaps/dependent',
        { metadata: { finalizers: ['example.com/a'] } },
        only('metadata', 'finalizers'),
      )
      await given('DELETE configmaps/owner', propagation('Foreground'))
      await talk.eventually(
        'GET configmaps/dependent',
        ({ object }) => object.metadata.deletionTimestamp !== undefined,
        metadata,
      )
      await talk.ask('GET configmaps/owner', undefined, metadata)
      await given(
        'PATCH configmaps/dependent',
        { metadata: { finalizers: null } },
        { type: 'application/merge-patch+json' },
      )
      await talk.eventually('GET configmaps/owner', isGone)
    },
  },
  {
    name: 'an owner does not wait for a dependent that does not block it',
    run: async talk => {
      await pair(talk)
      await talk.merge(
        'configmaps/dependent',
        { metadata: { finalizers: ['example.com/a'] } },
        only('metadata', 'finalizers'),
      )
      await talk.given('DELETE configmaps/owner', propagation('Foreground'))
      await talk.eventually('GET configmaps/owner', isGone)
    },
  },
  {
    name: 'a dependent is orphaned',
    run: async talk => {
      await pair(talk)
      await talk.ask('DELETE configmaps/owner', propagation('Orphan'), metadata)
      await talk.eventually('GET configmaps/owner', isGone)
      await talk.ask('GET configmaps/dependent', undefined, only('metadata', 'ownerReferences'))
    },
  },
  {
    name: 'a dependent of two owners goes with the second',
    run: async talk => {
      const { given } = talk
      const [one, two] = [await given('POST configmaps', config('one')), await given('POST configmaps', config('two'))]
      await given('POST configmaps', config('dependent', {}, { ownerReferences: [owner(one), owner(two)] }))
      await given('DELETE configmaps/one')
      const left = (object: { metadata: { ownerReferences?: unknown[] } }) =>
        object.metadata.ownerReferences?.length ?? 0
      await talk.eventually(
        'GET configmaps/dependent',
        ({ object }) => left(object) === 1,
        only('metadata', 'ownerReferences'),
      )
      await given('DELETE configmaps/two')
      await talk.eventually('GET configmaps/dependent', isGone)
    },
  },
  {
    name: 'a dependent whose owner never was is collected',
    run: async talk => {
      const reference = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'never',
        uid: '00000000-0000-4000-8000-000000000000',
      }
      await talk.given('POST configmaps', config('dependent', {}, { ownerReferences: [reference] }))
      await talk.eventually('GET configmaps/dependent', isGone)
    },
  },
  {
    name: 'dependents of dependents go too',
    run: async talk => {
      await pair(talk)
      const middle = await talk.given('GET configmaps/dependent')
      await talk.given('POST services', service('leaf', {}, { ownerReferences: [owner(middle)] }))
      await talk.given('DELETE configmaps/owner')
      await talk.eventually('GET services/leaf', isGone)
    },
  },
  {
    name: 'a propagation that is none is refused',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('DELETE configmaps/a', propagation('Sideways'))
      await ask('DELETE configmaps/a', options({ orphanDependents: true, propagationPolicy: 'Background' }))
      await ask('DELETE configmaps/a', '{')
      await ask('DELETE configmaps/a?propagationPolicy=Background')
    },
  },
  {
    name: 'a pod on a node gets its grace, which can only be shortened',
    run: async ({ ask, given }) => {
      await given('POST pods', pod('p', { terminationGracePeriodSeconds: 40 }))
      await ask('DELETE pods/p', undefined, metadata)
      await ask('DELETE pods/p?gracePeriodSeconds=50', undefined, metadata)
      await ask('DELETE pods/p', options({ gracePeriodSeconds: 5 }), metadata)
      await ask('DELETE pods/p', options({ gracePeriodSeconds: 0 }), metadata)
      await ask('GET pods/p')
    },
  },
  {
    name: 'a negative grace is refused, one of another kind is nothing to it',
    run: async ({ ask, given }) => {
      await given('POST pods', pod('p'))
      await ask('DELETE pods/p', options({ gracePeriodSeconds: -5 }), metadata)
      await given('POST configmaps', config('a'))
      await ask('DELETE configmaps/a', options({ gracePeriodSeconds: 30 }))
      await ask('GET configmaps/a')
    },
  },
  {
    name: 'a dry deletion deletes nothing',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('DELETE configmaps/a?dryRun=All')
      await ask('DELETE configmaps/a', options({ dryRun: ['All'] }))
      await ask('GET configmaps/a', undefined, only('metadata', 'name'))
    },
  },
  {
    name: 'a namespace goes with all that is in it',
    run: async talk => {
      const path = `/api/v1/namespaces/${talk.namespace}-x`
      await talk.given('POST /api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: `${talk.namespace}-x` },
      })
      await talk.given(`POST ${path}/configmaps`, config('a'))
      await talk.given(`POST ${path.replace('/api/v1', '/apis/sluice.dev/v1beta1')}/canaries`, canary('web'))
      await talk.ask(`DELETE ${path}`, undefined, { only: body => ({ ...(body as object), metadata: {} }) })
      await talk.eventually(`GET ${path}`, isGone)
      await talk.ask(`GET ${path}/configmaps/a`)
    },
  },
  {
    name: 'nothing is created in a namespace that is going, which waits for finalizers in it',
    run: async talk => {
      const name = `${talk.namespace}-x`
      const path = `/api/v1/namespaces/${name}`
      await talk.given('POST /api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      await talk.given(`POST ${path}/configmaps`, config('a', {}, { finalizers: ['example.com/a'] }))
      await talk.given(`DELETE ${path}`)
      await talk.ask(`POST ${path}/configmaps`, config('b'))
      await talk.ask(`POST ${path.replace('/api/v1', '/apis/sluice.dev/v1beta1')}/canaries`, canary('web'))
      await talk.eventually(
        `GET ${path}/configmaps/a`,
        ({ object }) => object.metadata.deletionTimestamp !== undefined,
        only('metadata', 'finalizers'),
      )
      await talk.given(
        `PATCH ${path}/configmaps/a`,
        { metadata: { finalizers: null } },
        { type: 'application/merge-patch+json' },
      )
      await talk.eventually(`GET ${path}`, isGone)
    },
  },
  {
    name: 'a status of an object that is being deleted can be written',
    run: async ({ merge, given }) => {
      await given('POST canaries', canary('web', {}, { finalizers: ['sluice.dev/a'] }))
      await given('DELETE canaries/web')
      await merge('canaries/web/status', { status: { phase: 'Terminating' } }, only('status'))
    },
  },
]
