/**
 * Keeps a store equal to what the API server has of one kind: a list, then a watch from there on, for ever. No trouble
 * ends it but its signal: every error is remembered, waited out and tried again.
 *
 * | what happens | what is done |
 * | --- | --- |
 * | the watch ends in order, or fell silent | watch again from the last version at once |
 * | 410, as a status or as an ERROR event | list again, at once the first time |
 * | the kind is served in an older version of its own (404) | that is followed, at once |
 * | the kind is not served (404) | `absent`; ask again after 15 s, because the server may have just started, then every `absentRetry` |
 * | 403 | `forbidden`, with a sentence; ask again likewise, then every `forbiddenRetry`; where the kind is not served, as 404 |
 * | either, of what worked before | ask again soon, a few times, before it is believed |
 * | anything else: reset, 5xx, an unreadable line | backoff of 0.8 to 30 s; after three in a row list again |
 */
import type { Kind } from '../api/object.ts'
import { asServed, kindKey } from '../api/object.ts'
import { ApiError, isForbidden, isGone, isNotFound } from '../core/errors.ts'
import type { Clock, KubeApi, Log, ObjectForm, WatchEvent } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { ListPages, type Scope } from './list-pages.ts'
import { type ReflectorTiming, TIMING } from './reflector-timing.ts'
import type { Store } from './store.ts'
import { pause, withDeadline } from './timing.ts'
import { WatchTrouble } from './watch-trouble.ts'

export type ReflectorState = 'listing' | 'watching' | 'waiting' | 'absent' | 'forbidden' | 'stopped'

export interface ReflectorOptions {
  readonly api: KubeApi
  readonly kind: Kind
  /** Empty: all namespaces. */
  readonly namespace: string
  /** Only objects with these labels; empty: all. */
  readonly labelSelector: string
  /** Not said: whole objects. */
  readonly form?: ObjectForm
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly timing?: Partial<ReflectorTiming>
}

/** A watch that stays open for so long works, however quiet it is. */
const WELL_AFTER: Milliseconds = 30_000

export class Reflector {
  readonly kind: Kind
  readonly namespace: string
  /** Resolves once it is known what there is: listed, absent or forbidden. */
  readonly settled: Promise<void>
  /** Resolves after the first answer, whatever it is, or the lack of one. */
  readonly asked: Promise<void>

  readonly #options: ReflectorOptions
  readonly #timing: ReflectorTiming
  readonly #store: Store
  readonly #scope: Scope
  readonly #pages: ListPages
  readonly #trouble: WatchTrouble
  readonly #startedAt: Instant
  #settle: () => void = () => undefined
  #answered: () => void = () => undefined
  #state: ReflectorState = 'listing'
  #synced = false
  #version: string | null = null
  #watchedSince: Instant = 0
  #served: readonly string[] = []
  /** The kind in the version that is followed. */
  #followed: Kind

