/** The demo's cluster and all that lives in it: the API server, the mesh and its Prometheus, callers, the controller. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { systemClock } from '../src/adapters/clock.ts'
import { kinds, type KubeObject } from '../src/api/object.ts'
import type { CanaryStatus } from '../src/api/status.ts'
import { at, recordsOf } from '../src/core/json.ts'
import { type Cluster, startCluster } from '../playground/cluster.ts'
import { callCanaries } from '../playground/mesh/callers.ts'
import { byChance } from '../playground/mesh/draw.ts'
import { Hand } from '../playground/server/hand.ts'
import { mergePatch, textOf } from '../playground/json.ts'
import { runTraffic, type Traffic } from '../playground/mesh/traffic.ts'
import { ControllerProcess } from './controller.ts'
import { crds, shop } from './files.ts'
import type { Options } from './options.ts'
import type { Release } from './releases.ts'
import type { Answers } from './view.ts'

const NAMESPACE = 'shop'
const NAME = 'web'
/** Requests a second to each Canary. */
const LOAD = 50
/** Between two scrapes of the demo's Prometheus, in milliseconds. */
const SCRAPES = 1000
const HOST = '127.0.0.1'
/** Requests a second of the callers that a strategy is about. */
const MORE_LOAD = 20
/** Fields of the analysis that say how a release goes. */
const OF_STRATEGIES = ['iterations', 'match', 'mirror', 'stepWeights', 'sessionAffinity'] as const
/** How far back "who answers the callers" looks, in milliseconds. */
const LATELY = 3000
/** How long anything in the demo may take, in milliseconds. */
const DEADLINE = 90_000

/** The objects in YAML texts. */
const objectsOf = (...texts: readonly string[]): KubeObject[] =>
  texts.flatMap(text => parseAllDocuments(text)).map(document => document.toJS() as KubeObject)

/** The user has had enough. */
export class Interrupted extends Error {}

export class Stage {
  readonly kubeconfig: string
  readonly prometheusUrl: string
  readonly controller: ControllerProcess
  readonly #cluster: Cluster
  readonly #traffic: Traffic
  readonly #prometheus: Server
  readonly #folder: string
  readonly #user: Hand
  /** Rejects when the user interrupts. */
  readonly #interrupted: Promise<never>

