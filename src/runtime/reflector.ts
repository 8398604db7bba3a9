/**
 * Keeps a store equal to what the API server has of one kind: a list, then a watch from there on, for ever. No trouble
 * ends it but its signal: every error is remembered, waited out and tried again.
 *
 * | what happens | what is done |
 * | --- | --- |
 * | the watch ends in order, or fell silent | watch again from the last version at once |
 * | 410, as a status or as an ERROR event | list again, at once the first time |
 * | the kind is not served (404) | `absent`; ask again after 15 s, because the server may have just started, then every `absentRetry` |
 * | 403 | `forbidden`, with a sentence; ask again likewise, then every `forbiddenRetry` |
 * | either, of what worked before | ask again soon, a few times, before it is believed |
 * | anything else: reset, 5xx, an unreadable line | backoff of 0.8 to 30 s; after three in a row list again |
 */
import type { Kind } from '../api/object.ts'
import { kindKey } from '../api/object.ts'
import { isForbidden, isGone, isNotFound, isTooLarge } from '../core/errors.ts'
import type { Clock, KubeApi, Log, ObjectForm, ObjectList, WatchEvent } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { keyOf, type Store } from './store.ts'
import { Backoff, pause, withDeadline } from './timing.ts'

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

/** All in milliseconds, as the table above says; tests shorten them. */
export interface ReflectorTiming {
  readonly firstBackoff: Milliseconds
  readonly longestBackoff: Milliseconds
  readonly shortestWatch: Milliseconds
  readonly longestWatch: Milliseconds
  /** Waits for a kind that is not served, or may not be seen. */
  readonly absentRetry: Milliseconds
  readonly forbiddenRetry: Milliseconds
  readonly listDeadline: Milliseconds
  /** A watch that ends sooner than this and brought nothing has failed. */
  readonly tooShort: Milliseconds
}

const TIMING: ReflectorTiming = {
  firstBackoff: 800,
  longestBackoff: 30_000,
  shortestWatch: 300_000,
  longestWatch: 600_000,
  // A CRD that is installed, or a permission that is granted, takes effect within half a minute.
  absentRetry: 27_000,
  forbiddenRetry: 27_000,
  listDeadline: 60_000,
  tooShort: 1000,
}