  constructor(options: ReflectorOptions, store: Store) {
    this.kind = options.kind
    this.#followed = options.kind
    this.namespace = options.namespace
    this.settled = new Promise(resolve => {
      this.#settle = resolve
    })
    this.asked = new Promise(resolve => {
      this.#answered = resolve
    })
    this.#options = options
    this.#startedAt = options.clock.now()
    this.#timing = { ...TIMING, ...options.timing }
    this.#store = store
    const { api, namespace, labelSelector, form, clock, random } = options
    this.#scope = {
      namespace,
      ...(labelSelector === '' ? {} : { labelSelector }),
      ...(form === undefined ? {} : { form }),
    }
    this.#pages = new ListPages({ api, kind: () => this.#followed, scope: this.#scope, clock }, store)
    this.#trouble = new WatchTrouble({ clock, random, ...this.#timing })
  }

  get state(): ReflectorState {
    return this.#state
  }
  /** The store has held a whole list at least once, and the kind is still served. */
  get synced(): boolean {
    return this.#synced
  }
  /** What went wrong last; null while all is well. */
  get lastError(): string | null {
    return this.#trouble.lastError
  }
  /** Versions that the server has of a kind that is absent in ours. */
  get served(): readonly string[] {
    return this.#served
  }
  /** How long ago the server was last heard of (bookmarks come each minute); null before the first list. */
  age(): Milliseconds | null {
    return this.#trouble.age()
  }

  /** How long a whole list has been waited for; 0 once there is one. */
  awaited(): Milliseconds {
    return this.#synced ? 0 : Math.max(0, this.#options.clock.now() - this.#startedAt)
  }

  /** How long a kind that was known once has been in trouble; 0 while it is followed. */
  failingFor(): Milliseconds {
    return this.#synced && this.#state !== 'watching' ? this.#trouble.duration() : 0
  }

  /**
   * Lists once more, beside the watch: then the store is not older than this call, however far the watch is behind.
   *
   * @param deadline of one page.
   * @throws what the API throws; the watch goes on.
   */
  async refresh(signal: AbortSignal, deadline: Milliseconds): Promise<void> {
    await this.#pages.list(signal, deadline)
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let wait: Milliseconds = 0
      try {
        if (this.#version === null) await this.#list(signal)
        else await this.#watch(this.#version, signal)
      } catch (error) {
        if (signal.aborted) break
        const known = await this.#known(error, signal)
        wait = this.#isServedOtherwise(known) ? 0 : this.#failed(known)
      }
      this.#answered()
      if (wait > 0) await pause(this.#options.clock, wait, signal)
    }
    this.#state = 'stopped'
  }

  async #list(signal: AbortSignal): Promise<void> {
    // While waiting for a kind to appear, `absent` and `forbidden` stay what is known.
    if (this.#state === 'watching' || this.#state === 'waiting') this.#state = 'listing'
    this.#version = await this.#pages.list(signal, this.#timing.listDeadline)
    this.#synced = true
    this.#trouble.listed()
    this.#state = 'watching'
    this.#settle()
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { api, clock, random } = this.#options
    const { shortestWatch, longestWatch, tooShort } = this.#timing
    const startedAt = clock.now()
    let heard = false
    this.#state = 'watching'
    this.#watchedSince = startedAt
    await api.watch(
      this.#followed,
      {
        ...this.#scope,
        resourceVersion: from,
        timeout: shortestWatch + random() * (longestWatch - shortestWatch),
      },
      event => {
        heard = true
        this.#take(event)
      },
      { lane: 'normal', signal },
    )
    if (signal.aborted) return
    if (!heard && clock.now() - startedAt < tooShort) throw new Error('the server closed the watch at once')
    this.#trouble.heard()
  }

  #take(event: WatchEvent): void {
    if (event.type === 'DELETED') this.#store.remove(event.object)
    else if (event.type !== 'BOOKMARK') this.#store.put(event.object)
    this.#version = event.object.metadata.resourceVersion ?? this.#version
    this.#trouble.heard()
  }

  /**
   * The error as it is to be understood. Rights are checked before kinds: 403 is also the answer for a kind that is not served, and
   * there nothing is hidden.
   */
  async #known(error: unknown, signal: AbortSignal): Promise<unknown> {
    if (!isNotFound(error) && !isForbidden(error)) return error
    const served = await this.#discovered(signal)
    this.#served = served ?? []
    if (!isForbidden(error) || served === null || served.length > 0) return error
    return new ApiError({ code: 404, reason: 'NotFound', message: 'the server does not serve this kind' })
  }

  /** Of a kind that is not served as it was followed: whether it is in another of its versions, which is followed from now on. */
  #isServedOtherwise(error: unknown): boolean {
    const found = asServed(this.kind, this.#served)
    if (!isNotFound(error) || !this.#served.includes(found.version)) return false
    if (found.version === this.#followed.version) return false
    this.#followed = found
    this.#version = null
    this.#store.forgetRemoved()
    return true
  }

  /** In which versions a kind is served; null where that cannot be asked. */
  async #discovered(signal: AbortSignal): Promise<readonly string[] | null> {
    const { api, clock } = this.#options
    try {
      return await withDeadline(clock, this.#timing.listDeadline, signal, 'Discovery', deadline =>
        api.served(this.kind, { lane: 'normal', signal: deadline }),
      )
    } catch {
      return null
    }
  }

  /** Remembers the error, and says how long to wait. */
  #failed(error: unknown): Milliseconds {
    const { log, clock } = this.#options
    const kind = kindKey(this.kind)
    const sentence = this.#sentence(error)
    const wasWell = this.#state === 'watching' && clock.now() - this.#watchedSince > WELL_AFTER
    const isNews = this.#trouble.failed(error, sentence, wasWell)
    if (isGone(error)) log.info('listing again', { kind, because: sentence })
    else if (isNews) log.warn('reflector in trouble', { kind, error: sentence })

    if (isForbidden(error) || isNotFound(error)) return this.#refused(error)
    this.#state = 'waiting'
    if (isGone(error)) {
      this.#version = null
      if (this.#trouble.isFirst) return 0
    }
    if (this.#trouble.isDoubtful) this.#version = null
    return this.#trouble.backoff()
  }

  /**
   * 403 or 404. An API server that has just started says so of everything until it knows its roles and kinds, so what worked
   * before is asked again soon, a few times, before the answer is believed.
   */
  #refused(error: unknown): Milliseconds {
    if (isNotFound(error)) this.#version = null
    if (this.#synced && !this.#trouble.isBelieved) {
      this.#state = 'waiting'
      return this.#trouble.backoff()
    }
    this.#settle()
    if (isForbidden(error)) {
      this.#state = 'forbidden'
      return this.#trouble.patience(this.#timing.forbiddenRetry)
    }
    this.#state = 'absent'
    this.#synced = false
    this.#store.retain(new Set(), '')
    return this.#trouble.patience(this.#timing.absentRetry)
  }

  #sentence(error: unknown): string {
    const said = error instanceof Error ? error.message : String(error)
    const where = this.namespace === '' ? 'in all namespaces' : `in namespace ${this.namespace}`
    const what = `Cannot watch ${kindKey(this.kind)} ${where}: ${said}`
    if (isForbidden(error)) return `${what}. Allow the controller to "list" and "watch" them (RBAC).`
    if (isNotFound(error)) return `${what}. The cluster does not serve this kind; install its CustomResourceDefinition.`
    return what
  }
}
