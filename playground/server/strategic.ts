/**
 * Strategic merge patch (https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md):
 * as a merge patch, but lists whose entries have a key are merged entry by entry, and directives say what goes.
 */
import { ApiError } from '../../src/core/errors.ts'
import { copyOf, isRecord, type Json, listOf, recordOf, sameJson } from '../json.ts'
import type { Schema } from '../resource.ts'

const DELETE_FROM = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

/** @throws ApiError 500, as the API server, for a directive that does not exist and an entry without its key. */
export function strategicMerge(schema: Schema, target: unknown, patch: Json): unknown {
  return mergeMaps(schema, [], recordOf(target), patch)
}

type Path = readonly string[]

const unreadable = (message: string): ApiError => new ApiError({ code: 500, reason: '', message })

function mergeMaps(schema: Schema, path: Path, target: Json, patch: Json): Json {
  const { $patch: directive, $retainKeys: retained, ...changes } = patch
  if (directive === 'replace') return withoutNulls(changes)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge')
    throw unreadable(`unknown patch type: ${JSON.stringify(directive)}`)
  const kept = Array.isArray(retained)
    ? Object.entries(target).filter(([key]) => retained.includes(key))
    : Object.entries(target)
  const merged: Json = Object.fromEntries(kept)
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith(ORDER)) continue
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length)
      merged[field] = listOf(merged[field]).filter(item => !listOf(value).some(gone => sameJson(gone, item)))
    } else if (value === null) delete merged[key]
    // A directive acts on what is there; where there is nothing, the API server drops it and its map.
    else if (isRecord(value) && '$patch' in value && !(key in merged)) continue
    else merged[key] = mergeAny(schema, [...path, `f:${key}`], merged[key], value, changes[`${ORDER}${key}`])
  }
  // An order may also stand alone, where nothing else of its list changes.
  for (const [key, order] of Object.entries(changes)) {
    const field = key.startsWith(ORDER) ? key.slice(ORDER.length) : ''
    if (field === '' || field in changes || !Array.isArray(merged[field])) continue
    merged[field] = inOrder(merged[field], listOf(order), merged[field], schema.patchKeyOf([...path, `f:${field}`]))
  }
  return merged
}

/** @param order of the entries that the patch names; without it, as they stand in the patch. */
function mergeAny(schema: Schema, path: Path, target: unknown, patch: unknown, order: unknown): unknown {
  if (isRecord(patch)) return mergeMaps(schema, path, recordOf(target), patch)
  if (!Array.isArray(patch)) return copyOf(patch)
  const key = schema.patchKeyOf(path)
  const live = listOf(target)
  const named = Array.isArray(order) ? order : patch
  if (key !== null) return inOrder(mergeLists(schema, path, live, patch, key), named, live, key)
  return mergesSets(schema, path, patch) ? inOrder([...new Set([...live, ...patch])], named, live, null) : copyOf(patch)
}

/** Lists of plain values that merge, such as finalizers. */
function mergesSets(schema: Schema, path: Path, patch: readonly unknown[]): boolean {
  return schema.mergeOf(path).merge === 'set' && !patch.some(isRecord)
}

function mergeLists(
  schema: Schema,
  path: Path,
  target: readonly unknown[],
  patch: readonly unknown[],
  key: string,
): unknown[] {
  const entries = patch.map(recordOf)
  if (entries.some(entry => entry['$patch'] === 'replace')) {
    return entries.filter(entry => entry['$patch'] !== 'replace').map(withoutNulls)
  }
  const merged = [...target]
  for (const entry of entries) {
    if (!(key in entry)) throw unreadable(`map: ${JSON.stringify(entry)} does not contain declared merge key: ${key}`)
    const place = merged.findIndex(item => sameJson(recordOf(item)[key], entry[key]))
    if (entry['$patch'] === 'delete') {
      if (place >= 0) merged.splice(place, 1)
      continue
    }
    // The steps below an entry are named by its key; schemas ask only for the list's own path.
    const here = [...path, `k:${JSON.stringify({ [key]: entry[key] })}`]
    if (place >= 0) merged[place] = mergeMaps(schema, here, recordOf(merged[place]), entry)
    else merged.push(mergeMaps(schema, here, {}, entry))
  }
  return merged
}

/** What the order names, in that order, and between it the rest: each before the first that it stood before. */
function inOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  key: string | null,
): unknown[] {
  const isSame = (one: unknown, other: unknown): boolean =>
    key === null ? sameJson(one, other) : sameJson(recordOf(one)[key], recordOf(other)[key])
  const placeIn = (list: readonly unknown[], item: unknown): number => list.findIndex(one => isSame(one, item))
  const named = items.filter(item => placeIn(order, item) >= 0).sort((a, b) => placeIn(order, a) - placeIn(order, b))
  const rest = items.filter(item => placeIn(order, item) < 0)
  const sorted: unknown[] = []
  for (const item of named) {
    const stood = placeIn(live, item)
    const until = rest.findIndex(one => placeIn(live, one) >= stood)
    sorted.push(...rest.splice(0, until < 0 && stood >= 0 ? rest.length : Math.max(0, until)), item)
  }
  return [...sorted, ...rest]
}

function withoutNulls(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([key, member]) => member !== null && key !== '$patch'))
}
