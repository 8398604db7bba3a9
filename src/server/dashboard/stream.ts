/**
 * What one tab follows, as JSON lines. Nothing is queued for a tab that reads slowly: what changed meanwhile is remembered by name,
 * and sent as it is then; a tab that does not read at all is dropped. So a stream costs no more memory than the names of Canaries.
 */
import type { ServerResponse } from 'node:http'
import type { Milliseconds } from '../../core/time.ts'
import type { Detail } from './detail.ts'
import type { Feed } from './feed.ts'
import { isFinal } from './problems.ts'
import type { CanaryDetail, CanaryKey, CanaryRow, Problem, Rights, StreamLine } from './protocol.ts'

export interface StreamTiming {
  /** Changes within so long are sent together. */
  readonly gather: Milliseconds
  readonly beat: Milliseconds
  /** A tab that has not read for so long is dropped. */
  readonly patience: Milliseconds
}

export const STREAM_TIMING: StreamTiming = { gather: 50, beat: 5000, patience: 15_000 }

export interface StreamOptions {
  readonly version: string
  /** The time on the wall. */
  readonly now: () => number
  readonly timing?: StreamTiming
  /** Told once, when the stream is over. */
  readonly ended: () => void
}

/** The lines of one answer. */
export class LineStream {
  readonly #response: ServerResponse
  readonly #options: StreamOptions
  readonly #timing: StreamTiming
  /** What is to be sent, as late as possible: the lines are made when they can be written. */
  #pending: () => StreamLine[] = () => []
  #isBlocked = false
  #isOver = false
  #flush: NodeJS.Timeout | null = null
  #patience: NodeJS.Timeout | null = null
  readonly #beat: NodeJS.Timeout

  constructor(response: ServerResponse, options: StreamOptions) {
    this.#response = response
    this.#options = options
    this.#timing = options.timing ?? STREAM_TIMING
    response.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.once('close', () => this.#over())
    // A connection that broke is closed as well.
    response.on('error', () => {})
    const { version, now } = options
    this.#write({ kind: 'hello', version, beat: this.#timing.beat, now: now() })
    this.#beat = setInterval(() => {
      if (!this.#isBlocked) this.#write({ kind: 'beat', now: now() })
    }, this.#timing.beat)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** @param pending makes the lines that are due; called once, when they can be sent. */
  due(pending: () => StreamLine[]): void {
    this.#pending = pending
    if (this.#isBlocked || this.#isOver) return
    this.#flush ??= setTimeout(() => {
      this.#flush = null
      this.#send()
    }, this.#timing.gather)
  }

  /** The last line. */
  end(problem: Problem, again: Milliseconds | null): void {
    if (this.#isOver) return
    this.#send()
    this.#write({ kind: 'end', problem, again })
    this.#response.end()
    this.#over()
    // A tab that does not read holds its connection no longer for that.
    setTimeout(() => this.#response.destroy(), this.#timing.patience).unref()
  }

  #send(): void {
    if (this.#isBlocked || this.#isOver) return
    const pending = this.#pending
    this.#pending = () => []
    for (const line of pending()) this.#write(line)
  }

  #write(line: StreamLine): void {
    if (this.#isOver) return
    if (this.#response.write(`${JSON.stringify(line)}\n`) || this.#isBlocked) return
    this.#isBlocked = true
    this.#patience = setTimeout(() => this.#response.destroy(), this.#timing.patience)
    this.#response.once('drain', () => {
      this.#isBlocked = false
      if (this.#patience !== null) clearTimeout(this.#patience)
      this.#send()
    })
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#beat)
    if (this.#flush !== null) clearTimeout(this.#flush)
    if (this.#patience !== null) clearTimeout(this.#patience)
    this.#options.ended()
  }
}

/** A tab that shows the list. @returns what ends its subscriptions. */
export function streamList(lines: LineStream, feeds: readonly Feed<CanaryRow>[]): () => void {
  let isListDue = false
  const changed = new Set<string>()
  const troubles = new Map<Feed<CanaryRow>, Problem>()
  let shownTrouble: Problem | null = null
  const pending = (): StreamLine[] => [...rowsDue(), ...troubleDue()]
  const rowsDue = (): StreamLine[] => {
    // Half a list would look like a whole one.
    if (!feeds.every(feed => feed.isListed)) return []
    if (isListDue) {
      isListDue = false
      changed.clear()
      const items = feeds.flatMap(feed => [...feed.rows.values()])
      return [{ kind: 'list', items, more: feeds.reduce((sum, { more }) => sum + more, 0) }]
    }
    if (changed.size === 0) return []
    const rows = [...changed].map(key => ({
      key,
      row: feeds.map(feed => feed.rows.get(key)).find(one => one !== undefined),
    }))
    changed.clear()
    return [
      {
        kind: 'changes',
        changed: rows.flatMap(({ row }) => (row === undefined ? [] : [row])),
        gone: rows.flatMap(({ key, row }) => (row === undefined ? [keyOf(key)] : [])),
      },
    ]
  }
  const troubleDue = (): StreamLine[] => {
    const [problem = null] = troubles.values()
    if (problem?.sentence === shownTrouble?.sentence) return []
    shownTrouble = problem
    return [{ kind: 'trouble', problem }]
  }
  const leave = feeds.map(feed =>
    feed.subscribe({
      listed() {
        isListDue = true
        lines.due(pending)
      },
      changed(key) {
        changed.add(key)
        lines.due(pending)
      },
      trouble(problem) {
        if (problem === null) troubles.delete(feed)
        else troubles.set(feed, problem)
        lines.due(pending)
      },
      ended: problem => lines.end(problem, null),
    }),
  )
  return () => {
    for (const one of leave) one()
  }
}

/** A tab that shows one Canary. @returns what ends its subscription. */
export function streamCanary(lines: LineStream, detail: Detail): () => void {
  const due: { canary?: CanaryDetail | null; rights?: Rights; problem?: Problem | null } = {}
  const pending = (): StreamLine[] => {
    const { canary, rights, problem } = due
    delete due.canary
    delete due.rights
    delete due.problem
    return [
      ...(canary === undefined ? [] : [{ kind: 'canary', canary } as const]),
      ...(rights === undefined ? [] : [{ kind: 'rights', rights } as const]),
      ...(problem === undefined ? [] : [{ kind: 'trouble', problem } as const]),
    ]
  }
  return detail.subscribe({
    canary(canary) {
      due.canary = canary
      lines.due(pending)
    },
    rights(rights) {
      due.rights = rights
      lines.due(pending)
    },
    trouble(problem) {
      due.problem = problem
      lines.due(pending)
    },
    ended: problem => lines.end(problem, isFinal(problem) ? null : 1000),
  })
}

function keyOf(key: string): CanaryKey {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}
