/**
 * Trouble between a client and the API server, set by tests: lost answers, refusals, delays, broken watches, a network
 * that is gone, a process that dies at its n-th write.
 */
import type { Kind, Ref } from '../../src/api/object.ts'
import type { Clock } from '../../src/core/ports.ts'
import type { Milliseconds } from '../../src/core/time.ts'
import type { Write } from '../../src/core/model/write.ts'

/** One call of a client. */
export interface Attempt {
  readonly verb: 'get' | 'list' | 'watch' | Write['verb']
  readonly kind: Kind
  /** Null for list and watch. */
  readonly ref: Ref | null
  /** Which call of this client it is, from 1. */
  readonly n: number
  /** Which write of this client it is, from 1; null for what writes nothing. */
  readonly write: number | null
}

/** What may go wrong with a call: `before` the server sees it, or `after` it is done (the answer is lost). */
export interface Fault {
  before?(attempt: Attempt): void | Promise<void>
  after?(attempt: Attempt): void | Promise<void>
}

type Which = (attempt: Attempt) => boolean

/** The connection broke; whether the server did anything, nobody says. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly code: string

  constructor(code = 'ECONNRESET') {
    super(code === 'ECONNRESET' ? 'read ECONNRESET' : `connect ${code}`)
    this.code = code
  }
}

export class Faults {
  readonly #clock: Clock
  readonly #faults = new Set<Fault>()
  /** What breaks the watches that are open now. */
  readonly #watches = new Set<(error: Error) => void>()
  #calls = 0
  #writes = 0
  /** How much later than its writes a client hears of them, in virtual milliseconds. */
  watchLag: Milliseconds = 0
  #silent = false
  #dead = false
  #lines = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether nothing passes, in neither direction. */
  get silent(): boolean {
    return this.#silent || this.#dead
  }

  /** Counts how often the open connections died without a sign: what was opened at another count hears nothing any more. */
  get lines(): number {
    return this.#lines
  }

  /** The connections that are open now die without a packet, as behind a NAT; new ones work. */
  loseLines(): void {
    this.#lines += 1
  }

  /** Adds a fault; returns what takes it away. */
  add(fault: Fault): () => void {
    this.#faults.add(fault)
    return () => this.#faults.delete(fault)
  }

  /** The calls that `which` picks fail with `error`, undone. */
  refuse(which: Which, error: Error): () => void {
    return this.add({
      before: attempt => {
        if (which(attempt)) throw error
      },
    })
  }

  /** The calls that `which` picks are done, and their answers lost. */
  loseAnswers(which: Which): () => void {
    return this.add({
      after: attempt => {
        if (which(attempt)) throw new NetworkError()
      },
    })
  }

  /** The calls that `which` picks reach the server so much later. */
  delay(which: Which, ms: Milliseconds): () => void {
    return this.add({
      before: attempt =>
        which(attempt)
          ? new Promise<void>(resolve => {
              this.#clock.at(this.#clock.now() + ms, resolve)
            })
          : undefined,
    })
  }

  /** The client's process dies just before or just after its n-th write: from then on nothing of it reaches the server. */
  killAtWrite(n: number, moment: 'before' | 'after', died: () => void): () => void {
    const strike = (attempt: Attempt): void => {
      if (attempt.write !== n) return
      this.kill()
      died()
    }
    return this.add(moment === 'before' ? { before: strike } : { after: strike })
  }

  /** The client's process is dead: its calls never come back, its watches say no more. */
  kill(): void {
    this.#dead = true
  }

  /** Cuts the network: calls hang until their signal aborts, watches fall silent. Returns what heals it; then watches break. */
  partition(): () => void {
    this.#silent = true
    return () => {
      this.#silent = false
      this.breakWatches()
    }
  }

  breakWatches(error: Error = new NetworkError()): void {
    for (const end of this.#watches) end(error)
  }

  /** Puts a watch among those that can be broken; returns what takes it out. */
  watching(end: (error: Error) => void): () => void {
    this.#watches.add(end)
    return () => this.#watches.delete(end)
  }

  /**
   * Makes one call under all faults.
   *
   * @throws what a fault throws, what the server answers, or the signal's reason once it aborts.
   */
  async pass<T>(call: Pick<Attempt, 'verb' | 'kind' | 'ref'>, signal: AbortSignal, done: () => T): Promise<T> {
    this.#calls += 1
    const writes = !['get', 'list', 'watch'].includes(call.verb)
    if (writes) this.#writes += 1
    const attempt: Attempt = { ...call, n: this.#calls, write: writes ? this.#writes : null }
    // Even the fastest server answers after the caller has gone on.
    await Promise.resolve()
    await this.#strike('before', attempt, signal)
    const answer = done()
    await this.#strike('after', attempt, signal)
    return answer
  }

  async #strike(moment: 'before' | 'after', attempt: Attempt, signal: AbortSignal): Promise<void> {
    await this.#open(signal)
    for (const fault of this.#faults) await orAborted(Promise.resolve(fault[moment]?.(attempt)), signal)
    await this.#open(signal)
  }

  /** Returns while the network is there; else hangs as long as the caller lets it. */
  async #open(signal: AbortSignal): Promise<void> {
    if (this.#dead) await new Promise(() => {})
    signal.throwIfAborted()
    if (this.#silent) await orAborted(new Promise(() => {}), signal)
  }
}

/** What `work` resolves to, unless the signal aborts first. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