  private constructor(cluster: Cluster, traffic: Traffic, prometheus: Server, folder: string, signal: AbortSignal) {
    this.kubeconfig = cluster.kubeconfig
    this.prometheusUrl = `http://${HOST}:${(prometheus.address() as AddressInfo).port}`
    this.controller = new ControllerProcess(folder, this.kubeconfig, this.prometheusUrl)
    this.#cluster = cluster
    this.#traffic = traffic
    this.#prometheus = prometheus
    this.#folder = folder
    this.#user = new Hand(cluster.server, 'kubectl')
    this.#interrupted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Interrupted()), { once: true })
    })
    // Between two waits there is no listener.
    this.#interrupted.catch(() => {})
  }

  /** @throws Error with one sentence: a port that is taken, a disk that is full. */
  static async open({ port, seed }: Options, signal: AbortSignal): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
    try {
      const cluster = await startCluster({ clock: systemClock, port, kubeconfig: join(folder, 'kubeconfig') })
      const user = new Hand(cluster.server, 'kubectl')
      for (const object of objectsOf(...crds())) user.apply(object)
      user.namespace('sluice-system')
      for (const object of objectsOf(shop())) user.apply(object)
      const { server, images } = cluster
      const traffic = runTraffic(server, images, { interval: SCRAPES, draw: byChance(seed) })
      callCanaries(server, traffic.mesh, LOAD)
      const prometheus = createServer(traffic.prometheus)
      await new Promise<void>(resolve => {
        prometheus.listen(0, HOST, resolve)
      })
      return new Stage(cluster, traffic, prometheus, folder, signal)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get status(): CanaryStatus {
    return this.#user.get(kinds.Canary, NAMESPACE, NAME)?.['status'] ?? {}
  }

  /** Calls `changed` after every change of the Canary. Returns what ends it. */
  follow(changed: () => void): () => void {
    return this.#cluster.server.store.subscribe(change => {
      if (change.kind.kind === kinds.Canary.kind) setImmediate(changed)
    })
  }

  /**
   * What a release needs of the Canary and of its callers.
   *
   * @returns what sends the callers away again.
   */
  prepare({ strategy = {}, callers }: Release): () => void {
    const user = this.#user
    const canary = user.get(kinds.Canary, NAMESPACE, NAME)
    if (canary === null) throw new Error(`Canary ${NAME} was deleted: there is nothing to release.`)
    const analysis = { ...Object.fromEntries(OF_STRATEGIES.map(field => [field, null])), ...strategy }
    user.replace(mergePatch(canary, { spec: { analysis } }) as KubeObject)
    if (callers === undefined) return () => {}
    if (callers !== 'with the cookie') return this.#call(callers.headers)
    let leave: (() => void) | null = null
    const stop = this.follow(() => {
      const { sessionAffinityCookie: cookie } = this.status
      if (cookie !== undefined) leave ??= this.#call({ cookie })
    })
    return () => {
      stop()
      leave?.()
    }
  }

  #call(headers: Readonly<Record<string, string>>): () => void {
    return this.#traffic.mesh.load({ host: NAME, namespace: NAMESPACE, perSecond: MORE_LOAD, headers })
  }

  /** `kubectl set image deployment/web web=<image>` */
  setImage(image: string): void {
    const user = this.#user
    const deployment = user.get(kinds.Deployment, NAMESPACE, NAME)
    if (deployment === null) throw new Error(`Deployment ${NAME} was deleted: there is nothing to release.`)
    const containers = recordsOf(at(deployment, 'spec', 'template', 'spec', 'containers'))
    const spec = { containers: containers.map(container => ({ ...container, image })) }
    user.replace(mergePatch(deployment, { spec: { template: { spec } } }) as KubeObject)
  }

  /** The image that the primary runs; empty while there is no primary. */
  get promoted(): string {
    return this.#imageOf(`${NAME}-primary`)
  }

  /** Who answered the callers of `web` lately, by image. */
  answers(): Answers[] {
    const byImage = new Map<string, { requests: number; errors: number }>()
    for (const { from, to, flows } of this.#traffic.mesh.stretches(systemClock.now() - LATELY)) {
      for (const flow of flows.filter(({ load }) => load.host === NAME && load.namespace === NAMESPACE)) {
        const image = (flow.flag === '' && this.#imageOf(flow.workload)) || 'no pod'
        const sum = byImage.get(image) ?? { requests: 0, errors: 0 }
        const requests = (flow.perSecond * (to - from)) / 1000
        byImage.set(image, { requests: sum.requests + requests, errors: sum.errors + (flow.code < 500 ? 0 : requests) })
      }
    }
    return [...byImage].map(([image, { requests, errors }]) => {
      return { image, requests: Math.round(requests), errors: Math.round(errors) }
    })
  }

  /**
   * Resolves when `done` says so of the Canary.
   *
   * @throws Error when that takes too long, or when the controller ends before; Interrupted when the user does not wait.
   */
  async until(what: string, done: (status: CanaryStatus) => boolean): Promise<void> {
    let stop = (): void => {}
    let late: NodeJS.Timeout | undefined
    const seen = new Promise<void>((resolve, reject) => {
      const look = (): void => (done(this.status) ? resolve() : undefined)
      stop = this.follow(look)
      late = setTimeout(() => {
        const { phase = 'no phase yet', message = 'the controller has not written a status' } = this.status
        reject(
          new Error(
            `After ${DEADLINE / 1000} s still not ${what}: ${phase}, ${message}. Its log: ${this.controller.log}`,
          ),
        )
      }, DEADLINE)
      look()
    })
    try {
      await Promise.race([seen, this.controller.failed, this.#interrupted])
    } finally {
      stop()
      clearTimeout(late)
    }
  }

  /** Stays until the user interrupts. @throws Error when the controller ends before. */
  async stay(): Promise<void> {
    await Promise.race([this.controller.failed, this.#interrupted])
  }

  async close(): Promise<void> {
    await this.controller.stop()
    this.#prometheus.close()
    this.#prometheus.closeAllConnections()
    await this.#cluster.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #imageOf(workload: string): string {
    const deployment = this.#user.get(kinds.Deployment, NAMESPACE, workload)
    return textOf(recordsOf(at(deployment, 'spec', 'template', 'spec', 'containers'))[0]?.['image'])
  }
}
