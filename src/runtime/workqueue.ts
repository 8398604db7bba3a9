/**
 * The work queue: keys, not events. A key that is added twice is worked once; a key that is added while it is being worked
 * is worked again afterwards; no two workers ever have the same key. Semantics of client-go's workqueue
 * (https://pkg.go.dev/k8s.io/client-go/util/workqueue), with due times by the Clock port: one heap, one timer.
 *
 * Keys of a namespace take turns with those of others, a few at a time, so that events get in between. How many are worked at
 * one time has no bound: work waits for nothing but the API server, where each namespace has calls of its own; a bound here
 * would let the writes of one namespace that hang keep the rollbacks of all others waiting.
 */
import type { Clock } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Turns } from '../core/turns.ts'
import { DueTimes } from './due-times.ts'

/** Works one key. What it throws puts the key back with backoff. `signal` aborts when the queue gives up waiting for it. */
export type Worker = (key: string, signal: AbortSignal) => Promise<void>

/** Hooks for metrics; all optional. */
export interface QueueMetrics {
  /** Keys that are ready and wait for their turn. */
  depth?(ready: number): void
  /** From being ready to being worked. */
  latency?(waited: Milliseconds): void
  /** One run of the worker. */
  worked?(took: Milliseconds): void
  /** A run that threw; `wait` is when it is tried again. */
  failed?(key: string, error: unknown, wait: Milliseconds): void
}

export interface QueueOptions {
  readonly clock: Clock
  /** One that does not jump: what gathers is worked a moment later, whatever the clock on the wall is set to. */
  readonly steady: Clock
  readonly worker: Worker
  /** Keys whose work is begun before anything else has its turn, if they take no longer than a slice; default 16. */
  readonly atOnce?: number
  readonly metrics?: QueueMetrics
}

/** One change in the cluster is seldom alone: a pod that gets ready is news of four objects within a few milliseconds. */
const GATHER: Milliseconds = 20
/** How often the clock on the wall is held against the steady one. */
const CLOCK_WATCH: Milliseconds = 10_000
/** Set back by more than this, it would keep keys waiting for what has long been due. */
const TOLERATED: Milliseconds = 1000
const AT_ONCE = 16
/** Passes that take long, because a tenant has thousands of objects around a Canary, are begun one by one: news of others comes between. */
const SLICE: Milliseconds = 10
const FIRST_BACKOFF: Milliseconds = 5
const LONGEST_BACKOFF: Milliseconds = 5000

export class Queue {
  readonly #clock: Clock
  readonly #steady: Clock
  readonly #worker: Worker
  readonly #atOnce: number
  readonly #metrics: QueueMetrics
  readonly #stop = new AbortController()
  /** Keys that wait for their turn, and since when. */
  readonly #ready = new Map<string, Instant>()
  readonly #turns = new Turns<string>()
  /** Keys whose work was begun since the event loop last had its turn. */
  #begun = 0
  #begunAt: Instant = 0
  /** Keys that are being worked, and since when. */
  readonly #working = new Map<string, Instant>()
  /** Keys that were added while being worked. */
  readonly #again = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #due: DueTimes
  /** Keys of which more news may come; whatever works them earlier has seen it. */
  readonly #soon: DueTimes
  #open = true
  #watch: () => void = () => {}
  #idle: (() => void) | null = null

  constructor(options: QueueOptions) {
    this.#clock = options.clock
    this.#steady = options.steady
    this.#worker = options.worker
    this.#atOnce = options.atOnce ?? AT_ONCE
    this.#metrics = options.metrics ?? {}
    this.#due = new DueTimes(options.clock, key => this.add(key))
    this.#soon = new DueTimes(options.steady, key => this.add(key))
    this.#watchTheClock(this.#lead())
  }

