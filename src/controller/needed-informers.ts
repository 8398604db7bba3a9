/**
 * Which configuration is followed: ConfigMaps and Secrets of a namespace, as long as a canary there needs them. No
 * Secret passes through this process without a canary that mounts one, or has copies of one.
 */
import type { Kind } from '../api/object.ts'
import type { Informers } from '../runtime/informers.ts'

interface Needs {
  readonly namespace: string
  readonly kinds: readonly Kind[]
}

export class ConfigInformers {
  readonly #cache: Informers
  readonly #byCanary = new Map<string, Needs>()
  #open = true

  constructor(cache: Informers) {
    this.#cache = cache
  }

  /** From now on the canary needs these kinds in its namespace, and no others. */
  set(canary: string, namespace: string, kinds: readonly Kind[]): void {
    if (!this.#open) return
    const before = this.#byCanary.get(canary)
    for (const kind of kinds) if (before?.kinds.includes(kind) !== true) this.#cache.use(kind, namespace)
    for (const kind of before?.kinds ?? []) if (!kinds.includes(kind)) this.#cache.release(kind, namespace)
    if (kinds.length === 0) this.#byCanary.delete(canary)
    else this.#byCanary.set(canary, { namespace, kinds })
  }

  forget(canary: string): void {
    this.set(canary, this.#byCanary.get(canary)?.namespace ?? '', [])
  }

  /** Stops all informers; none is started after it. */
  close(): void {
    for (const canary of this.#byCanary.keys()) this.forget(canary)
    this.#open = false
  }
}
