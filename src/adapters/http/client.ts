/**
 * HTTP to servers that are not ours: Prometheus, and everything else that is asked or told by HTTP. Every call ends by its deadline,
 * every answer has a size, no redirect is followed (it would carry our token elsewhere), and what went wrong is a value with a
 * clause that shows no secret.
 */
import type { Readable } from 'node:stream'
import axios, { type AxiosProxyConfig } from 'axios'
import { textOf } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { ADDRESS_REFUSED, type AddressPolicy, problemOfHost } from './addresses.ts'
import { Connections, TrustedConnections, type UsedProxy } from './connections.ts'
import { basicOf, type CredentialOptions, Credentials, decoded, secretsOf } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { type Environment, proxyOf } from './proxy.ts'
import { redact, shownUrl } from './redaction.ts'
import { proxyProblem } from './tunnel.ts'

export interface HttpOptions extends CredentialOptions {
  /** Accepts any certificate. */
  readonly insecureSkipVerify?: boolean
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read; null: no proxy is ever used. */
  readonly environment: Environment | null
  /** Which addresses must not be connected to. Left out: all may be, as for servers that an administrator names. */
  readonly addresses?: AddressPolicy
}

/** Credentials of one call (access.ts makes them). */
export interface CallCredentials {
  /** Names in lower case. Their values count as secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Authorities in PEM; null: those of the options. */
  readonly ca: string | null
  /** Accepts any certificate. */
  readonly insecureSkipVerify: boolean
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Its user and password become a header. */
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** What this call shows and trusts, instead of what the client's options say; only their CA counts where it has none. */
  readonly credentials?: CallCredentials
  /** HTTP proxy that a user named for this call, instead of the environment's: its address has to be allowed, too. */
  readonly proxy?: URL
  /** Of the whole call: files, name, connection, the last byte of the answer. */
  readonly deadline: Milliseconds
  /** Bytes of the answer's body after decompression. */
  readonly sizeLimit: number
  /** Gives the call up. */
  readonly signal?: AbortSignal
}

export interface HttpAnswer {
  readonly kind: 'answer'
  /** Never 3xx. */
  readonly status: number
  /** Empty where the server names none. */
  readonly contentType: string
  /** Null when it is larger than the limit. */
  readonly body: string | null
  /** How long the server wants not to be asked (Retry-After, RFC 9110 §10.2.3); null where it does not say. */
  readonly retryAfter: Milliseconds | null
  /** Hides in a text of the server what we have shown it: an error may quote the request. */
  readonly redact: (text: string) => string
}

/**
 * Why there is no answer: the caller gave up; the deadline passed; the answer was a redirect; a file of ours cannot be read; the
 * address must not be connected to; the certificate is not trusted; or whatever else the network, the name or a proxy does.
 */
export type HttpFailure = 'canceled' | 'deadline' | 'redirect' | 'file' | 'address' | 'certificate' | 'network'

/** `error` is a clause that follows the name of the server: `cannot be reached: connect ECONNREFUSED 10.0.0.1:9090`. */
export type HttpOutcome = HttpAnswer | { readonly kind: 'failed'; readonly why: HttpFailure; readonly error: string }

const failed = (why: HttpFailure, error: string): HttpOutcome => ({ kind: 'failed', why, error })

/** Codes of OpenSSL's verification and of Node's; ERR_SSL_… are alerts of the other side, such as that it wants a certificate. */
const UNTRUSTED = /^(?!ERR_SSL_).*(CERT|SELF_SIGNED|UNABLE_TO_|TLS)/

export class HttpClient {
  readonly #credentials: Credentials
  readonly #connections: Connections
  readonly #ownConnections: TrustedConnections
  readonly #environment: Environment | null
  readonly #addresses: AddressPolicy | null

  constructor(options: HttpOptions) {
    this.#credentials = new Credentials(options)
    this.#addresses = options.addresses ?? null
    this.#environment = options.environment
    this.#connections = new Connections(options.insecureSkipVerify === true, this.#addresses)
    this.#ownConnections = new TrustedConnections(this.#addresses)
  }

  /**
   * Sends a request. When the server accepts neither what it was shown nor the certificate that we trust, and a file with one of
   * these has changed since, the request is sent once more; it was not acted upon. Nothing else is repeated. Never throws.
   */
  async send(request: HttpRequest): Promise<HttpOutcome> {
    const deadline = new Deadline(request.deadline, request.signal)
    const call = new Call(request, deadline.signal)
    const attempts = this.#attempts(call).catch((error: unknown) => call.failure(error))
    // Not every phase of a call listens to the signal: a file on a network, a proxy that accepts and never answers.
    const outcome = await Promise.race([attempts, aborted(deadline.signal)])
    deadline.end()
    if (request.signal?.aborted === true) return failed('canceled', 'was not waited for')
    if (deadline.isOver) return failed('deadline', `gave no answer in ${request.deadline / 1000} s`)
    return outcome ?? failed('canceled', 'was not waited for')
  }

  /** Closes the connections; what is under way ends by its deadline. */
  close(): void {
    this.#connections.close()
    this.#ownConnections.close()
  }

