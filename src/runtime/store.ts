/**
 * The objects of one kind, as far as we know them: what lists and watches brought, and the answers of our own writes,
 * which are in at once. Law: an object never goes back to an older version, and what we deleted does not come back by an
 * event from before. Reading is synchronous. Objects are never changed in place; readers may keep them. What did not
 * change between two versions of an object is the same value in both, so what was computed from it once stays known.
 */
import type { KubeObject } from '../api/object.ts'
import { entryOf, isRecord, sameJson } from '../core/json.ts'
import type { NamespaceBudget } from './namespace-budget.ts'
import { ORDINARY } from './namespace-budget.ts'
import { memoryOf, withoutRoom } from './object-limits.ts'
import { compareVersions } from './resource-version.ts'

/** Which keys an object is found under; pure, and never throws for any object of the kind. */
export type Index = (object: KubeObject) => readonly string[]

/**
 * Told about every change of what is kept, but for a mere new resourceVersion: `before` is undefined for a new object, `now`
 * for a deleted one (`before` is its last state).
 */
export type Changed = (before: KubeObject | undefined, now: KubeObject | undefined) => void

/** What is remembered of a deleted object: events up to this version are from before. */
interface Tombstone {
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
}

/** Index key → the key of the object under it, or the keys where there are several: a Set of one takes 200 bytes. */
type Found = Map<string, string | Set<string>>

/** Graves that are kept; more than the deletions that can be in flight at one time. */
const GRAVES = 1024
const NONE: readonly KubeObject[] = []

export class Store {
  readonly #objects = new Map<string, KubeObject>()
  readonly #graves = new Map<string, Tombstone>()
  readonly #indexes = new Map<string, { of: Index; found: Found }>()
  readonly #transform: (object: KubeObject) => KubeObject
  readonly #changed: Changed
  readonly #budget: NamespaceBudget | null
  /** Key of a large object → what of it is counted. */
  readonly #large = new Map<string, number>()
  /** Keys of those that found no room. */
  readonly #missing = new Set<string>()

  /**
   * @param transform makes what is kept of an object; it must not change its argument.
   * @param budget null: there is room for all.
   */
  constructor(transform: (object: KubeObject) => KubeObject, changed: Changed, budget: NamespaceBudget | null = null) {
    this.#transform = transform
    this.#changed = changed
    this.#budget = budget
  }

