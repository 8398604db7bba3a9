/** The demo's cluster and all that lives in it: the API server, the mesh and its Prometheus, callers, the controller. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/adapters/clock.ts'
import type { CanaryStatus } from '../src/api/status.ts'
import type { Instant, Milliseconds } from '../src/core/time.ts'
import { type Cluster, startCluster } from '../playground/cluster.ts'
import { byChance } from '../playground/mesh/draw.ts'
import { Hand } from '../playground/server/hand.ts'
import { runTraffic, type Traffic } from '../playground/mesh/traffic.ts'
import { ControllerProcess } from './controller.ts'
import { crds } from './files.ts'
import { LocalServer } from './local-server.ts'
import { objectsOf } from './objects.ts'
import type { Options } from './options.ts'
import { PageProcess } from './page.ts'
import type { Stage } from './play.ts'
import { type HookCall, Receiver } from './receiver.ts'
import { type Deed, webhooks } from './releases.ts'
import { Shop } from './shop.ts'

/** Between two scrapes of the demo's Prometheus, in milliseconds. */
const SCRAPES = 1000
/** How long anything in the demo may take, in milliseconds. */
const DEADLINE = 90_000

/** The user has had enough. */
export class Interrupted extends Error {}

/** What a stage is made of. */
interface Parts {
  /** Where its kubeconfig and its log are. */
  readonly folder: string
  readonly cluster: Cluster
  readonly traffic: Traffic
  readonly prometheus: LocalServer
  readonly receiver: Receiver
  readonly hooks: LocalServer
}

export class LiveStage implements Stage {
  readonly shop: Shop
  readonly page: PageProcess
  readonly #parts: Parts
  /** Rejects when the user interrupts. */
  readonly #interrupted: Promise<never>
  readonly #deeds: Readonly<Record<Deed, () => void | Promise<void>>>
  #controller: ControllerProcess

  private constructor(parts: Parts, signal: AbortSignal) {
    const { cluster, traffic, prometheus, receiver, hooks } = parts
    this.#parts = parts
    this.shop = new Shop(cluster.server, traffic.mesh, hooks.url)
    this.#controller = this.#newController()
    this.page = new PageProcess(this.kubeconfig, this.prometheusUrl)
    this.#deeds = {
      'open the gate': () => {
        receiver.isOpen = true
      },
      'stop Prometheus': () => prometheus.stop(),
      'start Prometheus': () => prometheus.restart(),
      'kill the controller': () => this.#controller.kill(),
      'start a controller': () => {
        this.#controller = this.#newController()
      },
    }
    this.#interrupted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Interrupted()), { once: true })
    })
    // Between two waits there is no listener.
    this.#interrupted.catch(() => {})
  }

  /** @throws Error with one sentence: a port that is taken, a disk that is full. */
  static async open({ port, seed }: Options, signal: AbortSignal): Promise<LiveStage> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
    try {
      const cluster = await startCluster({ clock: systemClock, port, kubeconfig: join(folder, 'kubeconfig') })
      const user = new Hand(cluster.server, 'kubectl')
      for (const object of objectsOf(...crds())) user.apply(object)
      user.namespace('sluice-system')
      const { server, images } = cluster
      const traffic = runTraffic(server, images, { interval: SCRAPES, draw: byChance(seed) })
      const receiver = new Receiver(webhooks)
      const prometheus = await LocalServer.start(traffic.prometheus)
      const hooks = await LocalServer.start(receiver.listener)
      return new LiveStage({ folder, cluster, traffic, prometheus, receiver, hooks }, signal)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get kubeconfig(): string {
    return this.#parts.cluster.kubeconfig
  }

  get prometheusUrl(): string {
    return this.#parts.prometheus.url
  }

  get controller(): ControllerProcess {
    return this.#controller
  }

  get hookCalls(): readonly HookCall[] {
    return this.#parts.receiver.calls
  }

  #newController(): ControllerProcess {
    return new ControllerProcess(this.#parts.folder, this.kubeconfig, this.prometheusUrl)
  }

  now(): Instant {
    return systemClock.now()
  }

  /** @throws Error when the controller ends before; Interrupted when the user does not wait. */
  async pass(time: Milliseconds): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const passed = new Promise<void>(resolve => {
      timer = setTimeout(resolve, time)
    })
    try {
      await this.#unlessEnded(passed)
    } finally {
      clearTimeout(timer)
    }
  }

  /** @throws Error when that takes too long, or when the controller ends before; Interrupted when the user does not wait. */
  async until(what: string, done: (status: CanaryStatus) => boolean): Promise<void> {
    let stop = (): void => {}
    let late: NodeJS.Timeout | undefined
    const seen = new Promise<void>((resolve, reject) => {
      const look = (): void => (done(this.shop.status) ? resolve() : undefined)
      stop = this.shop.follow(look)
      late = setTimeout(() => {
        const { phase = 'no phase yet', message = 'the controller has not written a status' } = this.shop.status
        reject(
          new Error(
            `After ${DEADLINE / 1000} s it is not ${what}: ${phase}: ${message.replace(/\.$/, '')}. Its log: ${this.controller.log}`,
          ),
        )
      }, DEADLINE)
      look()
    })
    try {
      await this.#unlessEnded(seen)
    } finally {
      stop()
      clearTimeout(late)
    }
  }

  async perform(deed: Deed): Promise<void> {
    await this.#deeds[deed]()
  }

  /** Stays until the user interrupts. @throws Error when the controller ends before. */
  async stay(): Promise<void> {
    await this.#unlessEnded(new Promise<never>(() => {}))
  }

  async #unlessEnded(wait: Promise<void>): Promise<void> {
    await Promise.race([wait, this.controller.failed, this.#interrupted])
  }

  async close(): Promise<void> {
    const { folder, cluster, prometheus, hooks } = this.#parts
    this.page.kill()
    await this.#controller.stop()
    prometheus.stop()
    hooks.stop()
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  }
}
