/**
 * The mesh's telemetry: counters at every proxy, and a Prometheus that scrapes them. Scrapes are made up when somebody looks:
 * each then gets the time and the counters that it would have had, so that nothing ticks in between.
 */
import type { Instant, Milliseconds } from '../../src/core/time.ts'
import { byChance, type Draw } from './draw.ts'
import { receivedLabels, Requests, sentLabels, seriesKey, sourceOf, type Target } from './istio-metrics.ts'
import { bucketShares } from '../workloads/latency.ts'
import type { Flow, Mesh, Stretch } from './mesh.ts'
import type { Labels } from '../prometheus/labels.ts'
import { Samples } from '../prometheus/samples.ts'

export interface TelemetryOptions {
  /** Between two scrapes. Default 15 s. */
  readonly interval?: Milliseconds
  /** How long samples are kept. Default 15 min. */
  readonly retention?: Milliseconds
  /** Default: by chance, seed 1. */
  readonly draw?: Draw
}

/** What one pod exposes, by its labels. */
interface Exposed {
  readonly isClient: boolean
  readonly requests: Map<string, Requests>
}

export class Telemetry {
  readonly samples: Samples
  readonly #mesh: Mesh
  readonly #now: () => Instant
  readonly #interval: Milliseconds
  readonly #draw: Draw
  readonly #targets = new Map<string, Exposed>()
  #scrapedAt: Instant

  constructor(mesh: Mesh, clock: { now(): Instant }, options: TelemetryOptions = {}) {
    this.#mesh = mesh
    this.#now = () => clock.now()
    this.#interval = options.interval ?? 15_000
    this.#draw = options.draw ?? byChance(1)
    this.samples = new Samples(options.retention)
    this.#scrapedAt = this.#now()
  }

  /** Makes up for the scrapes since the last look, as far back as samples are kept. Returns the time. */
  upToDate(): Instant {
    const now = this.#now()
    const oldest = now - this.samples.retention
    let next = (Math.floor(this.#scrapedAt / this.#interval) + 1) * this.#interval
    if (next < oldest) next = Math.ceil(oldest / this.#interval) * this.#interval
    for (; next <= now; next += this.#interval) this.#scrape(next)
    return now
  }

  #scrape(at: Instant): void {
    const stretches = this.#mesh.stretches(this.#scrapedAt, at)
    for (const stretch of stretches) this.#count(stretch)
    const running = stretches.at(-1)?.running
    for (const [target, { isClient, requests }] of this.#targets) {
      const isUp = isClient || running?.has(target) === true
      this.samples.scrape(target, isUp ? allOf(requests) : [], at)
      if (!isUp) this.#targets.delete(target)
    }
    this.#scrapedAt = at
  }

  #count({ from, to, flows, mirrored }: Stretch): void {
    const seconds = (to - from) / 1000
    for (const flow of flows) {
      const count = this.#draw.count(flow.perSecond * seconds)
      if (count === 0) continue
      const labels = (): Labels => sentLabels(flow)
      this.#requests(sourceOf(flow), true, seriesKey(flow, flow.backend, flow.code, flow.flag), labels).add(
        this.#draw.among(count, bucketShares(flow.latency)),
      )
      this.#receive(flow, count)
    }
    for (const flow of mirrored) this.#receive(flow, this.#draw.count(flow.perSecond * seconds))
  }

  /** Every try is counted where it was received. */
  #receive(flow: Flow, count: number): void {
    for (const one of flow.tries) {
      const { pods, namespace, labels } = one.backend
      const parts = this.#draw.among(
        count,
        pods.map(() => 1 / pods.length),
      )
      for (const [index, pod] of pods.entries()) {
        const part = parts[index] ?? 0
        if (part === 0) continue
        const key = seriesKey(flow, one.backend, one.code, one.flag)
        this.#requests({ namespace, pod, labels }, false, key, () => receivedLabels(flow, one, pod)).add(
          this.#draw.among(part, bucketShares(one.latency)),
        )
      }
    }
  }

  #requests({ namespace, pod }: Target, isClient: boolean, key: string, labels: () => Labels): Requests {
    const name = `${namespace}/${pod}`
    const target = this.#targets.get(name) ?? { isClient, requests: new Map<string, Requests>() }
    const requests = target.requests.get(key) ?? new Requests(labels())
    target.requests.set(key, requests)
    this.#targets.set(name, target)
    return requests
  }
}

function* allOf(requests: ReadonlyMap<string, Requests>): Iterable<readonly [Labels, number]> {
  for (const one of requests.values()) yield* one.exposed()
}
