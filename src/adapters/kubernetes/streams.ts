/**
 * Watches over HTTP/2, so that a connection which went silent is found by probing it: behind a NAT or a load balancer that
 * forgot it no packet comes back, and a quiet watch looks the same. A PING is answered by the API server itself, at once and
 * at no cost (RFC 9113 §6.7); client-go does the same (`ReadIdleTimeout`). Ordinary calls have deadlines, and go over HTTP/1.1.
 *
 * Where the server does not speak HTTP/2, or there is a proxy between, watches go over HTTP/1.1 too; then TCP keep-alive is the
 * probe.
 */
import { setMaxListeners } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import type { Readable } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { Connection } from './credentials.ts'
import { fingerprint } from './sockets.ts'

/** Nothing came over the connection for so long, not even the answer to a PING. */
export class ConnectionSilent extends Error {
  override readonly name = 'ConnectionSilent'
}

export interface Probing {
  /** From one PING to the next. */
  readonly every: Milliseconds
  /** Each has to be answered within so long. */
  readonly answer: Milliseconds
}

export const PROBING: Probing = { every: 5000, answer: 10_000 }

export interface StreamOptions {
  /** Should be one that does not jump. */
  readonly clock: Clock
  readonly probing: Probing
  /** A connection went silent: others of its age may lead nowhere, too. */
  readonly silent: () => void
}

export interface StreamResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readable
  /** Whether the connection is probed: then silence says nothing. */
  readonly probed?: true
}

const CONNECTING: Milliseconds = 10_000
const GRACE: Milliseconds = 100
/** kube-apiserver allows so many on one connection (`--http2-max-streams-per-connection`). */
const MOST_STREAMS = 100
/** Bytes that may be under way on one connection; the default of 64 KiB is felt where the server is far. */
const WINDOW = 4 * 1024 * 1024

/** One connection, and the watches on it. */
interface Session {
  readonly http2: ClientHttp2Session
  /** Watches that are on it, or about to begin. */
  streams: number
}

/** Connections with the same credentials. */
interface Group {
  readonly sessions: Set<Session>
  connecting: Promise<Session | null> | null
  /** Known after the first handshake. */
  protocol: 'h2' | 'http/1.1' | null
}

export class Streams {
  readonly #options: StreamOptions
  readonly #groups = new Map<string, Group>()
  readonly #ending = new AbortController()

