/** Connections that are kept between requests: directly to servers, and, apart from these, through a proxy. */
import { createHash } from 'node:crypto'
import { Agent as HttpAgent, type AgentOptions } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type AddressPolicy, guardedLookup } from './addresses.ts'
import { TunnelAgent } from './tunnel.ts'

/** A connection is kept for a minute of idleness: users choose hosts and ports, and may choose others all the time. */
const KEPT = { keepAlive: true, timeout: 60_000 }

interface Agents {
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
}

/** The proxy of one call. */
export interface UsedProxy {
  readonly url: URL
  /** Which addresses it must not have; null: the administrator chose it. */
  readonly policy: AddressPolicy | null
}

export class Connections {
  readonly #insecure: boolean
  readonly #policy: AddressPolicy | null
  #ca: string | null = null
  #direct: Agents | null = null
  #proxied: Agents | null = null
  /** Those to proxies that users chose. */
  #guarded: Agents | null = null

  /** @param policy for direct connections; each proxy brings its own. */
  constructor(insecure: boolean, policy: AddressPolicy | null) {
    this.#insecure = insecure
    this.#policy = policy
  }

  /**
   * Agents for one call.
   *
   * @param ca in PEM; when it is another than the last time, connections that were made with the old one are not used again.
   * @param proxy that requests to `url` take. HTTPS through it has a connection of its own, which ends with `signal`.
   */
  agents(ca: string | null, url: URL, proxy: UsedProxy | null, signal: AbortSignal): Agents {
    if (ca !== this.#ca) this.retire()
    this.#ca = ca
    if (proxy === null) return (this.#direct ??= this.#make())
    // Whom a proxy is trusted by is not the server's matter.
    const { policy } = proxy
    const agents =
      policy === null ? (this.#proxied ??= agentsOf(KEPT)) : (this.#guarded ??= agentsOf({ ...KEPT, ...guard(policy) }))
    if (url.protocol === 'http:') return agents
    return { ...agents, httpsAgent: new TunnelAgent(proxy.url, this.#trust(), guard(policy), signal) }
  }

  close(): void {
    for (const agent of this.#all()) agent.destroy()
    this.#forget()
  }

  /** Requests that are under way end on their connections; these are not kept for others. */
  retire(): void {
    for (const agent of this.#all()) {
      agent.maxFreeSockets = 0
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
    }
    this.#forget()
  }

  #forget(): void {
    this.#direct = null
    this.#proxied = null
    this.#guarded = null
  }

  #all(): (HttpAgent | HttpsAgent)[] {
    return [this.#direct, this.#proxied, this.#guarded].flatMap(agents =>
      agents === null ? [] : [agents.httpAgent, agents.httpsAgent],
    )
  }

  #make(): Agents {
    const options = { ...KEPT, ...guard(this.#policy) }
    return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent({ ...options, ...this.#trust() }) }
  }

  #trust(): { rejectUnauthorized: boolean; ca?: string[] } {
    // A list: an empty text alone would mean the authorities that Node trusts.
    return { rejectUnauthorized: !this.#insecure, ...(this.#ca === null ? {} : { ca: [this.#ca] }) }
  }
}

const agentsOf = (options: AgentOptions): Agents => ({
  httpAgent: new HttpAgent(options),
  httpsAgent: new HttpsAgent(options),
})

/** What keeps a socket from addresses that a policy refuses. */
const guard = (policy: AddressPolicy | null): { lookup?: LookupFunction } =>
  policy === null ? {} : { lookup: guardedLookup(policy) }

/** Ways to trust a server that have connections of their own; the one that was used the longest ago is given up first. */
const MAX_TRUSTS = 50

/**
 * Connections of calls that say themselves whom they trust: none is used again by a call that trusts otherwise, so a certificate
 * that one user accepts is not accepted for another.
 */
export class TrustedConnections {
  readonly #policy: AddressPolicy | null
  readonly #byTrust = new Map<string, Connections>()

  constructor(policy: AddressPolicy | null) {
    this.#policy = policy
  }

  /** @param ca in PEM; null: the authorities that Node trusts. */
  of(ca: string | null, insecure: boolean): Connections {
    const trust = insecure ? 'any' : ca === null ? 'usual' : createHash('sha256').update(ca).digest('hex')
    const connections = this.#byTrust.get(trust) ?? new Connections(insecure, this.#policy)
    this.#byTrust.delete(trust)
    this.#byTrust.set(trust, connections)
    const [oldest] = this.#byTrust
    if (this.#byTrust.size > MAX_TRUSTS && oldest !== undefined) {
      this.#byTrust.delete(oldest[0])
      oldest[1].retire()
    }
    return connections
  }

  close(): void {
    for (const connections of this.#byTrust.values()) connections.close()
    this.#byTrust.clear()
  }
}
