/**
 * Sends spans by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp), one export at a time, from a queue with an end.
 * Nothing waits for it: a collector that is down, slow, or no collector at all costs spans, which are counted, and never a pass.
 */
import type { Span } from '../../core/model/trace.ts'
import type { Clock, Log, SpanSink } from '../../core/ports.ts'
import { at, isRecord, textOf } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { HttpClient, type HttpOutcome } from '../http/client.ts'
import type { Environment } from '../http/proxy.ts'
import { secretPartsOf, redact, shownAnswer, shownUrl } from '../http/redaction.ts'
import { encode } from './encoding.ts'
import type { OtlpSettings } from './settings.ts'

export interface OtlpOptions {
  readonly settings: OtlpSettings
  /** Of HTTP_PROXY, HTTPS_PROXY and NO_PROXY; null: no proxy. */
  readonly environment: Environment | null
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly version: string
  /** Name of this process. */
  readonly instance: string
  /** Name of its pod, or machine: Jaeger corrects clocks between spans whose hosts differ, or are not known. */
  readonly host: string
  /** Told how many spans are lost. */
  readonly dropped: (spans: number) => void
}

/** Spans that wait, those that are being sent among them. */
export const CAPACITY = 2048
/** Spans of one export, as the batch processors of OpenTelemetry have it. */
const BATCH = 512
const LARGEST_ANSWER = 64 * 1024
const SHORTEST_WAIT: Milliseconds = 1000
const LONGEST_WAIT: Milliseconds = 300_000
/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])

interface Group {
  readonly spans: readonly Span[]
  readonly done: () => void
}

/** What became of an export; `error` is a clause that follows the name of the server. */
type Exported =
  | { readonly kind: 'taken'; readonly rejected: number; readonly error: string | null }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string; readonly after: Milliseconds | null }

export class OtlpExporter implements SpanSink {
  readonly #options: OtlpOptions
  readonly #http: HttpClient
  readonly #resource: Readonly<Record<string, string>>
  readonly #stop = new AbortController()
  #waiting: Group[] = []
  #size = 0
  #failures = 0
  #sending: Promise<void> | null = null
  #cancelRetry: (() => void) | null = null
  /** What was last said to be wrong; it is said once as long as it is so. */
  #said = ''

