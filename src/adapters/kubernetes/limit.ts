/**
 * The client-side rate limit: a token bucket with three lanes. A rollback must not wait because two hundred other
 * canaries are writing their status, and events must not eat what a run needs.
 *
 * - `urgent` takes a token at once even when there is none, until one whole burst is owed; then it waits, ahead of all. While
 *   others wait, every fifth token is nevertheless theirs: rollbacks without end in one namespace must not blind the rest.
 * - `normal` waits for a token, behind `urgent` only.
 * - `background` takes only what is above half a burst. While it waits, every tenth token is nevertheless its own, so a
 *   controller that is always busy still gets its events out.
 *
 * Within a lane namespaces take turns, and the calls of a namespace come in the order of their arrival.
 */
import type { Clock, Lane } from '../../core/ports.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import { Turns } from '../../core/turns.ts'

export interface RateOptions {
  /** Requests a second, on average. */
  readonly qps: number
  /** Requests that may be sent at once after a rest. */
  readonly burst: number
}

interface Waiter {
  readonly since: Instant
  readonly admit: (waited: Milliseconds) => void
}

/** How many tokens `normal` may take while `background` waits, before `background` gets one. */
const PASSED_OVER_AT_MOST = 9
/** How many tokens `urgent` may take while others wait, before they get one. */
const URGENT_IN_A_ROW = 4

export class RateLimit {
  readonly #perMillisecond: number
  readonly #burst: number
  readonly #clock: Clock
  readonly #lanes: Readonly<Record<Lane, Turns<Waiter>>> = {
    urgent: new Turns(),
    normal: new Turns(),
    background: new Turns(),
  }
  #tokens: number
  #refilledAt: Instant
  #passedOver = 0
  #urgentInARow = 0
  #cancelTimer: (() => void) | null = null

  /** @param clock should be one that does not jump. */
  constructor(options: RateOptions, clock: Clock) {
    if (!(options.qps > 0) || !(options.burst >= 1)) {
      throw new Error(
        `A rate limit of ${options.qps} requests/s with a burst of ${options.burst} lets nothing through.`,
      )
    }
    this.#perMillisecond = options.qps / 1000
    this.#burst = options.burst
    this.#clock = clock
    this.#tokens = options.burst
    this.#refilledAt = clock.now()
  }

  /** How many calls wait in a lane now. */
  waiting(lane: Lane): number {
    return this.#lanes[lane].size
  }

  /**
   * Waits for a turn.
   *
   * @param namespace that the call is about; empty: all of them.
   * @returns how long it waited.
   * @throws what `signal` was aborted with, if that comes first.
   */
  take(lane: Lane, namespace: string, signal: AbortSignal): Promise<Milliseconds> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal))
        return
      }
      const leave = (): void => {
        this.#lanes[lane].delete(namespace, waiter)
        reject(reasonOf(signal))
        this.#admit()
      }
      const waiter: Waiter = {
        since: this.#clock.now(),
        admit(waited) {
          signal.removeEventListener('abort', leave)
          resolve(waited)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#lanes[lane].add(namespace, waiter)
      this.#admit()
    })
  }

  /** Lets in everybody whose turn it is, and sets the one timer for the next. */
  #admit(): void {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#refilledAt) * this.#perMillisecond)
    this.#refilledAt = now

    let next = this.#next()
    while (next !== null && this.#tokens >= next.needs) {
      const waiter = this.#lanes[next.lane].next()?.member
      if (waiter === undefined) break
      this.#tokens -= 1
      const othersWait = this.#lanes.normal.size + this.#lanes.background.size > 0
      this.#urgentInARow = next.lane === 'urgent' && othersWait ? this.#urgentInARow + 1 : 0
      if (next.lane === 'background') this.#passedOver = 0
      else if (next.lane === 'normal' && this.#lanes.background.size > 0) this.#passedOver += 1
      waiter.admit(Math.max(0, now - waiter.since))
      next = this.#next()
    }

    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (next !== null) {
      const wait = Math.max(1, Math.ceil((next.needs - this.#tokens) / this.#perMillisecond))
      this.#cancelTimer = this.#clock.at(now + wait, () => this.#admit())
    }
  }

  /** Whose turn it is, and how full the bucket must be for it. */
  #next(): { lane: Lane; needs: number } | null {
    const due = this.#lanes.background.size > 0 && this.#passedOver >= PASSED_OVER_AT_MOST
    if (this.#lanes.urgent.size > 0) {
      const others = this.#lanes.normal.size > 0 && !due ? 'normal' : 'background'
      const lane = this.#urgentInARow >= URGENT_IN_A_ROW && this.#lanes[others].size > 0 ? others : 'urgent'
      return { lane, needs: 1 - this.#burst }
    }
    if (this.#lanes.normal.size > 0 && !due) return { lane: 'normal', needs: 1 }
    if (this.#lanes.background.size > 0)
      return { lane: 'background', needs: due ? 1 : Math.min(this.#burst, 1 + this.#burst / 2) }
    return null
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was given up.')
}
