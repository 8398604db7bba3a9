/**
 * `sluice simulate`: a release of a Canary from a file, by the controller's own code, in the playground and in virtual time. It needs no
 * cluster and no network.
 */
import { createHash } from 'node:crypto'
import { type KubeObject, kinds } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { defaultFlags } from '../../src/cli/flags.ts'
import { settingsOf } from '../../src/cli/settings.ts'
import type { Simulated, Simulation } from '../../src/cli/tools.ts'
import { Controller } from '../../src/controller/controller.ts'
import type { Log } from '../../src/core/ports.ts'
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { describe } from '../../src/core/view/describe.ts'
import { NOTHING_OBSERVED } from '../../src/core/view/observed.ts'
import type { View } from '../../src/core/view/view.ts'
import { EventRecorder } from '../../src/runtime/events.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { definitionsOf } from '../../playground/definitions.ts'
import { callCanaries } from '../../playground/mesh/callers.ts'
import { byChance } from '../../playground/mesh/draw.ts'
import { runTraffic, type Traffic } from '../../playground/mesh/traffic.ts'
import type { Resource } from '../../playground/resource.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { Hand } from '../../playground/server/hand.ts'
// The same API and metrics in memory as in the scenarios of the tests: what is simulated is what is tested.
import { PlaygroundApi } from '../../playground/test/api.ts'
import { InMemoryMetrics, troubles } from '../../playground/test/metrics.ts'
import { Images } from '../../playground/workloads/images.ts'
import { Workloads } from '../../playground/workloads/workloads.ts'
import { crds } from '../files.ts'
import { objectsOf } from '../objects.ts'
import { lengthOf } from './length.ts'
import { inputOf, type SimulationInput, withImages } from './input.ts'

/** Requests a second to the Canary. */
const LOAD = 50
const MINUTE: Milliseconds = 60_000
const HOUR: Milliseconds = 60 * MINUTE
/** A longer release is not followed. */
const LONGEST: Milliseconds = 72 * HOUR
/** What has not changed for so long, and for so many intervals, does not go on by itself: checks change the message. */
const STALLED_FOR: Milliseconds = 10 * MINUTE
const STALLED_INTERVALS = 30
/** Of real time. */
const DEADLINE: Milliseconds = 60_000

/** An image of the playground that behaves as the candidate does; its table says how. */
const behaviours = {
  good: 'demo/web:2.0.0',
  outage: 'demo/web:2.0.0',
  errors: 'demo/web:2.0.0-errors',
  slow: 'demo/web:2.0.0-slow',
} as const

/** Of a controller without flags, but that configuration which the file does not have is none of the release's trouble. */
const settings = settingsOf(
  { ...defaultFlags(), trackConfigs: false },
  { metricsServers: [defaultFlags().metricsServer], webhookRefusal: () => null },
)

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Read once in a process. */
let definitions: readonly Resource[] | null = null

/** Plays a release, and says each change. Never rejects for what is in the file. */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const input = inputOf(simulation.text)
  if ('problem' in input) return { how: 'error', sentence: input.problem }
  for (const note of input.notes) simulation.say(`Note: ${note}`)
  const play = new Play(input, simulation)
  try {
    return await play.run()
  } catch (error) {
    return { how: 'error', sentence: error instanceof Error ? error.message : String(error) }
  } finally {
    play.end()
  }
}

class Play {
  readonly #input: SimulationInput
  readonly #simulation: Simulation
  readonly #clock = new VirtualClock()
  readonly #images = new Images()
  readonly #api = PlaygroundApi.on(this.#clock)
  readonly #user = new Hand(this.#api.server, 'kubectl')
  readonly workloads: Workloads
  readonly #traffic: Traffic
  readonly #metrics: InMemoryMetrics
  readonly #stopping = new AbortController()
  readonly #startedAt = performance.now()
  #began: Instant | null = null
  #last = ''

