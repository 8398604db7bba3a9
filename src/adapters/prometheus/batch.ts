/**
 * Gathers the queries that many canaries ask of one server at about the same time, and sends few requests for them: equal
 * queries once, different ones merged. A merged query that is refused is halved until the culprit stands alone, and
 * the culprit is asked alone from then on.
 */
import type { Finding } from '../../core/check.ts'
import type { Milliseconds } from '../../core/time.ts'
import { findingOf, numberOf, type Reply } from './answer.ts'
import { isEnclosed, merge, split } from './merge.ts'

/** Looks of all canaries fall on a common grid, but not on one turn of the event loop. */
const GATHER: Milliseconds = 15
const MAX_PARTS = 100
/** Of the queries themselves; as a form they may be twice as long. Prometheus takes 10 MiB. */
const MAX_BYTES = 128 * 1024
const SINGLE_LIMIT = 1024 * 1024
const MERGED_LIMIT = 10 * 1024 * 1024
const CONCURRENCY = 8
/** How many queries are remembered as not to be merged; the oldest is forgotten first. */
const MAX_LONERS = 1000

export type AskServer = (query: string, sizeLimit: number) => Promise<Reply>

/** Queries that may share a request. */
type Waiting = Map<string, ((finding: Finding) => void)[]>

export class Batch {
  readonly #ask: AskServer
  readonly #warned: (warning: string) => void
  #waiting = new Map<string, Waiting>()
  readonly #loners = new Set<string>()
  #running = 0
  readonly #queue: (() => void)[] = []

  constructor(ask: AskServer, warned: (warning: string) => void) {
    this.#ask = ask
    this.#warned = warned
  }

  /**
   * Answers a query. Never rejects.
   *
   * @param group only queries of one group are merged, so that what one tenant writes can slow down or break no other's.
   */
  find(query: string, group: string): Promise<Finding> {
    return new Promise(resolve => {
      if (this.#waiting.size === 0) setTimeout(() => this.#send(), GATHER)
      const waiting: Waiting = this.#waiting.get(group) ?? new Map()
      this.#waiting.set(group, waiting)
      const resolvers = waiting.get(query) ?? []
      resolvers.push(resolve)
      waiting.set(query, resolvers)
    })
  }

  #send(): void {
    const groups = [...this.#waiting.values()]
    this.#waiting = new Map()
    for (const waiting of groups) {
      const answered = (query: string, finding: Finding): void => {
        for (const resolve of waiting.get(query) ?? []) resolve(finding)
      }
      const alone: string[] = []
      const together: string[] = []
      for (const query of waiting.keys()) {
        if (this.#loners.has(query) || !isEnclosed(query)) alone.push(query)
        else together.push(query)
      }
      for (const chunk of [...alone.map(query => [query]), ...chunks(together)]) {
        void this.#answer(chunk, answered)
      }
    }
  }

  async #answer(queries: readonly string[], answered: (query: string, finding: Finding) => void): Promise<void> {
    const [only] = queries
    if (only !== undefined && queries.length === 1) {
      answered(only, this.#single(only, await this.#limited(only, SINGLE_LIMIT)))
      return
    }
    const reply = await this.#limited(merge(queries), MERGED_LIMIT)
    if (reply.kind === 'vector') {
      const parts = split(reply.series, queries.length)
      for (const [index, query] of queries.entries()) answered(query, findingOf(parts[index] ?? []))
    } else if (reply.kind === 'unavailable') {
      for (const query of queries) answered(query, { kind: 'unavailable', error: reply.error })
    } else {
      const middle = Math.ceil(queries.length / 2)
      await Promise.all([
        this.#answer(queries.slice(0, middle), answered),
        this.#answer(queries.slice(middle), answered),
      ])
    }
  }

  #single(query: string, reply: Reply): Finding {
    if (reply.kind === 'vector') return findingOf(reply.series)
    if (reply.kind === 'unavailable') return { kind: 'unavailable', error: reply.error }
    // A plain number, or trouble of its own: merged with others it would only be refused again.
    this.#remember(query)
    if (reply.kind === 'scalar') return numberOf(reply.value)
    if (reply.kind === 'refused') return reply
    return { kind: 'refused', error: 'its answer is larger than 1 MiB; aggregate it to one series, as in sum(…)' }
  }

  #remember(query: string): void {
    this.#loners.add(query)
    const [oldest] = this.#loners
    if (this.#loners.size > MAX_LONERS && oldest !== undefined) this.#loners.delete(oldest)
  }

  /** One request, when fewer than the limit are under way. */
  async #limited(query: string, sizeLimit: number): Promise<Reply> {
    if (this.#running < CONCURRENCY) this.#running++
    else await new Promise<void>(resolve => this.#queue.push(resolve))
    try {
      const reply = await this.#ask(query, sizeLimit)
      if ('annotations' in reply) for (const annotation of reply.annotations) this.#warned(annotation)
      return reply
    } finally {
      // The place goes to the next in line, or is free.
      const next = this.#queue.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

function chunks(queries: readonly string[]): string[][] {
  const all: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const query of queries) {
    const size = Buffer.byteLength(query)
    const last = all.at(-1)
    if (last === undefined || last.length >= MAX_PARTS || bytes + size > MAX_BYTES) {
      all.push([query])
      bytes = size
    } else {
      last.push(query)
      bytes += size
    }
  }
  return all
}
