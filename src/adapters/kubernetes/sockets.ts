/**
 * The connections to one API server, kept open between requests: as many as there are calls in flight: `slots.ts`
 * limits those, and a call that hangs does not delay a rollback. When certificates are
 * renewed the pool is replaced; what is under way ends in peace.
 */
import { createHash } from 'node:crypto'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { Connection } from './credentials.ts'

const TUNING = {
  // kube-apiserver closes what was idle for 90 s, and load balancers often do after 60.
  keepAliveTimeout: 45_000,
  // Calls have deadlines of their own; these end what would hang without one.
  headersTimeout: 60_000,
  bodyTimeout: 60_000,
  pipelining: 1,
} as const

/**
 * TCP keep-alive, so that a vanished server is noticed on a connection on which nothing is sent: after 5 s of silence libuv
 * probes each second, and the tenth probe without an answer ends it. Connecting has 10 s.
 */
const CONNECTING = { keepAlive: true, keepAliveInitialDelay: 5000, timeout: 10_000 } as const

export class Sockets {
  #pool: { readonly madeOf: string; readonly dispatcher: Dispatcher } | null = null
  /** The connection that the pool was last found to be for: the same one needs no second check. */
  #seen: Connection | null = null
  /** Replaced pools on which something is still under way. */
  readonly #retired = new Set<Dispatcher>()

  /** The pool for calls over this connection. */
  for(connection: Connection): Dispatcher {
    if (this.#pool === null || this.#seen !== connection) {
      const madeOf = fingerprint(connection)
      if (this.#pool?.madeOf !== madeOf) {
        this.renew()
        this.#pool = { madeOf, dispatcher: pool(connection) }
      }
      this.#seen = connection
    }
    return this.#pool.dispatcher
  }

  /** The next call opens a new connection: those that are open may lead nowhere. */
  renew(): void {
    const old = this.#pool?.dispatcher
    this.#pool = null
    if (old === undefined) return
    this.#retired.add(old)
    void old.close().finally(() => this.#retired.delete(old))
  }

  /** Ends all connections; requests under way fail. */
  async close(): Promise<void> {
    this.renew()
    await Promise.all([...this.#retired].map(retired => retired.destroy()))
  }
}

function pool(connection: Connection): Dispatcher {
  const options = { ...TUNING, connections: null }
  if (connection.proxy !== '') {
    return new ProxyAgent({
      ...options,
      uri: connection.proxy,
      requestTls: { ...CONNECTING, ...connection.tls },
      proxyTls: { ...CONNECTING },
    })
  }
  return new Agent({ ...options, connect: { ...CONNECTING, ...connection.tls } })
}

/** Equal for connections that may share sockets. A hash, because it is made of a private key. */
export function fingerprint(connection: Connection): string {
  const hash = createHash('sha256').update(connection.proxy)
  for (const [name, value] of Object.entries(connection.tls)) {
    hash.update(`\0${name}\0`).update(Buffer.isBuffer(value) ? value : String(value))
  }
  return hash.digest('hex')
}
