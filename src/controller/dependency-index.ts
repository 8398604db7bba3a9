/**
 * Which canaries depend on which objects: what a canary has read, or would have read had it existed, wakes it.
 *
 * An interest is kept as a 32-bit hash of its name, and a canary as a small number: V8 stores both in place, without an
 * object. A resting canary has about 50 interests, most of them its own; as strings in Sets of one they took 17 KiB a canary,
 * which was more than all of its objects (measured with 2,000). Two interests may have the same hash: then a canary is
 * woken once too often, which costs one pass, and is never left asleep.
 */
import { kindKey, refKey, refOf, type Kind, type KubeObject } from '../api/object.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import { indexes } from './kinds.ts'

/** Name of a key of an index, as an interest. */
export const indexInterest = (kind: Kind, index: string, key: string): string => `${kindKey(kind)}:${index}:${key}`

/** Whether all objects of a namespace are kept, as an interest. */
export const lackInterest = (namespace: string): string => `lack:${namespace}`

export class DependencyIndex {
  /** Hash of an interest → the number of the canary, or the numbers where there are several. */
  readonly #byInterest = new Map<number, number | Set<number>>()
  /** Number of a canary → its hashes, in ascending order. */
  readonly #byCanary = new Map<number, readonly number[]>()
  readonly #numbers = new Map<string, number>()
  readonly #names = new Map<number, string>()
  #next = 0

  /** From now on these, and nothing else, wake the canary. */
  set(canary: string, interests: ReadonlySet<string>): void {
    const number = this.#numberOf(canary)
    const before = this.#byCanary.get(number) ?? []
    const now = [...new Set(Array.from(interests, hashOf))].sort((a, b) => a - b)
    if (before.length === now.length && now.every((hash, i) => hash === before[i])) return
    const kept = new Set(now)
    for (const hash of before) if (!kept.has(hash)) this.#leave(hash, number)
    for (const hash of now) this.#enter(hash, number)
    this.#byCanary.set(number, now)
  }

  forget(canary: string): void {
    const number = this.#numbers.get(canary)
    if (number === undefined) return
    for (const hash of this.#byCanary.get(number) ?? []) this.#leave(hash, number)
    this.#byCanary.delete(number)
    this.#numbers.delete(canary)
    this.#names.delete(number)
  }

  /** The canaries that a change of an object concerns, and rarely one more. */
  concerned(before: KubeObject | undefined, now: KubeObject | undefined, kind: Kind): Set<string> {
    const object = now ?? before
    const canaries = new Set<string>()
    if (object === undefined) return canaries
    const wake = (interest: string): void => {
      const found = this.#byInterest.get(hashOf(interest))
      for (const number of typeof found === 'number' ? [found] : (found ?? [])) {
        const name = this.#names.get(number)
        if (name !== undefined) canaries.add(name)
      }
    }
    wake(refKey(refOf(kind, object)))
    if ([before, now].some(one => one !== undefined && refusalOf(one) !== null)) {
      wake(lackInterest(object.metadata.namespace ?? ''))
    }
    for (const index of indexes) {
      if (kindKey(index.kind) !== kindKey(kind)) continue
      const keys = new Set([
        ...(before === undefined ? [] : index.of(before)),
        ...(now === undefined ? [] : index.of(now)),
      ])
      for (const key of keys) wake(indexInterest(kind, index.name, key))
    }
    return canaries
  }

  #numberOf(canary: string): number {
    const known = this.#numbers.get(canary)
    if (known !== undefined) return known
    this.#next += 1
    this.#numbers.set(canary, this.#next)
    this.#names.set(this.#next, canary)
    return this.#next
  }

  #enter(hash: number, number: number): void {
    const found = this.#byInterest.get(hash)
    if (found === undefined) this.#byInterest.set(hash, number)
    else if (typeof found !== 'number') found.add(number)
    else if (found !== number) this.#byInterest.set(hash, new Set([found, number]))
  }

  #leave(hash: number, number: number): void {
    const found = this.#byInterest.get(hash)
    if (found === number) this.#byInterest.delete(hash)
    else if (found instanceof Set && found.delete(number) && found.size === 0) this.#byInterest.delete(hash)
  }
}

/** FNV-1a of the UTF-16 code units (http://www.isthe.com/chongo/tech/comp/fnv/), as a signed 32-bit number. */
function hashOf(interest: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < interest.length; i += 1) hash = Math.imul(hash ^ interest.charCodeAt(i), 0x01000193)
  return hash | 0
}
