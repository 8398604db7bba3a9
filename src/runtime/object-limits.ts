/**
 * What is kept of an object that cannot be kept as it is: nested too deep, or larger than its kind may be. A user decides
 * both, and one such object must stay the trouble of those who use it: recursion over 10,000 levels ends the call stack (the
 * API server takes objects so deep), and would end the watch of the whole kind with it.
 */
import { kindKey, kinds, type Kind, type KubeObject } from '../api/object.ts'
import { type Json, present, textOf } from '../core/json.ts'

/** Of memory. */
export type Bytes = number

/** Levels of records and lists. What people write has 15 at most: a pod's affinity in a template. */
export const DEEPEST = 64

/**
 * Bytes of JSON by `kindKey`, for the kinds that only Sluice reads; for the others what etcd stores is the bound. A Canary
 * with all its lists full has some 60 KiB.
 */
export const LARGEST: Readonly<Record<string, number>> = {
  [kindKey(kinds.Canary)]: 256 * 1024,
  [kindKey(kinds.MetricTemplate)]: 128 * 1024,
  [kindKey(kinds.AlertProvider)]: 64 * 1024,
}

/** Field of what is kept instead: why. */
const REFUSED = 'refusedBySluice'

/** Why only the identity of this object is known: `it is …`; null for objects that were kept. */
export function refusalOf(object: KubeObject): string | null {
  return textOf(object[REFUSED]) || null
}

/** `transform`, and a bound around it: what it cannot take, or makes too much of, is its identity and a sentence. */
export function bounded(kind: Kind, transform: (object: KubeObject) => KubeObject): (object: KubeObject) => KubeObject {
  const largest = LARGEST[kindKey(kind)] ?? Number.POSITIVE_INFINITY
  return object => {
    const status = { status: object['status'] }
    const because = excess(object, largest)
    if (because === null) {
      try {
        return transform(object)
      } catch (error) {
        return refused(object, `it cannot be read (${error instanceof Error ? error.message : String(error)})`, status)
      }
    }
    return refused(object, because, excess(status, largest) === null ? status : {})
  }
}

/** Why a value is too much; null when it is not. managedFields mirror the object, and of them little is kept. */
function excess(value: Json, largest: number): string | null {
  let bytes = 0
  /** Whether it is deeper than may be; stops there, so that the recursion is bounded. */
  const deep = (part: unknown, level: number): boolean => {
    if (typeof part === 'string') bytes += part.length + 2
    else if (typeof part !== 'object' || part === null) bytes += 5
    else if (level > DEEPEST) return true
    else if (Array.isArray(part)) return part.some(item => deep(item, level + 1))
    else {
      for (const [key, member] of Object.entries(part)) {
        if (key === 'managedFields' && level === 2) continue
        bytes += key.length + 4
        if (deep(member, level + 1)) return true
      }
    }
    return false
  }
  if (deep(value, 1)) return `it is nested deeper than ${DEEPEST} levels, the most that Sluice reads`
  if (bytes <= largest) return null
  return `it has ${Math.ceil(bytes / 1024)} KiB, and Sluice reads ${largest / 1024} KiB at most`
}

/** Labels and finalizers of an identity; more of them, which a user may write, would be what the limit is about. */
const MOST_IDENTITY: Bytes = 16 * 1024

/** The identity of an object for which there is no room; a Canary keeps the status that the sentence goes into. */
export function withoutRoom(object: KubeObject, because: string): KubeObject {
  return refused(object, because, object.kind === 'Canary' ? { status: object['status'] } : {})
}

/** Bytes of heap that a value takes in V8, roughly. Objects as they are kept, which are not nested too deep. */
export function memoryOf(value: unknown): Bytes {
  if (typeof value === 'string') return 16 + value.length * (WIDE.test(value) ? 2 : 1)
  // The pointer, or a small number, is in what it belongs to.
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<Bytes>((sum, item) => sum + 8 + memoryOf(item), 32)
  let bytes = 56
  for (const [key, member] of Object.entries(value)) bytes += key.length + 8 + memoryOf(member)
  return bytes
}

/** One such character makes all of a text take two bytes each. */
const WIDE = /[\u0100-\uffff]/

/** The identity, and the status that the sentence goes into. */
function refused(object: KubeObject, because: string, status: Json): KubeObject {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp } = object.metadata
  const { labels, finalizers } = object.metadata
  const isSmall = memoryOf({ labels, finalizers }) <= MOST_IDENTITY
  const known = isSmall ? { labels, finalizers } : {}
  const rest = { namespace, uid, resourceVersion, generation, deletionTimestamp, ...known }
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...present(rest) },
    ...status,
    [REFUSED]: because,
  }
}
