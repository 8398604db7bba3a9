/**
 * Which fields of an object are spoken of, in the notation of fieldsV1: `f:` a field, `k:` an entry of a keyed list, `v:` a
 * member of a set, `.` that what has fields of its own is spoken of too
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
 */
import { isRecord, type Json, recordOf, sameJson } from '../json.ts'
import type { Merge, Schema } from '../resource.ts'

export type Path = readonly string[]
/** How parts of an object merge: all of a schema that counts here. */
export type Merges = Pick<Schema, 'mergeOf' | 'declares' | 'empty'>

const parsed = new WeakMap<Json, FieldSet>()

/** A set of paths. */
export class FieldSet {
  readonly #paths = new Map<string, Path>()
  #above: Set<string> | undefined

  constructor(paths: Iterable<Path> = []) {
    for (const path of paths) this.#paths.set(path.join('\n'), path)
  }

  /** The same set for the same object, which nobody changes. */
  static parse(fieldsV1: unknown): FieldSet {
    if (!isRecord(fieldsV1)) return new FieldSet()
    const known = parsed.get(fieldsV1) ?? FieldSet.#read(fieldsV1)
    parsed.set(fieldsV1, known)
    return known
  }

  static #read(fieldsV1: Json): FieldSet {
    const paths: Path[] = []
    const walk = (node: unknown, path: Path): void => {
      const children = Object.entries(recordOf(node))
      if (children.length === 0 && path.length > 0) paths.push(path)
      for (const [key, child] of children) walk(child, key === '.' ? path : [...path, key])
    }
    walk(fieldsV1, [])
    return new FieldSet(paths)
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0
  }

  get size(): number {
    return this.#paths.size
  }

  has(path: Path): boolean {
    return this.#paths.has(path.join('\n'))
  }

  /** Whether it has the path or one below. */
  reaches(path: Path): boolean {
    this.#above ??= new Set(this.paths().flatMap(one => one.map((_, i) => one.slice(0, i + 1).join('\n'))))
    return this.#above.has(path.join('\n'))
  }

  paths(): Path[] {
    return [...this.#paths.values()]
  }

  plus(other: FieldSet): FieldSet {
    return new FieldSet([...this.paths(), ...other.paths()])
  }

  minus(other: FieldSet): FieldSet {
    return new FieldSet(this.paths().filter(path => !other.has(path)))
  }

  toFieldsV1(): Json {
    const root: Json = {}
    const inOrder = this.paths().sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))
    for (const path of inOrder) {
      let node = root
      for (const [i, key] of path.entries()) {
        // What comes first in this order is the field itself, then what is below it.
        if (node[key] === undefined) node[key] = {}
        else if (i < path.length - 1 && this.has(path.slice(0, i + 1))) (node[key] as Json)['.'] = {}
        node = node[key] as Json
      }
    }
    return root
  }
}

/** Fields that nobody owns: identity, and what the server itself writes. */
const UNOWNED = new Set([
  'f:apiVersion',
  'f:kind',
  ...['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp']
    .concat(['deletionGracePeriodSeconds', 'managedFields', 'selfLink'])
    .map(name => `f:metadata\nf:${name}`),
])
const isUnowned = (path: Path): boolean => path.length <= 2 && UNOWNED.has(path.join('\n'))

/** Stands for the value of what is owned in parts. */
const PARTS = Symbol('parts')
type Members = Map<string, readonly [Path, unknown]>

/** All that is in a value at `start`, itself and what is below it, with the values of what is owned as a whole. */
function membersOf(merges: Merges, value: unknown, start: Path): Members {
  const members: Members = new Map()
  const walk = (one: unknown, path: Path): void => {
    if (one === undefined || one === null || isUnowned(path)) return
    const children = childrenOf(merges.mergeOf(path), one)
    if (path.length > 0) members.set(path.join('\n'), [path, children === null ? one : PARTS])
    for (const [key, child] of children ?? []) {
      if (key.startsWith('v:')) members.set([...path, key].join('\n'), [[...path, key], child])
      else walk(child, [...path, key])
    }
  }
  walk(value, start)
  return members
}

