/**
 * Values that many objects of a cluster have in common, kept once. The pod template of a Deployment is in each of its
 * ReplicaSets, in our record of it, and in the primary: five copies of a kilobyte a canary. What is shared must never be
 * changed in place, which is the law of the cache already.
 */
import { sameJson } from '../core/json.ts'

/** Values that are remembered; beyond, those that nothing holds any more are forgotten, then the older half. */
const MOST = 16_384

export class SharedValues {
  /** Hash of the JSON text → the value, as long as anything else holds it. */
  readonly #values = new Map<number, WeakRef<object>>()
  readonly #most: number

  constructor(most: number = MOST) {
    this.#most = most
  }

  /** A value that says the same and was given before, or else this one. */
  of<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value
    const hash = hashOf(JSON.stringify(value))
    const known = this.#values.get(hash)?.deref()
    // Two texts may have the same hash, and members may come in another order.
    if (known !== undefined && sameJson(known, value)) return known as T
    if (this.#values.size >= this.#most) this.#shrink()
    this.#values.set(hash, new WeakRef<object>(value))
    return value
  }

  #shrink(): void {
    for (const [hash, value] of this.#values) if (value.deref() === undefined) this.#values.delete(hash)
    for (const hash of this.#values.keys()) {
      if (this.#values.size <= this.#most / 2) break
      this.#values.delete(hash)
    }
  }
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) as a signed 32-bit number, which V8 keeps in place. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash | 0
}
