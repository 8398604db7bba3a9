/**
 * The kubelet of the lab's only node, and its scheduler: every container that has a command runs as a plain process on
 * the pod's own address. No volumes, logs or exec; output goes to `log/<pod>.<container>.log`. Of images there is one: Sluice's.
 */
import { join } from 'node:path'
import type { Kind, KubeObject } from '../../src/api/object.ts'
import { type Api, ApiFailure, pathOf } from './api.ts'
import { Container, type ContainerSpec } from './container.ts'
import { addresses, podNetwork } from './network.ts'
import { sleep } from './wait.ts'

export const podKind: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }
const nodeName = 'node'

interface PodSpec {
  readonly nodeName?: string
  readonly serviceAccountName?: string
  readonly terminationGracePeriodSeconds?: number
  readonly containers: readonly ContainerSpec[]
}

/** What an image brings along for containers without a command. */
export interface Image {
  /** Without tag and digest. */
  readonly name: string
  readonly entryPoint: readonly string[]
  /** What stands for the network and the mounted account that a pod of its own would have. */
  readonly env: (ip: string) => Readonly<Record<string, string>>
}

const isMissing = (error: unknown): boolean => error instanceof ApiFailure && error.code === 404
const timestamp = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')

/** A pod that runs here. Its status is written again and again until the API server has the latest. */
class Pod {
  readonly object: KubeObject
  readonly #api: Api
  readonly #ip: string
  readonly #path: string
  readonly #containers: readonly Container[]
  readonly #startTime = timestamp()
  #ready = { value: false, since: timestamp() }
  #gone = false
  #stopping = false
  #dirty = false
  #writing = false

  constructor(
    api: Api,
    object: KubeObject,
    ip: string,
    environment: Record<string, string>,
    logDir: string,
    image: Image,
  ) {
    this.#api = api
    this.object = object
    this.#ip = ip
    const { name, namespace = '' } = object.metadata
    this.#path = pathOf(podKind, namespace, name)
    const log = (container: string): string => join(logDir, `${namespace}.${name}.${container}.log`)
    this.#containers = (object['spec'] as PodSpec).containers.map(given => {
      const isOfImage = given.command === undefined && given.image.startsWith(`${image.name}:`)
      const spec = isOfImage ? { ...given, command: image.entryPoint } : given
      const env = { ...this.#environment(spec, environment), ...(isOfImage ? image.env(ip) : {}) }
      return new Container(spec, ip, env, log(spec.name), () => this.#report())
    })
  }

