/**
 * One request and its answer: its turn in the rate limit, its credentials, its retries, its report. What is repeated, and
 * when, is decided here and nowhere else:
 *
 * - 401: once, with fresh credentials; the server did nothing.
 * - 429 with Retry-After: the server did nothing, so any request is sent again; 503 with Retry-After: what is repeatable.
 * - A connection refused: nothing was sent. A connection lost: what is repeatable.
 */
import { ApiError, isTooLarge } from '../../core/errors.ts'
import type { Call, Clock, Lane } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { Admission } from './admission.ts'
import { errorOf } from './answer.ts'
import { beginningOf } from './body.ts'
import type { Credentials } from './credentials.ts'
import { Sockets } from './sockets.ts'
import { PROBING, type Probing, Streams, type StreamResponse } from './streams.ts'
import type { Request } from './write.ts'

/** What happened to one request on the wire. */
export interface RequestReport {
  /** get, list, watch, or the verb of the write. */
  readonly verb: string
  /** `deployments.apps`. */
  readonly kind: string
  readonly lane: Lane
  /** HTTP status; 0 when there was no answer. */
  readonly code: number
  /** From sending to the headers of the answer. */
  readonly milliseconds: Milliseconds
  /** For its turn, before sending. */
  readonly waited: Milliseconds
  /** What the server warned of, such as fields that it dropped. */
  readonly warnings: readonly string[]
}

export interface ExchangeOptions {
  readonly credentials: Credentials
  readonly admission: Admission
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly userAgent: string
  readonly report?: (report: RequestReport) => void
  /** How silent connections are found; tests shorten it. */
  readonly probing?: Probing
}

/** Who asks, for reports. */
export interface About {
  readonly verb: string
  readonly kind: string
  /** Whose call it is; empty: that of all namespaces. */
  readonly namespace: string
}

const RETRIES = 3
/** Wait before repeating after a lost connection; doubled each time. */
const FIRST_PAUSE: Milliseconds = 100

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #sockets = new Sockets()
  readonly #streams: Streams
  readonly #origin: string
  readonly #prefix: string

  constructor(options: ExchangeOptions) {
    this.#options = options
    const silent = (): void => this.#sockets.renew()
    this.#streams = new Streams({ clock: options.clock, probing: options.probing ?? PROBING, silent })
    const url = new URL(options.credentials.server)
    this.#origin = url.origin
    this.#prefix = url.pathname.replace(/\/+$/, '')
  }

  /**
   * Sends a request and reads its answer.
   *
   * @param limits overrides of the pool's timeouts.
   * @param read takes the body of a success; it must consume it.
   * @throws ApiError for an answer that is no success; what `call.signal` was aborted with; Error for a broken connection.
   */
  async run<T>(
    request: Request,
    about: About,
    call: Call,
    read: (response: StreamResponse) => Promise<T>,
    limits: { headersTimeout?: Milliseconds; bodyTimeout?: Milliseconds } = {},
  ): Promise<T> {
    const { admission, clock, random } = this.#options
    let refreshed = false
    for (let attempt = 0; ; attempt++) {
      call.turn?.waits()
      const { waited, leave } = await admission.enter(call.lane, about.namespace, call.signal, about.verb)
      call.turn?.comes()
      let pause: Milliseconds
      let trouble: unknown
      try {
        const response = await this.#send(request, about, call, waited, limits)
        if (response.statusCode < 300) return await read(response)
        const error = errorOf(
          response.statusCode,
          await beginningOf(response.body),
          secondsOf(response.headers['retry-after']),
          `${request.method} ${request.path}`,
        )
        if (error.code === 401 && !refreshed) {
          refreshed = true
          await this.#options.credentials.refresh()
          continue
        }
        const refused = error.code === 429 || (error.code === 503 && request.repeatable)
        if (!refused || error.retryAfterSeconds === undefined) throw error
        trouble = error
        pause = error.retryAfterSeconds * 1000 * (1 + random() / 2)
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason
        if (error instanceof ApiError || isTooLarge(error)) throw error
        trouble = this.#explained(error)
        if (!(isUnsent(error) || (request.repeatable && isLost(error)))) throw trouble
        pause = FIRST_PAUSE * 2 ** attempt * (0.5 + random() / 2)
      } finally {
        leave()
      }
      if (attempt >= RETRIES || !(await elapsed(clock, pause, call.signal))) throw trouble
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    this.#streams.close()
    return this.#sockets.close()
  }

  async #send(
    request: Request,
    about: About,
    call: Call,
    waited: Milliseconds,
    limits: { headersTimeout?: Milliseconds; bodyTimeout?: Milliseconds },
  ): Promise<StreamResponse> {
    const { credentials, clock, userAgent, report } = this.#options
    const connection = await credentials.current()
    const sentAt = clock.now()
    const { verb, kind } = about
    const done = (code: number, warnings: readonly string[]): void =>
      report?.({ verb, kind, lane: call.lane, code, milliseconds: clock.now() - sentAt, waited, warnings })
    try {
      const path = this.#prefix + request.path
      const headers = {
        accept: request.accept ?? 'application/json',
        'user-agent': userAgent,
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
        ...connection.headers,
      }
      const stream =
        about.verb === 'watch'
          ? await this.#streams.get(new URL(path, this.#origin), headers, connection, call.signal)
          : null
      const response =
        stream ??
        (await this.#sockets.for(connection).request({
          origin: this.#origin,
          path,
          method: request.method,
          headers,
          body: request.body ?? null,
          signal: call.signal,
          ...limits,
        }))
      done(response.statusCode, warningsOf(response.headers['warning']))
      return response
    } catch (error) {
      done(0, [])
      throw error
    }
  }

  /** A broken connection as a sentence: what, where, why. */
  #explained(error: unknown): Error {
    const because = error instanceof Error ? error.message || codeOf(error) : String(error)
    return new Error(`The exchange with the API server ${this.#origin} failed: ${because}`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

const isUnsent = (error: unknown): boolean => ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'].includes(codeOf(error))
const isLost = (error: unknown): boolean => ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error))

/** Retry-After in seconds; its other form, a date, is not used by API servers. */
function secondsOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : undefined
}

/** The texts of Warning headers: `299 - "unknown field \"spec.x\""`. */
function warningsOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  return (Array.isArray(header) ? header : [header]).map(value => value.replace(/^299 - /, ''))
}

/** Waits; false when the signal came first. */
function elapsed(clock: Clock, pause: Milliseconds, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    if (signal.aborted) {
      resolve(false)
      return
    }
    const cancel = clock.at(clock.now() + pause, () => {
      signal.removeEventListener('abort', stop)
      resolve(true)
    })
    const stop = (): void => {
      cancel()
      resolve(false)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}
