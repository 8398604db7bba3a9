/** N Deployments with a Canary each, in a namespace of their own, and what happens to them as watches tell it. */
import { type KubeObject, kinds } from '../src/api/object.ts'
import { canaryService, weightIn } from '../e2e/fixtures/timeline.ts'
import { pathOf } from '../e2e/lab/api.ts'
import { waitFor } from '../e2e/lab/wait.ts'
import type { Room } from './room.ts'

/** Requests of this program under way at once. */
const AT_ONCE = 16

/** Something that was seen, and when its watch event came here. */
export interface Seen<T> {
  readonly at: number
  readonly value: T
}

export interface CanaryStatus {
  readonly phase?: string
  readonly message?: string
  readonly checks?: readonly { readonly at: string }[]
}

/** What happened to one canary. */
export interface Track {
  /** Each change of phase, with the status that brought it. */
  readonly phases: Seen<CanaryStatus>[]
  /** Each change of the canary's weight in the VirtualService. */
  readonly weights: Seen<number>[]
  /** Each change of the replicas that the target is to have. */
  readonly replicas: Seen<number>[]
}

export interface FleetOptions {
  readonly threshold?: number
  /** false: there are no callers, and Prometheus has nothing of them to scrape. */
  readonly hasCallers?: boolean
}

export class Fleet {
  readonly namespace: string
  names: readonly string[] = []
  /** From the first create of the last growth to its last canary Initialized. */
  seconds = 0
  readonly #room: Room
  readonly #threshold: number
  readonly #hasCallers: boolean
  readonly #tracks = new Map<string, Track>()
  readonly #end = new AbortController()
  #following: Promise<unknown> = Promise.resolve()
  #images = 1

  private constructor(room: Room, namespace: string, { threshold = 5, hasCallers = true }: FleetOptions) {
    this.#room = room
    this.namespace = namespace
    this.#threshold = threshold
    this.#hasCallers = hasCallers
  }

  /** Makes a namespace with so many, and waits until all are Initialized. A controller has to run. */
  static async open(room: Room, namespace: string, size: number, options: FleetOptions = {}): Promise<Fleet> {
    const fleet = new Fleet(room, namespace, options)
    await room.api.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    fleet.#follow()
    await fleet.grow(size)
    return fleet
  }

