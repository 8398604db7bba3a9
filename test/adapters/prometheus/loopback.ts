/**
 * A metrics server on loopback that a test scripts: it understands the one way in which queries are merged, and answers each
 * from a table, so that what comes back stands for what was asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Check } from '../../../src/core/model/check.ts'
import type { Log } from '../../../src/core/ports.ts'

/** An answer to a query: values of its series, or an error as Prometheus words it. */
export type Scripted = readonly string[] | { readonly error: string } | { readonly scalar: string }

/** Takes over a whole request; true when it did. */
export type Interference = (request: IncomingMessage, response: ServerResponse, query: string) => boolean

export interface Loopback {
  readonly url: string
  /** Query texts, one for each request that arrived. */
  readonly requests: string[]
  readonly headers: IncomingMessage['headers'][]
  close(): Promise<void>
}

/** What a request asks, by the label that `merge` puts on each part. */
function partsOf(query: string): { parts: string[]; merged: boolean } {
  const parts = [...query.matchAll(/label_replace\(\(\n([\s\S]*?)\n\), "sluice_check", "\d+", "", ""\)/g)]
  return parts.length > 0
    ? { parts: parts.map(part => part[1] ?? ''), merged: true }
    : { parts: [query], merged: false }
}

function answer(query: string, script: (query: string) => Scripted): { status: number; body: unknown } {
  const { parts, merged } = partsOf(query)
  const result: unknown[] = []
  for (const [index, part] of parts.entries()) {
    const said = script(part)
    if ('error' in said) {
      return { status: 400, body: { status: 'error', errorType: 'bad_data', error: said.error } }
    }
    if ('scalar' in said) {
      if (merged)
        return { status: 400, body: { status: 'error', errorType: 'bad_data', error: 'expected type instant vector' } }
      return { status: 200, body: { status: 'success', data: { resultType: 'scalar', result: [0, said.scalar] } } }
    }
    for (const [series, value] of said.entries()) {
      const metric = { series: String(series), ...(merged ? { sluice_check: String(index) } : {}) }
      result.push({ metric, value: [0, value] })
    }
  }
  return { status: 200, body: { status: 'success', data: { resultType: 'vector', result } } }
}

export async function loopback(script: (query: string) => Scripted, interfere?: Interference): Promise<Loopback> {
  const requests: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    let form = ''
    request.on('data', chunk => (form += String(chunk)))
    request.on('end', () => {
      const query = new URLSearchParams(form).get('query') ?? ''
      requests.push(query)
      headers.push(request.headers)
      if (interfere?.(request, response, query) === true) return
      if (request.url !== '/api/v1/query' || request.method !== 'POST') {
        response.writeHead(404).end('404 page not found')
        return
      }
      const { status, body } = answer(query, script)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers every request with one value and what else stands in the body; merged queries all get the value. */
export function saying(fields: Record<string, unknown>, value: string): Interference {
  return (_request, response, query) => {
    const { parts, merged } = partsOf(query)
    const result = parts.map((_, index) => ({
      metric: merged ? { sluice_check: String(index) } : {},
      value: [1_700_000_000.1, value],
    }))
    response.end(JSON.stringify({ status: 'success', ...fields, data: { resultType: 'vector', result } }))
    return true
  }
}

let asked = 0

/** A question with an id of its own. */
export function question(query: string, more: Partial<Check> = {}): Check {
  const subject = { measure: 'value', side: 'canary', namespace: 'shop', workload: 'web', window: 30_000 } as const
  return { id: `check-${++asked}`, query, server: null, subject, ...more }
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (message: string, pairs: Record<string, unknown> = {}): void => {
    lines.push(`${message} ${JSON.stringify(pairs)}`)
  }
  return { lines, debug: keep, info: keep, warn: keep, error: keep }
}
