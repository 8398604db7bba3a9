/**
 * Calls a webhook: attempts with growing pauses, an hour at most in all. Nothing that is said of a call shows its path, its query or
 * what it was shown.
 */
import type { Webhook } from '../../api/webhook.ts'
import { accessOf } from '../../api/credentials.ts'
import type { Finding } from '../../core/model/check.ts'
import type { HookCall } from '../../core/model/hook.ts'
import type { Clock, WebhookCaller } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { callCredentials, type ReadSecret } from '../http/access.ts'
import { HttpClient, type HttpOutcome } from '../http/client.ts'
import { Deadline } from '../http/deadline.ts'
import { type Environment, proxyOf } from '../http/proxy.ts'
import { redact, secretPartsOf, shownAnswer } from '../http/redaction.ts'
import { problemBehindProxy, targetPolicy, type WebhookTargets } from '../http/targets.ts'

export interface HttpWebhooksOptions {
  readonly readSecret: ReadSecret
  readonly targets: WebhookTargets
  /** Where proxies are read; null: none is used. */
  readonly environment: Environment | null
  /** Wall time, at which an answer came. */
  readonly wall: Pick<Clock, 'now'>
  /** Time that does not jump. */
  readonly clock: Pick<Clock, 'now'>
  /** Resolves after `wait`, or as soon as `signal` aborts; never rejects. */
  readonly pause: (wait: Milliseconds, signal: AbortSignal) => Promise<void>
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly userAgent: string
  readonly observed?: (call: {
    readonly type: Webhook['type']
    readonly outcome: string
    readonly seconds: number
  }) => void
}

const LONGEST: Milliseconds = 3_600_000
const FIRST_PAUSE: Milliseconds = 1_000
const LONGEST_PAUSE: Milliseconds = 30_000
/** Bytes of an answer that are read. */
const MOST_READ = 16 * 1024

/** What one attempt came to. */
interface Attempt {
  readonly finding: Finding
  readonly mayRepeat: boolean
}

export class HttpWebhooks implements WebhookCaller {
  readonly #options: HttpWebhooksOptions
  readonly #client: HttpClient

  constructor(options: HttpWebhooksOptions) {
    this.#options = options
    this.#client = new HttpClient({ environment: options.environment, addresses: targetPolicy(options.targets) })
  }

  async call(call: HookCall, signal: AbortSignal): Promise<Finding> {
    const { clock, observed } = this.#options
    const begun = clock.now()
    const finding = await this.#attempts(call, begun, signal)
    const outcome = signal.aborted ? 'canceled' : outcomeOf(finding)
    observed?.({ type: call.hook.type, outcome, seconds: (clock.now() - begun) / 1000 })
    return finding
  }

  async #attempts(call: HookCall, begun: number, signal: AbortSignal): Promise<Finding> {
    const { clock, pause, random } = this.#options
    for (let attempt = 0; ; attempt += 1) {
      // A timer may be late: there is always time for an attempt that was begun.
      const left = Math.max(1, begun + LONGEST - clock.now())
      const { finding, mayRepeat } = await this.#attempt(call, Math.min(call.hook.timeout, left), signal)
      const wait = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + random() / 2)
      const isOver = clock.now() + wait >= begun + LONGEST
      if (!mayRepeat || attempt >= call.hook.retries || isOver || signal.aborted) return finding
      await pause(wait, signal)
    }
  }

  async #attempt(
    { id, namespace, hook, payload }: HookCall,
    timeout: Milliseconds,
    given: AbortSignal,
  ): Promise<Attempt> {
    if (!URL.canParse(hook.url)) return unavailable('was not called: its URL cannot be read', false)
    const url = new URL(hook.url)
    const problem = this.#problemOf(url)
    if (problem !== null) return unavailable(`was not called: ${problem}`, false)
    const begun = performance.now()
    const deadline = new Deadline(timeout, given)
    const access = accessOf({
      ...(hook.headers === undefined ? {} : { headers: hook.headers }),
      ...(hook.secretRef === undefined ? {} : { secretRef: hook.secretRef }),
      ...(hook.caSecretRef === undefined ? {} : { caSecretRef: hook.caSecretRef }),
      insecureSkipVerify: hook.disableTLS,
    })
    const credentials = await callCredentials(access ?? {}, namespace, this.#options.readSecret, deadline.signal)
    deadline.end()
    if ('error' in credentials) return unavailable(`was not called: ${credentials.error}`, credentials.why === 'outage')
    const outcome = await this.#client.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': id,
        'user-agent': this.#options.userAgent,
      },
      body: JSON.stringify(payload),
      credentials,
      deadline: Math.max(1, timeout - (performance.now() - begun)),
      sizeLimit: MOST_READ,
      signal: given,
    })
    return attemptOf(outcome, secretPartsOf(url), timeout, this.#options.wall.now())
  }

  /** Why a URL must not be called, as far as its name tells; the client checks the addresses. */
  #problemOf(url: URL): string | null {
    const { environment, targets } = this.#options
    try {
      const isProxied = environment !== null && proxyOf(url, environment) !== null
      return isProxied ? problemBehindProxy(url.hostname, targets) : null
    } catch (error) {
      return (error as Error).message
    }
  }

  close(): void {
    this.#client.close()
  }
}

function attemptOf(outcome: HttpOutcome, secrets: readonly string[], timeout: Milliseconds, at: number): Attempt {
  if (outcome.kind === 'failed') {
    const { why, error } = outcome
    if (why === 'deadline') {
      const said = `gave no answer in ${timeout / 1000} s`
      return { finding: { kind: 'answer', status: null, said, at }, mayRepeat: true }
    }
    if (why === 'redirect') return { finding: { kind: 'answer', status: null, said: error, at }, mayRepeat: false }
    return unavailable(redact(error, secrets), why === 'network' || why === 'certificate')
  }
  const { status, body } = outcome
  const text = body === null ? '' : outcome.redact(redact(body, secrets))
  const long = body === null ? ` with more than ${MOST_READ / 1024} KiB` : ''
  const said = `answered ${status}${long}${shownAnswer(text)}`
  if (status === 429 || (status >= 502 && status <= 504)) return unavailable(said, true)
  return { finding: { kind: 'answer', status, said, at }, mayRepeat: status >= 500 }
}

/** Receivers choose their status codes: what is counted is the class. */
function outcomeOf(finding: Finding): string {
  if (finding.kind !== 'answer') return 'unavailable'
  const { status } = finding
  if (status === null) return 'no answer'
  return status >= 200 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other'
}

const unavailable = (error: string, mayRepeat: boolean): Attempt => ({
  finding: { kind: 'unavailable', error },
  mayRepeat,
})
