/**
 * Kinds that are followed for as long as some Canary needs them: ConfigMaps and Secrets of its namespace, so that no Secret passes
 * through this process without a Canary that mounts one, or has copies of one; and policies.
 */
import type { Kind } from '../api/object.ts'
import { kindKey } from '../api/object.ts'
import type { Informers } from '../runtime/informers.ts'
import { configKinds } from './kinds.ts'

/** A kind in one namespace, or (empty) in all. */
interface Scope {
  readonly kind: Kind
  readonly namespace: string
}

const keyOf = ({ kind, namespace }: Scope): string => `${kindKey(kind)} ${namespace}`

export class NeededInformers {
  readonly #cache: Informers
  readonly #scopes: readonly string[]
  readonly #byCanary = new Map<string, ReadonlyMap<string, Scope>>()
  #open = true

  /** @param scopes namespaces that are watched; empty text: all. */
  constructor(cache: Informers, scopes: readonly string[]) {
    this.#cache = cache
    this.#scopes = scopes
  }

  /** From now on the canary needs these kinds, configuration in its namespace alone, and no others. */
  set(canary: string, namespace: string, kinds: readonly Kind[]): void {
    if (!this.#open) return
    const before = this.#byCanary.get(canary) ?? new Map<string, Scope>()
    const scopes = kinds.flatMap(kind =>
      configKinds.includes(kind) ? [{ kind, namespace }] : this.#scopes.map(one => ({ kind, namespace: one })),
    )
    const now = new Map(scopes.map(scope => [keyOf(scope), scope]))
    for (const [key, scope] of now) if (!before.has(key)) this.#cache.use(scope.kind, scope.namespace)
    for (const [key, scope] of before) if (!now.has(key)) this.#cache.release(scope.kind, scope.namespace)
    if (now.size === 0) this.#byCanary.delete(canary)
    else this.#byCanary.set(canary, now)
  }

  forget(canary: string): void {
    this.set(canary, '', [])
  }

  /** Stops all informers; none is started after it. */
  close(): void {
    for (const canary of this.#byCanary.keys()) this.forget(canary)
    this.#open = false
  }
}
