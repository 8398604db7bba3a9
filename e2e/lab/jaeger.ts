/** Jaeger in memory, started by the first test that needs it: it takes OTLP over HTTP, and answers for what it has. No web UI. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { at, recordsOf, textOf } from '../../src/core/json.ts'
import type { Lab } from './lab.ts'
import { find, startPart } from './parts.ts'
import { waitFor } from './wait.ts'

/** Whether the lab was built with the group `jaeger`. */
export const hasJaeger = find('jaeger') !== null

/** OTLP over HTTP, where a controller sends its spans. */
export const collectorUrl = 'http://127.0.0.1:4318'
const queryUrl = 'http://127.0.0.1:16686'

/** https://www.jaegertracing.io/docs/latest/configuration/ */
const configuration = {
  service: {
    extensions: ['jaeger_storage', 'jaeger_query'],
    pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] } },
    telemetry: { metrics: { level: 'none' } },
  },
  extensions: {
    jaeger_storage: { backends: { lab: { memory: { max_traces: 10_000 } } } },
    jaeger_query: {
      storage: { traces: 'lab' },
      http: { endpoint: '127.0.0.1:16686' },
      grpc: { endpoint: '127.0.0.1:16685' },
    },
  },
  receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:4318' } } } },
  processors: { batch: { timeout: '100ms' } },
  exporters: { jaeger_storage_exporter: { trace_storage: 'lab' } },
}

let started: Promise<void> | undefined
export async function withJaeger(lab: Lab): Promise<void> {
  started ??= start(lab)
  await started
}

async function start(lab: Lab): Promise<void> {
  const folder = join(lab.dir, 'jaeger')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'jaeger.json')
  await writeFile(file, JSON.stringify(configuration))
  startPart(lab, 'jaeger', ['--config', file])
  await waitFor('Jaeger is ready', 60, async () => (await fetch(`${queryUrl}/api/services`)).ok)
}

/** A span as the query API of Jaeger has it. */
export interface StoredSpan {
  readonly traceId: string
  readonly spanId: string
  /** '' for a root. */
  readonly parentId: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  /** Where it points without being a part of it: `trace/span`. */
  readonly links: readonly string[]
  readonly tags: Readonly<Record<string, unknown>>
  /** What Jaeger found to be wrong, such as a parent that is not there. */
  readonly warnings: readonly string[]
}

/**
 * The traces that a search finds, each with all of its spans.
 *
 * @param search the query of the page `/search` of Jaeger, which is that of its API, too: `service=sluice&tags=…`.
 */
export async function searchJaeger(search: string): Promise<StoredSpan[][]> {
  const response = await fetch(`${queryUrl}/api/traces?${search}`)
  if (!response.ok) throw new Error(`Jaeger answered ${response.status}: ${await response.text()}`)
  return recordsOf(at(await response.json(), 'data')).map(({ spans }) => recordsOf(spans).map(storedSpan))
}

function storedSpan(span: Record<string, unknown>): StoredSpan {
  const references = recordsOf(span['references'])
  const parent = references.find(({ refType }) => refType === 'CHILD_OF')
  const links = references.filter(one => one !== parent)
  const startedAt = Number(span['startTime']) / 1000
  const warnings = span['warnings']
  return {
    traceId: textOf(span['traceID']),
    spanId: textOf(span['spanID']),
    parentId: textOf(parent?.['spanID']),
    name: textOf(span['operationName']),
    startedAt,
    endedAt: startedAt + Number(span['duration']) / 1000,
    links: links.map(({ traceID, spanID }) => `${textOf(traceID)}/${textOf(spanID)}`),
    tags: Object.fromEntries(recordsOf(span['tags']).map(({ key, value }) => [textOf(key), value])),
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
  }
}
