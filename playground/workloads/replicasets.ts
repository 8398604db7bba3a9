/** The ReplicaSet controller: as many pods as asked for, and a status that says how many of them are ready. */
import { apiVersionOf, kindKey, kinds, type KubeObject, type OwnerReference, refOf } from '../../src/api/object.ts'
import { at, recordOf } from '../json.ts'
import { conditionOf, isReady } from './kubelet.ts'
import { type LookAgain, reconcileOn } from './reconcile.ts'
import { Pod } from '../kinds.ts'
import type { ApiServer } from '../server/server.ts'

const BY = { manager: 'kube-controller-manager' }

/** The controlling owner of an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(reference => reference.controller === true)
}

export function ownedBy(owner: KubeObject): (object: KubeObject) => boolean {
  return object => controllerOf(object)?.uid === owner.metadata.uid
}

/** What makes `owner` the controller of what it creates. */
export function ownerReference(owner: KubeObject): OwnerReference {
  const { name, uid = '' } = owner.metadata
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

/** Counters as the API writes them: a zero is left out. */
export function counts(counters: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0))
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`

/** Keeps ReplicaSets at their replicas from now on. */
export function runReplicaSets(server: ApiServer): void {
  const { store } = server
  const createPod = (set: KubeObject): void => {
    const template = recordOf(at(set, 'spec', 'template'))
    const { name, namespace = '' } = set.metadata
    const pod: KubeObject = {
      apiVersion: apiVersionOf(Pod),
      kind: 'Pod',
      metadata: {
        ...(recordOf(template['metadata']) as { labels?: Record<string, string> }),
        name: '',
        generateName: `${name}-`,
        namespace,
        ownerReferences: [ownerReference(set)],
      },
      spec: template['spec'],
    }
    server.create(refOf(Pod, pod), pod, BY)
  }

  const reconcile = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/')
    const set = store.get(kinds.ReplicaSet, namespace, name)
    if (set === null) return
    const pods = store.all(Pod, namespace).filter(pod => ownedBy(set)(pod) && !pod.metadata.deletionTimestamp)
    const wanted = Number(at(set, 'spec', 'replicas') ?? 0)
    if (set.metadata.deletionTimestamp === undefined) {
      for (let missing = wanted - pods.length; missing > 0; missing -= 1) createPod(set)
      // The pods that serve go last, and of those the oldest.
      const byWorth = pods.toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)))
      for (const pod of byWorth.slice(wanted)) server.delete(refOf(Pod, pod), {}, BY)
    }
    writeStatus(server, set, lookAgain)
  }

  const lookAgain = reconcileOn(
    server,
    ({ kind, before, after }) => {
      const object = after ?? before
      if (object === null) return []
      const { namespace } = object.metadata
      if (kindKey(kind) === kindKey(kinds.ReplicaSet)) return after ? [keyOf(namespace, object.metadata.name)] : []
      const owner = kindKey(kind) === kindKey(Pod) ? controllerOf(object) : undefined
      return owner ? [keyOf(namespace, owner.name)] : []
    },
    reconcile,
  )
}

function writeStatus(server: ApiServer, set: KubeObject, lookAgain: LookAgain): void {
  const { namespace = '', name, generation } = set.metadata
  const all = server.store.all(Pod, namespace).filter(ownedBy(set))
  const pods = all.filter(pod => pod.metadata.deletionTimestamp === undefined)
  const ready = pods.filter(isReady)
  const minReady = Number(at(set, 'spec', 'minReadySeconds') ?? 0) * 1000
  const readyFor = (pod: KubeObject): number =>
    server.clock.now() - Date.parse(String(conditionOf(pod, 'Ready')['lastTransitionTime']))
  const available = ready.filter(pod => readyFor(pod) >= minReady)
  for (const pod of ready) if (!available.includes(pod)) lookAgain(keyOf(namespace, name), minReady - readyFor(pod))
  const status = {
    replicas: pods.length,
    terminatingReplicas: all.length - pods.length,
    ...counts({
      fullyLabeledReplicas: pods.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
    }),
    observedGeneration: generation,
  }
  server.patch(refOf(kinds.ReplicaSet, set), current => ({ ...current, status }), BY, 'status')
}
