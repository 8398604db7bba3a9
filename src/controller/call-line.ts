/**
 * Calls to servers of users under way: so many of one line at once, and of these so many for one namespace. Namespaces take turns, so
 * servers that hang, of one namespace, delay the calls of no other.
 */
import type { Turn } from '../core/ports.ts'
import { Turns } from '../core/turns.ts'

/** Calls of a line at once; each takes a socket. */
const AT_ONCE = 512
/** Of one namespace: no single one, nor ten, use up all. */
const PER_NAMESPACE = 32

interface Addressed {
  readonly id: string
  readonly namespace: string
}

export class CallLine<C extends Addressed, A> {
  readonly #send: (call: C, signal: AbortSignal) => Promise<A>
  readonly #failed: (why: string) => A
  readonly #waiting = new Turns<() => void>()
  /** By id of the call. */
  readonly #begins = new Map<string, () => void>()
  readonly #running = new Map<string, number>()
  #total = 0

  /** @param failed the answer to a call that threw: an error would end the process. */
  constructor(send: (call: C, signal: AbortSignal) => Promise<A>, failed: (why: string) => A) {
    this.#send = send
    this.#failed = failed
  }

  /** How many calls of its namespace are under way, or come before this one; null where it does not wait for its turn. */
  before(id: string, namespace: string): number | null {
    const begin = this.#begins.get(id)
    const place = begin === undefined ? null : this.#waiting.before(namespace, begin)
    return place === null ? null : place + (this.#running.get(namespace) ?? 0)
  }

  /** Calls when its turn comes, of which `turn` is told if it does not come at once; null: the call was given up. */
  async call(call: C, signal: AbortSignal, turn?: Turn): Promise<A | null> {
    if (!(await this.#turn(call, signal, turn))) return null
    try {
      if (signal.aborted) return null
      const answer = await this.#send(call, signal)
      return signal.aborted ? null : answer
    } catch (error) {
      // Its message may show the URL.
      return this.#failed(`could not be called: ${(error as Error).name}`)
    } finally {
      const left = (this.#running.get(call.namespace) ?? 0) - 1
      if (left <= 0) this.#running.delete(call.namespace)
      else this.#running.set(call.namespace, left)
      this.#total -= 1
      this.#next()
    }
  }

  /** Resolves to true when the call may begin, to false when it was given up before. */
  #turn({ id, namespace }: Addressed, signal: AbortSignal, turn?: Turn): Promise<boolean> {
    return new Promise(resolve => {
      if (signal.aborted) return resolve(false)
      let waits = false
      const end = (): void => {
        if (this.#begins.get(id) === begin) this.#begins.delete(id)
      }
      const begin = (): void => {
        end()
        if (waits) turn?.comes()
        signal.removeEventListener('abort', leave)
        this.#running.set(namespace, (this.#running.get(namespace) ?? 0) + 1)
        this.#total += 1
        resolve(true)
      }
      const leave = (): void => {
        end()
        this.#waiting.delete(namespace, begin)
        resolve(false)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(namespace, begin)
      this.#begins.set(id, begin)
      this.#next()
      waits = this.#begins.get(id) === begin
      if (waits) turn?.waits()
    })
  }

  #next(): void {
    while (this.#total < AT_ONCE) {
      const next = this.#waiting.next(namespace => (this.#running.get(namespace) ?? 0) < PER_NAMESPACE)
      if (next === null) return
      next.member()
    }
  }
}
