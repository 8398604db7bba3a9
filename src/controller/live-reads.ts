/** Reads past the caches: what the API server says now, taken into the caches. */
import { type Kind, kindKey, type KubeObject, type Ref, refKey } from '../api/object.ts'
import type { Source } from '../core/model/decision.ts'
import { covers } from '../core/json.ts'
import type { Sight } from '../core/model/observation.ts'
import type { Call, Clock, KubeApi, Lane } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Informers } from '../runtime/informers.ts'
import { withDeadline } from '../runtime/timing.ts'

/** Every call to the API has this deadline. */
export const DEADLINE: Milliseconds = 15_000
/** ReplicaSets of one Deployment, or EndpointSlices of one Service: no more are read. */
const LONGEST_LIST = 500

export interface LiveReadPorts {
  readonly api: KubeApi
  /** Time that does not jump: deadlines of calls. */
  readonly steady: Clock
  readonly cache: Informers
}

export class LiveReads {
  readonly #ports: LiveReadPorts

  constructor(ports: LiveReadPorts) {
    this.#ports = ports
  }

  /** One object as it is now; null when there is none. */
  async one(ref: Ref, signal: AbortSignal, lane: Lane = 'normal'): Promise<KubeObject | null> {
    const { api, cache } = this.#ports
    const known = cache.get(ref)
    const live = await this.#call(signal, `The read of ${refKey(ref)}`, call => api.get(ref, call), lane)
    if (live === null) cache.removed(ref, known)
    else cache.accept(ref.kind, live)
    return live
  }

  /** Everything that a verdict rests on; never rejects but when `signal` aborts. */
  async all(sources: readonly Source[], signal: AbortSignal): Promise<Sight> {
    try {
      await Promise.all(
        // A rollback may wait for these.
        sources.map(source =>
          'ref' in source ? this.one(source.ref, signal, 'urgent') : this.#labeled(source, signal),
        ),
      )
      return 'live'
    } catch (error) {
      signal.throwIfAborted()
      return { unavailable: error instanceof Error ? error.message : String(error) }
    }
  }

  async #labeled({ kind, namespace, labels }: Extract<Source, { kind: Kind }>, signal: AbortSignal): Promise<void> {
    const { api, cache } = this.#ports
    const labelSelector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
    const before = cache.list(kind, namespace).filter(object => covers(object.metadata.labels, labels))
    const query = { namespace, labelSelector, limit: LONGEST_LIST }
    const page = await this.#call(signal, `The list of ${kindKey(kind)}`, call => api.list(kind, query, call), 'urgent')
    for (const object of page.items) cache.accept(kind, object)
    if (page.continue !== undefined) return
    // What a watch told of while the list was under way is newer than the list.
    const there = new Set(page.items.map(object => object.metadata.name))
    for (const known of before) {
      const { name } = known.metadata
      if (!there.has(name)) cache.removed({ kind, namespace, name }, known)
    }
  }

  #call<T>(signal: AbortSignal, what: string, run: (call: Call) => Promise<T>, lane: Lane): Promise<T> {
    return withDeadline(this.#ports.steady, DEADLINE, signal, what, inner => run({ lane, signal: inner }))
  }
}
