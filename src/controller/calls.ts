/** What one pass asks of the API server. */
import { kindKey, type Kind, type KubeObject, type Ref, refKey } from '../api/object.ts'
import type { Write } from '../core/model/write.ts'
import type { Call, Clock, KubeApi, Lane, ListQuery, ObjectList } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { withDeadline } from '../runtime/timing.ts'
import { run, type Step, waitFor } from './step.ts'

/** Calls of one pass. Each throws `ApiError` for an answer that is not a success, and what the network threw otherwise. */
export interface Calls {
  /** null: there is no such object. */
  get(ref: Ref, lane: Lane): Step<KubeObject | null>
  list(kind: Kind, query: ListQuery, lane: Lane): Step<ObjectList>
  /** The object as the server has it now; null after a delete, or for what does not exist. */
  write(write: Write, lane: Lane): Step<KubeObject | null>
  /** Runs all at once; throws what the first that fails throws. */
  all<T>(steps: readonly Step<T>[]): Step<T[]>
  /** Throws once the pass was canceled. */
  throwIfAborted(): void
}

/** Every call to the API has this deadline, from when it is sent. */
const DEADLINE: Milliseconds = 15_000

/** The calls of a pass that ends when `signal` aborts. */
export class ApiCalls implements Calls {
  readonly #api: KubeApi
  readonly #clock: Clock
  readonly #signal: AbortSignal

  /** @param clock time that does not jump, for the deadlines. */
  constructor(api: KubeApi, clock: Clock, signal: AbortSignal) {
    this.#api = api
    this.#clock = clock
    this.#signal = signal
  }

  get(ref: Ref, lane: Lane): Step<KubeObject | null> {
    return this.#call(`The read of ${refKey(ref)}`, lane, call => this.#api.get(ref, call))
  }

  list(kind: Kind, query: ListQuery, lane: Lane): Step<ObjectList> {
    return this.#call(`The list of ${kindKey(kind)}`, lane, call => this.#api.list(kind, query, call))
  }

  write(write: Write, lane: Lane): Step<KubeObject | null> {
    return this.#call(`The write of ${refKey(write.ref)}`, lane, call => this.#api.write(write, call))
  }

  all<T>(steps: readonly Step<T>[]): Step<T[]> {
    return waitFor(Promise.all(steps.map(run)))
  }

  throwIfAborted(): void {
    this.#signal.throwIfAborted()
  }

  *#call<T>(what: string, lane: Lane, call: (call: Call) => Promise<T>): Step<T> {
    return yield* waitFor(
      withDeadline(this.#clock, DEADLINE, this.#signal, what, (signal, turn) => call({ lane, signal, turn })),
    )
  }
}
