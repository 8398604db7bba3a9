/**
 * Field ownership: which manager wrote which fields, and server-side apply on top of it
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
 */
import type { KubeObject, ManagedFields } from '../../src/api/object.ts'
import {
  bySet,
  changesBetween,
  childrenOf,
  claimedBy,
  entryKey,
  FieldSet,
  inWords,
  type Merges,
  mergesEntries,
  type Path,
} from './field-set.ts'
import type { Contested } from '../answers.ts'
import { isRecord, type Json, recordOf, withoutUndefined } from '../json.ts'
import type { Merge } from '../resource.ts'

/** Who writes: the name and the way, which together own fields. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: '' | 'status' | 'scale'
  /** RFC 3339, to the second; what is scaled has none. */
  readonly time?: string
}

const isOf = (writer: Writer, entry: ManagedFields): boolean =>
  entry.manager === writer.manager &&
  entry.operation === writer.operation &&
  (entry.subresource ?? '') === writer.subresource

function entryOf({ subresource, time, ...writer }: Writer, fields: FieldSet): ManagedFields {
  return {
    manager: writer.manager,
    operation: writer.operation,
    apiVersion: writer.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields.toFieldsV1(),
    ...(subresource === '' ? {} : { subresource }),
  }
}

/**
 * The entries with `fields` as what `writer` owns, and without `taken` in all others. Order and times stay where nothing
 * changes; an entry that owns nothing disappears.
 */
function withEntry(
  entries: readonly ManagedFields[],
  writer: Writer,
  fields: FieldSet,
  taken: FieldSet,
): ManagedFields[] {
  const own = entryOf(writer, fields)
  const updated = entries.flatMap(entry => {
    if (isOf(writer, entry)) return fields.isEmpty ? [] : [own]
    const owned = FieldSet.parse(entry.fieldsV1)
    const left = owned.minus(taken)
    if (left.isEmpty) return []
    return left.size === owned.size ? [entry] : [{ ...entry, fieldsV1: left.toFieldsV1() }]
  })
  const isNew = !fields.isEmpty && !entries.some(entry => isOf(writer, entry))
  return isNew ? [...updated, own] : updated
}

/** The writer as of then, and not of now. */
function asOf({ manager, operation, apiVersion, subresource }: Writer, entry: ManagedFields | undefined): Writer {
  const writer = { manager, operation, apiVersion, subresource }
  return entry?.time === undefined ? writer : { ...writer, time: entry.time }
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
  const given = next.metadata.managedFields?.every(isSound) === true ? next.metadata.managedFields : []
  const entries = given.length > 0 ? given.filter(entry => entry.manager) : (before?.metadata.managedFields ?? [])
  // Once all ownership is cleared, only an apply starts it again.
  if (before && entries.length === 0) return []
  if (changed.isEmpty && removed.isEmpty) return [...entries]
  const own = entries.find(entry => isOf(writer, entry))
  const kept = FieldSet.parse(own?.fieldsV1).minus(removed).plus(changed)
  return withEntry(entries, changed.isEmpty ? asOf(writer, own) : writer, kept, changed.plus(removed))
}

/** An entry that cannot be read spoils all that a client gives; the empty one clears. */
function isSound({ operation, fieldsType, manager }: ManagedFields): boolean {
  if (manager === undefined && operation === undefined) return true
  return (operation === 'Apply' || operation === 'Update') && fieldsType === 'FieldsV1'
}

export interface Applied {
  readonly object: KubeObject
  readonly managedFields: ManagedFields[]
  /** Fields of others that the apply takes; in `object` it has taken them. */
  readonly conflicts: readonly Contested[]
}

