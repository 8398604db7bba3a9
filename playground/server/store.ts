/**
 * What etcd and the watch cache are to a real API server: every object, one counter for all versions, and a bounded log
 * of changes from which watches resume and old list pages are read.
 */
import { apiVersionOf, type Kind, kindKey, type KubeObject } from '../../src/api/object.ts'
import { frozen } from '../json.ts'

/** One change. Both sides are frozen in time: an object in the store is replaced, never edited. */
export interface Change {
  readonly version: number
  readonly kind: Kind
  readonly before: KubeObject | null
  readonly after: KubeObject | null
}

const place = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/** All objects at one moment, and the version that the store had come to. */
export interface Backup {
  readonly version: number
  readonly objects: readonly { readonly kind: Kind; readonly objects: readonly KubeObject[] }[]
}

export class Store {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #kinds = new Map<string, Kind>()
  readonly #listeners = new Set<(change: Change) => void>()
  readonly #logSize: number
  #log: Change[] = []
  #version = 1
  /** Changes up to this version are forgotten. */
  #compacted = 0

  constructor(logSize: number) {
    this.#logSize = logSize
  }

  get version(): number {
    return this.#version
  }

  /** The kinds of which there ever was an object. */
  kinds(): Kind[] {
    return [...this.#kinds.values()]
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | null {
    return this.#objects.get(kindKey(kind))?.get(`${namespace}/${name}`) ?? null
  }

  /** All objects of a kind, by namespace and name; an empty namespace means all. */
  all(kind: Kind, namespace = ''): KubeObject[] {
    const found = [...(this.#objects.get(kindKey(kind))?.values() ?? [])]
    return inOrder(namespace === '' ? found : found.filter(object => object.metadata.namespace === namespace))
  }

  /** Keeps `object` as the newest version of itself, and returns it as kept. */
  put(kind: Kind, object: KubeObject): KubeObject {
    const before = this.get(kind, object.metadata.namespace ?? '', object.metadata.name)
    const after = this.#stamped(object)
    this.#of(kind).set(place(after), after)
    this.#record({ version: this.#version, kind, before, after })
    return after
  }

  /** Removes an object; what is returned carries the version of its end, as a DELETED event does. */
  drop(kind: Kind, object: KubeObject): KubeObject {
    const before = this.#stamped(object)
    this.#of(kind).delete(place(object))
    this.#record({ version: this.#version, kind, before, after: null })
    return before
  }

  /** The oldest version that a watch can start from. */
  get oldest(): number {
    return this.#compacted
  }

  /** The changes after `version`, or null when some of them are forgotten. */
  since(version: number): readonly Change[] | null {
    return version < this.#compacted ? null : this.#log.filter(change => change.version > version)
  }

  /** All objects of a kind as they were at `version`, or null when that is forgotten. */
  allAt(version: number, kind: Kind, namespace: string): KubeObject[] | null {
    const changes = this.since(version)
    if (changes === null) return null
    const then = new Map(this.all(kind, namespace).map(object => [place(object), object]))
    for (const change of changes.toReversed()) {
      const object = change.before ?? change.after
      if (object === null || kindKey(change.kind) !== kindKey(kind)) continue
      if (namespace !== '' && object.metadata.namespace !== namespace) continue
      if (change.before === null) then.delete(place(object))
      else then.set(place(object), change.before)
    }
    return inOrder([...then.values()])
  }

  /** Forgets the log, as a compaction does: who resumes from an older version gets 410. */
  compact(): void {
    this.#log = []
    this.#compacted = this.#version
  }

  backup(): Backup {
    return { version: this.#version, objects: this.kinds().map(kind => ({ kind, objects: this.all(kind) })) }
  }

  /** Becomes what was backed up. As after `etcdctl snapshot restore` no listener is called, and the log starts there. */
  restore({ version, objects }: Backup): void {
    this.#objects.clear()
    for (const one of objects) {
      const kept = this.#of(one.kind)
      for (const object of one.objects) kept.set(place(object), object)
    }
    this.#version = version
    this.compact()
  }

  /** Hears of every change at once, in order. Returns what ends it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #of(kind: Kind): Map<string, KubeObject> {
    const key = kindKey(kind)
    const objects = this.#objects.get(key) ?? new Map<string, KubeObject>()
    this.#objects.set(key, objects)
    if (!this.#kinds.has(key)) this.#kinds.set(key, kind)
    return objects
  }

  #stamped(object: KubeObject): KubeObject {
    this.#version += 1
    return frozen({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } })
  }

  #record(change: Change): void {
    this.#log.push(change)
    if (this.#log.length > this.#logSize) this.#compacted = this.#log.shift()?.version ?? this.#compacted
    for (const listener of this.#listeners) listener(change)
  }
}

/** As the API gives it out: in the version that was asked for. Whoever gets it shares it, and so it cannot be changed. */
export function inVersion(kind: Kind, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(kind)
  if (object['apiVersion'] === apiVersion && object['kind'] === kind.kind) return frozen(object)
  return frozen({ ...object, apiVersion, kind: kind.kind })
}

function inOrder(objects: KubeObject[]): KubeObject[] {
  return objects.sort((a, b) => (place(a) < place(b) ? -1 : 1))
}
