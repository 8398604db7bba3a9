/**
 * What we know of the cluster. A kind is listed and watched while it is in use, once for all users; reading is
 * synchronous, and never older than the last answer of our own writes.
 */
import type { Kind, KubeObject, Ref } from '../api/object.ts'
import { kindKey } from '../api/object.ts'
import type { Clock, KubeApi, Log, ObjectForm } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import type { NamespaceBudget } from './namespace-budget.ts'
import { bounded } from './object-limits.ts'
import { Reflector } from './reflector.ts'
import type { ReflectorTiming } from './reflector-timing.ts'
import { slim } from './transform.ts'
import { type Index, Store } from './store.ts'

/** Told about every change of any kind in use: `before` is undefined for a new object, `now` for a deleted one. */
export type Listener = (before: KubeObject | undefined, now: KubeObject | undefined, kind: Kind) => void

export interface CacheOptions {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly timing?: Partial<ReflectorTiming>
  /** By `kindKey`, for kinds that are followed with other waits than the rest. */
  readonly timings?: Readonly<Record<string, Partial<ReflectorTiming>>>
  /** What is kept of an object; default: `slim`. Tests freeze here. */
  readonly transform?: (object: KubeObject) => KubeObject
  /** Kinds of which only the metadata is followed, by `kindKey`. */
  readonly forms?: Readonly<Record<string, ObjectForm>>
  /** Left out: the large objects of a namespace may take all memory. */
  readonly budget?: NamespaceBudget
  /** Label selectors by `kindKey`, for kinds of which only some objects matter. */
  readonly selectors?: Readonly<Record<string, string>>
}

/** One kind in one scope. */
interface Informer {
  readonly kind: Kind
  readonly namespace: string
  readonly store: Store
  readonly reflector: Reflector
  readonly stop: AbortController
  readonly stopped: Promise<void>
  users: number
}

/** Objects that found no room are listed again when there is more of it, but not all the time: a user may give and take it at will. */
const AGAIN: Milliseconds = 60_000
/** Of one page. */
const PAGE_DEADLINE: Milliseconds = 30_000

export class Informers {
  readonly #options: CacheOptions
  /** By `kindKey`: most kinds have one room, for all namespaces. */
  readonly #informers = new Map<string, readonly Informer[]>()
  readonly #indexes = new Map<string, Map<string, Index>>()
  readonly #listeners = new Set<Listener>()

  constructor(options: CacheOptions) {
    this.#options = options
  }

