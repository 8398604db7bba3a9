/**
 * Whether the metrics servers can be reached while no release asks them: the leader asks each that a Canary uses once a minute, whatever
 * the number of Canaries, so that an outage is known before the next release meets it.
 */
import type { Check } from '../core/model/check.ts'
import type { Clock, Log, MetricSource } from '../core/ports.ts'
import { shownServer } from '../core/problems/metrics.ts'
import type { Milliseconds } from '../core/time.ts'

export const PROBE_PERIOD: Milliseconds = 60_000

export interface ServerProbePorts {
  readonly source: MetricSource
  /** Those that are asked at all. */
  readonly allowed: readonly string[]
  /** Time that does not jump. */
  readonly steady: Clock
  readonly log: Log
  /** Told after each answer; null: no Canary uses the server any longer, or this process no longer leads. */
  readonly probed: (server: string, isReached: boolean | null) => void
}

/** One server that is used. */
interface Probed {
  /** Canaries that use it, with their namespaces: a server with tenants wants to know one. */
  readonly users: Map<string, string>
  isReached: boolean | null
  cancel: () => void
}

export class ServerProbes {
  readonly #ports: ServerProbePorts
  readonly #allowed: ReadonlySet<string>
  readonly #servers = new Map<string, Probed>()
  readonly #stop = new AbortController()

  constructor(ports: ServerProbePorts) {
    this.#ports = ports
    this.#allowed = new Set(ports.allowed.map(shownServer))
  }

  /** A canary uses these servers, and no others. */
  use(key: string, namespace: string, urls: readonly string[]): void {
    if (this.#stop.signal.aborted) return
    const wanted = new Set(urls.map(shownServer).filter(url => this.#allowed.has(url)))
    for (const [url, { users }] of this.#servers) if (users.has(key) && !wanted.has(url)) this.#leave(url, key)
    for (const url of wanted) {
      const known = this.#servers.get(url)
      if (known !== undefined) known.users.set(key, namespace)
      else {
        const probed: Probed = { users: new Map([[key, namespace]]), isReached: null, cancel: () => {} }
        this.#servers.set(url, probed)
        void this.#probe(url, probed)
      }
    }
  }

  forget(key: string): void {
    for (const url of this.#servers.keys()) this.#leave(url, key)
  }

  #leave(url: string, key: string): void {
    const probed = this.#servers.get(url)
    probed?.users.delete(key)
    if (probed === undefined || probed.users.size > 0) return
    probed.cancel()
    this.#servers.delete(url)
    this.#ports.probed(url, null)
  }

  async #probe(url: string, probed: Probed): Promise<void> {
    const { source, steady, log } = this.#ports
    const [namespace = ''] = probed.users.values()
    const id = `probe/${url}`
    // Our own question: what tenants ask can neither delay nor break it.
    const subject = { measure: 'probe', side: 'canary', namespace, workload: '', window: PROBE_PERIOD } as const
    const check: Check = { id, query: 'vector(1)', server: url, subject }
    const finding = (await source.measure([check], this.#stop.signal)).get(id)
    if (this.#servers.get(url) !== probed) return
    const isReached = finding?.kind !== 'unavailable'
    if (!isReached && probed.isReached !== false) {
      log.warn('a metrics server cannot be asked', { server: url, error: finding.error })
    }
    if (isReached && probed.isReached === false) log.info('a metrics server answers again', { server: url })
    probed.isReached = isReached
    this.#ports.probed(url, isReached)
    probed.cancel = steady.at(steady.now() + PROBE_PERIOD, () => void this.#probe(url, probed))
  }

  close(): void {
    this.#stop.abort()
    for (const [url, { cancel }] of this.#servers) {
      cancel()
      this.#ports.probed(url, null)
    }
    this.#servers.clear()
  }
}