  async #attempts(call: Call): Promise<HttpOutcome> {
    const first = await this.#attempt(call).catch((error: unknown) => call.failure(error))
    if (call.request.credentials !== undefined) return first
    const isRefused =
      first.kind === 'answer' ? first.status === 401 || first.status === 403 : first.why === 'certificate'
    if (!isRefused) return first
    // A file that cannot be read now does not hide what the server said.
    const isChanged = await this.#credentials.reread().catch(() => false)
    return isChanged ? this.#attempt(call) : first
  }

  async #attempt(call: Call): Promise<HttpOutcome> {
    const { method, url, headers = {}, body, credentials: own } = call.request
    const problem = this.#addresses === null ? null : problemOfHost(url, this.#addresses)
    if (problem !== null) return failed('address', `must not be called: ${problem}`)
    const credentials = own === undefined ? await this.#credentials.headers(url) : { ...basicOf(url), ...own.headers }
    call.secrets = secretsOf(url, credentials)
    const proxy = this.#proxyOf(call.request)
    if (typeof proxy === 'string') return failed('address', `must not be called: the proxy ${proxy}`)
    call.proxy = proxy?.url ?? null
    const ca = own?.ca ?? (await this.#credentials.ca())
    const connections = own === undefined ? this.#connections : this.#ownConnections.of(ca, own.insecureSkipVerify)
    const response = await axios.request<Readable>({
      method,
      url: withoutCredentials(url).href,
      headers: { ...credentials, ...lowerCase(headers) },
      // Bytes, which axios sends as they are; a text it may trim.
      data: body === undefined ? undefined : Buffer.from(body),
      ...connections.agents(ca, url, proxy, call.signal),
      proxy: proxy === null || url.protocol === 'https:' ? false : forwardingBy(proxy.url),
      maxRedirects: 0,
      responseType: 'stream',
      signal: call.signal,
      validateStatus: () => true,
    })
    const { status, data } = response
    if (status >= 300 && status < 400) {
      data.destroy()
      return failed('redirect', 'answered with a redirect, which is not followed')
    }
    if (proxy !== null && url.protocol === 'http:' && status === 407) {
      data.destroy()
      return call.unreachable(proxyProblem(status))
    }
    const contentType = String(response.headers['content-type'] ?? '')
    const text = await read(data, call.request.sizeLimit)
    const retryAfter = retryAfterOf(response.headers, Date.now())
    return { kind: 'answer', status, contentType, body: text, retryAfter, redact: said => redact(said, call.secrets) }
  }

  /** The proxy of a request, null for none; or why it must not be connected to, as a clause that its kind of word precedes. */
  #proxyOf({ url, proxy: own }: HttpRequest): UsedProxy | string | null {
    if (own !== undefined) {
      const problem = this.#addresses === null ? null : problemOfHost(own, this.#addresses)
      return problem ?? { url: own, policy: this.#addresses }
    }
    const proxy = this.#environment === null ? null : proxyOf(url, this.#environment)
    return proxy === null ? null : { url: proxy, policy: null }
  }
}

/** A request under way. */
class Call {
  readonly request: HttpRequest
  readonly signal: AbortSignal
  secrets: readonly string[] = []
  proxy: URL | null = null

  constructor(request: HttpRequest, signal: AbortSignal) {
    this.request = request
    this.signal = signal
  }

  /** What was thrown: by a file, a policy, the network. Never the error itself, which holds the request and with it the token. */
  failure(error: unknown): HttpOutcome {
    const { code = '', syscall = '', path = '', message = '' } = error as Partial<NodeJS.ErrnoException>
    const isFile = path !== '' && syscall !== 'connect'
    if (isFile) return failed('file', `was not asked: ${path} cannot be read (${code})`)
    if (code === ADDRESS_REFUSED) return failed('address', `must not be called: ${message}`)
    const isOfServer = this.request.url.protocol === 'https:'
    if (isOfServer && UNTRUSTED.test(code)) {
      return failed('certificate', `has a certificate that is not trusted (${code})`)
    }
    return this.unreachable(message === '' ? code : message)
  }

  unreachable(why: string): HttpOutcome {
    const through = this.proxy === null ? '' : ` through the proxy ${shownUrl(this.proxy, 'origin')}`
    return failed('network', `cannot be reached${through}: ${redact(why, this.secrets)}`)
  }
}

/** Names of headers know no case: what Sluice says of a request replaces what anyone else says. */
const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

function withoutCredentials(url: URL): URL {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare
}

/** How axios hands a plain request to a proxy. */
function forwardingBy(proxy: URL): AxiosProxyConfig {
  const { protocol, hostname, port, username, password } = proxy
  const isSecure = protocol === 'https:'
  return {
    protocol,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    ...(username === '' ? {} : { auth: { username: decoded(username), password: decoded(password) } }),
  }
}

/**
 * Retry-After, in seconds or as a date; else the end of GitHub's hour, once all its requests are used
 * (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
 */
function retryAfterOf(headers: Readonly<Record<string, unknown>>, now: number): Milliseconds | null {
  const text = textOf(headers['retry-after']).trim()
  const reset = textOf(headers['x-ratelimit-reset'])
  if (text === '' && headers['x-ratelimit-remaining'] === '0' && /^\d{1,11}$/.test(reset)) {
    return Math.max(0, Number(reset) * 1000 - now)
  }
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000)
  const date = text === '' ? Number.NaN : Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** Resolves with null once the signal has aborted. */
function aborted(signal: AbortSignal): Promise<null> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(null)
    else signal.addEventListener('abort', () => resolve(null), { once: true })
  })
}

/** The body as text, or null as soon as it is larger than the limit. */
async function read(stream: Readable, limit: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) {
      stream.destroy()
      return null
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
