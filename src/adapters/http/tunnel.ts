/**
 * HTTPS through an HTTP proxy (RFC 9110 §9.3.6): the proxy is told to connect, and then passes on what it cannot read. The agents
 * that there are do not let go of a proxy that accepts and never answers.
 */
import { request as plainRequest, type ClientRequestArgs } from 'node:http'
import { Agent, type AgentOptions, request as secureRequest } from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { decoded } from './credentials.ts'

type Created = (error: Error | null, socket?: Duplex) => void

/** An agent for one call: its connection is not kept, and closes when the call is given up, whatever state it is in. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL
  readonly #signal: AbortSignal
  readonly #trust: Pick<AgentOptions, 'ca' | 'rejectUnauthorized'>
  readonly #guard: { lookup?: LookupFunction }

  /**
   * @param trust for the server; a proxy of HTTPS is trusted by the authorities that Node trusts.
   * @param guard how the name of the proxy is looked up.
   */
  constructor(
    proxy: URL,
    trust: Pick<AgentOptions, 'ca' | 'rejectUnauthorized'>,
    guard: { lookup?: LookupFunction },
    signal: AbortSignal,
  ) {
    super({ keepAlive: false, ...trust })
    this.#proxy = proxy
    this.#trust = trust
    this.#guard = guard
    this.#signal = signal
  }

  override createConnection(target: ClientRequestArgs, created: Created): undefined {
    const host = target.host ?? ''
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${target.port ?? 443}`
    const { protocol, username, password } = this.#proxy
    const user = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')
    const request = (protocol === 'https:' ? secureRequest : plainRequest)(this.#proxy, {
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${user}` }) },
      // The user and password of the URL would become the header of a server.
      auth: null,
      agent: false,
      ...this.#guard,
      signal: this.#signal,
    })
    // Without its code: a certificate that is not trusted is the proxy's here.
    request.once('error', error => created(new Error(error.message)))
    request.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode >= 200 && statusCode < 300) created(null, this.#secured(socket, host))
      else {
        socket.destroy()
        created(new Error(proxyProblem(statusCode)))
      }
    })
    request.end()
  }

  #secured(socket: Socket, host: string): Duplex {
    const secured = connect({ socket, ...(isIP(host) === 0 ? { servername: host } : { host }), ...this.#trust })
    const destroy = (): void => void secured.destroy()
    this.#signal.addEventListener('abort', destroy, { once: true })
    secured.once('close', () => this.#signal.removeEventListener('abort', destroy))
    return secured
  }
}

/** What it means that a proxy has answered instead of the server. */
export const proxyProblem = (status: number): string =>
  status === 407 ? 'it wants a user and a password' : `it answered ${status} to CONNECT`