/** The fields that one who applies `object` claims: what he says, and of what is made of parts only these. */
export function claimedBy(merges: Merges, object: unknown): FieldSet {
  const claimed: Path[] = []
  const walk = (value: unknown, path: Path): void => {
    if (value === undefined || isUnowned(path)) return
    const children = value === null ? null : childrenOf(merges.mergeOf(path), value)
    if (children === null) return void claimed.push(path)
    const isEntry = path.at(-1)?.startsWith('k:') === true
    const isEmptyMap = children.length === 0 && isRecord(value)
    if (path.length > 0 && (isEntry || isEmptyMap || !merges.declares(path))) claimed.push(path)
    for (const [key, child] of children) {
      if (key.startsWith('v:')) claimed.push([...path, key])
      else walk(child, [...path, key])
    }
  }
  walk(object, [])
  return new FieldSet(claimed)
}

/** What is wrong with lists whose entries are told apart: `.spec.tags: duplicate entries for key [="a"]`. */
export function twinsIn(merges: Merges, value: unknown, path: Path = []): string[] {
  const children = childrenOf(merges.mergeOf(path), value) ?? []
  const keys = children.map(([key]) => key)
  const twins = keys.filter((key, i) => keys.indexOf(key) < i)
  return [
    ...twins.map(key => `${inWords(path)}: duplicate entries for key ${inWords([key])}`),
    ...children.flatMap(([key, child]) => twinsIn(merges, child, [...path, key])),
  ]
}

/** What a write did: what it brought or changed, and what it took away. */
export interface Changes {
  readonly changed: FieldSet
  readonly removed: FieldSet
}

/** Compares two states of an object; what is the same is not gone into. Before the first there is an empty one. */
export function changesBetween(merges: Merges, before: unknown, next: unknown): Changes {
  const [changed, removed]: [Path[], Path[]] = [[], []]
  const compare = (old: Members, now: Members): void => {
    for (const [key, [path, value]] of now) if (!old.has(key) || !sameJson(old.get(key)?.[1], value)) changed.push(path)
    for (const [key, [path]] of old) if (!now.has(key)) removed.push(path)
  }
  const walk = (old: unknown, now: unknown, path: Path): void => {
    if (isUnowned(path) || sameJson(old, now)) return
    if (!isRecord(old) || !isRecord(now) || merges.mergeOf(path).merge === 'atomic') {
      return compare(membersOf(merges, old, path), membersOf(merges, now, path))
    }
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
      walk(old[key], now[key], [...path, `f:${key}`])
  }
  walk(before ?? merges.empty, next, [])
  return { changed: new FieldSet(changed), removed: before === null ? new FieldSet() : new FieldSet(removed) }
}

/** The parts of a value that are owned apart, or null when it is owned as a whole. */
export function childrenOf(type: Merge, value: unknown): [string, unknown][] | null {
  if (isRecord(value)) {
    return type.merge === 'atomic' ? null : Object.entries(value).map(([key, child]) => [`f:${key}`, child])
  }
  if (!Array.isArray(value) || !mergesEntries(type)) return null
  return value.map(item => [entryKey(type, item), item])
}

/** Lists are atomic unless they are declared otherwise. */
export const mergesEntries = (type: Merge): boolean => type.merge === 'map' || type.merge === 'set'

/** `k:{"port":80,"protocol":"TCP"}` of an entry of a keyed list, `v:"x"` of a member of a set. */
export function entryKey(type: Merge, item: unknown): string {
  if (type.merge !== 'map') return `v:${JSON.stringify(item)}`
  const keys = Object.entries(type.keys).sort(([a], [b]) => (a < b ? -1 : 1))
  return `k:${JSON.stringify(Object.fromEntries(keys.map(([key, usual]) => [key, recordOf(item)[key] ?? usual])))}`
}

/** As the API server walks a set: what ends at a level comes before what goes on. */
export function bySet(one: Path, other: Path): number {
  const i = one.findIndex((step, at) => step !== other[at])
  if (i < 0) return one.length - other.length
  const [ends, otherEnds] = [i === one.length - 1, i >= other.length - 1]
  if (ends !== otherEnds) return ends ? -1 : 1
  return (one[i] ?? '') < (other[i] ?? '') ? -1 : 1
}

/** `.spec.ports[port=80,protocol="TCP"].name` */
export function inWords(path: Path): string {
  const words = path.map(step => {
    if (step.startsWith('f:')) return `.${step.slice(2)}`
    if (!step.startsWith('k:')) return `[${step.replace(/^v:/, '=')}]`
    const keys = Object.entries(recordOf(JSON.parse(step.slice(2)))).map(
      ([key, value]) => `${key}=${JSON.stringify(value)}`,
    )
    return `[${keys.join(',')}]`
  })
  return words.join('')
}
