/** The kubelet: starts pods, makes them ready or lets them crash as their image behaves, and ends them gracefully. */
import { kindKey, kinds, type KubeObject, refOf } from '../../src/api/object.ts'
import type { Milliseconds } from '../../src/core/time.ts'
import type { Images } from './images.ts'
import { at, listOf, recordOf, textOf } from '../json.ts'
import { Pod } from '../kinds.ts'
import { missingConfig, type Waiting } from './mounts.ts'
import { stampOf } from '../server/deletion.ts'
import type { ApiServer } from '../server/server.ts'

const BY = { manager: 'kubelet' }
/** From SIGTERM to the end of a container; never longer than its grace period. */
const STOPS_AFTER: Milliseconds = 2000

type PodState = 'Starting' | 'Ready' | 'Crashed' | 'ImagePullBackOff' | Waiting

const CONFIGURATION = [kinds.ConfigMap, kinds.Secret].map(kindKey)

export class Kubelet {
  readonly #server: ApiServer
  readonly #images: Images
  /** Pods whose configuration is not there yet, by UID. */
  readonly #waiting = new Map<string | undefined, KubeObject>()

  constructor(server: ApiServer, images: Images) {
    this.#server = server
    this.#images = images
    server.store.subscribe(({ kind, before, after }) => {
      if (after !== null && CONFIGURATION.includes(kindKey(kind))) this.#startWaiting(after.metadata.namespace ?? '')
      // Pods come here without a node; one that names its node is another kubelet's.
      if (kindKey(kind) !== kindKey(Pod) || after === null || at(after, 'spec', 'nodeName') !== undefined) return
      if (before === null) this.#start(after)
      else if (!before.metadata.deletionTimestamp && after.metadata.deletionTimestamp) this.#stop(after)
    })
  }

  /** The pod's container dies and stays down. */
  crash(pod: KubeObject): void {
    this.#become(pod, 'Crashed')
  }

  /** A crashed pod comes back, and is ready at once. */
  recover(pod: KubeObject): void {
    this.#become(pod, 'Ready')
  }

  #start(pod: KubeObject): void {
    const behaviour = this.#images.behaviour(imageOf(pod))
    const later = (after: Milliseconds | null, state: PodState): void => {
      if (after !== null) this.#server.clock.at(this.#server.clock.now() + after, () => this.#become(pod, state))
    }
    if (behaviour === null) return later(0, 'ImagePullBackOff')
    const missing = missingConfig(this.#server.store, pod)
    if (missing !== null) {
      this.#waiting.set(pod.metadata.uid, pod)
      return later(0, missing)
    }
    later(0, 'Starting')
    later(behaviour.readyAfter, 'Ready')
    later(behaviour.crashAfter, 'Crashed')
  }

  /** Configuration was written: pods that waited for it start, without the kubelet's pause between two tries. */
  #startWaiting(namespace: string): void {
    for (const [uid, pod] of this.#waiting) {
      if (pod.metadata.namespace !== namespace || missingConfig(this.#server.store, pod) !== null) continue
      this.#waiting.delete(uid)
      if (this.#isThere(pod)) this.#start(pod)
    }
  }

  #stop(pod: KubeObject): void {
    this.#waiting.delete(pod.metadata.uid)
    const grace = Number(at(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30) * 1000
    this.#server.clock.at(this.#server.clock.now() + Math.min(grace, STOPS_AFTER), () => {
      if (this.#isThere(pod)) this.#server.delete(refOf(Pod, pod), { gracePeriodSeconds: 0 }, BY)
    })
  }

  #isThere(pod: KubeObject): boolean {
    const { namespace = '', name, uid } = pod.metadata
    return this.#server.store.get(Pod, namespace, name)?.metadata.uid === uid
  }

  #become(pod: KubeObject, state: PodState): void {
    if (!this.#isThere(pod)) return
    const ready = state === 'Ready' ? 'True' : 'False'
    const now = stampOf(this.#server.clock.now())
    this.#server.patch(
      refOf(Pod, pod),
      current => {
        const before = conditionOf(current, 'Ready')
        const since = before['status'] === ready ? before['lastTransitionTime'] : now
        const container = {
          name: textOf(at(containerOf(current), 'name')),
          image: imageOf(current),
          ready: state === 'Ready',
          restartCount: state === 'Crashed' ? 1 : 0,
          ...this.#containerState(current, state, now),
        }
        const podIP = textOf(at(current, 'status', 'podIP')) || addressOf(pod)
        const status = {
          podIP,
          podIPs: [{ ip: podIP }],
          phase: state === 'ImagePullBackOff' || typeof state === 'object' ? 'Pending' : 'Running',
          conditions: [{ type: 'Ready', status: ready, lastTransitionTime: since }],
          containerStatuses: [container],
        }
        return { ...current, status }
      },
      BY,
      'status',
    )
  }

  /** In the kubelet's own words, where a container does not run. */
  #containerState(pod: KubeObject, state: PodState, now: string): object {
    const was = at(listOf(at(pod, 'status', 'containerStatuses'))[0], 'state', 'running')
    const startedAt = at(was, 'startedAt') ?? now
    if (state === 'Starting' || state === 'Ready') return { state: { running: { startedAt } } }
    if (typeof state === 'object') {
      const { reason, message } = state
      return { state: { waiting: message === '' ? { reason } : { reason, message } } }
    }
    if (state === 'Crashed') {
      const { name, namespace, uid } = pod.metadata
      const container = textOf(at(containerOf(pod), 'name'))
      const message = `back-off 10s restarting failed container=${container} pod=${name}_${namespace}(${uid})`
      const terminated = { exitCode: 1, reason: 'Error', startedAt, finishedAt: now }
      return { state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: { terminated } }
    }
    const image = imageOf(pod)
    const cause = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`
    const message = `Back-off pulling image "${image}": ErrImagePull: ${cause}`
    return { state: { waiting: { reason: 'ImagePullBackOff', message } } }
  }
}

/** Each pod's own, by its UID: the server counts them. */
function addressOf({ metadata: { uid = '' } }: KubeObject): string {
  const number = Number.parseInt(uid.slice(-12), 10)
  return `10.244.${(number >> 8) & 255}.${number & 255}`
}

/** A pod's first container, as its spec has it. */
export function containerOf(pod: KubeObject): unknown {
  return listOf(at(pod, 'spec', 'containers'))[0]
}

/** The image of a pod's first container. */
function imageOf(pod: KubeObject): string {
  return textOf(at(containerOf(pod), 'image'))
}

/** A condition of any object; empty when it has none of that type. */
export function conditionOf(object: KubeObject, type: string): Record<string, unknown> {
  return recordOf(listOf(at(object, 'status', 'conditions')).find(condition => at(condition, 'type') === type))
}

/** Whether a pod has passed its readiness probe; a terminating one no longer counts. */
export function isReady(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready')['status'] === 'True'
}

/** Whether a pod's container runs, and so answers what reaches it, ready or not, until it has ended. */
export function isRunning(pod: KubeObject): boolean {
  return at(listOf(at(pod, 'status', 'containerStatuses'))[0], 'state', 'running') !== undefined
}