  /** Adds canaries until there are so many, and waits until the new ones are Initialized. */
  async grow(size: number): Promise<void> {
    const { api, exporter } = this.#room
    const added = Array.from({ length: size - this.names.length }, (_, n) => nameOf(this.names.length + n + 1))
    for (const name of added) this.#tracks.set(name, { phases: [], weights: [], replicas: [] })
    this.names = [...this.names, ...added]
    const from = Date.now()
    await this.#each(async name => {
      if (this.#hasCallers) for (const one of [name, `${name}-primary`]) exporter.add(this.namespace, one)
      await api.create(kinds.Deployment, deployment(this.namespace, name))
      await api.create(kinds.Canary, canary(this.namespace, name, this.#threshold))
    }, added)
    await waitFor(
      `all ${added.length} new canaries are Initialized`,
      60 + 2 * added.length,
      () => this.#lastPhases(from, added).every(phase => phase === 'Initialized'),
      () => this.#counts(from, added),
    )
    this.seconds = (Date.now() - from) / 1000
  }

  /** How late the latest event of the fleet was written, in whole seconds: the API server's time against the one it tells. */
  async latestEvent(): Promise<number> {
    const events = await this.#room.api.list(kinds.Event, this.namespace)
    const lateness = events.map(event => {
      const told = event['firstTimestamp']
      const written = event.metadata.creationTimestamp
      if (!isOurs(event) || typeof told !== 'string' || written === undefined) return 0
      return (Date.parse(written) - Date.parse(told)) / 1000
    })
    return lateness.reduce((latest, one) => Math.max(latest, one), 0)
  }

  track(name: string): Track {
    const track = this.#tracks.get(name)
    if (track === undefined) throw new Error(`There is no canary ${name}.`)
    return track
  }

  /** Gives one of them, or all, an image that they have not had. Resolves to the time just before the first patch. */
  async release(names: readonly string[] = this.names): Promise<number> {
    this.#images += 1
    const container = { name: 'web', image: imageOf(this.#images) }
    const patch = { spec: { template: { spec: { containers: [container] } } } }
    const from = Date.now()
    await this.#each(async name => {
      await this.#room.api.patch(pathOf(kinds.Deployment, this.namespace, name), patch, 'strategic-merge-patch')
    }, names)
    return from
  }

  /** Resolves to the time at which the last of them had been promoted. */
  async untilSucceeded(from: number, seconds: number): Promise<number> {
    await waitFor(
      `all ${this.names.length} canaries have Succeeded`,
      seconds,
      () => this.#lastPhases(from).every(phase => phase === 'Succeeded'),
      () => this.#counts(from),
    )
    return Math.max(...this.names.map(name => this.track(name).phases.at(-1)?.at ?? 0))
  }

  /** Takes everything away without a controller, which must have been stopped. */
  async close(): Promise<void> {
    this.#end.abort()
    await this.#following
    const { api, exporter } = this.#room
    exporter.remove(this.namespace)
    await this.#each(async name => {
      await api.patch(pathOf(kinds.Canary, this.namespace, name), { metadata: { finalizers: null } })
    })
    await api.call('DELETE', pathOf(kinds.Namespace, '', this.namespace))
    await waitFor(`namespace ${this.namespace} is gone`, 60 + this.names.length, async () => {
      return (await api.get(kinds.Namespace, '', this.namespace)) === undefined
    })
  }

  #lastPhases(from: number, names: readonly string[] = this.names): (string | undefined)[] {
    return names.map(name => this.track(name).phases.findLast(({ at }) => at >= from)?.value.phase)
  }

  /** For people, when a deadline passes. */
  #counts(from: number, names: readonly string[] = this.names): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const phase of this.#lastPhases(from, names)) counts[phase ?? 'none'] = (counts[phase ?? 'none'] ?? 0) + 1
    return counts
  }

  #follow(): void {
    const of = (kind: (typeof kinds)['Canary' | 'VirtualService' | 'Deployment'], see: Sight): Promise<void> =>
      this.#room.api.follow(
        pathOf(kind, this.namespace),
        ({ object }) => {
          const track = this.#tracks.get(object.metadata.name)
          if (track !== undefined) see(track, object)
        },
        this.#end.signal,
      )
    this.#following = Promise.all([
      of(kinds.Canary, (track, { status }) => {
        const value = (status ?? {}) as CanaryStatus
        if (value.phase !== track.phases.at(-1)?.value.phase) track.phases.push({ at: Date.now(), value })
      }),
      of(kinds.VirtualService, (track, object) => note(track.weights, weightIn(object, canaryService))),
      of(kinds.Deployment, (track, { spec }) => note(track.replicas, (spec as { replicas: number }).replicas)),
    ])
  }

  async #each(act: (name: string) => Promise<void>, names: readonly string[] = this.names): Promise<void> {
    const left = [...names]
    const work = async (): Promise<void> => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) await act(name)
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, work))
  }
}

type Sight = (track: Track, object: KubeObject) => void

function note(seen: Seen<number>[], value: number): void {
  if (seen.at(-1)?.value !== value) seen.push({ at: Date.now(), value })
}

const nameOf = (number: number): string => `web-${String(number).padStart(4, '0')}`

const isOurs = ({ source }: KubeObject): boolean =>
  (source as { component?: string } | undefined)?.component === 'sluice'

const imageOf = (version: number): string => `registry.example.com/web:${version}`

function deployment(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image: imageOf(1), ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
    },
  }
}

function canary(namespace: string, name: string, threshold: number): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name, namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 80, targetPort: 8080 },
      analysis: {
        interval: '10s',
        threshold,
        stepWeights: [10, 25, 50, 100],
        metrics: [
          { name: 'request-success-rate', interval: '30s', thresholdRange: { min: 99 } },
          { name: 'request-duration', interval: '30s', thresholdRange: { max: 500 } },
        ],
      },
    },
  }
}
