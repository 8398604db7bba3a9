/** A server of the demo on this machine, which can be stopped and started again at the same port: Prometheus, a receiver of webhooks. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const HOST = '127.0.0.1'

export class LocalServer {
  readonly url: string
  readonly #listener: RequestListener
  #server: Server

  private constructor(listener: RequestListener, server: Server) {
    this.#listener = listener
    this.#server = server
    this.url = `http://${HOST}:${portOf(server)}`
  }

  static async start(listener: RequestListener): Promise<LocalServer> {
    return new LocalServer(listener, await listen(listener, 0))
  }

  /** Refuses connections from now on, and ends those that there are. */
  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** Serves again after `stop`. @throws Error when another program has taken the port. */
  async restart(): Promise<void> {
    this.#server = await listen(this.#listener, portOf(this))
  }
}

async function listen(listener: RequestListener, port: number): Promise<Server> {
  const server = createServer(listener).listen(port, HOST)
  await once(server, 'listening')
  return server
}

function portOf(server: Server | { readonly url: string }): number {
  return 'url' in server ? Number(new URL(server.url).port) : (server.address() as AddressInfo).port
}
