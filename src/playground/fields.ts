/**
 * Field ownership: which manager wrote which fields, and server-side apply on top of it
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/). A set of fields is a set of paths to leaves, in
 * the notation of fieldsV1: `f:` a field, `k:` an entry of a keyed list, `v:` a member of a set, `.` the entry itself.
 */
import type { KubeObject, ManagedFields } from '../api/object.ts'
import { isRecord, type Json, recordOf, sameJson } from './json.ts'
import type { Merge, Schema } from './resource.ts'

type Path = readonly string[]
/** How parts of an object merge: all of a schema that counts here. */
type Merges = Pick<Schema, 'mergeOf'>

/** A set of paths. */
export class FieldSet {
  readonly #paths = new Map<string, Path>()

  constructor(paths: Iterable<Path> = []) {
    for (const path of paths) this.#paths.set(path.join('\n'), path)
  }

  static parse(fieldsV1: unknown): FieldSet {
    const paths: Path[] = []
    const walk = (node: unknown, path: Path): void => {
      const children = Object.entries(recordOf(node))
      if (children.length === 0 && path.length > 0) paths.push(path)
      for (const [key, child] of children) walk(child, [...path, key])
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
    for (const path of this.paths().sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))) {
      let node = root
      for (const key of path) {
        node[key] ??= {}
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
    .concat(['deletionGracePeriodSeconds', 'managedFields'])
    .map(name => `f:metadata\nf:${name}`),
])

type Leaves = Map<string, readonly [Path, unknown]>

const isUnowned = (path: Path): boolean => path.length <= 2 && UNOWNED.has(path.join('\n'))

/** The leaves of an object, or of what stands in it at `start`, with their values. */
function leavesOf(merges: Merges, object: unknown, start: Path = []): Leaves {
  const leaves: Leaves = new Map()
  const leaf = (path: Path, value: unknown): unknown => leaves.set(path.join('\n'), [path, value])
  const walk = (value: unknown, path: Path): void => {
    if (value === undefined || value === null || isUnowned(path)) return
    const children = childrenOf(merges.mergeOf(path), value)
    if (children === null || (children.length === 0 && path.length > 0)) return void leaf(path, value)
    for (const [key, child] of children) {
      if (key.startsWith('v:')) leaf([...path, key], child)
      else walk(child, [...path, key])
      if (key.startsWith('k:')) leaf([...path, key, '.'], true)
    }
  }
  walk(object, start)
  return leaves
}

/** The leaves that a write changed or brought, and those that it took away; what is the same is not gone into. */
function changesBetween(
  merges: Merges,
  before: KubeObject | null,
  next: KubeObject,
): { changed: Path[]; removed: Path[] } {
  const [changed, removed]: [Path[], Path[]] = [[], []]
  const compare = (old: Leaves, now: Leaves): void => {
    for (const [key, [path, value]] of now) if (!old.has(key) || !sameJson(old.get(key)?.[1], value)) changed.push(path)
    for (const [key, [path]] of old) if (!now.has(key)) removed.push(path)
  }
  const walk = (old: unknown, now: unknown, path: Path): void => {
    if (isUnowned(path) || sameJson(old, now)) return
    const isMap = isRecord(old) && isRecord(now) && Object.keys(old).length > 0 && Object.keys(now).length > 0
    if (!isMap || merges.mergeOf(path).merge === 'atomic') {
      return compare(leavesOf(merges, old, path), leavesOf(merges, now, path))
    }
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
      walk(old[key], now[key], [...path, `f:${key}`])
  }
  walk(before ?? undefined, next, [])
  return { changed, removed }
}

/** The parts of a value that are owned apart, or null when it is owned as a whole. */
function childrenOf(type: Merge, value: unknown): [string, unknown][] | null {
  if (isRecord(value)) {
    return type.merge === 'atomic' ? null : Object.entries(value).map(([key, child]) => [`f:${key}`, child])
  }
  if (!Array.isArray(value) || !mergesEntries(type)) return null
  return value.map(item => [entryKey(type, item), item])
}

/** Lists are atomic unless they are declared otherwise. */
const mergesEntries = (type: Merge): boolean => type.merge === 'map' || type.merge === 'set'

/** `k:{"port":80,"protocol":"TCP"}` of an entry of a keyed list, `v:"x"` of a member of a set. */
function entryKey(type: Merge, item: unknown): string {
  if (type.merge !== 'map') return `v:${JSON.stringify(item)}`
  const keys = Object.entries(type.keys).sort(([a], [b]) => (a < b ? -1 : 1))
  return `k:${JSON.stringify(Object.fromEntries(keys.map(([key, usual]) => [key, recordOf(item)[key] ?? usual])))}`
}

/** Who writes: the name and the way, which together own fields. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: '' | 'status' | 'scale'
  /** RFC 3339, to the second. */
  readonly time: string
}

