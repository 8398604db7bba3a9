/** Plain JSON: how the playground copies, compares and changes it. */
export { at, listOf } from '../src/core/json.ts'

export type Json = Record<string, unknown>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `value` if it is a record, else an empty one: for reading what may be absent. */
export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {}
}

/** `value` if it is a string, else `otherwise`. */
export function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

/** A copy that shares nothing: of JSON, and so several times faster than structuredClone. */
export function copyOf<T>(value: T): T {
  return withoutUndefined(value) as T
}

/** A copy that nobody can change, which shares what is such a copy already. */
export function frozen<T>(value: T): T
export function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map(item => frozen<unknown>(item)))
  const copy: Json = {}
  for (const key in value) {
    const member: unknown = Reflect.get(value, key)
    if (member !== undefined) copy[key] = frozen(member)
  }
  return Object.freeze(copy)
}

/** `next`, with `before` itself in every place where the two say the same: what is shared is quickly compared. */
export function sharing<T>(before: unknown, next: T): T
export function sharing(before: unknown, next: unknown): unknown {
  if (before === next) return next
  if (Array.isArray(next)) {
    if (!Array.isArray(before)) return next
    const items = next.map((item, i) => sharing<unknown>(before[i], item))
    return items.length === before.length && items.every((item, i) => item === before[i]) ? before : items
  }
  if (!isRecord(next) || !isRecord(before)) return next
  const members: Json = {}
  let same = true
  for (const key in next) {
    const member = sharing<unknown>(before[key], next[key])
    same &&= member === before[key]
    members[key] = member
  }
  for (const key in before) same &&= key in next
  return same ? before : members
}

/** Equal as JSON: an undefined member is an absent one, and the order of keys does not matter. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, i) => sameJson(item, other[i]))
  }
  if (!isRecord(one) || !isRecord(other)) return Number.isNaN(one) && Number.isNaN(other)
  for (const key in one) if (!sameJson(one[key], other[key])) return false
  for (const key in other) if (other[key] !== undefined && one[key] === undefined) return false
  return true
}

/** As it would look after a trip over the wire. */
export function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (!isRecord(value)) return value
  const copy: Json = {}
  for (const key in value) {
    const member = value[key]
    if (member !== undefined) copy[key] = typeof member === 'object' ? withoutUndefined(member) : member
  }
  return copy
}

/** With the keys of all records sorted. */
export function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, one]) => [key, withSortedKeys(one)]))
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return copyOf(patch)
  const merged: Json = { ...recordOf(target) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else if (value !== undefined) merged[key] = mergePatch(merged[key], value)
  }
  return merged
}
