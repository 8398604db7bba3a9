/**
 * Fields of a status that the API server does not store, because its definition of Canaries is older than this controller: they are
 * compared with nothing, else each pass would find them missing and write them again.
 */
import type { CanaryStatus } from '../../api/status.ts'
import { entryOf, isRecord, type Json } from '../json.ts'

/** By name; null: the field as a whole, else what is missing within it. The elements of a list are taken together. */
export type PrunedFields = ReadonlyMap<string, PrunedFields | null>

export const NO_PRUNED_FIELDS: PrunedFields = new Map()

/** The fields that were sent and are not stored. */
export function prunedFields(sent: Json, stored: Json): PrunedFields {
  const pruned = new Map<string, PrunedFields | null>()
  for (const [name, value] of Object.entries(sent)) {
    if (value === undefined || value === null) continue
    const kept = entryOf(stored, name)
    const inner = kept === undefined ? null : within(value, kept)
    if (inner === null || inner.size > 0) pruned.set(name, inner)
  }
  return pruned
}

function within(sent: unknown, stored: unknown): PrunedFields {
  if (isRecord(sent) && isRecord(stored)) return prunedFields(sent, stored)
  if (!Array.isArray(sent) || !Array.isArray(stored)) return NO_PRUNED_FIELDS
  return sent.map((one, index) => within(one, stored[index])).reduce(both, NO_PRUNED_FIELDS)
}

function both(one: PrunedFields, other: PrunedFields): PrunedFields {
  const all = new Map(one)
  for (const [name, inner] of other) {
    const known = all.get(name)
    all.set(name, inner === null || known === null ? null : both(known ?? NO_PRUNED_FIELDS, inner))
  }
  return all
}

/** The status as it would be stored. */
export function withoutPruned(status: CanaryStatus, pruned: PrunedFields): CanaryStatus {
  return pruned.size === 0 ? status : stripped(status, pruned)
}

function stripped(value: Json, pruned: PrunedFields): Json {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      const missing = pruned.get(name)
      if (missing === null) return []
      return [[name, missing === undefined ? inner : strippedWithin(inner, missing)]]
    }),
  )
}

function strippedWithin(value: unknown, pruned: PrunedFields): unknown {
  if (Array.isArray(value)) return value.map(one => strippedWithin(one, pruned))
  return isRecord(value) ? stripped(value, pruned) : value
}
