/** The API server of a tiny world, to one pass: each call is answered at once, or goes wrong as the history says. */
import { apiVersionOf, type Kind, type KubeObject, kinds, type Ref } from '../../src/api/object.ts'
import type { Calls } from '../../src/controller/calls.ts'
import type { Step } from '../../src/controller/step.ts'
import type { Write } from '../../src/core/model/write.ts'
import type { ListQuery, ObjectList } from '../../src/core/ports.ts'
import { listIn } from './tiny-cache.ts'
import { refusal, type TinyWorld } from './tiny-world.ts'

/** What becomes of a write: done; refused; or done, but the answer got lost. */
export type Fate = 'done' | 'refused' | 'unanswered'

/** What goes wrong in one pass. */
export interface Faults {
  /** Of the status write. */
  readonly commit: Fate
  /** Of the other writes, in the order in which they are made; those beyond the list are done. */
  readonly writes: readonly Fate[]
  /** In which order they are made: any numbers, sorted by. */
  readonly order: readonly number[]
  /** The process dies after so many writes, the status included; null: it lives. */
  readonly killedAfter: number | null
  /** What somebody else does between the status and the writes. */
  readonly meanwhile: ((world: TinyWorld) => void) | null
}

/**
 * What the write of a status takes at least: etcd has it on disk before the API server answers. So no two states begin within one
 * millisecond, by which runs and what waits to start are named.
 */
const ROUND_TRIP = 1

export const NO_FAULTS: Faults = { commit: 'done', writes: [], order: [], killedAfter: null, meanwhile: null }

export class TinyCalls implements Calls {
  readonly #world: TinyWorld
  readonly #faults: Faults
  readonly #wrote: (write: Write) => void
  #written = 0
  #others = 0
  /** A write of this pass did not succeed. */
  failed = false

  /** @param wrote is told after each write that was made. */
  constructor(world: TinyWorld, faults: Faults, wrote: (write: Write) => void) {
    this.#world = world
    this.#faults = faults
    this.#wrote = wrote
  }

  get(ref: Ref): Step<KubeObject | null> {
    return this.#answer(() =>
      ref.kind === kinds.Namespace ? namespaceOf(this.#world, ref) : (this.#world.get(ref) ?? null),
    )
  }

  list(kind: Kind, { labelSelector = '' }: ListQuery): Step<ObjectList> {
    const wanted = labelSelector.split(',').map(pair => pair.split('='))
    return this.#answer(() => {
      const items = listIn(this.#world, kind).filter(({ metadata: { labels } }) =>
        wanted.every(([key = '', value]) => labels?.[key] === value),
      )
      return { resourceVersion: '', items: [...items] }
    })
  }

  *write(write: Write): Step<KubeObject | null> {
    if (this.#faults.killedAfter === 0) yield DEAD
    const fate = write.verb === 'status' ? this.#faults.commit : (this.#faults.writes[this.#others++] ?? 'done')
    try {
      if (fate === 'refused') throw refusal(write.ref, 403, 'Forbidden')
      this.#world.write(write)
      if (write.verb === 'status') this.#world.now += ROUND_TRIP
    } catch (error) {
      this.failed = true
      throw error
    }
    this.#wrote(write)
    this.#written += 1
    if (this.#written === this.#faults.killedAfter) yield DEAD
    if (fate === 'unanswered') {
      this.failed = true
      throw new Error('socket hang up')
    }
    return write.verb === 'delete' ? null : (this.#world.get(write.ref) ?? null)
  }

  /** One after the other, in any order. */
  *all<T>(steps: readonly Step<T>[]): Step<T[]> {
    const { order } = this.#faults
    const rank = (i: number): number => (order.length === 0 ? 0 : (order[i % order.length] ?? 0))
    const inOrder = steps.map((step, i) => ({ step, i })).sort((a, b) => rank(a.i) - rank(b.i))
    const results = new Map<number, T>()
    for (const { step, i } of inOrder) results.set(i, yield* step)
    return steps.map((_, i) => results.get(i) as T)
  }

  throwIfAborted(): void {}

  *#answer<T>(answer: () => T): Step<T> {
    if (this.#faults.killedAfter === 0) yield DEAD
    return answer()
  }
}

/** Nothing answers a process that died: who waits for this waits forever. */
const DEAD = new Promise<never>(() => {})

function namespaceOf({ weather }: TinyWorld, { name }: Ref): KubeObject {
  const deletionTimestamp = weather.namespaceTerminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}
  return { apiVersion: apiVersionOf(kinds.Namespace), kind: 'Namespace', metadata: { name, ...deletionTimestamp } }
}
