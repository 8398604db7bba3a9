/**
 * Why pods are not ready, in the words of Kubernetes
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states): a reason, how many pods have it, and the image.
 */
import type { KubeObject } from '../../api/object.ts'
import { at, type Json, numberOf, recordsOf, textOf } from '../json.ts'
import { POD_HASH_LABEL } from '../model/names.ts'
import type { PodTrouble } from '../model/observation.ts'

/** A trouble with what only a viewer of the pods is told. */
export interface FoundTrouble extends PodTrouble {
  /** What Kubernetes says of one of them; '' where it says nothing. */
  readonly message: string
  /** How often the containers were restarted. */
  readonly restarts: number
}

/** Reasons that are told; more are many different ones at once. */
const MOST_TROUBLES = 4

/** The pods of a Deployment: their ReplicaSets have its name and their hash. */
export function podsOfWorkload({ metadata }: KubeObject, pods: readonly KubeObject[]): KubeObject[] {
  return pods.filter(pod => {
    const set = `${metadata.name}-${pod.metadata.labels?.[POD_HASH_LABEL] ?? ''}`
    return (pod.metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'ReplicaSet' && name === set)
  })
}

/** The reasons of pods that are not ready, the most frequent first. A pod that is being deleted is none. */
export function troublesOf(pods: readonly KubeObject[]): FoundTrouble[] {
  const found = new Map<string, FoundTrouble>()
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined || isReady(pod)) continue
    const trouble = troubleOf(pod)
    if (trouble === null) continue
    const key = `${trouble.reason} ${trouble.image}`
    const before = found.get(key)
    found.set(key, {
      ...(before ?? trouble),
      count: (before?.count ?? 0) + 1,
      restarts: (before?.restarts ?? 0) + trouble.restarts,
    })
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count).slice(0, MOST_TROUBLES)
}

const conditionOf = (pod: KubeObject, type: string): Json | undefined =>
  recordsOf(at(pod.status, 'conditions')).find(condition => condition['type'] === type)

const isReady = (pod: KubeObject): boolean => conditionOf(pod, 'Ready')?.['status'] === 'True'

type Trouble = Omit<FoundTrouble, 'count'>

/** Containers first: what keeps one of them from running is what keeps the pod from being ready. */
function troubleOf(pod: KubeObject): Trouble | null {
  const containers = [
    ...recordsOf(at(pod.status, 'initContainerStatuses')).filter(
      one => at(one, 'state', 'terminated', 'exitCode') !== 0,
    ),
    ...recordsOf(at(pod.status, 'containerStatuses')),
  ]
  const restarts = containers.reduce((sum, one) => sum + numberOf(one['restartCount'], 0), 0)
  for (const container of containers) {
    const reason = reasonOf(container)
    if (reason !== null) return { ...reason, image: textOf(container['image']), restarts }
  }
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.['status'] === 'False') {
    return {
      reason: textOf(scheduled['reason']) || 'Unschedulable',
      message: textOf(scheduled['message']),
      image: '',
      restarts,
    }
  }
  const phase = textOf(at(pod.status, 'reason'))
  if (phase !== '') return { reason: phase, message: textOf(at(pod.status, 'message')), image: '', restarts }
  const running = containers.find(one => one['ready'] === false && at(one, 'state', 'running') !== undefined)
  if (running === undefined) return null
  return { reason: 'NotReady', message: 'its readiness probe fails', image: textOf(running['image']), restarts }
}

/** Waits that every pod passes through. */
const USUAL = ['ContainerCreating', 'PodInitializing']
/** The kubelet tries again and again, and says one word while it does and another between two tries. */
const BETWEEN: Readonly<Record<string, string>> = { ErrImagePull: 'ImagePullBackOff' }
const AGAIN = 'CrashLoopBackOff'

function reasonOf({ state, lastState, ready, restartCount }: Json): Pick<Trouble, 'reason' | 'message'> | null {
  const waiting = textOf(at(state, 'waiting', 'reason'))
  if (waiting !== '' && !USUAL.includes(waiting)) {
    const ended = textOf(at(lastState, 'terminated', 'reason'))
    const message = textOf(at(state, 'waiting', 'message'))
    return { reason: BETWEEN[waiting] ?? waiting, message: ended === '' ? message : `${ended}: ${message}` }
  }
  const terminated = textOf(at(state, 'terminated', 'reason'))
  if (terminated === '' || ready === true) return null
  const reason = numberOf(restartCount, 0) > 0 ? AGAIN : terminated
  return { reason, message: textOf(at(state, 'terminated', 'message')) }
}