  constructor(options: OtlpOptions) {
    const { settings, environment, version, instance, host } = options
    const { headers, caFile, resource } = settings
    this.#options = options
    this.#resource = {
      'service.name': 'sluice',
      'service.version': version,
      'service.instance.id': instance,
      'host.name': host,
      ...resource,
    }
    this.#http = new HttpClient({ headers, environment, ...(caFile === undefined ? {} : { caFile }) })
  }

  send(spans: readonly Span[], done: () => void = () => {}): void {
    if (this.#stop.signal.aborted) return this.#options.dropped(spans.length)
    if (this.#size + spans.length > CAPACITY) {
      this.#drop(spans.length, `more than ${CAPACITY} spans wait`)
      return done()
    }
    this.#size += spans.length
    this.#waiting.push({ spans, done })
    this.#start()
  }

  /** Sends what waits, within so long; what is left is lost, and counted. */
  async close(within: Milliseconds): Promise<void> {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    if (this.#failures === 0) this.#start()
    await new Promise<void>(resolve => {
      const cancel = this.#options.clock.at(this.#options.clock.now() + within, resolve)
      void Promise.resolve(this.#sending).then(() => {
        cancel()
        resolve()
      })
    })
    this.#stop.abort()
    if (this.#size > 0) this.#options.dropped(this.#size)
    this.#size = 0
    this.#http.close()
  }

  #start(): void {
    if (this.#sending !== null || this.#cancelRetry !== null || this.#stop.signal.aborted) return
    // The spans of one pass come one after the other, and leave together.
    this.#sending = Promise.resolve()
      .then(() => this.#exportAll())
      .finally(() => {
        this.#sending = null
        // What came since the queue was empty.
        if (this.#waiting.length > 0) this.#start()
      })
  }

  async #exportAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const groups = this.#nextBatch()
      const spans = groups.flatMap(group => group.spans)
      const exported = await this.#export(spans)
      if (this.#stop.signal.aborted) return
      if (exported.kind === 'failed') return this.#retryLater(exported)
      this.#failures = 0
      this.#waiting = this.#waiting.slice(groups.length)
      this.#size -= spans.length
      if (exported.kind === 'refused') this.#drop(spans.length, exported.error)
      else if (exported.error !== null) this.#drop(exported.rejected, exported.error)
      else this.#recovered()
      for (const { done } of groups) done()
    }
  }

  /** Groups from the front; one at least, however large. */
  #nextBatch(): Group[] {
    let size = 0
    const end = this.#waiting.findIndex(({ spans }, i) => {
      size += spans.length
      return i > 0 && size > BATCH
    })
    return end === -1 ? [...this.#waiting] : this.#waiting.slice(0, end)
  }

  #retryLater({ error, after }: { error: string; after: Milliseconds | null }): void {
    const { clock, random } = this.#options
    const backoff = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** this.#failures) * (0.5 + random() / 2)
    const wait = Math.min(LONGEST_WAIT, Math.max(backoff, after ?? 0))
    this.#failures += 1
    this.#say(`${error}; spans wait, and are sent later`)
    this.#cancelRetry = clock.at(clock.now() + wait, () => {
      this.#cancelRetry = null
      this.#start()
    })
  }

  async #export(spans: readonly Span[]): Promise<Exported> {
    const { settings, version } = this.#options
    const outcome = await this.#http.send({
      method: 'POST',
      url: settings.url,
      headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': `sluice/${version}` },
      body: encode(spans, this.#resource, version),
      deadline: settings.timeout,
      sizeLimit: LARGEST_ANSWER,
      signal: this.#stop.signal,
    })
    return readOutcome(outcome, settings.url)
  }

  #drop(spans: number, why: string): void {
    this.#options.dropped(spans)
    this.#say(`${why}; spans are lost`)
  }

  #say(error: string): void {
    if (this.#said === error) return
    this.#said = error
    this.#options.log.warn('traces are not delivered', {
      server: shownUrl(this.#options.settings.url, 'origin'),
      error,
    })
  }

  #recovered(): void {
    if (this.#said === '') return
    this.#said = ''
    this.#options.log.info('traces are delivered again', { server: shownUrl(this.#options.settings.url, 'origin') })
  }
}

function readOutcome(outcome: HttpOutcome, url: URL): Exported {
  if (outcome.kind === 'failed') {
    // A redirect, or an address that must not be called, is one tomorrow, too.
    const isLasting = outcome.why === 'redirect' || outcome.why === 'address'
    return isLasting ? { kind: 'refused', error: outcome.error } : { kind: 'failed', error: outcome.error, after: null }
  }
  const { status, contentType, body, retryAfter } = outcome
  const said = (text: string): string => redact(outcome.redact(shownAnswer(text)), secretPartsOf(url))
  if (RETRYABLE.has(status)) return { kind: 'failed', error: `answered ${status}`, after: retryAfter }
  if (status < 200 || status >= 300) return { kind: 'refused', error: `answered ${status}${said(body ?? '')}` }
  if (/html/i.test(contentType)) {
    return {
      kind: 'refused',
      error:
        'answered with a page and is no collector; the address has to be that of OTLP over HTTP, on port 4318 as a rule',
    }
  }
  const partial = at(parsed(body ?? ''), 'partialSuccess')
  const rejected = isRecord(partial) ? Number(partial['rejectedSpans'] ?? 0) : 0
  if (!(rejected > 0)) return { kind: 'taken', rejected: 0, error: null }
  return { kind: 'taken', rejected, error: `rejected some spans${said(textOf(at(partial, 'errorMessage')))}` }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
