/**
 * How many calls are under way at one time. An admission webhook may hold every write of a namespace for as long as it likes
 * (30 s at most, https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts), so a
 * namespace has a few calls of its own and no more, and a call that has taken long no longer counts among those of all.
 */
import type { Clock } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { Turns } from '../../core/turns.ts'

export interface SlotLimits {
  /** Calls of all namespaces, those aside that have taken long. */
  readonly total: number
  /** Calls of one namespace, however long they take. */
  readonly each: number
}

/** A healthy API server answers within a second (its own objective for one object: 1 s, 99th percentile). */
const LONG: Milliseconds = 1000

interface Waiter {
  readonly enter: () => void
}

export class Slots {
  readonly #limits: SlotLimits
  readonly #clock: Clock
  readonly #waiting = new Turns<Waiter>()
  /** Namespace → calls that are under way. */
  readonly #underWay = new Map<string, number>()
  #counted = 0

  /** @param clock should be one that does not jump. */
  constructor(limits: SlotLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /**
   * Waits for a slot; namespaces take turns.
   *
   * @returns what gives the slot back.
   * @throws what `signal` was aborted with, if that comes first.
   */
  enter(namespace: string, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(namespace, waiter)
        reject(reasonOf(signal))
      }
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.#taken(namespace))
        },
      }
      if (signal.aborted) {
        reject(reasonOf(signal))
        return
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(namespace, waiter)
      this.#admit()
    })
  }

  #admit(): void {
    while (this.#counted < this.#limits.total) {
      const next = this.#waiting.next(namespace => (this.#underWay.get(namespace) ?? 0) < this.#limits.each)
      if (next === null) return
      next.member.enter()
    }
  }

  #taken(namespace: string): () => void {
    this.#underWay.set(namespace, (this.#underWay.get(namespace) ?? 0) + 1)
    this.#counted += 1
    let counts = true
    const uncount = (): void => {
      if (counts) this.#counted -= 1
      counts = false
    }
    const cancel = this.#clock.at(this.#clock.now() + LONG, () => {
      uncount()
      this.#admit()
    })
    return () => {
      cancel()
      uncount()
      const left = (this.#underWay.get(namespace) ?? 1) - 1
      if (left === 0) this.#underWay.delete(namespace)
      else this.#underWay.set(namespace, left)
      this.#admit()
    }
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was given up.')
}
