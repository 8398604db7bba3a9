/** A receiver of webhooks over TLS, with a certificate of the lab; it answers as it is told, and writes down what it was asked. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { addresses } from './network.ts'
import type { Pki } from './pki.ts'
import { readFile } from 'node:fs/promises'

export interface Received {
  readonly path: string
  readonly id: string
  readonly authorization: string
  readonly payload: Readonly<Record<string, unknown>>
}

type Answer = (response: ServerResponse, received: Received) => void

const yes: Answer = response => void response.end('yes')

export class Receiver {
  readonly received: Received[] = []
  readonly #server: Server
  readonly #answers = new Map<string, Answer>()

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = ''
      request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      request.on('end', () => {
        const { url = '', headers } = request
        const received = {
          path: url,
          id: String(headers['idempotency-key']),
          authorization: headers.authorization ?? '',
          payload: JSON.parse(body) as Record<string, unknown>,
        }
        this.received.push(received)
        ;(this.#answers.get(url) ?? yes)(response, received)
      })
    })
  }

  static async start(pki: Pki): Promise<Receiver> {
    const [cert, key] = await Promise.all(['server.crt', 'server.key'].map(name => readFile(pki.file(name))))
    const server = createServer({ cert, key })
    const receiver = new Receiver(server)
    await new Promise<void>(resolve => {
      server.listen(0, addresses.node, resolve)
    })
    return receiver
  }

  get url(): string {
    const address = this.#server.address()
    return `https://${addresses.node}:${typeof address === 'object' ? address?.port : 0}`
  }

  /** How requests for a path are answered from now on; `null`: with a yes. */
  answer(path: string, answer: Answer | null): void {
    this.#answers.set(path, answer ?? yes)
  }

  at(path: string): readonly Received[] {
    return this.received.filter(one => one.path === path)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
