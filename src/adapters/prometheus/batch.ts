/**
 * Gathers the queries that many canaries ask of one server at about the same time, and sends few requests for them: equal
 * queries once, different ones merged. What is wrong with one query costs its owner alone:
 *
 * - A merged query that is refused, or too large, is halved until the culprit is asked alone, and from then on always.
 * - A merged query that is slow is asked again in parts, one for each owner. An owner whose own part is slow waits in a lane for
 *   slow owners from then on, until it is answered in time.
 * - Of a merged query that is answered in part, each query is sent again by itself: stores that are unreachable may concern one of them alone.
 * - A namespace has few requests under way and a bounded queue, and namespaces take turns.
 */
import type { Finding } from '../../core/model/check.ts'
import type { Milliseconds } from '../../core/time.ts'
import { findingOf, numberOf, type Reply } from './answer.ts'
import { canonicalJson } from '../../core/json.ts'
import { isEnclosed, merge, split } from './merge.ts'
import {
  accessOf,
  type Asker,
  byOwner,
  byQuery,
  bytesOf,
  chunks,
  grouped,
  isWanted,
  type OwnAccess,
  ownerOf,
  type Question,
  whenAllAbort,
} from './questions.ts'
import { Turns } from './turns.ts'

/** Checks of all canaries fall on a common grid, but not on one turn of the event loop. */
const GATHER: Milliseconds = 15
const SINGLE_LIMIT = 1024 * 1024
const MERGED_LIMIT = 10 * 1024 * 1024
/** In so many deadlines the owners of a slow merged query are told apart, however many they are. */
const TELLING_APART = 2
/** The shortest wait for the part of one of them, in deadlines (250 ms of 5 s): most queries are answered in less. */
const SHORTEST_PATIENCE = 1 / 20
/** How many owners and queries are remembered as to be asked apart; the oldest is forgotten first. */
const MAX_REMEMBERED = 1000
const WAITING_BYTES = 8 * 1024 * 1024

/** Together 20 requests, which Prometheus evaluates at once unless it is told otherwise (`--query.max-concurrency`). */
const lanes = {
  /** Our own questions, of all namespaces. */
  ours: { atOnce: 6, perGroup: 6, waitingBytes: 4 * WAITING_BYTES },
  /** What users wrote. */
  users: { atOnce: 8, perGroup: 3, waitingBytes: WAITING_BYTES },
  /** Owners that were slow. */
  slow: { atOnce: 6, perGroup: 2, waitingBytes: WAITING_BYTES },
} as const
type Lane = keyof typeof lanes

/** Questions that are asked again, in one request. */
interface Part {
  readonly questions: readonly Question[]
  readonly lane: Lane
  readonly patience?: Milliseconds
}

export interface AskTerms {
  /** Bytes after which an answer is too large. */
  readonly sizeLimit: number
  readonly deadline: Milliseconds
  /** Whose data the server shall answer from; null where it is not told. */
  readonly tenant: string | null
  /** Credentials that the questions name, all of them the same; null: those of the flags. */
  readonly access: OwnAccess | null
  /** Aborts when no check waits for the answer any more. */
  readonly signal: AbortSignal
}

export type AskServer = (query: string, terms: AskTerms) => Promise<Reply>

export interface BatchOptions {
  readonly ask: AskServer
  /** Is told each annotation of an answer. */
  readonly annotated: (annotation: string) => void
  readonly deadline: Milliseconds
  /** Whether the server is told for which namespace it is asked: then nothing is merged across namespaces. */
  readonly byTenant: boolean
}

export class Batch {
  readonly #options: BatchOptions
  #waiting: Question[] = []
  /** Queries that are not merged. */
  readonly #loners = new Remembered()
  readonly #slowOwners = new Remembered()
  readonly #turns = { ours: new Turns(lanes.ours), users: new Turns(lanes.users), slow: new Turns(lanes.slow) }
  /** Probes under way, by `#mergedWith`: an answer with the credentials of one tenant proves nothing for another's. */
  readonly #probes = new Map<string, Promise<boolean>>()

  constructor(options: BatchOptions) {
    this.#options = options
  }

