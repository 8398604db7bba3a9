/** Waiting and deadlines by the Clock port, so that virtual time moves them too. */
import { setMaxListeners } from 'node:events'
import type { Clock, Turn } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'

/** Resolves after `wait`, or as soon as `signal` aborts; never rejects. */
export function pause(clock: Clock, wait: Milliseconds, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) {
      resolve()
      return
    }
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.at(clock.now() + wait, end)
    // One for each kind that a new leader cannot list, all with the signal of the term; Node would take more than ten for a leak.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', end, { once: true })
  })
}

/** The longest wait for a turn: hundreds of Canaries that start together in one namespace wait for a few seconds. */
const LONGEST_TURN: Milliseconds = 120_000

/**
 * Runs one call under a deadline: `call` gets a signal that aborts after `limit`, or with `signal`. Where it tells of its turn,
 * the deadline starts over when it comes, and the wait for it has one of its own.
 *
 * @param what names the call in the error of a deadline: `GET of the Lease`.
 */
export async function withDeadline<T>(
  clock: Clock,
  limit: Milliseconds,
  signal: AbortSignal,
  what: string,
  call: (signal: AbortSignal, turn: Turn) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const follow = (): void => controller.abort(signal.reason)
  if (signal.aborted) follow()
  else {
    // All writes of a pass share one signal; Node would take more than ten for a leak.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', follow, { once: true })
  }
  let cancel = (): void => {}
  const within = (wait: Milliseconds, missing: string): void => {
    cancel()
    cancel = clock.at(clock.now() + wait, () =>
      controller.abort(new Error(`${what} had no ${missing} within ${Math.round(wait / 1000)} s`)),
    )
  }
  const turn: Turn = { waits: () => within(LONGEST_TURN, 'turn'), comes: () => within(limit, 'answer') }
  turn.comes()
  try {
    return await call(controller.signal, turn)
  } finally {
    cancel()
    signal.removeEventListener('abort', follow)
  }
}

/**
 * Decorrelated backoff (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): many that fail
 * together do not come back together.
 */
export class Backoff {
  readonly #first: Milliseconds
  readonly #longest: Milliseconds
  readonly #random: () => number
  #last: Milliseconds = 0

  /** @param random uniform in [0, 1). */
  constructor(first: Milliseconds, longest: Milliseconds, random: () => number) {
    this.#first = first
    this.#longest = longest
    this.#random = random
  }

  /** How long to wait now: between `first` and three times the last wait, at most `longest`. */
  next(): Milliseconds {
    const upTo = Math.max(this.#first, this.#last * 3)
    this.#last = Math.min(this.#longest, this.#first + this.#random() * (upTo - this.#first))
    return this.#last
  }

  reset(): void {
    this.#last = 0
  }
}
