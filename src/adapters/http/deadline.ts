/** The time of one call, which leaves nothing behind: neither a timer nor a listener outlives the call. */
import { setMaxListeners } from 'node:events'
import type { Milliseconds } from '../../core/time.ts'

/**
 * A signal that aborts after a time, or with another signal. What `AbortSignal.timeout` and `AbortSignal.any` hold is held until the
 * time is over, an hour after a call that took a second.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #given: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  #isOver = false
  readonly #follow = (): void => this.#controller.abort(this.#given?.reason)

  /** @param given aborts it, too. */
  constructor(time: Milliseconds, given?: AbortSignal) {
    this.#given = given
    this.#timer = setTimeout(
      () => {
        this.#isOver = true
        this.#controller.abort()
      },
      Math.max(0, Math.ceil(time)),
    )
    // Nothing but a deadline is no reason to stay alive.
    this.#timer.unref()
    if (given?.aborted === true) this.#follow()
    else if (given !== undefined) {
      // Many calls share one signal; Node would take more than ten for a leak.
      setMaxListeners(0, given)
      given.addEventListener('abort', this.#follow, { once: true })
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The time has passed, whatever else has happened. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** The call is over. */
  end(): void {
    clearTimeout(this.#timer)
    this.#given?.removeEventListener('abort', this.#follow)
  }
}