  /** Answers a query, unless `signal` aborts first. Never rejects. */
  find(query: string, asker: Asker, signal: AbortSignal): Promise<Finding> {
    return new Promise(answer => {
      if (this.#waiting.length === 0) setTimeout(() => this.#send(), GATHER)
      this.#waiting.push({ query, asker, signal, answer })
    })
  }

  #send(): void {
    const questions = this.#waiting.filter(isWanted)
    this.#waiting = []
    // Only queries of one group are merged, so that what one tenant writes can break no other's.
    const groups = grouped(questions, ({ asker }) => this.#mergedWith(asker))
    for (const group of groups.values()) {
      const isSlow = ({ asker }: Question): boolean => this.#slowOwners.has(ownerOf(asker))
      const slow = group.filter(isSlow)
      const others = group.filter(question => !isSlow(question))
      const isLone = ({ query }: Question): boolean => this.#loners.has(query) || !isEnclosed(query)
      const lane = group[0]?.asker.wrote === 'user' ? 'users' : 'ours'
      for (const own of byOwner(slow)) for (const chunk of chunks(own)) void this.#answer(chunk, 'slow')
      for (const lone of byQuery(others.filter(isLone)).values()) void this.#answer(lone, lane)
      for (const chunk of chunks(others.filter(question => !isLone(question)))) void this.#answer(chunk, lane)
    }
  }

  /** Asks questions of one group in one request. */
  async #answer(questions: readonly Question[], lane: Lane, patience = this.#patience(lane)): Promise<void> {
    const turn = await this.#turns[lane].take(this.#groupOf(questions), bytesOf(questions), () =>
      questions.some(isWanted),
    )
    if (turn === 'unwanted') return
    if (turn === 'full') {
      const { namespace } = questions[0]?.asker ?? { namespace: '' }
      const error = `too many queries of namespace ${namespace} wait for the metrics server (${WAITING_BYTES / 1024 / 1024} MiB of them); make them fewer or shorter`
      for (const { answer } of questions) answer({ kind: 'unavailable', error })
      return
    }
    const wanted = questions.filter(isWanted)
    // Its owner was found to be slow while it waited: it gives its turn to the others.
    if (lane === 'users' && wanted.every(({ asker }) => this.#slowOwners.has(ownerOf(asker)))) {
      turn()
      return this.#answer(wanted, 'slow')
    }
    const queries = [...byQuery(wanted).keys()]
    const begun = performance.now()
    const reply = await this.#ask(wanted, queries, patience)
    turn()
    if (reply.kind !== 'unavailable' && performance.now() - begun < this.#patience('users')) {
      for (const own of byOwner(wanted)) if (own[0] !== undefined) this.#slowOwners.delete(ownerOf(own[0].asker))
    }
    await this.#conclude(reply, wanted, queries, lane, patience)
  }

