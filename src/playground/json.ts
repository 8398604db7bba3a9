/** Plain JSON: how the playground copies, compares and changes it. */
import { ApiError } from '../core/errors.ts'
import type { PatchOperation } from '../core/write.ts'

export type Json = Record<string, unknown>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `value` if it is a record, else an empty one: for reading what may be absent. */
export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** `value` if it is a string, else `otherwise`. */
export function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

/** What is found along `keys`, or undefined. */
export function at(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((found, key) => recordOf(found)[key], value)
}

/** A copy that shares nothing: of JSON, and so several times faster than structuredClone. */
export function copyOf<T>(value: T): T {
  return withoutUndefined(value) as T
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

/** What the API server answers to a JSON patch that does not fit, whatever the cause. */
const misfit = (): ApiError =>
  new ApiError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  })

/**
 * RFC 6902: the operations that Sluice writes.
 *
 * @throws ApiError 422 when a `test` fails or a path leads nowhere.
 */
export function jsonPatch(document: unknown, operations: readonly PatchOperation[]): unknown {
  return operations.reduce((patched, operation) => {
    const keys = operation.path.split('/').slice(1)
    return patchAt(
      patched,
      keys.map(key => key.replaceAll('~1', '/').replaceAll('~0', '~')),
      operation,
    )
  }, document)
}

function patchAt(value: unknown, keys: readonly string[], operation: PatchOperation): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return patchHere(value, operation)
  if (Array.isArray(value)) {
    const index = key === '-' ? value.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN
    const inserts = rest.length === 0 && operation.op === 'add'
    if (!(index < value.length || (inserts && index === value.length))) throw misfit()
    const next = patchAt(inserts ? undefined : value[index], rest, operation)
    return value.toSpliced(index, inserts ? 0 : 1, ...(next === REMOVED ? [] : [next]))
  }
  if (!isRecord(value)) throw misfit()
  if (!(key in value) && !(rest.length === 0 && operation.op === 'add')) throw misfit()
  const { [key]: old, ...others } = value
  const next = patchAt(old, rest, operation)
  return next === REMOVED ? others : { ...others, [key]: next }
}

const REMOVED = Symbol('removed')

function patchHere(value: unknown, { op, value: given }: PatchOperation): unknown {
  if (op === 'remove') return REMOVED
  if (op !== 'test') return copyOf(given)
  if (!sameJson(value, given)) throw misfit()
  return value
}