  /** Whether an object of a namespace found no room. */
  lacks(namespace: string): boolean {
    return [...this.#missing].some(key => key.startsWith(`${namespace}/`))
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(`${namespace}/${name}`)
  }

  *all(): IterableIterator<KubeObject> {
    yield* this.#objects.values()
  }

  /** The store is not used any more: what it has counted is free for others. */
  close(): void {
    for (const [key, large] of this.#large) this.#budget?.replace(namespaceOf(key), large, 0)
    for (const key of this.#missing) this.#budget?.miss(namespaceOf(key), -1)
    this.#large.clear()
    this.#missing.clear()
  }

  /** Adds an index, or replaces it. */
  addIndex(name: string, of: Index): void {
    const found: Found = new Map()
    this.#indexes.set(name, { of, found })
    for (const [key, object] of this.#objects) enter(found, of(object), key)
  }

  /** How many objects there are under a key of an index, told without collecting them. */
  countByIndex(name: string, indexKey: string): number {
    const keys = this.#indexes.get(name)?.found.get(indexKey)
    return typeof keys === 'string' ? 1 : (keys?.size ?? 0)
  }

  /** The objects under a key of an index; an index that was not added is empty. */
  byIndex(name: string, indexKey: string): readonly KubeObject[] {
    const keys = this.#indexes.get(name)?.found.get(indexKey)
    if (keys === undefined) return NONE
    const objects: KubeObject[] = []
    for (const key of typeof keys === 'string' ? [keys] : keys) {
      const object = this.#objects.get(key)
      if (object !== undefined) objects.push(object)
    }
    return objects
  }

  /**
   * An object as of now: a watch event, an item of a list, or the answer of a write. Older than what is here: ignored. The same one in
   * another version of its API is news.
   */
  put(object: KubeObject): void {
    const key = keyOf(object)
    if (this.#isBuried(key, object)) return
    const before = this.#objects.get(key)
    if (before !== undefined) {
      const order = compareVersions(object.metadata.resourceVersion, before.metadata.resourceVersion)
      const isKnown = order === 0 && object.apiVersion === before.apiVersion && !this.#missing.has(key)
      if (isKnown || (order !== null && order < 0)) return
    }
    this.#graves.delete(key)
    const kept = this.#transform(object)
    const fitting = this.#fitting(key, kept)
    const now = before === undefined ? fitting : sharing(before, fitting)
    if (before !== undefined && saysTheSame(before, now)) this.#objects.set(key, now)
    else this.#set(key, before, now)
  }

  /** A DELETED event. Ignored when the object was made again since. */
  remove(object: KubeObject): void {
    const key = keyOf(object)
    const before = this.#objects.get(key)
    const { uid, resourceVersion } = object.metadata
    if (before !== undefined) {
      const order = compareVersions(resourceVersion, before.metadata.resourceVersion)
      if (order !== null && order < 0) return
    }
    this.#recordTombstone(key, { uid, resourceVersion })
    if (before !== undefined) this.#set(key, before, undefined)
  }

  /**
   * Our own delete has succeeded. Should finalizers hold the object still, its next event (newer than what we knew) brings
   * it back. One with another `uid` was created since.
   */
  removed(namespace: string, name: string, uid: string | undefined): void {
    const key = `${namespace}/${name}`
    const before = this.#objects.get(key)
    if (before === undefined || before.metadata.uid !== uid) return
    this.#recordTombstone(key, { uid: before.metadata.uid, resourceVersion: before.metadata.resourceVersion })
    this.#set(key, before, undefined)
  }

  /**
   * A whole list was put, page by page: what is not in it is gone, unless it is newer than the list (our own write after it).
   *
   * @param listed `keyOf` of every object of the list.
   * @param resourceVersion of the list; empty when there is none to compare with.
   */
  retain(listed: ReadonlySet<string>, resourceVersion: string): void {
    for (const [key, object] of this.#objects) {
      if (listed.has(key)) continue
      const order = compareVersions(object.metadata.resourceVersion, resourceVersion)
      if (order !== null && order > 0) continue
      this.#recordTombstone(key, { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion })
      this.#set(key, object, undefined)
    }
  }

  /**
   * What was not found may be there after all, in a version of the API that was not asked for: the next list says. Only for kinds of which
   * Sluice deletes nothing.
   */
  forgetRemoved(): void {
    this.#graves.clear()
  }

  /** The object, or its identity where the budget of its namespace has no room for it. */
  #fitting(key: string, object: KubeObject): KubeObject {
    const { namespace = '' } = object.metadata
    if (this.#budget === null || namespace === '') return object
    const large = Math.max(0, memoryOf(object) - ORDINARY)
    if (this.#count(key, namespace, large)) {
      if (this.#missing.delete(key)) this.#budget.miss(namespace, -1)
      return object
    }
    this.#count(key, namespace, 0)
    if (!this.#missing.has(key)) this.#budget.miss(namespace, 1)
    this.#missing.add(key)
    return withoutRoom(object, this.#budget.refusal)
  }

  #count(key: string, namespace: string, large: number): boolean {
    const before = this.#large.get(key) ?? 0
    if (before === large) return true
    if (this.#budget?.replace(namespace, before, large) === false) return false
    if (large === 0) this.#large.delete(key)
    else this.#large.set(key, large)
    return true
  }

  #isBuried(key: string, object: KubeObject): boolean {
    const grave = this.#graves.get(key)
    if (grave === undefined || grave.uid !== object.metadata.uid) return false
    const order = compareVersions(object.metadata.resourceVersion, grave.resourceVersion)
    return order !== null && order <= 0
  }

  #recordTombstone(key: string, grave: Tombstone): void {
    this.#graves.delete(key)
    this.#graves.set(key, grave)
    for (const oldest of this.#graves.keys()) {
      if (this.#graves.size <= GRAVES) break
      this.#graves.delete(oldest)
    }
  }

  #set(key: string, before: KubeObject | undefined, now: KubeObject | undefined): void {
    for (const { of, found } of this.#indexes.values()) {
      if (before !== undefined) leave(found, of(before), key)
      if (now !== undefined) enter(found, of(now), key)
    }
    if (now === undefined) {
      this.#objects.delete(key)
      const { namespace = '' } = before?.metadata ?? {}
      if (this.#missing.delete(key)) this.#budget?.miss(namespace, -1)
      this.#count(key, namespace, 0)
    } else this.#objects.set(key, now)
    this.#changed(before, now)
  }
}

/** The key of an object in its store: `namespace/name`. */
export const keyOf = (object: KubeObject): string => flat([object.metadata.namespace ?? '', '/', object.metadata.name])

const namespaceOf = (key: string): string => key.split('/', 1)[0] ?? ''

/**
 * The parts as one string. V8 keeps a string that `+` or a template makes as a tree of its parts, each with 32 bytes more; one
 * that is kept for long is better joined, which copies.
 */
const flat = (parts: readonly string[]): string => parts.join('')

/** `now`, with `before` itself in every place where the two say the same. */
function sharing<T>(before: unknown, now: T): T {
  if (Array.isArray(now)) return sameJson(before, now) ? (before as T) : now
  if (!isRecord(now) || !isRecord(before)) return now
  const keys = Object.keys(now)
  const shared = keys.map(key => [key, sharing(entryOf(before, key), now[key])] as const)
  const same =
    keys.length === Object.keys(before).length && shared.every(([key, value]) => value === entryOf(before, key))
  return (same ? before : Object.fromEntries(shared)) as T
}

/** Whether nothing but the version is new in an object that shares with the one before. */
function saysTheSame(before: KubeObject, now: KubeObject): boolean {
  const same = (one: object, other: object, but: string): boolean =>
    Object.entries(one).every(([key, value]) => key === but || (other as Record<string, unknown>)[key] === value) &&
    Object.keys(one).length === Object.keys(other).length
  return same(now, before, 'metadata') && same(now.metadata, before.metadata, 'resourceVersion')
}

function enter(found: Found, indexKeys: readonly string[], key: string): void {
  for (const indexKey of indexKeys) {
    const keys = found.get(indexKey)
    if (keys === undefined) found.set(flat([indexKey, '']), key)
    else if (typeof keys !== 'string') keys.add(key)
    else if (keys !== key) found.set(indexKey, new Set([keys, key]))
  }
}

function leave(found: Found, indexKeys: readonly string[], key: string): void {
  for (const indexKey of indexKeys) {
    const keys = found.get(indexKey)
    if (keys === key) found.delete(indexKey)
    else if (keys instanceof Set && keys.delete(key) && keys.size === 0) found.delete(indexKey)
  }
}
