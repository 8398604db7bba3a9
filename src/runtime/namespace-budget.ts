/**
 * How much memory the large objects of one namespace may take, all kinds together. A user decides how large objects are, and how many
 * (a ResourceQuota limits their number, not their size): 200 VirtualServices of 1 MB would end every replica, and end it again after
 * each restart.
 */
import type { Bytes } from './object-limits.ts'

/** What any object may take without being counted: a Deployment with three containers takes 10 KiB. */
export const ORDINARY: Bytes = 32 * 1024

/** Part of the heap for one namespace: two who go to their limit leave room for all others, and for a page of a list. */
const SHARE = 5

const MiB = 1024 * 1024

export class NamespaceBudget {
  readonly #limit: Bytes
  readonly #used = new Map<string, Bytes>()
  /** Namespace → how many of its objects found no room. */
  readonly #missing = new Map<string, number>()
  readonly #listeners = new Set<(namespace: string) => void>()

  /** @param heap that the process may have. */
  constructor(heap: Bytes) {
    this.#limit = Math.floor(heap / SHARE)
  }

  /** Counts an object as `now` instead of as `before`; false: there is no room, and it counts as before. */
  replace(namespace: string, before: Bytes, now: Bytes): boolean {
    const used = (this.#used.get(namespace) ?? 0) - before + now
    if (now > before && used > this.#limit) return false
    if (used > 0) this.#used.set(namespace, used)
    else this.#used.delete(namespace)
    if (now < before && this.#missing.has(namespace)) for (const listener of this.#listeners) listener(namespace)
    return true
  }

  /** So many objects more, or less, found no room. */
  miss(namespace: string, objects: 1 | -1): void {
    const missing = (this.#missing.get(namespace) ?? 0) + objects
    if (missing > 0) this.#missing.set(namespace, missing)
    else this.#missing.delete(namespace)
  }

  /** Why an object is not kept. */
  get refusal(): string {
    return `the large objects of its namespace take more than ${Math.floor(this.#limit / MiB)} MiB, the most that Sluice keeps of one namespace`
  }

  /** Why not all objects of a namespace are known; null when they are. */
  lack(namespace: string): string | null {
    const missing = this.#missing.get(namespace)
    if (missing === undefined) return null
    const which = missing === 1 ? '1 object' : `${missing} objects`
    return `${which} of namespace ${namespace} cannot be read: ${this.refusal}. Make its largest objects smaller (env, annotations, routes), or give the controller more memory`
  }

  /** Calls back when a namespace with objects that found no room has more of it. */
  listen(listener: (namespace: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