/** Server-side apply of `wanted` on `live` (null: there is nothing yet). */
export function applyFields(merges: Merges, live: KubeObject | null, wanted: KubeObject, writer: Writer): Applied {
  const fields = claimedBy(merges, wanted)
  if (live === null)
    return {
      object: withoutUndefined(wanted) as KubeObject,
      managedFields: withEntry([], writer, fields, fields),
      conflicts: [],
    }
  const entries = live.metadata.managedFields ?? [beforeFirstApply(merges, live, writer)]
  const own = entries.find(entry => isOf(writer, entry))
  const others = entries.filter(entry => entry !== own)
  const kept = others.reduce((all, entry) => all.plus(FieldSet.parse(entry.fieldsV1)), fields)
  const merged = mergeValues(merges, [], live, wanted)
  const object = removeFields(merges, [], merged, FieldSet.parse(own?.fieldsV1), kept) as KubeObject
  const { changed, removed } = changesBetween(merges, live, object)
  const conflicts = others.flatMap(entry => {
    const theirs = FieldSet.parse(entry.fieldsV1)
    const taken = changed.paths().filter(path => theirs.has(path))
    return taken.sort(bySet).map(path => ({ owner: ownerIn(entry), field: inWords(path) }))
  })
  // Who only agrees with what is there has written nothing, and has no time of it.
  const as = changed.isEmpty && removed.isEmpty ? asOf(writer, own) : writer
  return { object, managedFields: withEntry(entries, as, fields, changed.plus(removed)), conflicts }
}

/** What nobody was seen to write belongs to one name, so that a first apply does not take it in silence. */
function beforeFirstApply(merges: Merges, live: KubeObject, { apiVersion, time = '' }: Writer): ManagedFields {
  const writer = { manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: '', time } as const
  return entryOf(writer, changesBetween(merges, null, live).changed)
}

function ownerIn({ manager = '', operation, apiVersion, subresource }: ManagedFields): string {
  const way = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`
  return `${JSON.stringify(manager)}${way}${operation === 'Apply' ? '' : ` using ${apiVersion}`}`
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
  // Who says null claims the field, and nothing in it.
  if (wanted === null && isRecord(live) && type.merge !== 'atomic') return live
  if (!Array.isArray(wanted) || !Array.isArray(live) || !mergesEntries(type)) return wanted
  return mergeEntries(merges, path, type, live, wanted)
}

/** What is wanted in the order in which it is, and before each entry the others that stand there. */
function mergeEntries(
  merges: Merges,
  path: Path,
  type: Merge,
  live: readonly unknown[],
  wanted: readonly unknown[],
): unknown[] {
  const [there, asked] = [live.map(item => entryKey(type, item)), wanted.map(item => entryKey(type, item))]
  const merged: unknown[] = []
  let next = 0
  const pass = (isDone: (key: string) => boolean): void => {
    for (; next < there.length && !isDone(there[next] ?? ''); next++) {
      if (!asked.includes(there[next] ?? '')) merged.push(live[next])
    }
  }
  for (const [i, key] of asked.entries()) {
    const place = there.indexOf(key)
    pass(place < 0 ? other => asked.includes(other) : other => other === key)
    if (place === next) next++
    merged.push(mergeValues(merges, [...path, key], live[place], wanted[i]))
  }
  pass(() => false)
  return merged
}

/** Takes out what was `owned` and is not `kept` by anybody; what this leaves empty goes too. */
function removeFields(merges: Merges, path: Path, value: unknown, owned: FieldSet, kept: FieldSet): unknown {
  const children = childrenOf(merges.mergeOf(path), value)
  if (children === null || (path.length > 0 && !owned.reaches(path))) return value
  const left = children.flatMap(([key, child]): [string, unknown][] => {
    const here = [...path, key]
    if (owned.has(here) && !kept.reaches(here)) return []
    const rest = removeFields(merges, here, child, owned, kept)
    return rest === undefined ? [] : [[key, rest]]
  })
  if (left.length === 0 && children.length > 0 && !kept.has(path)) return undefined
  return Array.isArray(value)
    ? left.map(([, child]) => child)
    : Object.fromEntries(left.map(([key, child]) => [key.slice(2), child]))
}