  /** The key that has been worked for the longest time, and for how long; null while none is. */
  longest(): { key: string; milliseconds: Milliseconds } | null {
    const [first] = this.#working // in order of their beginning
    if (first === undefined) return null
    return { key: first[0], milliseconds: this.#steady.now() - first[1] }
  }

  /** Works the key as soon as it is its turn. */
  add(key: string): void {
    if (!this.#open) return
    if (this.#working.has(key)) this.#again.add(key)
    else if (!this.#ready.has(key)) {
      this.#ready.set(key, this.#steady.now())
      this.#turns.add(namespaceOf(key), key)
    }
    this.#metrics.depth?.(this.#ready.size)
    this.#start()
  }

  /** Adds the key a moment later, once for all the news of that moment. */
  addSoon(key: string): void {
    if (!this.#open || this.#ready.has(key) || this.#again.has(key)) return
    this.#soon.set(key, this.#steady.now() + GATHER)
  }

  /** Adds the key at `when`; of several times for one key the earliest holds, and the others are forgotten. */
  addAt(key: string, when: Instant): void {
    if (!this.#open) return
    if (when <= this.#clock.now()) this.add(key)
    else this.#due.set(key, when)
  }

  /**
   * Takes no more keys, drops those that wait (the cluster still has all there is to know), and lets the workers finish.
   *
   * @param within how long they may take; then their signal aborts, and they are not waited for any more.
   * @returns whether all had finished.
   */
  async close(within: Milliseconds): Promise<boolean> {
    this.#open = false
    this.#watch()
    this.#ready.clear()
    this.#turns.clear()
    this.#again.clear()
    this.#due.clear()
    this.#soon.clear()
    this.#metrics.depth?.(0)
    if (this.#working.size === 0) return true
    return new Promise(resolve => {
      const cancel = this.#steady.at(this.#steady.now() + within, () => {
        this.#idle = null
        this.#stop.abort(new Error(`The queue was closed, and ${within} ms were not enough to finish.`))
        resolve(false)
      })
      this.#idle = () => {
        cancel()
        resolve(true)
      }
    })
  }

  /** How far the clock on the wall is ahead of the steady one. */
  #lead(): Milliseconds {
    return this.#clock.now() - this.#steady.now()
  }

  /** Times on the wall that were due soon are far away once it is set back: all who wait read the clock again. */
  #watchTheClock(before: Milliseconds): void {
    this.#watch = this.#steady.at(this.#steady.now() + CLOCK_WATCH, () => {
      const lead = this.#lead()
      if (lead < before - TOLERATED) this.#due.hurry()
      this.#watchTheClock(lead)
    })
  }

  #start(): void {
    while (this.#open && this.#mayBegin()) {
      const key = this.#turns.next()?.member
      if (key === undefined) return
      if (this.#begun === 0) this.#goOnLater()
      this.#begun += 1
      const since = this.#ready.get(key) ?? this.#steady.now()
      this.#ready.delete(key)
      this.#soon.delete(key)
      this.#working.set(key, this.#steady.now())
      this.#metrics.depth?.(this.#ready.size)
      this.#metrics.latency?.(this.#steady.now() - since)
      void this.#work(key)
    }
  }

  #mayBegin(): boolean {
    if (this.#begun === 0) {
      this.#begunAt = this.#steady.now()
      return true
    }
    return this.#begun < this.#atOnce && this.#steady.now() - this.#begunAt < SLICE
  }

  /** Lets the event loop have its turn: a pass that decides takes a millisecond, and thousands may be ready. */
  #goOnLater(): void {
    this.#steady.at(this.#steady.now(), () => {
      this.#begun = 0
      this.#start()
    })
  }

  async #work(key: string): Promise<void> {
    const startedAt = this.#steady.now()
    try {
      await this.#worker(key, this.#stop.signal)
      this.#failures.delete(key)
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0
      const wait = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** failures)
      this.#failures.set(key, failures + 1)
      if (this.#open) {
        this.#metrics.failed?.(key, error, wait)
        this.#due.set(key, this.#clock.now() + wait)
      }
    }
    this.#metrics.worked?.(this.#steady.now() - startedAt)
    this.#working.delete(key)
    if (this.#again.delete(key)) this.add(key)
    if (this.#working.size === 0) this.#idle?.()
  }
}

/** `shop/web` → `shop`. */
const namespaceOf = (key: string): string => key.split('/', 1)[0] ?? ''