  constructor(input: SimulationInput, simulation: Simulation) {
    this.#input = input
    this.#simulation = simulation
    const { server } = this.#api
    definitions ??= [...objectsOf(...crds()), ...definitionsOf('istio')].map(resourceOf)
    server.resources.install(...definitions)
    this.workloads = new Workloads(server, this.#images)
    const { interval } = input.parsed.spec.analysis
    const scrapes = Math.min(15_000, Math.max(1000, interval / 10))
    this.#traffic = runTraffic(server, this.#images, { interval: scrapes, draw: byChance(simulation.seed) })
    this.#metrics = new InMemoryMetrics(this.#traffic.telemetry)
    callCanaries(server, this.#traffic.mesh, LOAD)
  }

  async run(): Promise<Simulated> {
    this.#apply()
    this.#startController()
    const { canary } = this.#input
    await this.#clock.advance(10_000)
    this.#user.create(canary)
    const first = await this.#until(() => this.#status.phase === 'Initialized', this.#patience())
    if (!first) return { how: 'stalled', sentence: `No release can begin: ${this.#view().message}` }
    // So that the primary has been measured, as it has in a cluster.
    await this.#clock.advance(Math.max(MINUTE, 2 * this.#input.parsed.spec.analysis.interval))
    return this.#release()
  }

  end(): void {
    this.#api.faults.kill()
    this.#stopping.abort()
  }

  #patience(): Milliseconds {
    return Math.max(STALLED_FOR, STALLED_INTERVALS * this.#input.parsed.spec.analysis.interval)
  }

  #apply(): void {
    const { canary, objects, images } = this.#input
    for (const { before } of images) this.#images.set(before, this.#images.behaviour('demo/web:1.0.0') ?? {})
    const namespaces = [...objects, canary].map(({ metadata }) => metadata.namespace ?? 'default')
    for (const name of new Set(namespaces)) this.#user.namespace(name)
    for (const object of objects) this.#user.apply(object)
  }

  #startController(): void {
    const [api, clock, random] = [this.#api, this.#clock, () => 0.5]
    const recorder = new EventRecorder({ api, clock, random, log: silent, instance: 'simulate' })
    const controller = new Controller(
      {
        api,
        metrics: this.#metrics,
        webhooks: {
          call: async () => ({ kind: 'answer', status: 200, said: 'answered 200', at: clock.now() }),
        },
        alerts: { send: async () => ({ kind: 'delivered', thread: null }), problemOf: async () => null },
        access: { problemOf: async () => null },
        recorder,
        clock,
        steady: clock,
        log: silent,
        sha256: text => createHash('sha256').update(text).digest('hex'),
        random,
      },
      { settings, namespaces: [], podReasons: true },
    )
    void controller.start().then(() => controller.lead(this.#stopping.signal))
  }

  /** The new image, and everything until the end of the release. */
  async #release(): Promise<Simulated> {
    const { images, deployment } = this.#input
    const bad = this.#images.behaviour(behaviours[this.#simulation.scenario]) ?? {}
    for (const { after } of images) this.#images.set(after, bad)
    const began = this.#clock.now()
    this.#began = began
    const { namespace = 'default', name } = deployment.metadata
    const live = this.#user.get(kinds.Deployment, namespace, name)
    if (live === null) throw new Error(`Deployment ${name} was deleted`)
    this.#user.replace(withImages(live, images))
    const unfollow = this.#api.server.store.subscribe(({ kind }) => {
      if (kind.kind === kinds.Canary.kind) this.#tell()
    })
    let changedAt = began
    let seen = ''
    let outage: Outage = 'to come'
    try {
      const isOver = (): boolean => {
        const now = this.#clock.now()
        outage = this.#outage(outage, now)
        const { phase, reason, message } = this.#status
        if (`${phase} ${reason} ${message}` !== seen) changedAt = now
        seen = `${phase} ${reason} ${message}`
        if (reason === 'WaitingForApproval') this.#approve()
        const hasRun = this.#status.run !== undefined || phase === 'Succeeded' || phase === 'Failed'
        const isAtEnd = phase === 'Succeeded' || phase === 'Failed'
        return (hasRun && isAtEnd) || now - changedAt > this.#patience()
      }
      const ended = await this.#until(isOver, LONGEST)
      return this.#endOf(began, ended)
    } finally {
      unfollow()
    }
  }