  async #conclude(
    reply: Reply,
    questions: readonly Question[],
    queries: readonly string[],
    lane: Lane,
    patience: Milliseconds,
  ): Promise<void> {
    if (reply.kind === 'not-asked') {
      for (const { answer } of questions) answer(reply)
    } else if (reply.kind === 'unavailable') {
      const parts =
        reply.retry === 'apart'
          ? await this.#apart(questions, lane, patience)
          : reply.retry === 'singly'
            ? singly(questions, lane)
            : null
      if (parts === null) for (const { answer } of questions) answer({ kind: 'unavailable', error: reply.error })
      else await Promise.all(parts.map(part => this.#answer(part.questions, part.lane, part.patience)))
    } else if (queries.length === 1) {
      const [query = ''] = queries
      const finding = this.#single(query, reply)
      for (const { answer } of questions) answer(finding)
    } else if (reply.kind === 'vector') {
      const parts = split(reply.series, queries.length)
      const findings = new Map(queries.map((query, index) => [query, findingOf(parts[index] ?? [])]))
      for (const { query, answer } of questions) answer(findings.get(query) ?? findingOf([]))
    } else {
      const half = new Set(queries.slice(0, Math.ceil(queries.length / 2)))
      const parts = [
        questions.filter(({ query }) => half.has(query)),
        questions.filter(({ query }) => !half.has(query)),
      ]
      await Promise.all(parts.map(part => this.#answer(part, lane)))
    }
  }

  /** How questions that were too slow together are asked again, each part in its lane; null when there is nothing to gain. */
  async #apart(questions: readonly Question[], lane: Lane, patience: Milliseconds): Promise<Part[] | null> {
    const { deadline } = this.#options
    const owners = byOwner(questions)
    if (owners.length > 1) {
      const share = Math.max(SHORTEST_PATIENCE, (TELLING_APART * lanes[lane].perGroup) / owners.length)
      const each = Math.min(this.#patience(lane), share * deadline)
      return (await this.#isAlive(questions)) ? owners.map(own => ({ questions: own, lane, patience: each })) : null
    }
    const [own] = owners
    if (own?.[0] === undefined) return null
    this.#slowOwners.add(ownerOf(own[0].asker))
    return patience < deadline ? [{ questions: own, lane: 'slow' }] : null
  }

  /** Whether it is the questions that are slow: a server that hangs altogether need not be asked them one by one. */
  #isAlive(questions: readonly Question[]): Promise<boolean> {
    const [first] = questions
    const group = first === undefined ? '' : this.#mergedWith(first.asker)
    const underWay = this.#probes.get(group)
    if (underWay !== undefined) return underWay
    const probe = this.#options
      .ask('vector(1)', {
        sizeLimit: SINGLE_LIMIT,
        deadline: this.#patience('users'),
        tenant: this.#tenantOf(questions),
        access: accessOf(questions),
        signal: new AbortController().signal,
      })
      .then(reply => {
        this.#probes.delete(group)
        return reply.kind !== 'unavailable' && reply.kind !== 'not-asked'
      })
    this.#probes.set(group, probe)
    return probe
  }

  /** Questions with the same text here may share a request: questions that differ in it get requests of their own. */
  #mergedWith({ wrote, namespace, access }: Asker): string {
    if (access !== null) return `${wrote}/${namespace}/${canonicalJson(access)}`
    return wrote === 'user' || this.#options.byTenant ? `${wrote}/${namespace}` : ''
  }

  #single(query: string, reply: Exclude<Reply, { kind: 'unavailable' | 'not-asked' }>): Finding {
    if (reply.kind === 'vector') return findingOf(reply.series)
    // A plain number, or trouble of its own: merged with others it would only be refused again.
    this.#loners.add(query)
    if (reply.kind === 'scalar') return numberOf(reply.value)
    if (reply.kind === 'refused') return reply
    return { kind: 'refused', error: 'its answer is larger than 1 MiB; aggregate it to one series, as in sum(…)' }
  }

  async #ask(questions: readonly Question[], queries: readonly string[], patience: Milliseconds): Promise<Reply> {
    const [only = ''] = queries
    const merged = queries.length > 1
    const given = whenAllAbort(questions.map(({ signal }) => signal))
    const reply = await this.#options.ask(merged ? merge(queries) : only, {
      sizeLimit: merged ? MERGED_LIMIT : SINGLE_LIMIT,
      deadline: patience,
      tenant: this.#tenantOf(questions),
      access: accessOf(questions),
      signal: given.signal,
    })
    given.forget()
    if ('annotations' in reply) for (const annotation of reply.annotations) this.#options.annotated(annotation)
    return reply
  }

  /** A query that may be slow has half of the time at first, because others may wait behind it. */
  #patience(lane: Lane): Milliseconds {
    return lane === 'users' ? this.#options.deadline / 2 : this.#options.deadline
  }

  #tenantOf(questions: readonly Question[]): string | null {
    return this.#options.byTenant ? (questions[0]?.asker.namespace ?? null) : null
  }

  /** The group whose turn it takes: questions of several namespaces are ours. */
  #groupOf(questions: readonly Question[]): string {
    const [first] = questions
    const isOfOne = questions.every(({ asker }) => asker.namespace === first?.asker.namespace)
    return isOfOne ? (first?.asker.namespace ?? '') : ''
  }
}

/** How questions that were to be answered in one request are asked again; of ours all ask the same stores. */
function singly(questions: readonly Question[], lane: Lane): Part[] | null {
  const queries = [...byQuery(questions).values()]
  return lane === 'ours' || queries.length === 1 ? null : queries.map(same => ({ questions: same, lane }))
}

/** The last texts that were added. */
class Remembered {
  readonly #texts = new Set<string>()

  has(text: string): boolean {
    return this.#texts.has(text)
  }

  add(text: string): void {
    this.#texts.add(text)
    const [oldest] = this.#texts
    if (this.#texts.size > MAX_REMEMBERED && oldest !== undefined) this.#texts.delete(oldest)
  }

  delete(text: string): void {
    this.#texts.delete(text)
  }
}
