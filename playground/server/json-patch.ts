/** JSON patches (RFC 6902). */
import { Refusal } from '../answers.ts'
import { copyOf, isRecord, sameJson } from '../json.ts'

export interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** What the API server answers to a JSON patch that does not fit, whatever the cause. */
const misfit = (): Refusal =>
  new Refusal({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  })

/** @throws ApiError 422 when a `test` fails, a path leads nowhere, or an operation is none. */
export function jsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce((patched: unknown, operation) => {
    const { op, path, value } = operation
    switch (op) {
      case 'add':
      case 'replace':
        return changeAt(patched, keysOf(path), op, () => copyOf(value))
      case 'remove':
        return changeAt(patched, keysOf(path), op, () => REMOVED)
      case 'test':
        if (!sameJson(valueAt(patched, keysOf(path)), value)) throw misfit()
        return patched
      case 'copy':
      case 'move': {
        const from = keysOf(operation.from)
        const moved = valueAt(patched, from)
        const left = op === 'move' ? changeAt(patched, from, 'remove', () => REMOVED) : patched
        return changeAt(left, keysOf(path), 'add', () => copyOf(moved ?? null))
      }
      default:
        throw misfit()
    }
  }, document)
}

const REMOVED = Symbol('removed')

function keysOf(pointer: unknown): string[] {
  if (typeof pointer !== 'string' || !/^(\/|$)/.test(pointer)) throw misfit()
  return pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What stands at a path; undefined where only its last step is missing. */
function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value
  if (Array.isArray(value)) return valueAt(value[placeIn(value, key, value.length - 1)], rest)
  if (!isRecord(value) || (!(key in value) && rest.length > 0)) throw misfit()
  return valueAt(value[key], rest)
}

function changeAt(
  value: unknown,
  [key, ...rest]: readonly string[],
  op: 'add' | 'replace' | 'remove',
  change: () => unknown,
): unknown {
  if (key === undefined) return change()
  const isLast = rest.length === 0
  const adds = op === 'add' && isLast
  if (Array.isArray(value)) {
    const place = placeIn(value, key, adds ? value.length : value.length - 1)
    const next = changeAt(adds ? undefined : value[place], rest, op, change)
    return value.toSpliced(place, adds ? 0 : 1, ...(next === REMOVED ? [] : [next]))
  }
  // As the API server, which replaces what is not there in maps, though the RFC forbids it.
  const mayMiss = isLast && op !== 'remove'
  if (!isRecord(value) || (!(key in value) && !mayMiss)) throw misfit()
  const { [key]: old, ...others } = value
  const next = changeAt(old, rest, op, change)
  return next === REMOVED ? others : { ...others, [key]: next }
}

/** The place of an entry: a number, counted from the end when it is negative, or `-` for the one after the last. */
function placeIn(list: readonly unknown[], key: string, last: number): number {
  const place = key === '-' ? list.length : /^-?(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN
  const counted = place < 0 ? place + list.length : place
  if (counted >= 0 && counted <= last) return counted
  throw misfit()
}
