/**
 * Virtual time. An hour of a release passes in milliseconds and always in the same order: tasks run by instant, then in
 * the order in which they were set, and every promise that a task stirred comes to rest before the next task runs.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../src/core/ports.ts'
import type { Instant, Milliseconds } from '../src/core/time.ts'

interface Task {
  readonly when: Instant
  readonly run: () => void
}

/** Where virtual time starts unless told otherwise. */
export const EPOCH: Instant = Date.UTC(2026, 0, 5, 9)

/** So many tasks at one instant are not work, they are a loop. */
const MAX_TASKS_AT_ONE_INSTANT = 50_000

export class VirtualClock implements Clock {
  #now: Instant
  /** By instant; among equals, by the order of setting. */
  readonly #tasks: Task[] = []
  /** Counts what was set or cancelled: while it moves, promises are still at work. */
  #stirred = 0
  #ranAtThisInstant = 0
  readonly #held = new Set<Promise<unknown>>()

  constructor(start: Instant = EPOCH) {
    this.#now = start
  }

  now(): Instant {
    return this.#now
  }

  at(when: Instant, run: () => void): () => void {
    const task: Task = { when: Math.max(when, this.#now), run }
    let place = this.#tasks.length
    while (place > 0 && (this.#tasks[place - 1]?.when ?? 0) > task.when) place -= 1
    this.#tasks.splice(place, 0, task)
    this.#stirred += 1
    return () => {
      const index = this.#tasks.indexOf(task)
      if (index < 0) return
      this.#tasks.splice(index, 1)
      this.#stirred += 1
    }
  }

  /** Time stands still until this is settled: for what takes real time, such as a socket. */
  hold(work: Promise<unknown>): void {
    const forget = (): void => void this.#held.delete(work)
    this.#held.add(work)
    work.then(forget, forget)
  }

  /** Lets `ms` pass: runs all that is due by then, and returns when nothing stirs any more. */
  async advance(ms: Milliseconds): Promise<void> {
    const end = this.#now + ms
    await this.#settle()
    while (await this.#runNext(end));
    this.#moveTo(end)
  }

  /** Moves to a later time at which nothing has happened yet: what was set for before then runs as soon as time passes. */
  skipTo(when: Instant): void {
    this.#moveTo(when)
  }

  /**
   * Lets time pass until `condition` holds, looking after every task.
   *
   * @returns the virtual milliseconds that passed.
   * @throws Error when it does not hold within `limit`; nothing after the limit has run.
   */
  async runUntil(condition: () => boolean | Promise<boolean>, limit: Milliseconds): Promise<Milliseconds> {
    const start = this.#now
    await this.#settle()
    for (;;) {
      if (await condition()) return this.#now - start
      if (await this.#runNext(start + limit)) continue
      throw new Error(`After ${limit} ms of virtual time this still does not hold: ${condition.toString()}`)
    }
  }

  /** Runs the next task that is due by `end`; false when there is none. */
  async #runNext(end: Instant): Promise<boolean> {
    const task = this.#tasks[0]
    if (task === undefined || task.when > end) return false
    this.#tasks.shift()
    this.#moveTo(task.when)
    this.#ranAtThisInstant += 1
    if (this.#ranAtThisInstant > MAX_TASKS_AT_ONE_INSTANT) {
      throw new Error(
        `Time stands still: ${MAX_TASKS_AT_ONE_INSTANT} tasks ran at one instant; something wakes itself.`,
      )
    }
    task.run()
    await this.#settle()
    return true
  }

  #moveTo(when: Instant): void {
    if (when > this.#now) this.#ranAtThisInstant = 0
    this.#now = Math.max(this.#now, when)
  }

  /** One turn of the event loop empties the queue of promises; two turns in which nothing was set are rest. */
  async #settle(): Promise<void> {
    let quiet = 0
    while (quiet < 2) {
      const before = this.#stirred
      await nextTurn()
      await Promise.allSettled(this.#held)
      quiet = before === this.#stirred && this.#held.size === 0 ? quiet + 1 : 0
    }
  }
}
