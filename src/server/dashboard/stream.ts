/**
 * What one tab follows, as JSON lines. Nothing is queued for a tab that reads slowly: what changed meanwhile is remembered by name,
 * and sent as it is then, line by line as there is room; a tab that does not read at all is dropped. So a stream costs no more memory
 * than the names of Canaries and one line.
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

/** Rows in one line of a list: 5,000 rows in one line were 8 MB for each tab that does not read. */
const ROWS_IN_LINE = 100

/** The lines of one answer. */
export class LineStream {
  readonly #response: ServerResponse
  readonly #options: StreamOptions
  readonly #timing: StreamTiming
  /** What is to be sent, as late as possible: each line is made when it can be written. */
  #pending: (() => Iterable<StreamLine>) | null = null
  /** Lines of which some are sent. */
  #begun: Iterator<StreamLine> | null = null
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

  /** @param pending makes the lines that are due; called once, when the first can be sent. Each is taken when there is room for it. */
  due(pending: () => Iterable<StreamLine>): void {
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
    while (!this.#isBlocked && !this.#isOver) {
      if (this.#begun === null) {
        if (this.#pending === null) return
        this.#begun = this.#pending()[Symbol.iterator]()
        this.#pending = null
      }
      const next = this.#begun.next()
      if (next.done === true) this.#begun = null
      else this.#write(next.value)
    }
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
  const rowOf = (key: string): CanaryRow | undefined =>
    feeds.map(feed => feed.rows.get(key)).find(row => row !== undefined)
  const pending = function* (): Generator<StreamLine> {
    // Half a list would look like a whole one.
    if (feeds.every(feed => feed.isListed)) yield* isListDue ? listDue() : changesDue()
    yield* troubleDue()
  }
  const listDue = function* (): Generator<StreamLine> {
    isListDue = false
    changed.clear()
    const keys = feeds.flatMap(feed => [...feed.rows.keys()])
    const more = feeds.reduce((sum, feed) => sum + feed.more, 0)
    for (let sent = 0; sent === 0 || sent < keys.length; sent += ROWS_IN_LINE) {
      const rest = Math.max(0, keys.length - sent - ROWS_IN_LINE)
      // What changes while it is sent is among the changes, too; what is gone meanwhile is left out.
      const items = keys.slice(sent, sent + ROWS_IN_LINE).flatMap(key => rowOf(key) ?? [])
      yield { kind: 'list', items, more, ...(rest === 0 ? {} : { rest }) }
    }
  }
  const changesDue = function* (): Generator<StreamLine> {
    const keys = [...changed]
    changed.clear()
    for (let sent = 0; sent < keys.length; sent += ROWS_IN_LINE) {
      const rows = keys.slice(sent, sent + ROWS_IN_LINE).map(key => ({ key, row: rowOf(key) }))
      yield {
        kind: 'changes',
        changed: rows.flatMap(({ row }) => row ?? []),
        gone: rows.flatMap(({ key, row }) => (row === undefined ? [keyOf(key)] : [])),
      }
    }
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
