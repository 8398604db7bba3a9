/**
 * Reads one Canary's surroundings from the API server, without informers: for commands, which read once and end. What the
 * observer asks for and is not known yet is noted, fetched, and asked for again; so whatever the observer reads is fetched, and
 * there is no second list of it that could be forgotten.
 */
import { kindKey, kinds, type Kind, type KubeObject, type Ref, refKey, refOf } from '../api/object.ts'
import { isForbidden, isNotFound } from '../core/errors.ts'
import type { Call, KubeApi, Sha256 } from '../core/ports.ts'
import { SERVICE_NAME_LABEL } from '../core/model/names.ts'
import { hashOfContent } from '../core/render/content.ts'
import { bounded } from '../runtime/object-limits.ts'
import { getServed, listServed } from '../runtime/read-served.ts'
import type { Content } from './config-contents.ts'
import { configKinds, forms, indexes, isReadInAllNamespaces, keeping, selectors } from './kinds.ts'
import type { Reader } from './reader.ts'

/** Objects in one page of a list. */
const PAGE = 500

export interface LiveReaderOptions {
  readonly api: Pick<KubeApi, 'get' | 'list'>
  readonly sha256: Sha256
  /** Of the Canary. */
  readonly namespace: string
  /** Namespaces that the controller watches; empty: all. Objects elsewhere do not exist for it. */
  readonly namespaces: readonly string[]
}

/** A kind in one namespace, or (empty) in all. */
interface Scope {
  readonly kind: Kind
  readonly namespace: string
  /** Of which objects alone; left out: all that the controller follows. */
  readonly labelSelector?: string
}

const scopeKey = ({ kind, namespace, labelSelector = '' }: Scope): string =>
  `${kindKey(kind)} ${namespace} ${labelSelector}`

export class LiveReader implements Reader {
  readonly #options: LiveReaderOptions
  readonly #objects = new Map<string, KubeObject | null>()
  readonly #lists = new Map<string, ReadonlyMap<string, KubeObject>>()
  /** Lists that the API server does not serve, or refuses. */
  readonly #unlisted = new Set<string>()
  readonly #contents = new Map<string, Content>()
  readonly #missingObjects = new Map<string, Ref>()
  readonly #missingLists = new Map<string, Scope>()
  readonly #troubles = new Set<string>()
  readonly #dispensable = new Set<string>()
  /** Kinds without which the Canary goes on. */
  readonly #beside = new Set<string>()

  constructor(options: LiveReaderOptions) {
    this.#options = options
  }

  get(ref: Ref): KubeObject | undefined {
    const key = refKey(ref)
    // Of two answers about one object the observer must see one.
    for (const scope of this.#scopesOf(ref.kind)) {
      const list = this.#lists.get(scopeKey(scope))
      if (list !== undefined && isIn(scope, ref.namespace) && isWhole(ref.kind)) return list.get(key)
    }
    const known = this.#objects.get(key)
    if (known === undefined) this.#missingObjects.set(key, ref)
    return known ?? undefined
  }

  /** The Canary goes on without these kinds: that they may not be listed is not said. */
  goWithout(beside: readonly Kind[]): void {
    for (const kind of beside) this.#beside.add(kindKey(kind))
  }

  /** An object without which the observer can do: that it may not be read is not said. */
  peek(ref: Ref): KubeObject | undefined {
    this.#dispensable.add(refKey(ref))
    return this.get(ref)
  }

