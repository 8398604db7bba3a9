/**
 * When each key is due: a binary heap by time and one timer for its top. Thousands of canaries then cost one timer, and
 * an earlier time replaces a later one in logarithmic time.
 */
import type { Clock } from '../core/ports.ts'
import type { Instant } from '../core/time.ts'

interface Entry {
  readonly key: string
  readonly when: Instant
}

export class DueTimes {
  readonly #clock: Clock
  readonly #due: (key: string) => void
  /** The earliest time of every key. Entries of the heap that differ from it are outdated, and skipped. */
  readonly #times = new Map<string, Instant>()
  readonly #heap: Entry[] = []
  #timer: { when: Instant; cancel: () => void } | null = null

  /** @param due called once for each key whose time has come. */
  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock
    this.#due = due
  }

  /** Keeps the earlier of this time and the one that is there. */
  set(key: string, when: Instant): void {
    const earlier = this.#times.get(key)
    if (earlier !== undefined && earlier <= when) return
    this.#times.set(key, when)
    this.#push({ key, when })
    this.#arm()
  }

  /** Forgets the time of a key. Its timer may still ring, without effect. */
  delete(key: string): void {
    this.#times.delete(key)
  }

  /** Every key is due now, whatever its time. */
  hurry(): void {
    const keys = [...this.#times.keys()]
    this.clear()
    for (const key of keys) this.#due(key)
  }

  clear(): void {
    this.#times.clear()
    this.#heap.length = 0
    this.#arm()
  }

  #arm(): void {
    const top = this.#top()
    if (top?.when === this.#timer?.when) return
    this.#timer?.cancel()
    this.#timer = top === undefined ? null : { when: top.when, cancel: this.#clock.at(top.when, () => this.#ring()) }
  }

  #ring(): void {
    this.#timer = null
    const now = this.#clock.now()
    const keys: string[] = []
    for (let top = this.#top(); top !== undefined && top.when <= now; top = this.#top()) {
      this.#pop()
      this.#times.delete(top.key)
      keys.push(top.key)
    }
    this.#arm()
    for (const key of keys) this.#due(key)
  }

  /** The earliest entry that is still valid. */
  #top(): Entry | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#times.get(top.key) === top.when) return top
      this.#pop()
    }
    return undefined
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent.when <= entry.when) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const smaller = right !== undefined && left !== undefined && right.when < left.when ? right : left
      if (smaller === undefined || last.when <= smaller.when) break
      heap[at] = smaller
      at = smaller === right ? 2 * at + 2 : 2 * at + 1
    }
    heap[at] = last
  }
}
