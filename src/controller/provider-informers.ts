/**
 * The kinds of the routing providers: each is followed while a Canary of its provider exists, so that a cluster without the CRDs
 * of one runs Canaries of the others. Kinds of other providers whose objects may contradict the split are followed beside them.
 */
import { type Kind, kindKey, kinds } from '../api/object.ts'
import type { Provider } from '../api/providers.ts'
import { routing } from '../core/routers/index.ts'
import type { Informers } from '../runtime/informers.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { BY_PROVIDER, providerKeys, rarely } from './kinds.ts'

const names = Object.keys(routing) as Provider[]
const kindsOf = (provider: Provider): readonly Kind[] => routing[provider].kinds.map(({ kind }) => kind)
const neighboursOf = (provider: Provider): readonly Kind[] => routing[provider].neighbours.map(({ kind }) => kind)

/** A kind that is followed, and whether some Canary cannot move without it. */
interface Followed {
  readonly kind: Kind
  readonly isNeeded: boolean
  readonly reflectors: readonly Reflector[]
}

export class ProviderInformers {
  readonly #cache: Informers
  readonly #scopes: readonly string[]
  readonly #fallback: Provider
  readonly #followed = new Map<string, Followed>()

  /** @param fallback provider of Canaries that name none. */
  constructor(cache: Informers, scopes: readonly string[], fallback: Provider) {
    this.#cache = cache
    this.#scopes = scopes
    this.#fallback = fallback
  }

  /** Follows what the Canaries of the cache need, and nothing else. */
  update(): void {
    const inUse = this.#providersInUse()
    const needed = byKey(inUse.flatMap(kindsOf))
    const neededKeys = new Set([...needed.values()].map(kindKey))
    const neighbours = inUse.flatMap(neighboursOf).filter(kind => !neededKeys.has(kindKey(kind)))
    const wanted = byKey([...needed.values(), ...neighbours])
    for (const [key, { kind, isNeeded }] of this.#followed) {
      // A kind that is needed from now on is looked for again soon where it was not there.
      if (wanted.has(key) && isNeeded === needed.has(key)) continue
      for (const scope of this.#scopes) this.#cache.release(kind, scope)
      this.#followed.delete(key)
    }
    for (const [key, kind] of wanted) {
      if (this.#followed.has(key)) continue
      const isNeeded = needed.has(key)
      const reflectors = this.#scopes.map(scope => this.#cache.use(kind, scope, isNeeded ? {} : rarely))
      this.#followed.set(key, { kind, isNeeded, reflectors })
    }
  }

  /** Resolves once each of them was listed, or refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#followed.values()].flatMap(({ reflectors }) => reflectors.map(one => one.settled)))
  }

  /** Whether a Canary of each provider in use needs this kind. */
  isNeededByAll(kind: Kind): boolean {
    const all = this.#providersInUse()
    return all.length > 0 && all.every(name => kindsOf(name).some(own => kindKey(own) === kindKey(kind)))
  }

  #providersInUse(): readonly Provider[] {
    return names.filter(name =>
      providerKeys(name, this.#fallback).some(key => this.#cache.countByIndex(kinds.Canary, BY_PROVIDER, key) > 0),
    )
  }
}

/** Each version once: a cluster may serve one of them alone, and a Canary that needs the other is told so without holding the rest. */
const byKey = (all: readonly Kind[]): ReadonlyMap<string, Kind> =>
  new Map(all.map(kind => [`${kindKey(kind)} ${kind.version}`, kind]))