  constructor(options: StreamOptions) {
    this.#options = options
    setMaxListeners(0, this.#ending.signal) // one for each connection
  }

  /**
   * Sends a GET whose answer goes on for minutes.
   *
   * @returns null where it has to go over HTTP/1.1.
   * @throws what `signal` was aborted with, ConnectionSilent, or Error for a broken connection.
   */
  async get(
    url: URL,
    headers: Connection['headers'],
    connection: Connection,
    signal: AbortSignal,
  ): Promise<StreamResponse | null> {
    if (url.protocol !== 'https:' || connection.proxy !== '') return null
    const session = await this.#session(url, connection, signal)
    if (session === null) return null
    const path = url.pathname + url.search
    let stream: ClientHttp2Stream
    try {
      signal.throwIfAborted()
      stream = session.http2.request({ ':method': 'GET', ':path': path, ...headers }, { endStream: true })
    } catch (error) {
      session.streams -= 1
      throw error
    }
    const abort = (): void => stream.close(constants.NGHTTP2_CANCEL)
    signal.addEventListener('abort', abort, { once: true })
    stream.once('close', () => {
      session.streams -= 1
      signal.removeEventListener('abort', abort)
    })
    return new Promise((resolve, reject) => {
      stream.once('response', answered => {
        resolve({ statusCode: answered[':status'] ?? 0, headers: answered, body: stream, probed: true })
      })
      stream.once('error', reject)
      stream.once('close', () => {
        const closed = new Error('the connection was closed before there was an answer')
        reject(signal.aborted ? (signal.reason as Error) : closed)
      })
    })
  }

  /** Ends all connections, and the watches on them. */
  close(): void {
    this.#ending.abort(new Error('the connections to the API server were closed'))
    for (const { sessions } of this.#groups.values()) for (const { http2 } of sessions) http2.destroy()
    this.#groups.clear()
  }

  /** A connection with room for one more, which is taken; null where the server does not speak HTTP/2. */
  async #session(url: URL, connection: Connection, signal: AbortSignal): Promise<Session | null> {
    const key = `${url.origin} ${fingerprint(connection)}`
    const group = this.#groups.get(key) ?? this.#newGroup(key)
    for (;;) {
      this.#ending.signal.throwIfAborted()
      if (group.protocol === 'http/1.1') return null
      for (const session of group.sessions) {
        const most = Math.min(MOST_STREAMS, session.http2.remoteSettings.maxConcurrentStreams ?? MOST_STREAMS)
        if (session.http2.closed || session.http2.destroyed || session.streams >= Math.max(1, most)) continue
        session.streams += 1
        return session
      }
      group.connecting ??= this.#connect(url, connection, group).finally(() => {
        group.connecting = null
      })
      if ((await unlessAborted(group.connecting, signal)) === null) return null
    }
  }

  /** Those of older credentials end with their watches. */
  #newGroup(key: string): Group {
    for (const [other, { sessions }] of this.#groups) {
      for (const { http2 } of sessions) http2.close()
      if (sessions.size === 0) this.#groups.delete(other)
    }
    const group: Group = { sessions: new Set(), connecting: null, protocol: null }
    this.#groups.set(key, group)
    return group
  }

  async #connect(url: URL, connection: Connection, group: Group): Promise<Session | null> {
    const socket = await handshake(url, connection, this.#ending.signal)
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy()
      group.protocol = 'http/1.1'
      return null
    }
    group.protocol = 'h2'
    const http2 = connectHttp2(url.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW },
      maxSessionMemory: 256, // MB
    })
    const session: Session = { http2, streams: 0 }
    group.sessions.add(session)
    const endProbing = this.#probe(session)
    http2.once('close', () => {
      endProbing()
      group.sessions.delete(session)
    })
    // Each stream tells of it; unheard, the error would end the process.
    http2.on('error', () => {})
    await new Promise<void>((resolve, reject) => {
      http2.once('connect', () => {
        if (!http2.destroyed) http2.setLocalWindowSize(WINDOW)
      })
      // Before these it is not known how many watches it takes; one too many would wait in here for another's end.
      http2.once('remoteSettings', () => resolve())
      http2.once('close', () => reject(new Error('the connection was closed')))
    })
    return session
  }

  /** Sends a PING now and then, and ends the connection when there is no answer. @returns what ends the probing. */
  #probe({ http2 }: Session): () => void {
    const { clock, probing, silent } = this.#options
    let cancel = (): void => {}
    const later = (wait: Milliseconds, task: () => void): void => {
      cancel = clock.at(clock.now() + wait, task)
    }
    const give = (): void => {
      const seconds = Math.round((probing.every + probing.answer) / 1000)
      http2.destroy(new ConnectionSilent(`nothing came over the connection for ${seconds} s, not even a PING`))
      silent()
    }
    const ask = (): void => {
      if (http2.destroyed) return
      // After a moment in which this process itself was stopped, an answer that is there already is read first.
      later(probing.answer, () => later(GRACE, give))
      http2.ping(error => {
        if (error !== null || http2.destroyed) return
        cancel()
        later(probing.every, ask)
      })
    }
    later(probing.every, ask)
    return () => cancel()
  }
}

/** A TLS connection, its protocol agreed on. */
function handshake(url: URL, { tls }: Connection, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(isAddress(host) ? {} : { servername: host }),
      ...tls,
    })
    socket.setTimeout(CONNECTING, () => socket.destroy(new Error(`no TLS connection within ${CONNECTING / 1000} s`)))
    const end = (): void => void socket.destroy(signal.reason as Error)
    signal.addEventListener('abort', end, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', end))
    socket.once('secureConnect', () => {
      socket.setTimeout(0)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** What is promised, unless `signal` aborts first; the promise goes on for others. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** Certificates name addresses otherwise than hosts, and SNI takes no address. */
const isAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host)
