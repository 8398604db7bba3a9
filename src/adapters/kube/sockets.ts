/**
 * The connections to one API server, kept open between requests. There are two pools: ordinary calls share a few sockets;
 * watches (each holds its socket for minutes) and urgent calls have as many as they need, so that nothing that hangs can
 * stand in the way of a rollback. When certificates are renewed both pools are replaced; what is under way ends in peace.
 */
import { createHash } from 'node:crypto'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { Lane } from '../../core/ports.ts'
import type { Connection } from './credentials.ts'

/** Ordinary calls at one time; more wait in the pool. */
const SHARED = 16

const TUNING = {
  // kube-apiserver closes what was idle for 90 s, and load balancers often do after 60.
  keepAliveTimeout: 45_000,
  // Calls have deadlines of their own; these end what would hang without one.
  headersTimeout: 60_000,
  bodyTimeout: 60_000,
  pipelining: 1,
} as const

/** TCP keep-alive, so that a vanished server is noticed on an idle connection too; connecting has 10 s. */
const CONNECTING = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const

interface Pools {
  readonly madeOf: string
  readonly shared: Dispatcher
  readonly unlimited: Dispatcher
}

export class Sockets {
  #pools: Pools | null = null
  /** The connection that the pools were last found to be for: the same one needs no second look. */
  #seen: Connection | null = null
  /** Replaced pools on which something is still under way. */
  readonly #retired = new Set<Dispatcher>()

  /** The pool for a call in this lane over this connection. */
  for(lane: Lane | 'watch', connection: Connection): Dispatcher {
    if (this.#pools === null || this.#seen !== connection) {
      const madeOf = fingerprint(connection)
      if (this.#pools?.madeOf !== madeOf) {
        this.#retire()
        this.#pools = { madeOf, shared: pool(connection, SHARED), unlimited: pool(connection, null) }
      }
      this.#seen = connection
    }
    return lane === 'watch' || lane === 'urgent' ? this.#pools.unlimited : this.#pools.shared
  }

  /** Ends all connections; requests under way fail. */
  async close(): Promise<void> {
    this.#retire()
    this.#pools = null
    await Promise.all([...this.#retired].map(retired => retired.destroy()))
  }

  #retire(): void {
    for (const old of this.#pools === null ? [] : [this.#pools.shared, this.#pools.unlimited]) {
      void old.close().finally(() => this.#retired.delete(old))
      this.#retired.add(old)
    }
  }
}

function pool(connection: Connection, connections: number | null): Dispatcher {
  const options = { ...TUNING, connections }
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
function fingerprint(connection: Connection): string {
  const hash = createHash('sha256').update(connection.proxy)
  for (const [name, value] of Object.entries(connection.tls)) {
    hash.update(`\0${name}\0`).update(Buffer.isBuffer(value) ? value : String(value))
  }
  return hash.digest('hex')
}
