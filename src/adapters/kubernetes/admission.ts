/**
 * When a call may be sent: a slot, then a token of the rate limit. Both are given to namespaces in turn, so nothing that one
 * namespace does (or has done to it by its admission webhooks) delays a call of another by more than a turn.
 */
import type { Clock, Lane } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { RateLimit, type RateOptions } from './limit.ts'
import { Slots } from './slots.ts'

/** A call that may be sent now. */
export interface Admitted {
  /** How long it waited. */
  readonly waited: Milliseconds
  /** Gives the slot back; to be called once the answer is read, or the call is over. */
  readonly leave: () => void
}

const NORMAL = { total: 32, each: 8 } as const
const BACKGROUND = { total: 16, each: 4 } as const

export class Admission {
  readonly #clock: Clock
  readonly #limit: RateLimit
  readonly #slots: Readonly<Record<'normal' | 'background', Slots>>

  /** @param clock should be one that does not jump. */
  constructor(rate: RateOptions, clock: Clock) {
    this.#clock = clock
    this.#limit = new RateLimit(rate, clock)
    this.#slots = { normal: new Slots(NORMAL, clock), background: new Slots(BACKGROUND, clock) }
  }

  /**
   * Waits for a turn. An urgent call needs no slot: a call that hangs does not delay a rollback. Nor does a `watch`,
   * which takes minutes when all is well.
   *
   * @param namespace that the call is about; empty: all of them.
   * @throws what `signal` was aborted with, if that comes first.
   */
  async enter(lane: Lane, namespace: string, signal: AbortSignal, verb = ''): Promise<Admitted> {
    const from = this.#clock.now()
    const slots = lane === 'urgent' || verb === 'watch' ? null : this.#slots[lane]
    const leave = (await slots?.enter(namespace, signal)) ?? (() => {})
    try {
      await this.#limit.take(lane, namespace, signal)
    } catch (error) {
      leave()
      throw error
    }
    return { waited: Math.max(0, this.#clock.now() - from), leave }
  }
}