  start(): void {
    for (const container of this.#containers) container.start()
    this.#report()
  }

  /** Graceful termination, then the deletion that only a kubelet may finish. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    const grace = ((this.object['spec'] as PodSpec).terminationGracePeriodSeconds ?? 30) * 1000
    await Promise.all(this.#containers.map(container => container.stop(grace)))
    const { uid = '' } = this.object.metadata
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } }
    while (!this.#gone) {
      try {
        await this.#api.call('DELETE', this.#path, options)
        return
      } catch (error) {
        if (error instanceof ApiFailure && (error.code === 404 || error.code === 409)) return
        await sleep(200)
      }
    }
  }

  kill(): void {
    this.#gone = true
    for (const container of this.#containers) container.kill()
  }

  #environment(spec: ContainerSpec, base: Record<string, string>): Record<string, string> {
    const { name, namespace = '', uid = '', labels = {} } = this.object.metadata
    const account = (this.object['spec'] as PodSpec).serviceAccountName ?? 'default'
    const env: Record<string, string> = {
      ...base,
      // What the downward API can tell, told to every container; the image has no other way to reach its process.
      POD_NAME: name,
      POD_NAMESPACE: namespace,
      POD_IP: this.#ip,
      POD_LABELS: JSON.stringify(labels),
      POD_SERVICE_ACCOUNT: account,
      CONTAINER_IMAGE: spec.image,
    }
    const fields: Record<string, string> = {
      'metadata.name': name,
      'metadata.namespace': namespace,
      'metadata.uid': uid,
      'status.podIP': this.#ip,
    }
    for (const entry of spec.env ?? []) {
      const field = entry.valueFrom?.fieldRef?.fieldPath
      if (entry.value !== undefined) env[entry.name] = entry.value
      else if (field !== undefined) env[entry.name] = fields[field] ?? ''
    }
    return env
  }

  #status(): Record<string, unknown> {
    const ready = this.#containers.every(container => container.ready)
    if (ready !== this.#ready.value) this.#ready = { value: ready, since: timestamp() }
    const condition = (type: string, value: boolean, lastTransitionTime: string): Record<string, string> => ({
      type,
      status: value ? 'True' : 'False',
      lastTransitionTime,
    })
    return {
      phase: 'Running',
      podIP: this.#ip,
      podIPs: [{ ip: this.#ip }],
      hostIP: addresses.node,
      startTime: this.#startTime,
      conditions: [
        condition('PodScheduled', true, this.#startTime),
        condition('Initialized', true, this.#startTime),
        condition('ContainersReady', ready, this.#ready.since),
        condition('Ready', ready, this.#ready.since),
      ],
      containerStatuses: this.#containers.map(container => container.status),
    }
  }

  #report(): void {
    this.#dirty = true
    if (!this.#writing) void this.#write()
  }

  async #write(): Promise<void> {
    this.#writing = true
    const { uid } = this.object.metadata
    while (this.#dirty && !this.#gone) {
      this.#dirty = false
      try {
        const patch = { metadata: { uid }, status: this.#status() }
        await this.#api.patch(`${this.#path}/status`, patch, 'strategic-merge-patch')
      } catch (error) {
        if (isMissing(error) || (error instanceof ApiFailure && error.code === 409)) break
        this.#dirty = true
        await sleep(200)
      }
    }
    this.#writing = false
  }
}

export class Kubelet {
  readonly #api: Api
  readonly #environment: Record<string, string>
  readonly #logDir: string
  readonly #image: Image
  readonly #pods = new Map<string, Pod>()
  readonly #binding = new Set<string>()
  readonly #end = new AbortController()
  #addresses = 0
  #following: Promise<void> | undefined

  /** @param environment what every container's process gets beside its own `env`. */
  constructor(api: Api, environment: Record<string, string>, logDir: string, image: Image) {
    this.#api = api
    this.#environment = environment
    this.#logDir = logDir
    this.#image = image
  }

  async start(): Promise<void> {
    const node: Kind = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false }
    await this.#api.create(node, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } })
    const size = { cpu: '1000', memory: '1Ti', pods: '10000' }
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Lab',
      lastHeartbeatTime: timestamp(),
      lastTransitionTime: timestamp(),
    }
    const status = {
      capacity: size,
      allocatable: size,
      conditions: [ready],
      addresses: [{ type: 'InternalIP', address: addresses.node }],
    }
    await this.#api.patch(`${pathOf(node, '', nodeName)}/status`, { status }, 'strategic-merge-patch')
    // A new node is tainted not-ready; the controller that would take that away does not run here.
    await this.#api.patch(pathOf(node, '', nodeName), { spec: { taints: null } })
    this.#following = this.#api.follow(
      pathOf(podKind, ''),
      event => this.#see(event.type, event.object),
      this.#end.signal,
    )
  }

  async stop(): Promise<void> {
    this.#end.abort()
    for (const pod of this.#pods.values()) pod.kill()
    await this.#following
  }

  #see(type: string, object: KubeObject): void {
    const { uid = '', deletionTimestamp } = object.metadata
    const on = (object['spec'] as PodSpec).nodeName
    if (on !== undefined && on !== nodeName) return
    const pod = this.#pods.get(uid)
    if (type === 'DELETED') {
      pod?.kill()
      this.#pods.delete(uid)
      this.#binding.delete(uid)
    } else if (deletionTimestamp !== undefined) void (pod ?? this.#adopt(object)).stop()
    else if (on === undefined) void this.#bind(object)
    else if (pod === undefined) this.#adopt(object).start()
  }

  #adopt(object: KubeObject): Pod {
    this.#addresses += 1
    const ip = `${podNetwork}.${1 + (this.#addresses >> 7)}.${10 + (this.#addresses & 127)}`
    const pod = new Pod(this.#api, object, ip, this.#environment, this.#logDir, this.#image)
    this.#pods.set(object.metadata.uid ?? '', pod)
    return pod
  }

  async #bind(object: KubeObject): Promise<void> {
    const { name, namespace = '', uid = '' } = object.metadata
    if (this.#binding.has(uid)) return
    this.#binding.add(uid)
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName }
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target }
    try {
      await this.#api.call('POST', `${pathOf(podKind, namespace, name)}/binding`, binding)
    } catch {
      this.#binding.delete(uid) // the next event of the pod, or the next list, tries again
    }
  }
}