const isOf = (writer: Writer, entry: ManagedFields): boolean =>
  entry.manager === writer.manager &&
  entry.operation === writer.operation &&
  (entry.subresource ?? '') === writer.subresource

/**
 * The entries with `fields` as what `writer` owns, and `taken` from all others. Order and times stay where nothing
 * changes, so that a write without effect is none; an entry that owns nothing disappears.
 */
function withEntry(
  entries: readonly ManagedFields[],
  writer: Writer,
  fields: FieldSet,
  taken: FieldSet,
): ManagedFields[] {
  const fresh: ManagedFields = {
    manager: writer.manager,
    operation: writer.operation,
    apiVersion: writer.apiVersion,
    time: writer.time,
    fieldsV1: fields.toFieldsV1(),
    ...(writer.subresource === '' ? {} : { subresource: writer.subresource }),
  }
  const updated = entries.flatMap(entry => {
    if (isOf(writer, entry)) {
      if (fields.isEmpty) return []
      return sameJson(entry.fieldsV1, fresh.fieldsV1) ? [entry] : [fresh]
    }
    const owned = FieldSet.parse(entry.fieldsV1)
    const left = owned.minus(taken)
    if (left.isEmpty) return []
    return left.size === owned.size ? [entry] : [{ ...entry, fieldsV1: left.toFieldsV1() }]
  })
  const isNew = !fields.isEmpty && !entries.some(entry => isOf(writer, entry))
  return isNew ? [...updated, fresh] : updated
}

/**
 * The managedFields after a write that is no apply: what it changed is the writer's alone, what it removed nobody's.
 * A non-empty managedFields in `next` is taken as the base, which is how a client gives fields up.
 */
export function fieldsAfterUpdate(
  merges: Merges,
  before: KubeObject | null,
  next: KubeObject,
  writer: Writer,
): ManagedFields[] {
  const { changed, removed } = changesBetween(merges, before, next)
  const given = next.metadata.managedFields ?? []
  const entries = given.length > 0 ? given.filter(entry => entry.manager) : (before?.metadata.managedFields ?? [])
  // Once all ownership is cleared, only an apply starts it again.
  if (before && entries.length === 0) return []
  if (changed.length === 0 && removed.length === 0) return [...entries]
  const own = FieldSet.parse(entries.find(entry => isOf(writer, entry))?.fieldsV1)
  const kept = own.minus(new FieldSet(removed)).plus(new FieldSet(changed))
  return withEntry(entries, writer, kept, new FieldSet([...changed, ...removed]))
}

export interface Applied {
  readonly object: KubeObject
  readonly managedFields: ManagedFields[]
  /** Fields of others that the apply takes; in `object` it has taken them. */
  readonly conflicts: readonly Contested[]
}

/** A field that an apply would take from another manager, in the API server's words. */
export interface Contested {
  /** `"argocd"`, or `"kubectl" using v1` for one that does not apply. */
  readonly owner: string
  /** `.spec.ports[port=80,protocol="TCP"].name` */
  readonly field: string
}

