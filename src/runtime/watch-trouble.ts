/**
 * What a reflector has met: failures in a row, since when, and how long to wait before the next try. The table in
 * `reflector.ts` says what is done about which answer.
 */
import { isForbidden, isNotFound } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { Backoff } from './timing.ts'

export interface WatchTroubleOptions {
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly firstBackoff: Milliseconds
  readonly longestBackoff: Milliseconds
}

/** Failures in a row after which the last version is no longer believed in. */
const DOUBTED_AFTER = 3
/** Refusals in a row after which a kind that was followed is taken for forbidden or absent. */
const BELIEVED_AFTER = 4
/** A first refusal is asked again after this long at most. */
const FIRST_REFUSED: Milliseconds = 15_000

export class WatchTrouble {
  readonly #options: WatchTroubleOptions
  readonly #backoff: Backoff
  #failures = 0
  #refusals = 0
  #since: Instant | null = null
  #lastHeard: Instant | null = null
  #lastError: string | null = null

  constructor(options: WatchTroubleOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.firstBackoff, options.longestBackoff, options.random)
  }

  /** What went wrong last, as a sentence; null while all is well. */
  get lastError(): string | null {
    return this.#lastError
  }

  /** Whether this is the first failure since anything was heard. */
  get isFirst(): boolean {
    return this.#failures === 1
  }

  /** Whether so much has failed in a row that the version of the last event is worth nothing. */
  get isDoubtful(): boolean {
    return this.#failures >= DOUBTED_AFTER
  }

  /** Whether the kind was refused so often that the answer is believed of one that worked before. */
  get isBelieved(): boolean {
    return this.#refusals >= BELIEVED_AFTER
  }

  /** How long ago the server was last heard of; null before the first list. */
  age(): Milliseconds | null {
    return this.#lastHeard === null ? null : Math.max(0, this.#options.clock.now() - this.#lastHeard)
  }

  /** How long the present trouble has lasted; 0 while there is none. */
  duration(): Milliseconds {
    return this.#since === null ? 0 : Math.max(0, this.#options.clock.now() - this.#since)
  }

  /**
   * A list came whole. The count of failures stays: a server that lists well and refuses every watch must not be asked
   * without a pause.
   */
  listed(): void {
    this.#refusals = 0
    this.#lastHeard = this.#options.clock.now()
    this.#lastError = null
  }

  /** The watch brought something: the trouble is over. */
  heard(): void {
    this.listed()
    this.#failures = 0
    this.#since = null
    this.#backoff.reset()
  }

  /**
   * One more failure.
   *
   * @param isAnother the watch was well for a while before, so this is another trouble than the last.
   * @returns whether the sentence is another than the last one.
   */
  failed(error: unknown, sentence: string, isAnother: boolean): boolean {
    this.#failures += 1
    if (isAnother) this.#since = null
    this.#since ??= this.#options.clock.now()
    this.#refusals = isForbidden(error) || isNotFound(error) ? this.#refusals + 1 : 0
    const isNews = sentence !== this.#lastError
    this.#lastError = sentence
    return isNews
  }

  /** How long to wait before the next try. */
  backoff(): Milliseconds {
    if (this.#refusals === 1) this.#backoff.reset()
    return this.#backoff.next()
  }

  /** How long to wait for a kind that is refused: `longest`, but for the first time; 10 % more or less, so that not all ask at once. */
  patience(longest: Milliseconds): Milliseconds {
    const wait = this.#refusals === 1 ? Math.min(longest, FIRST_REFUSED) : longest
    return wait * (0.9 + 0.2 * this.#options.random())
  }
}
