/**
 * The Canaries of one scope as one caller sees them: one list and one watch at the API server, shared by all tabs of the caller.
 *
 * The API server does not end a watch whose caller lost the right to it, or whose token expired. So both are asked for again and
 * again beside the watch, and the feed ends within `REVIEW` after the API server itself says no.
 */
import { kinds, type KubeObject } from '../../api/object.ts'
import { isForbidden, isGone, isNotFound } from '../../core/errors.ts'
import type { Call } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { bounded } from '../../runtime/object-limits.ts'
import type { CallerApi } from './ports.ts'
import { isFinal, problemOf, Refusal } from './problems.ts'
import type { Problem } from './protocol.ts'
import { elapsed, within } from './waits.ts'

/** All in milliseconds; tests shorten them. */
export interface FeedTiming {
  /** From one review of the right to watch to the next. */
  readonly review: Milliseconds
  /** After the first trouble; doubled each time. */
  readonly firstPause: Milliseconds
  readonly longestPause: Milliseconds
}

export const FEED_TIMING: FeedTiming = { review: 3000, firstPause: 1000, longestPause: 15_000 }

/** Of a list's page, and of a review. */
const DEADLINE: Milliseconds = 10_000
/** The API server ends the watch after this long. */
const WATCH: Milliseconds = 300_000
const PAGE = 500
/** More than this is not shown. */
const MOST_CANARIES = 5000

export interface FeedListener {
  /** All objects were listed again. */
  listed(): void
  /** One is new, changed, or gone: `undefined`. */
  changed(name: string, object: KubeObject | undefined): void
  /** What is known may be old; null: it is not any more. */
  trouble(problem: Problem | null): void
  /** There is nothing more to come. */
  ended(problem: Problem): void
}

/** What is kept of a Canary. */
export type Keep<T> = (object: KubeObject) => T

export class Feed<T> {
  /** `namespace/name` → what is kept of it. */
  readonly rows = new Map<string, T>()
  readonly #api: CallerApi
  readonly #namespace: string
  readonly #keep: Keep<T>
  readonly #timing: FeedTiming
  readonly #listeners = new Set<FeedListener>()
  #stop: AbortController | null = null
  #isListed = false
  /** Of the list and the watch, and of the reviews beside them: each is over by itself. */
  readonly #problems: { watch: Problem | null; review: Problem | null } = { watch: null, review: null }
  #told: Problem | null = null
  /** How many are not kept because there are too many. */
  more = 0

  /** @param namespace empty: all. */
  constructor(api: CallerApi, namespace: string, keep: Keep<T>, timing: FeedTiming = FEED_TIMING) {
    this.#api = api
    this.#namespace = namespace
    this.#keep = keep
    this.#timing = timing
  }

  get isListed(): boolean {
    return this.#isListed
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0
  }

