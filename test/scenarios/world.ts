/** The whole controller in one process, against the in-memory cluster, in virtual time. */
import { kinds, type KubeObject } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import type { ControllerPorts } from '../../src/controller/controller-ports.ts'
import { Controller } from '../../src/controller/controller.ts'
import type { Settings } from '../../src/core/model/observation.ts'
import { SecretAccessReader } from '../../src/adapters/prometheus/access-reader.ts'
import type { KubeApi, Log } from '../../src/core/ports.ts'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { EventRecorder } from '../../src/runtime/events.ts'
import type { PlaygroundApi } from '../../playground/test/api.ts'
import { EPOCH, VirtualClock } from '../../playground/clock.ts'
import { exact } from '../../playground/mesh/draw.ts'
import { Images } from '../../playground/workloads/images.ts'
import type { Load, Mesh } from '../../playground/mesh/mesh.ts'
import { InMemoryMetrics } from '../../playground/test/metrics.ts'
import { runTraffic } from '../../playground/mesh/traffic.ts'
import type { Snapshot } from '../../playground/server/server.ts'
import { Workloads } from '../../playground/workloads/workloads.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { installed, looseDefinition } from '../../playground/test/installed.ts'
import { settings, sha256 } from '../core/given-objects.ts'
import { Chats } from '../chats.ts'
import { Receivers } from '../receivers.ts'

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const spoken: Log = {
  debug: () => {},
  info: (message, pairs) => console.log(message, JSON.stringify(pairs)),
  warn: (message, pairs) => console.log('WARN', message, JSON.stringify(pairs)),
  error: (message, pairs) => console.log('ERROR', message, JSON.stringify(pairs)),
}

/** One running controller; `kill` takes it away between two instructions, as SIGKILL does. */
export interface Process {
  readonly controller: Controller
  readonly api: PlaygroundApi
  /** Its own, where they differ from those of every test. */
  readonly settings: Partial<Settings>
  kill(): void
  stop(): Promise<void>
}

/** The images of a world at rest, which has only this one. */
const FIRST_IMAGE = 'demo/web:1.0.0'

/** Parts of a Canary's spec that change nothing in a cluster at rest. */
const ABOUT_RELEASES = ['analysis', 'skipAnalysis', 'progressDeadlineSeconds'] as const

interface RestingWorld {
  readonly snapshot: Snapshot
  readonly at: Instant
}

/** By what they are made from: each is made once in a process. */
const restingWorlds = new Map<string, Promise<RestingWorld>>()

export class World {
  readonly clock = new VirtualClock()
  readonly images = new Images()
  readonly api = installed(this.clock)
  readonly workloads = new Workloads(this.api.server, this.images)
  readonly mesh: Mesh
  readonly metrics: InMemoryMetrics
  readonly receivers = new Receivers(() => this.clock.now())
  readonly chats = new Chats(() => this.clock.now())
  readonly user = this.api.as('kubectl')
  readonly processes: Process[] = []
  /** The version of the store while nobody has written anything yet. */
  readonly #bornAt: number

  /**
   * @param scrapes between two scrapes; a short one, so that what a test sees is soon what happened.
   * @param loads who calls from the start.
   */
  constructor(
    scrapes: Milliseconds = 1000,
    loads: readonly Load[] = [{ host: 'web', namespace: 'shop', perSecond: 100 }],
  ) {
    const { mesh, telemetry } = runTraffic(this.api.server, this.images, { interval: scrapes, draw: exact, loads })
    this.mesh = mesh
    this.metrics = new InMemoryMetrics(telemetry)
    this.user.namespace('shop')
    this.#bornAt = this.api.server.store.version
  }

  /**
   * Starts a controller of its own network, which begins to work as soon as time passes; `ports` stand in for the world's own,
   * `through` limits its calls.
   */
  start(
    own: Partial<Settings> = {},
    ports: Partial<Pick<ControllerPorts, 'metrics' | 'clock' | 'spans'>> = {},
    through: (network: PlaygroundApi) => KubeApi = network => network,
  ): Process {
    const network = this.api.replica()
    const api = through(network)
    const log = process.env['SPOKEN'] === undefined ? silent : spoken
    const stopping = new AbortController()
    const recorder = new EventRecorder({ api, clock: this.clock, random: () => 0.5, log, instance: 'test' })
    const controller = new Controller(
      {
        api,
        metrics: this.metrics,
        webhooks: this.receivers,
        alerts: this.chats,
        access: new SecretAccessReader((namespace, name, signal) =>
          api.get({ kind: kinds.Secret, namespace, name }, { lane: 'normal', signal }),
        ),
        recorder,
        clock: this.clock,
        steady: this.clock,
        log,
        sha256,
        random: () => 0.5,
        ...ports,
      },
      { settings: { ...settings, ...own }, namespaces: [], podReasons: true },
    )
    let neverBegin = (): void => {}
    const begun = new Promise<void>(resolve => {
      neverBegin = this.clock.at(this.clock.now(), resolve)
    })
    const running = begun.then(() => controller.start()).then(() => controller.lead(stopping.signal))
    const started: Process = {
      api: network,
      settings: own,
      controller,
      kill: () => {
        neverBegin()
        network.faults.kill()
        stopping.abort()
        void controller.close()
      },
      stop: async () => {
        stopping.abort()
        await running
        await controller.close()
      },
    }
    this.processes.push(started)
    return started
  }

