/**
 * The whole cluster in a box: the API server over HTTP, and what makes it a cluster. What else lives in it (a mesh,
 * Prometheus) is started on `server` and `images` by whoever wants it, and ends with what started it.
 */
import { randomBytes } from 'node:crypto'
import { kinds } from '../src/api/object.ts'
import type { Clock } from '../src/core/ports.ts'
import type { Instant } from '../src/core/time.ts'
import { definitionsOf } from './definitions.ts'
import { listen } from './http/listen.ts'
import { Images } from './workloads/images.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { ApiServer } from './server/server.ts'
import { Workloads } from './workloads/workloads.ts'

export interface ClusterOptions {
  readonly clock: Clock
  /** On the loopback address; 0 is any that is free. */
  readonly port: number
  /** Where the kubeconfig is written. */
  readonly kubeconfig: string
}

export interface Cluster {
  readonly url: string
  readonly kubeconfig: string
  readonly server: ApiServer
  readonly workloads: Workloads
  /** How containers behave, by image. */
  readonly images: Images
  /** Ends every connection and the server; the kubeconfig stays. */
  close(): Promise<void>
}

/** Namespaces that every cluster has. */
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/** Starts a cluster. @throws Error with a sentence: a taken port, a kubeconfig that cannot be written. */
export async function startCluster({ clock: given, port, kubeconfig }: ClusterOptions): Promise<Cluster> {
  const clock = new EndingClock(given)
  const server = new ApiServer(clock)
  const images = new Images()
  const workloads = new Workloads(server, images)
  for (const name of NAMESPACES) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    server.create({ kind: kinds.Namespace, namespace: '', name }, namespace, { manager: 'kube-apiserver' })
  }
  for (const definition of [...definitionsOf('istio'), ...definitionsOf('gateway-api')]) {
    const ref = { kind: kinds.CustomResourceDefinition, namespace: '', name: definition.metadata.name }
    server.create(ref, definition, { manager: 'kubectl' })
  }
  const token = randomBytes(24).toString('base64url')
  const listening = await listen(server, { port, token })
  const close = async (): Promise<void> => {
    clock.end()
    await listening.close()
  }
  const { url } = listening
  try {
    writeKubeconfig(kubeconfig, url)
  } catch (error) {
    await close()
    throw error
  }
  return { url, kubeconfig, server, workloads, images, close }
}

/** A clock whose tasks end with the cluster: what a pod would do in an hour keeps no process alive. */
class EndingClock implements Clock {
  readonly #clock: Clock
  readonly #pending = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): Instant {
    return this.#clock.now()
  }

  at(when: Instant, task: () => void): () => void {
    const cancel = this.#clock.at(when, () => {
      this.#pending.delete(drop)
      task()
    })
    const drop = (): void => {
      this.#pending.delete(drop)
      cancel()
    }
    this.#pending.add(drop)
    return drop
  }

  end(): void {
    for (const drop of this.#pending) drop()
  }
}
