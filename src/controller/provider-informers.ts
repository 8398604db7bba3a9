/**
 * The kinds of the routing providers: each is followed while a Canary of its provider exists, so that a cluster without the CRDs
 * of one runs Canaries of the others.
 */
import { type Kind, kindKey, kinds } from '../api/object.ts'
import type { Provider } from '../api/providers.ts'
import { routing } from '../core/routers/index.ts'
import type { Informers } from '../runtime/informers.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { BY_PROVIDER, providerKeys } from './kinds.ts'

const names = Object.keys(routing) as Provider[]
const kindsOf = (provider: Provider): readonly Kind[] => routing[provider].kinds.map(({ kind }) => kind)

export class ProviderInformers {
  readonly #cache: Informers
  readonly #scopes: readonly string[]
  readonly #fallback: Provider
  readonly #inUse = new Map<Provider, readonly Reflector[]>()

  /** @param fallback provider of Canaries that name none. */
  constructor(cache: Informers, scopes: readonly string[], fallback: Provider) {
    this.#cache = cache
    this.#scopes = scopes
    this.#fallback = fallback
  }

  /** Follows what the Canaries of the cache need, and nothing else. */
  update(): void {
    for (const name of names) {
      const used = this.#inUse.get(name)
      const wanted = providerKeys(name, this.#fallback).some(
        key => this.#cache.countByIndex(kinds.Canary, BY_PROVIDER, key) > 0,
      )
      if (wanted === (used !== undefined)) continue
      const rooms = kindsOf(name).flatMap(kind => this.#scopes.map(scope => [kind, scope] as const))
      if (wanted)
        this.#inUse.set(
          name,
          rooms.map(room => this.#cache.use(...room)),
        )
      else {
        this.#inUse.delete(name)
        for (const room of rooms) this.#cache.release(...room)
      }
    }
  }

  /** Resolves once each of them was listed, or refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#inUse.values()].flat().map(reflector => reflector.settled))
  }

  /** Whether a Canary of each provider in use needs this kind. */
  isNeededByAll(kind: Kind): boolean {
    const all = [...this.#inUse.keys()]
    return all.length > 0 && all.every(name => kindsOf(name).some(own => kindKey(own) === kindKey(kind)))
  }
}
