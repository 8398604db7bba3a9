/**
 * A loopback API server that answers as told: the faults of a network and of a server, over real sockets. Each request is
 * given to the next answer of its kind; the last answer of a kind stays.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '../../src/api/object.ts'
import type { Credentials } from '../../src/adapters/kubernetes/credentials.ts'
import { Admission } from '../../src/adapters/kubernetes/admission.ts'
import { KubeTransport, type TransportOptions } from '../../src/adapters/kubernetes/transport.ts'
import { monotonicClock } from '../../src/adapters/clock.ts'

export interface Asked {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Answer = (response: ServerResponse, asked: Asked) => void

export interface Scripted {
  readonly url: string
  /** Every request, in order. */
  readonly asked: Asked[]
  /** TCP connections so far. */
  connections(): number
  close(): Promise<void>
}

/** Starts a server; `answer` gets every request, its body read. */
export async function serve(answer: Answer, tls?: { key: string; cert: string }): Promise<Scripted> {
  const asked: Asked[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', piece => {
      body += piece
    })
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server')
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      }
      asked.push(one)
      answer(response, one)
    })
  }
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  let connections = 0
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => {
    connections += 1
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    connections: () => connections,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers of lists and of watches, each used once and in order; the last of each stays. */
export function script(lists: readonly [Answer, ...Answer[]], watches: readonly [Answer, ...Answer[]]): Answer {
  const take = (answers: readonly Answer[]): (() => Answer | undefined) => {
    let at = 0
    return () => answers[Math.min(at++, answers.length - 1)]
  }
  const list = take(lists)
  const watch = take(watches)
  return (response, asked) => (asked.query['watch'] === 'true' ? watch() : list())?.(response, asked)
}

/** A ConfigMap that says something else in each version. */
export const config = (
  name: string,
  version: number,
  data: Record<string, string> = { version: String(version) },
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version) },
  data,
})

export const json =
  (code: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  response => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

export const status = (code: number, reason: string, message: string, headers: Record<string, string> = {}): Answer =>
  json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, headers)

/** A page of a list; items come without kind, as those of built-in kinds do. */
export const page = (version: number, items: readonly KubeObject[], next?: string): Answer =>
  json(200, {
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(version), ...(next === undefined ? {} : { continue: next }) },
    items: items.map(({ metadata, data }) => ({ metadata, data })),
  })

/** A watch that sends these lines, and then does what `after` does; without it, it stays open in silence. */
export const stream =
  (lines: readonly unknown[], after?: (response: ServerResponse) => void): Answer =>
  response => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const text = lines.map(line => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
    if (text === '') after?.(response)
    else response.write(text, () => after?.(response))
  }

export const event = (type: string, object: unknown): unknown => ({ type, object })
/** Ends: of a watch in order, and by a reset of the connection. */
export const close = (response: ServerResponse): void => void response.end()
export const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy()

export const plainCredentials = (server: string, tls: Record<string, unknown> = {}): Credentials => {
  const connection = { tls, proxy: '', headers: { authorization: 'Bearer token-1' } }
  return { server, namespace: '', user: '', current: async () => connection, refresh: async () => connection }
}

/** A transport to a server, without a rate limit that could be felt. */
export function transportTo(server: string, options: Partial<TransportOptions> = {}): KubeTransport {
  return new KubeTransport({
    credentials: plainCredentials(server),
    admission: new Admission({ qps: 1e6, burst: 1e6 }, monotonicClock),
    clock: monotonicClock,
    random: () => 0.5,
    userAgent: 'sluice/test',
    ...options,
  })
}

/** Waits until something is true, looking between turns of the event loop; gives up after a minute: beside compilers a program takes half of one to start. */
export async function until(holds: () => boolean): Promise<void> {
  const end = monotonicClock.now() + 60_000
  while (!holds()) {
    if (monotonicClock.now() > end) throw new Error(`This did not become true in 60 s: ${holds.toString()}`)
    await new Promise<void>(resolve => {
      monotonicClock.at(monotonicClock.now() + 1, resolve)
    })
  }
}