/** A first refusal is asked again after this long at most. */
const FIRST_REFUSED: Milliseconds = 15_000
/** Objects in a page at most. */
const PAGE = 500
/** How often a list is started over because its pages expired under it, before that counts as trouble. */
const LIST_TRIES = 3
/** Failures in a row after which the last version is no longer believed in. */
const DOUBTED_AFTER = 3
/** A watch that stays open for so long works, however quiet it is. */
const WELL_AFTER: Milliseconds = 30_000
/** Refusals in a row after which a kind that was followed is taken for forbidden or absent. */
const BELIEVED_AFTER = 4

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
  readonly #backoff: Backoff
  readonly #startedAt: Instant
  #settle: () => void = () => undefined
  #answered: () => void = () => undefined
  #state: ReflectorState = 'listing'
  #synced = false
  #lastHeard: Instant | null = null
  #lastError: string | null = null
  #version: string | null = null
  /** Objects in the next page. */
  #limit = PAGE
  #failures = 0
  /** When the present trouble began; null while there is none. */
  #troubledSince: Instant | null = null
  #watchedSince: Instant = 0
  #served: readonly string[] = []
  #refusals = 0

  constructor(options: ReflectorOptions, store: Store) {
    this.kind = options.kind
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
    this.#backoff = new Backoff(this.#timing.firstBackoff, this.#timing.longestBackoff, options.random)
  }

  get state(): ReflectorState {
    return this.#state
  }
  /** The store has held a whole list at least once, and the kind is still served. */
  get synced(): boolean {
    return this.#synced
  }
  /** What went wrong last, as a sentence; null while all is well. */
  get lastError(): string | null {
    return this.#lastError
  }
  /** Versions that the server has of a kind that is absent in ours. */
  get served(): readonly string[] {
    return this.#served
  }
  /** How long ago the server was last heard of (bookmarks come each minute); null before the first list. */
  age(): Milliseconds | null {
    return this.#lastHeard === null ? null : Math.max(0, this.#options.clock.now() - this.#lastHeard)
  }

  /** How long a whole list has been waited for; 0 once there is one. */
  awaited(): Milliseconds {
    return this.#synced ? 0 : Math.max(0, this.#options.clock.now() - this.#startedAt)
  }

  /** How long a kind that was known once has been in trouble; 0 while it is followed. */
  failingFor(): Milliseconds {
    if (!this.#synced || this.#troubledSince === null || this.#state === 'watching') return 0
    return Math.max(0, this.#options.clock.now() - this.#troubledSince)
  }

  /**
   * Lists once more, beside the watch: then the store is not older than this call, however far the watch is behind.
   *
   * @throws what the API throws; the watch goes on.
   */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#pages(signal)
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
        if (isNotFound(error)) this.#served = await this.#discovered(signal)
        wait = this.#failed(error)
      }
      this.#answered()
      if (wait > 0) await pause(this.#options.clock, wait, signal)
    }
    this.#state = 'stopped'
  }

  async #list(signal: AbortSignal): Promise<void> {
    // While waiting for a kind to appear, `absent` and `forbidden` stay what is known.
    if (this.#state === 'watching' || this.#state === 'waiting') this.#state = 'listing'
    const resourceVersion = await this.#pages(signal)
    this.#version = resourceVersion
    this.#synced = true
    this.#refusals = 0
    // The count of failures stays: a server that lists well and refuses every watch must not be asked without a pause.
    this.#lastHeard = this.#options.clock.now()
    this.#lastError = null
    this.#state = 'watching'
    this.#settle()
  }

  /**
   * All pages of one consistent list, each put into the store as it comes, so that no more than one page is in memory as the
   * server sent it. An expired continue token (410) means starting over.
   *
   * @returns the version of the list.
   */
  async #pages(signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const listed = new Set<string>()
        let page: ObjectList | null = null
        let first = ''
        do {
          page = await this.#page(page?.continue, signal)
          if (first === '') first = page.resourceVersion
          for (const item of page.items) {
            listed.add(keyOf(item))
            this.#store.put(item)
          }
        } while (page.continue !== undefined)
        this.#store.retain(listed, first)
        return first
      } catch (error) {
        if (!isGone(error) || attempt >= LIST_TRIES || signal.aborted) throw error
      }
    }
  }

  /** One page, of fewer objects as long as they are too large; a page that went well lets the next one be larger. */
  async #page(token: string | undefined, signal: AbortSignal): Promise<ObjectList> {
    const { api, clock } = this.#options
    for (;;) {
      const query = { ...this.#scope(), limit: this.#limit, ...(token === undefined ? {} : { continue: token }) }
      try {
        const page = await withDeadline(
          clock,
          this.#timing.listDeadline,
          signal,
          `The list of ${kindKey(this.kind)}`,
          deadline => api.list(this.kind, query, { lane: 'normal', signal: deadline }),
        )
        this.#limit = Math.min(PAGE, this.#limit * 2)
        return page
      } catch (error) {
        if (!isTooLarge(error) || this.#limit === 1) throw error
        this.#limit = Math.ceil(this.#limit / 8)
      }
    }
  }

  #scope(): { namespace: string; labelSelector?: string; form?: ObjectForm } {
    const { labelSelector, form } = this.#options
    return {
      namespace: this.namespace,
      ...(labelSelector === '' ? {} : { labelSelector }),
      ...(form === undefined ? {} : { form }),
    }
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { api, clock, random } = this.#options
    const { shortestWatch, longestWatch, tooShort } = this.#timing
    const startedAt = clock.now()
    let heard = false
    this.#state = 'watching'
    this.#watchedSince = startedAt
    await api.watch(
      this.kind,
      {
        ...this.#scope(),
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
    this.#heard()
  }

  #take(event: WatchEvent): void {
    if (event.type === 'DELETED') this.#store.remove(event.object)
    else if (event.type !== 'BOOKMARK') this.#store.put(event.object)
    this.#version = event.object.metadata.resourceVersion ?? this.#version
    this.#heard()
  }

  /** The watch brought something: forget the trouble. */
  #heard(): void {
    this.#lastHeard = this.#options.clock.now()
    this.#lastError = null
    this.#failures = 0
    this.#refusals = 0
    this.#troubledSince = null
    this.#backoff.reset()
  }

  /** In which versions a kind is served that is not in ours; none where that cannot be asked either. */
  async #discovered(signal: AbortSignal): Promise<readonly string[]> {
    const { api, clock } = this.#options
    try {
      return await withDeadline(clock, this.#timing.listDeadline, signal, 'Discovery', deadline =>
        api.served(this.kind, { lane: 'normal', signal: deadline }),
      )
    } catch {
      return []
    }
  }

  /** Remembers the error, and says how long to wait. */
  #failed(error: unknown): Milliseconds {
    const { log } = this.#options
    const { clock } = this.#options
    this.#failures += 1
    // A watch that was open for a while was well; what ends it is another trouble.
    if (this.#state === 'watching' && clock.now() - this.#watchedSince > WELL_AFTER) this.#troubledSince = null
    this.#troubledSince ??= clock.now()
    const refused = isForbidden(error) || isNotFound(error)
    this.#refusals = refused ? this.#refusals + 1 : 0
    const sentence = this.#sentence(error)
    if (isGone(error)) log.info('listing again', { kind: kindKey(this.kind), because: sentence })
    else if (sentence !== this.#lastError)
      log.warn('reflector in trouble', { kind: kindKey(this.kind), error: sentence })
    this.#lastError = sentence

    if (refused) return this.#refused(error)
    this.#state = 'waiting'
    if (isGone(error)) {
      this.#version = null
      if (this.#failures === 1) return 0
    }
    if (this.#failures >= DOUBTED_AFTER) this.#version = null
    return this.#backoff.next()
  }

  /**
   * 403 or 404. An API server that has just started says so of everything until it knows its roles and kinds, so what worked
   * before is asked again soon, a few times, before the answer is believed.
   */
  #refused(error: unknown): Milliseconds {
    if (isNotFound(error)) this.#version = null
    if (this.#synced && this.#refusals < BELIEVED_AFTER) {
      this.#state = 'waiting'
      if (this.#refusals === 1) this.#backoff.reset()
      return this.#backoff.next()
    }
    this.#settle()
    if (isForbidden(error)) {
      this.#state = 'forbidden'
      return this.#patient(this.#timing.forbiddenRetry)
    }
    this.#state = 'absent'
    this.#synced = false
    this.#store.retain(new Set(), '')
    return this.#patient(this.#timing.absentRetry)
  }

  /** `longest`, but for the first refusal; 10 % more or less, so that not all ask at one time. */
  #patient(longest: Milliseconds): Milliseconds {
    const wait = this.#refusals === 1 ? Math.min(longest, FIRST_REFUSED) : longest
    return wait * (0.9 + 0.2 * this.#options.random())
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
