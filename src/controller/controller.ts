/**
 * The controller: caches that every replica keeps warm, and the loop that only the leader runs. Objects wake the canaries
 * that care about them; time wakes them when something is due; an idle canary costs no request.
 */
import { kinds, kindKey, namespacedName, type Kind } from '../api/object.ts'
import type { Decision } from '../core/decision.ts'
import type { Observation, Settings } from '../core/observation.ts'
import type { Clock, KubeApi, Log, MetricSource, Sha256 } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Cache } from '../kube/cache.ts'
import type { EventRecorder } from '../kube/events.ts'
import type { Reflector, ReflectorTiming } from '../kube/reflector.ts'
import { Asks } from './asks.ts'
import { Interests } from './interests.ts'
import { addIndexes, followed, followedWherePresent, keeping, required, selectors } from './kinds.ts'
import { Observer } from './observe.ts'
import { Queue, type QueueMetrics } from './queue.ts'
import { Reconciler } from './reconcile.ts'

export interface ControllerPorts {
  readonly api: KubeApi
  readonly metrics: MetricSource
  readonly recorder: EventRecorder
  /** Wall time: what goes into status and looks. */
  readonly clock: Clock
  /** Time that does not jump, for watches and their backoff. */
  readonly steady: Clock
  readonly log: Log
  readonly sha256: Sha256
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export interface ControllerOptions {
  readonly settings: Settings
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[]
  /** Canaries that are worked on at one time. */
  readonly workers?: number
  readonly timing?: Partial<ReflectorTiming>
  readonly queueMetrics?: QueueMetrics
  /** Told after each pass; without a decision when the canary is gone, or cannot be read. */
  readonly watcher?: (key: string, observation: Observation | null, decision: Decision | null) => void
}

const WORKERS = 16
/** A shutdown waits this long for the writes at hand. */
const DRAIN: Milliseconds = 3000

export class Controller {
  readonly #ports: ControllerPorts
  readonly #options: ControllerOptions
  readonly #cache: Cache
  readonly #scopes: readonly string[]
  readonly #interests = new Interests()
  readonly #following = new Map<string, Promise<void>>()
  #queue: Queue | null = null

  constructor(ports: ControllerPorts, options: ControllerOptions) {
    this.#ports = ports
    this.#options = options
    this.#scopes = options.namespaces.length === 0 ? [''] : options.namespaces
    this.#cache = new Cache({
      api: ports.api,
      clock: ports.steady,
      random: ports.random,
      log: ports.log,
      transform: keeping(ports.sha256),
      selectors,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
    })
    addIndexes(this.#cache)
    this.#cache.listen((before, now, kind) => {
      if (kind === kinds.Canary) {
        const canary = now ?? before
        if (canary !== undefined) this.#wake(namespacedName(canary))
      }
      for (const key of this.#interests.concerned(before, now, kind)) this.#wake(key)
    })
  }

  /** Starts to follow the cluster; resolves once everything that exists is known. */
  async start(): Promise<void> {
    const all = [...followed, ...followedWherePresent]
    await Promise.all(all.flatMap(kind => this.#scopes.map(scope => this.#cache.use(kind, scope).settled)))
  }

  /** Works until the term ends, then finishes the writes at hand. */
  async lead(term: AbortSignal): Promise<void> {
    const { api, clock, log, recorder, metrics } = this.#ports
    const asks = new Asks(metrics, key => this.#wake(key))
    const reconciler = new Reconciler({
      api,
      clock,
      log,
      recorder,
      asks,
      cache: this.#cache,
      interests: this.#interests,
      observer: new Observer(this.#cache, this.#options.settings, this.#ports.sha256),
      wake: (key, at) => this.#wakeAt(key, at),
      follow: (kind, namespace) => this.#follow(kind, namespace),
      unseen: namespace => this.unseen(namespace),
      watcher: this.#options.watcher ?? (() => {}),
    })
    const queue = new Queue({
      clock,
      workers: this.#options.workers ?? WORKERS,
      // Not the term's signal: an orderly end finishes the writes at hand, and after a loss nobody else acts before DRAIN is over.
      worker: (key, signal) => reconciler.pass(key, signal),
      metrics: this.#options.queueMetrics ?? {},
    })
    this.#queue = queue
    for (const canary of this.#cache.list(kinds.Canary)) queue.add(namespacedName(canary))
    await aborted(term)
    this.#queue = null
    asks.close()
    if (!(await queue.close(DRAIN))) log.warn('gave up writes that took too long', { milliseconds: DRAIN })
  }

  /** Every reflector, for readiness and metrics. */
  reflectors(): Reflector[] {
    return this.#cache.reflectors()
  }

  /**
   * Why decisions would be blind: kinds that are not installed, or may not be watched. null when all that matters is seen.
   *
   * @param namespace of the canary that asks; empty: anywhere.
   */
  unseen(namespace = ''): string | null {
    const sentences = this.reflectors().flatMap(({ kind, state, lastError, namespace: scope }) => {
      if (scope !== '' && namespace !== '' && scope !== namespace) return []
      // Where autoscalers of others cannot be seen, releases go on all the same.
      if (followedWherePresent.includes(kind)) return []
      if (state === 'forbidden')
        return [`${kindKey(kind)} may not be watched (${lastError}); apply manifests/rbac.yaml`]
      if (state === 'absent' && required.includes(kind)) return [`${kindKey(kind)} is not installed; apply its CRD`]
      return []
    })
    return sentences.length === 0 ? null : sentences.join('. ')
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }

  #wake(key: string): void {
    this.#queue?.add(key)
  }

  #wakeAt(key: string, at: Instant): void {
    this.#queue?.addAt(key, at)
  }

  /** Follows a kind of configuration in a namespace once a canary needs it. */
  #follow(kind: Kind, namespace: string): Promise<void> {
    const key = `${kindKey(kind)}/${namespace}`
    const following = this.#following.get(key) ?? this.#cache.use(kind, namespace).settled
    this.#following.set(key, following)
    return following
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
