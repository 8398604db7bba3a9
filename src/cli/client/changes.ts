/** One object as it changes, asked for again and again: the newest version that was not seen yet, or that nothing came in time. */
import { type KubeObject, type Ref } from '../../api/object.ts'
import type { Clock } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { pause } from '../../runtime/timing.ts'
import { follow, type FollowOptions } from './follow.ts'

export class Changes {
  readonly #clock: Clock
  readonly #ending = new AbortController()
  readonly #over: AbortSignal
  #news: { readonly object: KubeObject | null } | null = null
  #error: { readonly error: unknown } | null = null
  #woken = new AbortController()

  constructor(ref: Ref, options: FollowOptions) {
    this.#clock = options.clock
    this.#over = AbortSignal.any([options.signal, this.#ending.signal])
    void this.#run(ref, { ...options, signal: this.#over })
  }

  /**
   * The object as it is now, if it has changed since it was last asked for, or does within `limit`.
   *
   * @returns `gone` when there is no such object, `nothing` when nothing came, and at once when the program is told to end.
   * @throws what the API server answered.
   */
  async next(limit: Milliseconds): Promise<KubeObject | 'gone' | 'nothing'> {
    if (this.#news === null && this.#error === null)
      await pause(this.#clock, limit, AbortSignal.any([this.#woken.signal, this.#over]))
    this.#woken = new AbortController()
    if (this.#error !== null) throw this.#error.error
    const news = this.#news
    this.#news = null
    return news === null ? 'nothing' : (news.object ?? 'gone')
  }

  close(): void {
    this.#ending.abort()
  }

  async #run({ kind, namespace, name }: Ref, options: FollowOptions): Promise<void> {
    try {
      for await (const objects of follow({ kind, namespace, name }, options)) {
        const [object = null] = objects.values()
        this.#news = { object }
        this.#woken.abort()
      }
    } catch (error) {
      this.#error = { error }
      this.#woken.abort()
    }
  }
}
