/**
 * A server over TLS for every sink of a controller: it writes down all that it is shown, and where it is told to, refuses a request and
 * quotes it in its answer, as servers do in their error pages. Queries go on to the real Prometheus.
 */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { addresses } from './network.ts'
import type { Pki } from './pki.ts'
import { prometheusUrl } from './prometheus.ts'

export class Quoter {
  /** Path, query and headers of each request, by the first segment of its path. */
  readonly #shown = new Map<string, string>()
  /** The bodies. */
  readonly #told = new Map<string, string>()
  readonly #refused = new Set<string>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = ''
      request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      request.on('end', () => void this.#answer(request, body, response))
    })
  }

  static async start(pki: Pki): Promise<Quoter> {
    const [cert, key] = await Promise.all(['server.crt', 'server.key'].map(name => readFile(pki.file(name))))
    const server = createServer({ cert, key })
    const quoter = new Quoter(server)
    await new Promise<void>(resolve => {
      server.listen(0, addresses.node, resolve)
    })
    return quoter
  }

  /** Without `https://`. */
  get host(): string {
    const address = this.#server.address()
    return `${addresses.node}:${typeof address === 'object' ? address?.port : 0}`
  }

  /** Requests to `/<sink>/…` are refused with 503 from now on, or taken. */
  refuse(...sinks: readonly string[]): void {
    for (const sink of sinks) this.#refused.add(sink)
  }

  take(...sinks: readonly string[]): void {
    for (const sink of sinks) this.#refused.delete(sink)
  }

  /** All that requests to a sink have shown in path, query and headers, those with user and password decoded. */
  shown(sink: string): string {
    return this.#shown.get(sink) ?? ''
  }

  /** All bodies that a sink was sent. */
  told(sink: string): string {
    return this.#told.get(sink) ?? ''
  }

  async #answer({ url = '', headers }: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const sink = url.split(/[/?]/)[1] ?? ''
    const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
    const known = basic === undefined ? '' : Buffer.from(basic, 'base64').toString()
    const shown = `${url} ${known} ${JSON.stringify(headers)}`
    this.#shown.set(sink, `${this.shown(sink)}\n${shown}`)
    this.#told.set(sink, `${this.told(sink)}\n${body}`)
    if (this.#refused.has(sink)) {
      const error = `not now: ${shown}`
      return void response
        .writeHead(503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ status: 'error', errorType: 'unavailable', error }))
    }
    if (url.includes('/rollback')) return void response.writeHead(403).end(`not now: ${shown}`)
    if (!url.includes('/api/v1/query')) return void response.end(JSON.stringify({ ok: true, ts: '1700.1' }))
    const answer = await fetch(`${prometheusUrl}/api/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
