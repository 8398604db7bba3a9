/** The trace of a run: what status remembers of it, and the spans that it is made of. */
import type { Instant } from '../time.ts'

/** One step of a run. It ends when the next one begins, or the run ends. */
export interface TracedStep {
  /** `start pods`, `weight 10`, `copying`. */
  readonly name: string
  readonly at: Instant
}

/** What must outlive the process, so that the trace is one tree: the steps, which leave with the root once the run is over. */
export interface RunTrace {
  /** Names the run. */
  readonly run: string
  /** 32 hex digits. */
  readonly id: string
  /** The annotation `sluice.dev/traceparent` as it was when the run began; '' where there is none that can be read. */
  readonly parent: string
  /** In their order, the present one last; those that were sent are left out. */
  readonly steps: readonly TracedStep[]
  /** The root was sent, or given up. */
  readonly sent: boolean
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
}

/** What its spans hang below: the present step. */
export interface TraceContext {
  readonly traceId: string
  readonly parentId: string
}

/** One span; https://opentelemetry.io/docs/specs/otel/trace/api/#span. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** null: the root. */
  readonly parentId: string | null
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client'
  readonly startedAt: Instant
  readonly endedAt: Instant
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly links: readonly SpanLink[]
  /** Why it failed, as a sentence without secrets; null: it did not. */
  readonly error: string | null
}
