/**
 * Turns at a metrics server: so many requests at once, and of these so many for one group (a namespace). Groups take turns, so
 * that a long queue of one is no wait for another.
 */

export interface TurnLimits {
  /** Requests under way at once. */
  readonly atOnce: number
  /** Of these, for one group. */
  readonly perGroup: number
  /** Bytes of queries that may wait in one group. */
  readonly waitingBytes: number
}

/** Something that waits for its turn. */
interface Waiting {
  readonly bytes: number
  readonly isWanted: () => boolean
  readonly go: (turn: Turn) => void
}

interface Queue {
  waiting: Waiting[]
  /** Of those who wait. */
  bytes: number
}

/** A turn, to be given back; or why there is none: no check waits for the answer any more, or too much waits in this group. */
export type Turn = (() => void) | 'unwanted' | 'full'

export class Turns {
  readonly #limits: TurnLimits
  #running = 0
  readonly #runningIn = new Map<string, number>()
  /** In the order in which the groups come next. */
  readonly #queues = new Map<string, Queue>()

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** @param isWanted is asked when the turn comes, and when others need the room. */
  take(group: string, bytes: number, isWanted: () => boolean): Promise<Turn> {
    return new Promise(go => {
      const queue = this.#queues.get(group) ?? { waiting: [], bytes: 0 }
      this.#queues.set(group, queue)
      if (queue.bytes + bytes > this.#limits.waitingBytes) sendAway(queue)
      if (queue.bytes + bytes > this.#limits.waitingBytes) go('full')
      else {
        queue.waiting.push({ bytes, isWanted, go })
        queue.bytes += bytes
      }
      this.#next()
    })
  }

  /** Gives out the turns that are free. */
  #next(): void {
    for (const [group, queue] of this.#queues) {
      if (this.#running >= this.#limits.atOnce) return
      if (queue.waiting.length > 0 && (this.#runningIn.get(group) ?? 0) >= this.#limits.perGroup) continue
      this.#queues.delete(group)
      const first = queue.waiting.shift()
      if (first === undefined) continue
      queue.bytes -= first.bytes
      // Behind the others, who come first now; the loop meets it again.
      this.#queues.set(group, queue)
      if (first.isWanted()) this.#begin(group, first)
      else first.go('unwanted')
    }
  }

  #begin(group: string, waiting: Waiting): void {
    this.#running += 1
    this.#runningIn.set(group, (this.#runningIn.get(group) ?? 0) + 1)
    waiting.go(() => {
      this.#running -= 1
      const left = (this.#runningIn.get(group) ?? 0) - 1
      if (left <= 0) this.#runningIn.delete(group)
      else this.#runningIn.set(group, left)
      this.#next()
    })
  }
}

/** Makes room: requests whose answer no check waits for leave the queue. */
function sendAway(queue: Queue): void {
  const unwanted = new Set(queue.waiting.filter(one => !one.isWanted()))
  for (const one of unwanted) one.go('unwanted')
  queue.waiting = queue.waiting.filter(one => !unwanted.has(one))
  queue.bytes = queue.waiting.reduce((sum, one) => sum + one.bytes, 0)
}
