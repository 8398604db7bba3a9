/** A collector of spans in memory, and whether what it has is a tree. */
import type { Span } from '../src/core/model/trace.ts'
import type { SpanSink } from '../src/core/ports.ts'

export class Collector implements SpanSink {
  readonly spans: Span[] = []
  /** What is held back: it has neither arrived nor been given up. */
  isDown = false

  send(spans: readonly Span[], done: () => void = () => {}): void {
    if (this.isDown) return
    this.spans.push(...spans)
    done()
  }

  roots(): Span[] {
    return this.spans.filter(({ parentId }) => parentId === null)
  }

  /** Spans of a trace whose parent is not there. */
  orphans(): Span[] {
    const ids = new Set(this.spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`))
    return this.spans.filter(({ traceId, parentId }) => parentId !== null && !ids.has(`${traceId}/${parentId}`))
  }

  /** Ids that are there more than once. */
  repeated(): string[] {
    const ids = this.spans.map(({ spanId }) => spanId)
    return ids.filter((id, i) => ids.indexOf(id) !== i)
  }

  steps(traceId: string): string[] {
    return this.spans
      .filter(span => span.traceId === traceId && 'cicd.pipeline.task.name' in span.attributes)
      .map(({ attributes }) => String(attributes['cicd.pipeline.task.name']))
  }

  named(word: string): Span[] {
    return this.spans.filter(({ name }) => name.startsWith(`${word} `))
  }
}