  /**
   * Starts to follow a kind, or joins those who do. Every `use` needs its `release`. Each version of a kind is followed
   * by itself.
   *
   * @param namespace empty: all namespaces.
   * @param waits of the first user, in the place of those that all have.
   * @returns its reflector, for `settled`, `synced`, `state`, `age()` and `lastError`.
   */
  use(kind: Kind, namespace = '', waits: Partial<ReflectorTiming> = {}): Reflector {
    const found = this.#room(kind, namespace)
    if (found !== undefined) {
      found.users += 1
      return found.reflector
    }
    const { transform = slim } = this.#options
    const { budget = null } = this.#options
    const store = new Store(bounded(kind, transform), (before, now) => this.#tell(before, now, kind), budget)
    for (const [name, index] of this.#indexes.get(kindKey(kind)) ?? []) store.addIndex(name, index)
    const labelSelector = this.#options.selectors?.[kindKey(kind)] ?? ''
    const timing = { ...this.#options.timings?.[kindKey(kind)], ...waits, ...this.#options.timing }
    const form = this.#options.forms?.[kindKey(kind)]
    const options = { ...this.#options, kind, namespace, labelSelector, timing }
    const reflector = new Reflector({ ...options, ...(form === undefined ? {} : { form }) }, store)
    const stop = new AbortController()
    const stopped = reflector.run(stop.signal)
    this.#listAgainWithRoom(store, reflector, stop.signal)
    const room = { kind, namespace, store, reflector, stop, stopped, users: 1 }
    this.#informers.set(kindKey(kind), [...this.#informersOf(kind), room])
    return reflector
  }

  /** Ends one `use`. The last one stops the watch and forgets the objects, without calling listeners. */
  release(kind: Kind, namespace = ''): void {
    const room = this.#room(kind, namespace)
    if (room === undefined) return
    room.users -= 1
    if (room.users > 0) return
    const others = this.#informersOf(kind).filter(other => other !== room)
    this.#informers.set(kindKey(kind), others)
    room.stop.abort()
    room.store.close()
  }

  /** Why not all objects of a namespace are kept; null when they are. */
  lack(namespace: string): string | null {
    return this.#options.budget?.lack(namespace) ?? null
  }

  /** What found no room before is listed where a namespace has more of it, until that has succeeded. */
  #listAgainWithRoom(store: Store, reflector: Reflector, signal: AbortSignal): void {
    const { budget, clock, log } = this.#options
    if (budget === undefined) return
    let cancel: (() => void) | null = null
    const listLater = (): void => {
      cancel ??= clock.at(clock.now() + AGAIN, () => {
        cancel = null
        reflector.refresh(signal, PAGE_DEADLINE).catch((error: unknown) => {
          if (signal.aborted) return
          log.warn('a list was not repeated', { kind: kindKey(reflector.kind), error: String(error) })
          listLater()
        })
      })
    }
    const stopListening = budget.listen(namespace => {
      if (store.lacks(namespace)) listLater()
    })
    const stop = (): void => {
      cancel?.()
      stopListening()
    }
    signal.addEventListener('abort', stop, { once: true })
  }

  /** An object, or undefined when it does not exist, or its kind is not in use. */
  get(ref: Ref): KubeObject | undefined {
    for (const { store } of this.#informersOf(ref.kind)) {
      const object = store.get(ref.namespace, ref.name)
      if (object !== undefined) return object
    }
    return undefined
  }

  /** The objects of a kind, in one namespace or (empty) in all that are followed. */
  list(kind: Kind, namespace = ''): readonly KubeObject[] {
    return this.#distinct(kind, store => {
      const all = [...store.all()]
      return namespace === '' ? all : all.filter(object => object.metadata.namespace === namespace)
    })
  }

  /** Adds an index to a kind, used now or later. */
  index(kind: Kind, name: string, of: Index): void {
    const ofKind = this.#indexes.get(kindKey(kind)) ?? new Map<string, Index>()
    ofKind.set(name, of)
    this.#indexes.set(kindKey(kind), ofKind)
    for (const room of this.#informersOf(kind)) room.store.addIndex(name, of)
  }

  /** The objects under a key of an index. */
  byIndex(kind: Kind, name: string, key: string): readonly KubeObject[] {
    return this.#distinct(kind, store => store.byIndex(name, key))
  }

  /** How many objects there are under a key of an index; one that two scopes see counts twice. */
  countByIndex(kind: Kind, name: string, key: string): number {
    return this.#informersOf(kind).reduce((sum, { store }) => sum + store.countByIndex(name, key), 0)
  }

  /** Calls back on every change from now on. What a listener throws is logged and does not reach other listeners. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes in the answer of our own write at once. A kind that is not in use is not kept. */
  accept(kind: Kind, object: KubeObject): void {
    for (const room of this.#informersOf(kind)) {
      if (room.namespace === '' || room.namespace === object.metadata.namespace) room.store.put(object)
    }
  }

  /**
   * Our own delete has succeeded, or an answer found no such object.
   *
   * @param known what `get` gave before the call; one that was created since stays.
   */
  removed(ref: Ref, known: KubeObject | undefined): void {
    if (known === undefined) return
    for (const room of this.#informersOf(ref.kind)) room.store.removed(ref.namespace, ref.name, known.metadata.uid)
  }

  /** Is a kind, in this scope, known whole? */
  synced(kind: Kind, namespace = ''): boolean {
    return this.#room(kind, namespace)?.reflector.synced ?? false
  }

  /** Is every object of a namespace (empty: of any) known? Of a kind that is not served nothing is. */
  sees(kind: Kind, namespace: string): boolean {
    return this.synced(kind) || (namespace !== '' && this.synced(kind, namespace))
  }

  /** Every reflector that runs, for health and metrics. */
  reflectors(): Reflector[] {
    return [...this.#informers.values()].flat().map(room => room.reflector)
  }

  /** Stops all watches. */
  async close(): Promise<void> {
    const rooms = [...this.#informers.values()].flat()
    this.#informers.clear()
    for (const room of rooms) room.stop.abort()
    await Promise.all(rooms.map(room => room.stopped))
  }

  #informersOf(kind: Kind): readonly Informer[] {
    return this.#informers.get(kindKey(kind)) ?? []
  }

  #room(kind: Kind, namespace: string): Informer | undefined {
    return this.#informersOf(kind).find(room => room.namespace === namespace && room.kind.version === kind.version)
  }

  /** Objects out of all rooms of a kind; scopes may overlap, so each object once. */
  #distinct(kind: Kind, read: (store: Store) => readonly KubeObject[]): readonly KubeObject[] {
    const rooms = this.#informersOf(kind)
    const [only] = rooms
    if (only === undefined) return []
    if (rooms.length === 1) return read(only.store)
    const found = new Map<string, KubeObject>()
    for (const room of rooms) {
      for (const object of read(room.store))
        found.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object)
    }
    return [...found.values()]
  }

  #tell(before: KubeObject | undefined, now: KubeObject | undefined, kind: Kind): void {
    for (const listener of this.#listeners) {
      try {
        listener(before, now, kind)
      } catch (error) {
        const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.#options.log.error('a listener of the cache threw', { kind: kindKey(kind), error: said })
      }
    }
  }
}
