/**
 * A kubelet without processes: every pod is bound at once, Ready after a fixed time, and gone as soon as it is deleted. It
 * stands for a cluster whose pods start quickly, so that what is measured is the controller.
 */
import type { KubeObject } from '../src/api/object.ts'
import { type Api, ApiFailure, pathOf } from '../e2e/lab/api.ts'
import { podKind } from '../e2e/lab/kubelet.ts'
import { addresses, podNetwork } from '../e2e/lab/network.ts'
import { sleep } from '../e2e/lab/wait.ts'

const STARTS_IN = 200 // ms

interface PodSpec {
  readonly nodeName?: string
  readonly containers: readonly { readonly name: string; readonly image: string }[]
}

/** What was done to a pod already. */
interface Known {
  bound: boolean
  started: boolean
  deleted: boolean
}

export class FakeKubelet {
  /** `namespace/name` of a pod → when it was reported Ready. */
  readonly readyAt = new Map<string, number>()
  readonly #api: Api
  readonly #known = new Map<string, Known>()
  readonly #end = new AbortController()
  #following: Promise<void> | undefined
  #addresses = 0

  constructor(api: Api) {
    this.#api = api
  }

  start(): void {
    this.#following = this.#api.follow(
      pathOf(podKind, ''),
      ({ type, object }) => this.#see(type, object),
      this.#end.signal,
    )
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#following
    this.#api.close()
  }

  #see(type: string, pod: KubeObject): void {
    const { uid = '', deletionTimestamp } = pod.metadata
    if (type === 'DELETED') {
      this.#known.delete(uid)
      return
    }
    const known = this.#known.get(uid) ?? { bound: false, started: false, deleted: false }
    this.#known.set(uid, known)
    if (deletionTimestamp !== undefined) {
      if (!known.deleted) void this.#persist(pod, () => this.#delete(pod))
      known.deleted = true
    } else if ((pod['spec'] as PodSpec).nodeName === undefined) {
      if (!known.bound) void this.#persist(pod, () => this.#bind(pod))
      known.bound = true
    } else {
      if (!known.started) void this.#persist(pod, () => this.#run(pod))
      known.started = true
    }
  }

  async #bind({ metadata: { name, namespace = '' } }: KubeObject): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node' }
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target }
    await this.#api.call('POST', `${pathOf(podKind, namespace, name)}/binding`, binding)
  }

  async #run({ metadata: { name, namespace = '', uid }, spec }: KubeObject): Promise<void> {
    await sleep(STARTS_IN)
    this.#addresses += 1
    const podIP = `${podNetwork}.${1 + (this.#addresses >> 7)}.${10 + (this.#addresses & 127)}`
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    const condition = (type: string): object => ({ type, status: 'True', lastTransitionTime: now })
    const status = {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      hostIP: addresses.node,
      startTime: now,
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
      containerStatuses: (spec as PodSpec).containers.map(({ name: container, image }) => ({
        name: container,
        image,
        imageID: image,
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      })),
    }
    const path = `${pathOf(podKind, namespace, name)}/status`
    await this.#api.patch(path, { metadata: { uid }, status }, 'strategic-merge-patch')
    this.readyAt.set(`${namespace}/${name}`, Date.now())
  }

  async #delete({ metadata: { name, namespace = '', uid } }: KubeObject): Promise<void> {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } }
    await this.#api.call('DELETE', pathOf(podKind, namespace, name), options)
  }

  /** Until it succeeds, or the pod is another or gone. */
  async #persist(pod: KubeObject, act: () => Promise<void>): Promise<void> {
    while (!this.#end.signal.aborted && this.#known.has(pod.metadata.uid ?? '')) {
      try {
        await act()
        return
      } catch (error) {
        if (error instanceof ApiFailure && (error.code === 404 || error.code === 409)) return
        await sleep(200)
      }
    }
  }
}
