/** What the controllers of a cluster make of Deployments and Services; without pods, as no two kubelets are alike. */
import type { KubeObject } from '../../../../../src/api/object.ts'
import { at, isRecord, recordsOf, textOf } from '../../../../../src/core/json.ts'
import type { Answer, Case } from '../case.ts'
import { deployment, service, template } from '../given.ts'

const itemsOf = ({ object }: Answer) => recordsOf(object['items']) as readonly KubeObject[]
const count = (wanted: number) => (answer: Answer) => itemsOf(answer).length === wanted
const hashOf = (object: unknown): string => String(at(object, 'metadata', 'labels', 'pod-template-hash'))

/** The parts that are compared, in the order of revisions, and every hash by its place in it. */
const replicaSets = {
  only: (body: unknown) => {
    const revision = (one: unknown): number =>
      Number(at(one, 'metadata', 'annotations', 'deployment.kubernetes.io/revision'))
    const sets = recordsOf(at(body, 'items')).toSorted((a, b) => revision(a) - revision(b))
    const text = JSON.stringify(sets.map(({ metadata, spec }) => ({ metadata: owned(metadata), spec })))
    return JSON.parse(
      sets.reduce((rest: string, one, index) => rest.replaceAll(hashOf(one), `hash-${index}`), text),
    ) as unknown
  },
}

function owned(metadata: unknown): unknown {
  const { name, labels, annotations, ownerReferences, generation } = metadata as KubeObject['metadata']
  return { name, labels, annotations, ownerReferences, generation }
}

/** Conditions and numbers, without the times and the sentences that name a ReplicaSet by its hash. */
const status = {
  only: (body: unknown) => {
    const { conditions, ...numbers } = at(body, 'status') as Record<string, unknown>
    const annotations = at(body, 'metadata', 'annotations')
    return {
      annotations,
      numbers,
      conditions: recordsOf(conditions)
        .toSorted((a, b) => (textOf(a['type']) < textOf(b['type']) ? -1 : 1))
        .map(({ type, status: value, reason }) => ({ type, value, reason })),
    }
  },
}
const isObserved = ({ object }: Answer): boolean =>
  at(object, 'status', 'observedGeneration') === object.metadata.generation &&
  isRecord(at(object, 'metadata', 'annotations'))

const slices = {
  only: (body: unknown) =>
    recordsOf(at(body, 'items')).map(({ metadata, ...slice }) => {
      const { labels, annotations, generateName, ownerReferences } = metadata as KubeObject['metadata'] & {
        generateName: string
      }
      return { ...slice, labels, annotations, generateName, ownerReferences }
    }),
}
const ofWeb = 'GET endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb'

export const workloads: readonly Case[] = [
  {
    name: 'a Deployment makes a ReplicaSet and reports',
    run: async ({ given, eventually }) => {
      await given('POST deployments', deployment('web'))
      await eventually('GET replicasets', count(1), replicaSets)
      await eventually('GET deployments/web', isObserved, status)
    },
  },
  {
    name: 'another template makes another ReplicaSet, and the first one again is taken up again',
    run: async ({ given, eventually }) => {
      const merge = { type: 'application/merge-patch+json' }
      const withImage = (image: string) => ({ spec: { template: template('web', { image }) } })
      await given('POST deployments', deployment('web'))
      await eventually('GET replicasets', count(1), { only: () => 'one' })
      await given('PATCH deployments/web', withImage('demo/web:2.0.0'), merge)
      await eventually('GET replicasets', count(2), replicaSets)
      await given('PATCH deployments/web', withImage('demo/web:1.0.0'), merge)
      const revisions = (answer: Answer) =>
        itemsOf(answer)
          .map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '')
          .toSorted((a, b) => Number(a) - Number(b))
          .join()
      await eventually('GET replicasets', answer => revisions(answer) === '2,3', replicaSets)
      await eventually('GET deployments/web', isObserved, status)
    },
  },
  {
    name: 'a paused Deployment makes nothing',
    run: async ({ given, eventually, ask }) => {
      await given('POST deployments', deployment('web', { paused: true }))
      await eventually('GET deployments/web', ({ object }) => at(object, 'status', 'observedGeneration') === 1, status)
      await ask('GET replicasets', undefined, replicaSets)
    },
  },
  {
    name: 'a ReplicaSet goes with its Deployment',
    run: async ({ given, eventually }) => {
      await given('POST deployments', deployment('web'))
      await eventually('GET replicasets', count(1), { only: () => 'one' })
      await given('DELETE deployments/web')
      await eventually('GET replicasets', count(0), { only: () => 'none' })
    },
  },
  {
    name: 'a Service without pods has an EndpointSlice without endpoints',
    run: async ({ given, eventually }) => {
      await given('POST services', service('web'))
      await eventually(ofWeb, count(1), slices)
    },
  },
  {
    name: 'a Service without a selector has no EndpointSlice of its own',
    run: async ({ given, ask, eventually }) => {
      await given('POST services', service('other', { selector: null }))
      await given('POST services', service('web'))
      await eventually(ofWeb, count(1), { only: () => 'one' })
      await ask('GET endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dother', undefined, slices)
    },
  },
]