  /** A Deployment `web` of two pods, and the Service that its callers use. */
  deploy(image = FIRST_IMAGE, more: { labels?: Record<string, string>; replicas?: number } = {}): void {
    const labels = { app: 'web', ...more.labels }
    this.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
      spec: {
        replicas: more.replicas ?? 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
        },
      },
    })
    this.user.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
  }

  /** The Canary `web`; `spec` is merged over a short analysis. */
  canary(spec: Record<string, unknown> = {}): void {
    this.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name: 'web', namespace: 'shop' },
      spec: specOf(spec),
    })
  }

  /** A new image for the Deployment, as `kubectl set image` does it. */
  setImage(image: string): void {
    this.user.merge(kinds.Deployment, 'shop', 'web', {
      spec: {
        template: { spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] } },
      },
    })
  }

  /** Writes what today's CRDs would refuse: as if it had been there since older ones. */
  asBefore(write: () => void): void {
    const { resources } = this.api.server
    const today = [kinds.Canary, kinds.MetricTemplate].map(kind => resources.remove(kind))
    resources.install(...[kinds.Canary, kinds.MetricTemplate].map(kind => resourceOf(looseDefinition(kind))))
    write()
    for (const back of today) back()
  }

  annotate(command: string, value: string): void {
    this.user.merge(kinds.Canary, 'shop', 'web', { metadata: { annotations: { [`sluice.dev/${command}`]: value } } })
  }

  get status(): CanaryStatus {
    return this.object(kinds.Canary, 'web')?.['status'] ?? {}
  }

  object(kind: (typeof kinds)[keyof typeof kinds], name: string): KubeObject | null {
    return this.user.get(kind, 'shop', name)
  }

  /** `Progressing 25` */
  get stand(): string {
    return `${this.status.phase} ${this.status.canaryWeight ?? 0}`
  }

  /** Lets time pass until the canary is there; says where it is instead if it does not get there. */
  async until(stand: string, limit = 600_000): Promise<void> {
    const reached = (): boolean => this.stand === stand || this.status.phase === stand
    try {
      await this.clock.runUntil(reached, limit)
    } catch {
      throw new Error(`waited for ${stand}; it is ${this.stand}: ${this.status.reason}: ${this.status.message}`)
    }
  }

  /**
   * From nothing to a Canary `web` at rest. Where nothing has happened in this world yet, it becomes a copy of one at rest, and
   * its controller takes over as a new leader does; what only matters to releases is then edited in the Canary.
   */
  async initialized(spec: Record<string, unknown> = {}): Promise<void> {
    const [controller] = this.processes
    if (controller === undefined || !this.#isNew()) return this.initialize(spec)
    const entries = Object.entries(spec)
    const lasting = Object.fromEntries(entries.filter(([key]) => !ABOUT_RELEASES.some(name => name === key)))
    this.become(await restingWorld(lasting, controller.settings))
    if (entries.length > Object.keys(lasting).length) this.#edit(spec)
    await this.clock.advance(5000)
  }

  /** Whether nothing has happened yet but that a controller was started. */
  #isNew(): boolean {
    const { clock, processes, api, images } = this
    const asEver = JSON.stringify(images.behaviour(FIRST_IMAGE)) === JSON.stringify(new Images().behaviour(FIRST_IMAGE))
    return clock.now() === EPOCH && processes.length === 1 && api.server.store.version === this.#bornAt && asEver
  }

  /** Becomes what another world was. No controller may work yet: one that was started begins when time passes. */
  become({ snapshot, at }: RestingWorld): void {
    this.api.server.restore(snapshot)
    this.clock.skipTo(at)
    this.mesh.restart()
  }

  #edit(spec: Record<string, unknown>): void {
    const canary = this.object(kinds.Canary, 'web')
    if (canary === null) throw new Error('there is no Canary')
    this.user.replace({ ...canary, spec: specOf(spec) })
  }

  /** As users do it: first the Deployment, then the Canary. */
  async initialize(spec: Record<string, unknown> = {}): Promise<void> {
    this.deploy()
    await this.clock.advance(5000)
    this.canary(spec)
    await this.until('Initialized')
    await this.clock.advance(20_000)
  }

  /** A world at rest that was initialized step by step. */
  static async resting(spec: Record<string, unknown>, own: Partial<Settings>): Promise<RestingWorld> {
    const world = new World()
    world.start(own)
    await world.initialize(spec)
    const resting = { snapshot: world.api.server.snapshot(), at: world.clock.now() }
    await world.close()
    return resting
  }

  events(): string[] {
    // Their names, by which they are listed, are hashes.
    return this.user
      .list(kinds.Event, 'shop')
      .toSorted((one, other) => Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion))
      .map(event => `${String(event['reason'])}: ${String(event['message'])}`)
  }

  async close(): Promise<void> {
    for (const one of this.processes) one.kill()
    await this.clock.advance(60_000)
  }
}

/** A Canary's spec: `spec` over a short analysis. */
function specOf(spec: Record<string, unknown>): Record<string, unknown> {
  return {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    service: { port: 80, targetPort: 8080 },
    analysis: { interval: '10s', threshold: 2 },
    ...spec,
  }
}

function restingWorld(spec: Record<string, unknown>, own: Partial<Settings>): Promise<RestingWorld> {
  const key = JSON.stringify([spec, own])
  const resting = restingWorlds.get(key) ?? World.resting(spec, own)
  restingWorlds.set(key, resting)
  return resting
}
