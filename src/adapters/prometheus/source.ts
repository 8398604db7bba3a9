/** The metrics servers as the controller sees them: checks in, one finding for each out. */
import { setMaxListeners } from 'node:events'
import type { Check, Finding } from '../../core/model/check.ts'
import type { Log, MetricSource } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { Batch } from './batch.ts'
import type { ReadSecret } from '../http/access.ts'
import type { Environment } from '../http/proxy.ts'
import { withoutUser } from '../http/redaction.ts'
import { MetricsServer, type Observed, type ServerOptions } from './server.ts'

export interface PrometheusOptions {
  /** URLs that may be asked; the first is asked where a check names none. */
  readonly servers: readonly [string, ...string[]]
  /** How each of them is reached, by the URL as it is written in `servers`. */
  readonly connections?: Readonly<Record<string, ServerOptions>>
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. Left out: no proxy is used. */
  readonly environment?: Environment
  /** Of one request. Default 5 s. */
  readonly deadline?: Milliseconds
  /** Reads the Secrets that MetricTemplates name. Left out: there are none to read. */
  readonly readSecret?: ReadSecret
  readonly log: Log
  readonly observed?: Observed
  /** Header that tells each server the namespace that a question is about, such as `X-Scope-OrgID`. Left out: none is sent. */
  readonly tenantHeader?: string
  /** Who asks, as servers write it into their logs. */
  readonly userAgent?: string
}

const DEADLINE: Milliseconds = 5000
/** A warning of a server is repeated in the log after this long. */
const WARN_AGAIN: Milliseconds = 600_000

export class PrometheusSource implements MetricSource {
  readonly #default: string
  readonly #batches = new Map<string, Batch>()
  readonly #servers: MetricsServer[] = []

  /** @throws TypeError with a sentence when one of the servers is not a URL. */
  constructor(options: PrometheusOptions) {
    this.#default = normal(options.servers[0])
    for (const address of options.servers) {
      const connection = { environment: options.environment ?? null, ...options.connections?.[address] }
      const tenantHeader = options.tenantHeader ?? null
      const { observed = () => {}, readSecret = async () => null, userAgent = 'sluice' } = options
      const server = new MetricsServer(address, connection, { tenantHeader, observed, readSecret, userAgent })
      const batch = new Batch({
        ask: (query, terms) => server.ask(query, terms),
        annotated: throttled(warning => options.log.warn('metrics server warns', { server: server.shown, warning })),
        deadline: options.deadline ?? DEADLINE,
        byTenant: tenantHeader !== null,
      })
      this.#servers.push(server)
      this.#batches.set(normal(address), batch)
    }
  }

  async measure(checks: readonly Check[], signal: AbortSignal): Promise<ReadonlyMap<string, Finding>> {
    // Each request that a check waits for listens to it.
    setMaxListeners(0, signal)
    const givenUp = aborted(signal)
    const found = await Promise.all(
      checks.map(async check => [check.id, await Promise.race([this.#find(check, signal), givenUp.finding])] as const),
    )
    givenUp.forget()
    return new Map(found)
  }

  /** Closes the connections; what is under way ends by its deadline. */
  close(): void {
    for (const server of this.#servers) server.close()
  }

  async #find({ server, query, subject, access }: Check, signal: AbortSignal): Promise<Finding> {
    const batch = this.#batches.get(server === null ? this.#default : normal(server))
    if (batch === undefined) {
      return {
        kind: 'refused',
        error: `${normal(server ?? '')} is not on the controller's list of metrics servers`,
      }
    }
    const { namespace, workload, measure } = subject
    return batch.find(
      query,
      { namespace, workload, wrote: measure === 'value' ? 'user' : 'sluice', access: access ?? null },
      signal,
    )
  }
}

/** A URL as it is compared and shown: without user, password and a slash at the end. */
function normal(address: string): string {
  return withoutUser(address).replace(/\/+$/, '')
}

/** A finding for checks that are not waited for any longer. */
function aborted(signal: AbortSignal): { finding: Promise<Finding>; forget: () => void } {
  const { promise: finding, resolve } = withResolvers<Finding>()
  const stop = (): void =>
    resolve({ kind: 'unavailable', error: 'the check was given up before the metrics server answered' })
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return { finding, forget: () => signal.removeEventListener('abort', stop) }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Lets each text through once in a while; the texts are a server's, so their number is bounded too. */
function throttled(say: (text: string) => void): (text: string) => void {
  const saidAt = new Map<string, number>()
  return text => {
    const now = performance.now()
    if (now - (saidAt.get(text) ?? Number.NEGATIVE_INFINITY) < WARN_AGAIN) return
    if (saidAt.size >= 100) saidAt.clear()
    saidAt.set(text, now)
    say(text)
  }
}