  /** The first listener starts it, the last one that leaves ends it. @returns what ends this subscription. */
  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener)
    if (this.#stop === null) this.#start()
    else {
      if (this.#isListed) listener.listed()
      if (this.#told !== null) listener.trouble(this.#told)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#end()
    }
  }

  #start(): void {
    const stop = new AbortController()
    this.#stop = stop
    void this.#follow(stop.signal)
    void this.#review(stop.signal)
  }

  #end(): void {
    this.#stop?.abort()
    this.#stop = null
    this.#isListed = false
    this.#problems.watch = null
    this.#problems.review = null
    this.#told = null
    this.rows.clear()
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let version: string | null = null
    let pause: Milliseconds = 0
    while (!signal.aborted) {
      try {
        version ??= await this.#list(signal)
        pause = 0
        version = await this.#watch(version, signal)
      } catch (error) {
        if (signal.aborted) return
        version = null
        if (isGone(error) && pause === 0) {
          pause = 1
          continue
        }
        if (this.#failed('watch', error)) return
        pause = Math.min(this.#timing.longestPause, Math.max(this.#timing.firstPause, 2 * pause))
        await elapsed(pause * (0.5 + Math.random() / 2), signal)
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const found = new Map<string, T>()
    let more = 0
    let token: string | undefined
    let version = ''
    do {
      const query = { namespace: this.#namespace, limit: PAGE, ...(token === undefined ? {} : { continue: token }) }
      const page = await this.#api.list(kinds.Canary, query, call(within(DEADLINE, signal)))
      if (version === '') version = page.resourceVersion
      for (const item of page.items) {
        if (found.size < MOST_CANARIES) found.set(keyOf(item), this.#keep(readable(item)))
        else more += 1
      }
      token = page.continue
    } while (token !== undefined)
    if (signal.aborted) throw new Error('not waited for')
    this.rows.clear()
    for (const [key, row] of found) this.rows.set(key, row)
    this.more = more
    this.#isListed = true
    this.#problems.watch = null
    this.#tell(listener => listener.listed())
    this.#tellTrouble()
    return version
  }

  /** @returns the version up to which all is known. */
  async #watch(from: string, signal: AbortSignal): Promise<string> {
    let version = from
    const query = { namespace: this.#namespace, resourceVersion: from, timeout: WATCH }
    const startedAt = performance.now()
    const watched = this.#api.watch(
      kinds.Canary,
      query,
      ({ type, object: sent }) => {
        if (signal.aborted) return
        const object = type === 'BOOKMARK' ? sent : readable(sent)
        version = object.metadata.resourceVersion ?? version
        if (type === 'BOOKMARK') return
        const key = keyOf(object)
        const isGoing = type === 'DELETED'
        if (isGoing) this.rows.delete(key)
        else if (this.rows.has(key) || this.rows.size < MOST_CANARIES) this.rows.set(key, this.#keep(object))
        this.#tell(listener => listener.changed(key, isGoing ? undefined : object))
      },
      call(signal),
    )
    await watched.catch((error: unknown) => {
      if (!isForbidden(error)) throw error
      throw new Refusal('forbidden', this.#noWatch())
    })
    const isAtOnce = version === from && performance.now() - startedAt < this.#timing.firstPause
    if (isAtOnce && !signal.aborted) throw new Error('the API server closed the watch at once')
    return version
  }

  async #review(signal: AbortSignal): Promise<void> {
    const { group, plural } = kinds.Canary
    const permission = { verb: 'watch', group, resource: plural, namespace: this.#namespace }
    for (;;) {
      await elapsed(this.#timing.review, signal)
      if (signal.aborted) return
      try {
        const isAllowed = await this.#api.may(permission, within(DEADLINE, signal))
        if (!isAllowed) return this.#finish({ code: 'forbidden', sentence: this.#noWatch() })
      } catch (error) {
        if (signal.aborted) return
        // Reviews of oneself are open to all by default; where they are not, a list of one tells as much.
        const said = isForbidden(error) ? await this.#listOne(signal) : error
        if (signal.aborted || (said !== null && this.#failed('review', said))) return
        if (said !== null) continue
      }
      this.#problems.review = null
      this.#tellTrouble()
    }
  }

  async #listOne(signal: AbortSignal): Promise<unknown> {
    const query = { namespace: this.#namespace, limit: 1, form: 'metadata' } as const
    return this.#api.list(kinds.Canary, query, call(within(DEADLINE, signal))).then(
      () => null,
      (error: unknown) => error,
    )
  }

  /** @returns whether that was the end. */
  #failed(of: 'watch' | 'review', error: unknown): boolean {
    const problem: Problem = isNotFound(error)
      ? {
          code: 'not-installed',
          sentence:
            'The cluster has no Canaries: the CustomResourceDefinitions of Sluice are not installed. Apply manifests/ or crds/ first',
        }
      : problemOf(error, this.#what())
    if (isFinal(problem)) this.#finish(problem)
    else {
      this.#problems[of] = problem
      this.#tellTrouble()
    }
    return isFinal(problem)
  }

  #tellTrouble(): void {
    const problem = this.#problems.watch ?? this.#problems.review
    if (problem?.sentence === this.#told?.sentence) return
    this.#told = problem
    this.#tell(listener => listener.trouble(problem))
  }

  #finish(problem: Problem): void {
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    this.#end()
    for (const listener of listeners) listener.ended(problem)
  }

  #tell(what: (listener: FeedListener) => void): void {
    for (const listener of this.#listeners) what(listener)
  }

  /** The right was never there, or is lost: to the API server both are the same. */
  #noWatch(): string {
    return `${this.#what()}: you have no right to watch them, or no longer, and this page needs it. ClusterRole sluice-view has the rights get, list and watch`
  }

  #what(): string {
    return this.#namespace === '' ? 'Canaries of all namespaces' : `Canaries of namespace ${this.#namespace}`
  }
}

/** The Canary, or of one that is too large or too deep its identity. */
export const readable = bounded(kinds.Canary, object => object)

/** The identity of a Canary among rows. */
export const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

const call = (signal: AbortSignal): Call => ({ lane: 'normal', signal })
