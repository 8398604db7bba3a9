/** Plain JSON as the API server sends it: reading what may be absent, comparing, and naming a value by its content. */

export type Json = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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
  return keys.reduce<unknown>((found, key) => recordOf(found)[key], value)
}

/** The text entries of a record: labels, annotations, selectors. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(recordOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(texts)
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
  const members = Object.keys(value)
    .filter(key => value[key] !== undefined && value[key] !== null)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}

export function sameJson(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}

/**
 * Whether `live` says everything that `wanted` says. Members that only `live` has are the server's defaults or somebody
 * else's; a list must have the same length, for lists have no members of others.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return true
  if (Array.isArray(wanted)) {
    return Array.isArray(live) && live.length === wanted.length && wanted.every((item, i) => covers(live[i], item))
  }
  if (!isRecord(wanted)) return live === wanted
  return isRecord(live) && Object.entries(wanted).every(([key, value]) => covers(live[key], value))
}

/**
 * 16 hex digits that change with the content. Two lanes of FNV-1a, 32 bits each
 * (http://www.isthe.com/chongo/tech/comp/fnv/): it tells an object that we rendered from one that we render now, where
 * nobody gains from a collision; revisions are sha256.
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
