/** Spans as OTLP's JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
import type { Span } from '../../core/model/trace.ts'
import { beginning } from '../../core/text.ts'
import type { Instant } from '../../core/time.ts'

type Value = string | number | boolean

/** SpanKind of opentelemetry/proto/trace/v1/trace.proto. */
const KINDS: Readonly<Record<Span['kind'], number>> = { internal: 1, server: 2, client: 3 }
const STATUS_ERROR = 2
/** The spans of a run are never sampled. */
const SAMPLED = 1
/** The conventions by which attributes are named. */
const SCHEMA = 'https://opentelemetry.io/schemas/1.44.0'
const LONGEST_ERROR = 1024

/** @param resource attributes of this process. */
export function encode(spans: readonly Span[], resource: Readonly<Record<string, string>>, version: string): string {
  const scope = { name: 'sluice', version }
  const scopeSpans = [{ scope, spans: spans.map(encodeSpan), schemaUrl: SCHEMA }]
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans, schemaUrl: SCHEMA }],
  })
}

function encodeSpan({ traceId, spanId, parentId, name, kind, startedAt, endedAt, attributes, links, error }: Span) {
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    flags: SAMPLED,
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(endedAt),
    attributes: attributesOf(attributes),
    ...(links.length === 0 ? {} : { links }),
    ...(error === null ? {} : { status: { code: STATUS_ERROR, message: beginning(error, LONGEST_ERROR) } }),
  }
}

/** A clock may tell fractions of a millisecond. */
const nanoseconds = (instant: Instant): string => `${Math.round(instant)}000000`

const attributesOf = (attributes: Readonly<Record<string, Value>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }))

/** Every number as a double: an attribute that is now whole and now not would have two types. */
function valueOf(value: Value): Record<string, Value> {
  if (typeof value === 'string') return { stringValue: value }
  return typeof value === 'boolean' ? { boolValue: value } : { doubleValue: value }
}