/** Server-side apply of `wanted` on `live` (null: there is nothing yet). */
export function applyFields(merges: Merges, live: KubeObject | null, wanted: KubeObject, writer: Writer): Applied {
  const leaves = leavesOf(merges, wanted)
  const fields = new FieldSet([...leaves.values()].map(([path]) => path))
  const liveLeaves = live ? leavesOf(merges, live) : new Map<string, readonly [Path, unknown]>()
  const entries = live ? (live.metadata.managedFields ?? [beforeFirstApply(liveLeaves, writer)]) : []
  const own = entries.find(entry => isOf(writer, entry))
  const conflicts: Contested[] = []
  const taken: Path[] = []
  for (const entry of entries) {
    if (entry === own) continue
    const theirs = FieldSet.parse(entry.fieldsV1)
    for (const [key, [path, value]] of leaves) {
      if (!theirs.has(path) || sameJson(liveLeaves.get(key)?.[1], value)) continue
      conflicts.push({ owner: ownerIn(entry), field: pathInWords(path) })
      taken.push(path)
    }
  }
  const managedFields = withEntry(entries, writer, fields, new FieldSet(taken))
  const kept = managedFields.reduce((all, entry) => all.plus(FieldSet.parse(entry.fieldsV1)), new FieldSet())
  const dropped = FieldSet.parse(own?.fieldsV1).minus(kept)
  const merged = mergeValues(merges, [], live ?? {}, wanted)
  return {
    object: removeFields(merges, [], merged, dropped, kept) as KubeObject,
    managedFields,
    conflicts,
  }
}

/** What nobody was seen to write belongs to one name, so that a first apply does not take it in silence. */
function beforeFirstApply(leaves: ReadonlyMap<string, readonly [Path, unknown]>, writer: Writer): ManagedFields {
  const fieldsV1 = new FieldSet([...leaves.values()].map(([path]) => path)).toFieldsV1()
  return {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: writer.apiVersion,
    time: writer.time,
    fieldsV1,
  }
}

function ownerIn({ manager = '', operation, apiVersion }: ManagedFields): string {
  return operation === 'Apply' ? JSON.stringify(manager) : `${JSON.stringify(manager)} using ${apiVersion}`
}

function pathInWords(path: Path): string {
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

function mergeValues(merges: Merges, path: Path, live: unknown, wanted: unknown): unknown {
  const type = merges.mergeOf(path)
  if (isRecord(wanted) && type.merge !== 'atomic') {
    const merged: Json = { ...recordOf(live) }
    for (const [key, value] of Object.entries(wanted)) {
      if (value !== undefined) merged[key] = mergeValues(merges, [...path, `f:${key}`], merged[key], value)
    }
    return merged
  }
  if (!Array.isArray(wanted) || !Array.isArray(live) || !mergesEntries(type)) return wanted
  const wantedByKey = new Map(wanted.map(item => [entryKey(type, item), item as unknown]))
  const merged = live.map(item => {
    const key = entryKey(type, item)
    const match = wantedByKey.get(key)
    wantedByKey.delete(key)
    return match === undefined ? item : mergeValues(merges, [...path, key], item, match)
  })
  return [...merged, ...wantedByKey.values()]
}

/** Takes `dropped` out; a container that this leaves empty goes too, unless somebody owns something in it. */
function removeFields(merges: Merges, path: Path, value: unknown, dropped: FieldSet, kept: FieldSet): unknown {
  const children = childrenOf(merges.mergeOf(path), value)
  if (dropped.isEmpty || children === null) return value
  const left = children.flatMap(([key, child]): [string, unknown][] => {
    const here = [...path, key]
    if (dropped.has(here)) return []
    if (dropped.has([...here, '.']) && !kept.paths().some(one => here.every((step, i) => one[i] === step))) return []
    const rest = removeFields(merges, here, child, dropped, kept)
    return rest === undefined ? [] : [[key, rest]]
  })
  if (left.length === 0 && children.length > 0) return undefined
  return Array.isArray(value)
    ? left.map(([, child]) => child)
    : Object.fromEntries(left.map(([key, child]) => [key.slice(2), child]))
}