  byIndex(kind: Kind, index: string, key: string): readonly KubeObject[] {
    const keysOf = indexes.find(one => one.name === index && kindKey(one.kind) === kindKey(kind))?.of
    if (keysOf === undefined) throw new Error(`${kindKey(kind)} has no index ${index}`)
    return this.#scopesOf(kind, labelSelectorOf(kind, key)).flatMap(scope => {
      const list = this.#lists.get(scopeKey(scope))
      if (list === undefined) this.#missingLists.set(scopeKey(scope), scope)
      return [...(list?.values() ?? [])].filter(object => keysOf(object).includes(key))
    })
  }

  countByIndex(kind: Kind, index: string, key: string): number {
    return this.byIndex(kind, index, key).length
  }

  /** Once nothing is missing, all is known that was asked for. */
  synced(): boolean {
    return this.#missingObjects.size === 0 && this.#missingLists.size === 0
  }

  sees(kind: Kind, namespace: string): boolean {
    return this.#scopesOf(kind).some(scope => {
      const isWithin = scope.namespace === '' || scope.namespace === namespace
      return isWithin && this.#lists.has(scopeKey(scope)) && !this.#unlisted.has(scopeKey(scope))
    })
  }

  /** What is around one Canary is read once, and is not kept. */
  lack(): null {
    return null
  }

  reflectors(): readonly [] {
    return []
  }

  /** What a mounted ConfigMap or Secret contains, as `ConfigContents.of` says it. Its object was asked for before. */
  of(ref: Ref): Content {
    const known = this.#contents.get(refKey(ref))
    if (known !== undefined) return known
    // Its list has the metadata alone.
    this.#missingObjects.set(refKey(ref), ref)
    return { hash: null, problem: null }
  }

  /** A reader serves one observation: there is nothing to forget. */
  retain(): void {}

  /** What may not be read, as sentences; null when all that was asked for was read. */
  unseen(): string | null {
    return this.#troubles.size === 0 ? null : [...this.#troubles].join('. ')
  }

  /**
   * Fetches all that was asked for and is not known.
   *
   * @returns false when nothing was missing: what was observed is whole.
   * @throws what the API server or the network answered, except that a kind or a right is missing.
   */
  async fetch(call: Call): Promise<boolean> {
    const refs = [...this.#missingObjects.values()]
    const scopes = [...this.#missingLists.values()]
    this.#missingObjects.clear()
    this.#missingLists.clear()
    // A signal of its own for each: they are many, and every one is listened to.
    const own = (): Call => ({ ...call, signal: AbortSignal.any([call.signal]) })
    await Promise.all([
      ...refs.map(ref => this.#fetchObject(ref, own())),
      ...scopes.map(scope => this.#fetchList(scope, own())),
    ])
    return refs.length > 0 || scopes.length > 0
  }

  async #fetchObject(ref: Ref, call: Call): Promise<void> {
    const isDispensable = this.#dispensable.has(refKey(ref))
    const { kind } = ref
    const object = await getServed(this.#options.api, ref, call).catch((error: unknown) =>
      isDispensable && isForbidden(error) ? null : this.#refused(error, null),
    )
    this.#objects.set(refKey(ref), object === null ? null : bounded(kind, keeping)(object))
    if (!configKinds.some(one => kindKey(one) === kindKey(kind))) return
    const hash = object === null ? null : hashOfContent(object, this.#options.sha256)
    this.#contents.set(refKey(ref), { hash, problem: null })
  }

  async #fetchList(scope: Scope, call: Call): Promise<void> {
    const { kind, namespace, labelSelector = selectors[kindKey(kind)] } = scope
    const form = forms[kindKey(kind)]
    const query = {
      namespace,
      limit: PAGE,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(form === undefined ? {} : { form }),
    }
    const found = new Map<string, KubeObject>()
    const keep = bounded(kind, keeping)
    let next: string | undefined
    do {
      const page = await listServed(
        this.#options.api,
        kind,
        next === undefined ? query : { ...query, continue: next },
        call,
      ).catch((error: unknown) => {
        this.#unlisted.add(scopeKey(scope))
        const none = { resourceVersion: '', items: [] }
        return isForbidden(error) && this.#beside.has(kindKey(kind)) ? none : this.#refused(error, none)
      })
      for (const item of page.items) {
        const object = keep(item)
        found.set(refKey(refOf(kind, object)), object)
      }
      next = 'continue' in page ? page.continue : undefined
    } while (next !== undefined)
    this.#lists.set(scopeKey(scope), found)
  }

  /** A kind that is not installed has no objects; one that may not be read is said, and looks as if it had none. */
  #refused<T>(error: unknown, none: T): T {
    if (isNotFound(error)) return none
    if (!isForbidden(error)) throw error
    this.#troubles.add(error instanceof Error ? error.message : String(error))
    return none
  }

  /** Where objects of a kind matter to the Canary. */
  #scopesOf(kind: Kind, labelled: Pick<Scope, 'labelSelector'> = {}): Scope[] {
    const { namespace, namespaces } = this.#options
    if (!isReadInAllNamespaces(kind)) return [{ kind, namespace, ...labelled }]
    return (namespaces.length === 0 ? [''] : namespaces).map(one => ({ kind, namespace: one }))
  }
}

/** Those of a Service that was not adopted yet have no label by which the controller follows them: it reads them by that of their Service, too. */
const labelSelectorOf = (kind: Kind, key: string): Pick<Scope, 'labelSelector'> =>
  kind.kind === kinds.EndpointSlice.kind ? { labelSelector: `${SERVICE_NAME_LABEL}=${key.split('/')[1]}` } : {}

const isIn = (scope: Scope, namespace: string): boolean => scope.namespace === '' || scope.namespace === namespace

/** Whether a list of this kind has every object, so that one that is not in it does not exist. */
const isWhole = (kind: Kind): boolean => selectors[kindKey(kind)] === undefined
