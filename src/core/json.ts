/** Plain JSON as the API server sends it: reading what may be absent, comparing, and naming a value by its content. */

export type Json = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The entry under a key that a user may have chosen, or undefined. Every record inherits a `constructor` and a `__proto__`, so
 * such keys are never read by `record[key]`, and never written by `record[key] = …`: `Object.fromEntries`
 * and `{ [key]: … }` make own entries of any name.
 */
export function entryOf<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}

/** `value` if it is a record, else an empty one. */
export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {}
}

/** `value` if it is a list, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The records of a list; what is none is left out. */
export function recordsOf(value: unknown): readonly Json[] {
  return listOf(value).filter(isRecord)
}

/** What is found along `keys`, or undefined. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) {
    if (!isRecord(found)) return undefined
    found = entryOf(found, key)
  }
  return found
}

/** The text entries of a record: labels, annotations, selectors. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string'
  return Object.fromEntries(Object.entries(recordOf(value)).filter(isText))
}

/** A number, or what stands for its absence. */
export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

/** A text, or the empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The record without the entries whose value is undefined: what a spec leaves out is left out of an object. */
export function present(record: Json): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

/**
 * JSON with its keys in order. A member that is null or undefined is left out, for Kubernetes means the same by all three
 * (and stopped writing `creationTimestamp: null` in one of its releases).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value ?? null)
  let members = ''
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member === undefined || member === null) continue
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

/** Whether two values have the same canonical JSON, told without writing it. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, i) => sameJson(item, other[i]))
  }
  if (!isRecord(one) || !isRecord(other)) return (one ?? null) === (other ?? null)
  for (const key of Object.keys(one)) {
    if (!sameJson(one[key], Object.hasOwn(other, key) ? other[key] : null)) return false
  }
  return Object.keys(other).every(key => Object.hasOwn(one, key) || (other[key] ?? null) === null)
}

/**
 * Whether `live` says everything that `wanted` says. Members that only `live` has are the server's defaults or those of other
 * clients; a list must have the same length, because lists have no members of others.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return true
  if (Array.isArray(wanted)) {
    return Array.isArray(live) && live.length === wanted.length && wanted.every((item, i) => covers(live[i], item))
  }
  if (!isRecord(wanted)) return live === wanted
  return isRecord(live) && Object.entries(wanted).every(([key, value]) => covers(entryOf(live, key), value))
}

/**
 * 16 hex digits that change with the content. Two lanes of FNV-1a, 32 bits each
 * (http://www.isthe.com/chongo/tech/comp/fnv/): it tells an object that we rendered from one that we render now, where
 * no client gains from a collision; revisions are sha256.
 */
export function fingerprint(value: unknown): string {
  const text = canonicalJson(value)
  let forth = 0x811c9dc5
  let back = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) {
    forth = Math.imul(forth ^ text.charCodeAt(i), 0x01000193)
    back = Math.imul(back ^ text.charCodeAt(text.length - 1 - i), 0x01000193)
  }
  return [forth, back].map(lane => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