  #endOf(began: Instant, isOver: boolean): Simulated {
    const view = this.#view()
    const { phase } = this.#status
    const sentence = `${view.message}${this.#requestsSince(began)}`
    if (phase === 'Succeeded') return { how: 'promoted', sentence }
    if (phase === 'Failed') return { how: 'rolledBack', sentence }
    if (!isOver) return { how: 'timeout', sentence: `After 72h of virtual time the release goes on: ${view.message}` }
    const how = view.tone === 'person' ? 'person' : 'stalled'
    return { how, sentence: `For ${lengthOf(this.#patience())} nothing has changed: ${view.message}` }
  }

  #requestsSince(began: Instant): string {
    const { mesh } = this.#traffic
    const sent = Math.round(mesh.count(() => true, began))
    const failed = Math.round(mesh.count(({ code }) => code >= 500, began))
    return `. Callers sent ${sent} requests in ${lengthOf(this.#clock.now() - began)}, and ${failed} failed`
  }

  /** Prometheus is away from the first carried step, for three intervals. */
  #outage(before: Outage, now: Instant): Outage {
    if (this.#simulation.scenario !== 'outage') return before
    if (before === 'to come' && (this.#status.traffic?.carried ?? 0) > 0) {
      this.#metrics.trouble = troubles.down
      this.#say('Prometheus does not answer')
      return now + Math.max(MINUTE, 3 * this.#input.parsed.spec.analysis.interval)
    }
    if (typeof before !== 'number' || now < before) return before
    this.#metrics.trouble = troubles.none
    this.#say('Prometheus answers again')
    return 'over'
  }

  #approve(): void {
    const { namespace = 'default', name } = this.#input.canary.metadata
    const id = String(this.#clock.now())
    const annotations = { 'sluice.dev/approve': `${id} simulate: approved by the simulation` }
    this.#user.merge(kinds.Canary, namespace, name, { metadata: { annotations } })
  }

  /** @returns whether it came to that. @throws Error when that takes too long to compute, or the program is to end. */
  async #until(condition: () => boolean, limit: Milliseconds): Promise<boolean> {
    let isMet = false
    const due = this.#clock.now() + limit
    await this.#clock.runUntil(() => {
      if (this.#simulation.stop.aborted) throw new Error('Stopped')
      if (performance.now() - this.#startedAt > DEADLINE)
        throw new Error(
          `The simulation is not at its end after ${DEADLINE / 1000}s: ${this.#view().message}. Write shorter intervals, or fewer steps`,
        )
      isMet = condition()
      return isMet || this.#clock.now() >= due
    }, limit + MINUTE)
    return isMet
  }

  get #canary(): KubeObject {
    const { namespace = 'default', name } = this.#input.canary.metadata
    const canary = this.#user.get(kinds.Canary, namespace, name)
    if (canary === null) throw new Error(`Canary ${name} was deleted`)
    return canary
  }

  get #status(): CanaryStatus {
    return this.#canary['status'] ?? {}
  }

  #view(): View {
    return describe(this.#canary, NOTHING_OBSERVED, this.#clock.now())
  }

  /** Says what has changed; a check that found other figures, and nothing else, is no line. */
  #tell(): void {
    const { phase, step, traffic, message, failures } = this.#view()
    const place = [phase ?? 'no status', step, `weight ${traffic.requested}`].filter(Boolean).join('  ')
    const kind = `${place} ${failures.counted} ${message.replaceAll(/\d+(\.\d+)?/g, '#')}`
    if (kind === this.#last) return
    this.#last = kind
    this.#say(`${place}  ${message}`)
  }

  #say(text: string): void {
    this.#simulation.say(`${lengthOf(this.#clock.now() - (this.#began ?? 0)).padStart(8)}  ${text}`)
  }
}

/** `to come`, until when, or `over`. */
type Outage = 'to come' | Instant | 'over'
