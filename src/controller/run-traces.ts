/** The traces of runs: which spans leave when, and below which step queries and writes hang. Nothing waits for it. */
import type { WatchHooks } from './in-flight-hooks.ts'
import type { WatchQueries } from './in-flight-queries.ts'
import { writeErrorOf } from './write-errors.ts'
import type { Decision } from '../core/model/decision.ts'
import type { Observation } from '../core/model/observation.ts'
import { runOf } from '../core/model/selectors.ts'
import type { RunTrace, Span, TraceContext } from '../core/model/trace.ts'
import type { Write } from '../core/model/write.ts'
import type { Clock, Log, Sha256, SpanSink } from '../core/ports.ts'
import { hookSpan, type Leaf, leafOf, querySpan, writeSpan } from '../core/signals/call-spans.ts'
import {
  contextOf,
  endedTraces,
  type Noted,
  noteTraces,
  problemOfTraceparent,
  spanIdOf,
} from '../core/signals/traces.ts'
import type { Instant } from '../core/time.ts'

export interface RunTracesPorts {
  readonly sink: SpanSink
  readonly sha256: Sha256
  readonly clock: Clock
  readonly log: Log
  /** Told of a Canary whose trace is complete, so that its status says so. */
  readonly ended: (key: string) => void
}

/** One Canary. */
interface Traced {
  readonly context: TraceContext | null
  /** Those of the status, that of the present or the last run first. */
  readonly traces: readonly RunTrace[]
  /** Roots that are on their way, or were sent, by id of the trace. */
  readonly roots: Map<string, 'sending' | 'sent'>
}

export class RunTraces {
  readonly #ports: RunTracesPorts
  readonly #byKey = new Map<string, Traced>()

  constructor(ports: RunTracesPorts) {
    this.#ports = ports
  }

  /** What a decision adds; it is sent once the decision is committed. */
  note(key: string, o: Observation, decision: Decision, now: Instant): Noted {
    const roots = this.#byKey.get(key)?.roots
    return noteTraces(o, decision, ({ id }) => roots?.get(id) === 'sent', now, this.#ports.sha256)
  }

  /** A decision was committed: what follows from it hangs below the step that it leads to, or the last one of its run. */
  committed(key: string, o: Observation, { state }: Pick<Decision, 'state'>, { traces, spans }: Noted): void {
    this.#follow(key, traces, runOf(state) !== null || runOf(o.state) !== null)
    const problem = traces[0]?.id === o.memory.traces[0]?.id ? null : problemOfTraceparent(o.canary)
    if (problem !== null) this.#ports.log.warn('a trace links no other', { canary: key, problem })
    if (spans.length > 0) this.#ports.sink.send(spans)
  }

  /** Nothing was decided: queries hang below the present step. */
  asking(key: string, { state, memory }: Observation): void {
    this.#follow(key, memory.traces, runOf(state) !== null)
  }

  #follow(key: string, traces: readonly RunTrace[], isRunning: boolean): void {
    const roots = new Map([...(this.#byKey.get(key)?.roots ?? [])].filter(([id]) => traces.some(one => one.id === id)))
    const context = isRunning ? contextOf(traces, this.#ports.sha256) : null
    this.#byKey.set(key, { context, traces, roots })
  }

  /** Sends the ends of the runs that are over, each once in this process. */
  finish(key: string, o: Observation): void {
    const { sink, sha256, ended } = this.#ports
    for (const { trace, spans } of endedTraces(o, sha256)) {
      const roots = this.#byKey.get(key)?.roots
      if (roots === undefined || roots.has(trace.id)) continue
      roots.set(trace.id, 'sending')
      sink.send(spans, () => {
        const now = this.#byKey.get(key)?.roots
        if (now?.has(trace.id) !== true) return
        now.set(trace.id, 'sent')
        ended(key)
      })
    }
  }

  /** Questions are asked; the answer tells of their answers. */
  readonly asked: WatchQueries = (key, checks) => {
    const ended = this.#timed(this.#step(key))
    return answers =>
      ended(leaf =>
        checks.flatMap(check => {
          const finding = answers.get(check.id)
          return finding === undefined ? [] : [querySpan(leaf, check, finding)]
        }),
      )
  }

  /** A webhook is called; the answer tells of its answer. */
  readonly called: WatchHooks = (key, call) => {
    const ended = this.#timed(this.#step(key))
    return finding => ended(leaf => [hookSpan(leaf, call, finding)])
  }

  /** A webhook is told of the end of a run, which is over by then, and so are its steps: it hangs below the root. */
  readonly told: WatchHooks = (key, call) => {
    const { runId } = call.payload
    const trace = this.#byKey.get(key)?.traces.find(({ run }) => run === runId)
    const parentId = trace === undefined ? '' : spanIdOf(trace, 'run', this.#ports.sha256)
    const ended = this.#timed(trace === undefined ? null : { traceId: trace.id, parentId })
    return finding => ended(leaf => [hookSpan(leaf, call, finding)])
  }

  /** An object is written; the answer tells what was thrown, null where nothing was. */
  readonly writing = (key: string, write: Write): ((error: unknown) => void) => {
    const ended = this.#timed(this.#step(key))
    return error => ended(leaf => [writeSpan(leaf, write, error === null ? null : writeErrorOf(write, error).message)])
  }

  /** The present step; null outside of a run. */
  #step(key: string): TraceContext | null {
    return this.#byKey.get(key)?.context ?? null
  }

  /** Spans that begin now, below this one; null: none. */
  #timed(context: TraceContext | null): (spansOf: (leaf: Leaf) => readonly Span[]) => void {
    const { sink, sha256, clock } = this.#ports
    const from = clock.now()
    return spansOf => {
      if (context === null) return
      const spans = spansOf(leafOf(context, { from, to: clock.now() }, sha256))
      if (spans.length > 0) sink.send(spans)
    }
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }
}
