/** One Canary as one caller sees it in full, shared by all tabs of the caller that show it. */
import { kinds, type KubeObject, type Ref } from '../../api/object.ts'
import { at, recordOf, recordsOf, sameJson, textOf } from '../../core/json.ts'
import type { Call, Sha256 } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { describe } from '../../core/view/describe.ts'
import { NOTHING_OBSERVED, type Observed } from '../../core/view/observed.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { type Feed, readable } from './feed.ts'
import type { CallerApi } from './ports.ts'
import { isFinal, problemOf } from './problems.ts'
import type { CanaryDetail, CanaryRow, CommandAnswer, Problem, Rights } from './protocol.ts'
import { rightsOf } from './rights.ts'
import { elapsed, ownSignal, within } from './waits.ts'

export interface DetailTiming {
  /** From one read of workloads and pods to the next, at least, after the Canary changed. */
  readonly soon: Milliseconds
  /** And at most, while it does not change. */
  readonly late: Milliseconds
  /** From one review of the caller's rights to the next. */
  readonly rights: Milliseconds
}

export const DETAIL_TIMING: DetailTiming = { soon: 2000, late: 10_000, rights: 30_000 }

const DEADLINE: Milliseconds = 10_000

export interface DetailListener {
  canary(detail: CanaryDetail | null): void
  rights(rights: Rights): void
  trouble(problem: Problem | null): void
  ended(problem: Problem): void
}

export interface DetailOptions {
  readonly api: CallerApi
  readonly feed: Feed<CanaryRow>
  readonly ref: Pick<Ref, 'namespace' | 'name'>
  readonly sha256: Sha256
  readonly now: () => number
  readonly readOnly: boolean
  readonly timing?: DetailTiming
}

export class Detail {
  readonly #options: DetailOptions
  readonly #timing: DetailTiming
  readonly #listeners = new Set<DetailListener>()
  #stop: AbortController | null = null
  #object: KubeObject | null = null
  /** Counts what the watch told. */
  #changes = 0
  #observed: Observed = NOTHING_OBSERVED
  #shown: CanaryDetail | null | undefined
  #rights: Rights | null = null
  #problem: Problem | null = null
  /** Wakes the loop that reads what is beside the Canary. */
  #wake: () => void = () => {}

  constructor(options: DetailOptions) {
    this.#options = options
    this.#timing = options.timing ?? DETAIL_TIMING
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0
  }

  /** @returns what ends this subscription. */
  subscribe(listener: DetailListener): () => void {
    this.#listeners.add(listener)
    if (this.#stop === null) this.#start()
    else {
      if (this.#shown !== undefined) listener.canary(this.#shown)
      if (this.#rights !== null) listener.rights(this.#rights)
      if (this.#problem !== null) listener.trouble(this.#problem)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#end()
    }
  }

  #start(): void {
    const { feed, ref } = this.#options
    const stop = new AbortController()
    this.#stop = stop
    const key = `${ref.namespace}/${ref.name}`
    const leave = feed.subscribe({
      listed: () => void this.#read(stop.signal),
      changed: (changed, object) => {
        if (changed !== key) return
        this.#changes += 1
        this.#seen(object ?? null)
      },
      trouble: problem => this.#trouble(problem),
      ended: problem => this.#finish(problem),
    })
    stop.signal.addEventListener('abort', leave, { once: true })
    void this.#observe(stop.signal)
    void this.#review(stop.signal)
  }

  #end(): void {
    this.#stop?.abort()
    this.#stop = null
    this.#object = null
    this.#observed = NOTHING_OBSERVED
    this.#shown = undefined
    this.#rights = null
    this.#problem = null
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { api, ref } = this.#options
    const before = this.#changes
    try {
      const object = await api.get({ ...ref, kind: kinds.Canary }, { lane: 'normal', signal: within(DEADLINE, signal) })
      // An answer that comes after an event of the watch may be older than it.
      if (!signal.aborted && this.#changes === before) this.#seen(object === null ? null : readable(object))
    } catch (error) {
      if (!signal.aborted) this.#failed(error)
    }
  }

  #seen(object: KubeObject | null): void {
    this.#object = object
    this.#show()
    this.#wake()
  }

  #show(): void {
    const { ref, now } = this.#options
    const object = this.#object
    const shown: CanaryDetail | null =
      object === null
        ? null
        : {
            ...ref,
            uid: object.metadata.uid ?? '',
            resourceVersion: object.metadata.resourceVersion ?? '',
            view: describe(object, this.#observed, now()),
            commands: answersIn(object),
          }
    if (this.#shown !== undefined && sameJson(this.#shown, shown)) return
    this.#shown = shown
    for (const listener of this.#listeners) listener.canary(shown)
  }

  /** Reads workloads, pods and records: soon after the Canary changed, and now and then. */
  async #observe(signal: AbortSignal): Promise<void> {
    const { api, sha256 } = this.#options
    const { soon, late } = this.#timing
    while (!signal.aborted) {
      const object = this.#object
      if (object !== null) {
        try {
          const inTime = within(DEADLINE, signal)
          const call = (): Call => ({ lane: 'normal', signal: ownSignal(inTime) })
          const observed = await readObserved(object, { api, call }, sha256)
          if (signal.aborted) return
          this.#observed = observed
          if (this.#object !== null) this.#show()
        } catch (error) {
          if (!signal.aborted) this.#failed(error)
        }
        await elapsed(soon, signal)
      }
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      if (this.#object === object) await elapsed(late, AbortSignal.any([signal, woken.signal]))
    }
  }

  async #review(signal: AbortSignal): Promise<void> {
    const { api, ref, readOnly } = this.#options
    while (!signal.aborted) {
      try {
        const rights = await rightsOf(api, ref, readOnly, signal)
        if (signal.aborted) return
        if (!sameJson(rights, this.#rights)) {
          this.#rights = rights
          for (const listener of this.#listeners) listener.rights(rights)
        }
      } catch (error) {
        if (!signal.aborted) this.#failed(error)
      }
      await elapsed(this.#timing.rights, signal)
    }
  }

  #failed(error: unknown): void {
    const { namespace, name } = this.#options.ref
    const problem = problemOf(error, `Canary ${namespace}/${name}`)
    if (isFinal(problem)) this.#finish(problem)
    // That the API server is away the feed finds out as well, and when it is back.
  }

  #trouble(problem: Problem | null): void {
    this.#problem = problem
    for (const listener of this.#listeners) listener.trouble(problem)
  }

  #finish(problem: Problem): void {
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    this.#end()
    for (const listener of listeners) listener.ended(problem)
  }
}

/** Of `status.handledCommands`; statuses of earlier versions say no outcome. */
function answersIn(object: KubeObject): CommandAnswer[] {
  const handled = recordsOf(Object.values(recordOf(at(object['status'], 'handledCommands'))))
  return handled.flatMap(({ id, outcome, reason }) =>
    outcome === 'done' || outcome === 'refused' ? [{ id: textOf(id), outcome, reason: textOf(reason) }] : [],
  )
}
