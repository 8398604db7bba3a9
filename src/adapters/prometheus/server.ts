/**
 * One metrics server over HTTP: a query in, a reply out. Whatever goes wrong becomes a reply; every call ends by its
 * deadline, every answer has a size, and no redirect is followed (it would carry our token elsewhere).
 */
import { Agent as HttpAgent } from 'node:http'
import type { Readable } from 'node:stream'
import axios from 'axios'
import type { Milliseconds } from '../../core/time.ts'
import { brief, errorOf, replyOf, type Reply, type Retry } from './answer.ts'
import type { AskTerms } from './batch.ts'
import { Credentials, type ServerOptions } from './credentials.ts'

/** How long a call took, and how it ended: for the controller's own metrics. */
export type Observed = (call: { seconds: number; outcome: Reply['kind'] }) => void

const RETRY_AFTER_MIN = 100
const RETRY_AFTER_SPREAD = 200

/** Why a server may have answered 401 or 403, by what it was shown. */
const notAccepted: Readonly<Record<Credentials['kind'], string>> = {
  token: 'it does not accept the token of --metrics-server-token-file',
  password: 'it does not accept the user and password of its address',
  none: 'it wants a token: give one with --metrics-server-token-file',
}

const tlsCodes = /CERT|SELF_SIGNED|UNABLE_TO_|TLS/

export class MetricsServer {
  /** The address as messages show it, without user and password. */
  readonly shown: string
  readonly #endpoint: string
  readonly #credentials: Credentials
  readonly #http = new HttpAgent({ keepAlive: true })
  readonly #tenantHeader: string | null
  readonly #observed: Observed

  /**
   * @param tenantHeader names the tenant in each request that has one; null where the server does not tell tenants apart.
   * @throws TypeError when `address` is not a URL of http or https.
   */
  constructor(address: string, options: ServerOptions, tenantHeader: string | null, observed: Observed) {
    const url = URL.canParse(address) ? new URL(address) : null
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new TypeError(
        `metrics server "${withoutUser(address)}" is not a URL; write one such as http://prometheus.istio-system:9090`,
      )
    }
    this.#credentials = new Credentials(url, options)
    url.username = ''
    url.password = ''
    this.shown = url.href.replace(/\/$/, '')
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`
    this.#endpoint = url.href
    this.#tenantHeader = tenantHeader
    this.#observed = observed
  }

  /**
   * Asks for an instant query at the server's own now. Network errors and 5xx are tried once more.
   */
  async ask(query: string, terms: AskTerms): Promise<Reply> {
    const first = await this.#call(query, terms)
    if (first.kind !== 'unavailable' || first.retry !== 'now') return first
    await new Promise(resolve => setTimeout(resolve, RETRY_AFTER_MIN + Math.random() * RETRY_AFTER_SPREAD))
    return this.#call(query, terms)
  }

  close(): void {
    this.#http.destroy()
    this.#credentials.close()
  }

  async #call(query: string, terms: AskTerms): Promise<Reply> {
    const start = performance.now()
    const timeout = AbortSignal.timeout(terms.deadline)
    const signal = AbortSignal.any([timeout, terms.signal])
    const reply = await this.#post(query, terms, signal).catch((error: unknown) =>
      terms.signal.aborted ? this.#unavailable('was not waited for') : this.#trouble(error, timeout, terms.deadline),
    )
    this.#observed({ seconds: (performance.now() - start) / 1000, outcome: reply.kind })
    return reply
  }

  async #post(query: string, { sizeLimit, deadline, tenant }: AskTerms, signal: AbortSignal): Promise<Reply> {
    const forTenant = this.#tenantHeader === null || tenant === null ? {} : { [this.#tenantHeader]: tenant }
    const response = await axios.post<Readable>(
      this.#endpoint,
      new URLSearchParams({ query, timeout: `${Math.ceil(deadline)}ms` }).toString(),
      {
        headers: { accept: 'application/json', ...(await this.#credentials.headers()), ...forTenant },
        httpAgent: this.#http,
        httpsAgent: await this.#credentials.agent(),
        maxRedirects: 0,
        responseType: 'stream',
        signal,
        validateStatus: () => true,
      },
    )
    const { status, data } = response
    if (status >= 300 && status < 400) {
      data.destroy()
      return this.#unavailable('answered with a redirect, which is not followed; write the address that it leads to')
    }
    if (status === 401 || status === 403) {
      data.destroy()
      this.#credentials.forget()
      return this.#unavailable(`answered ${status}; ${notAccepted[this.#credentials.kind]}`)
    }
    if (/^text\/html\b/i.test(String(response.headers['content-type']))) {
      data.destroy()
      return this.#unavailable(
        `answered ${status} with a web page, not as a Prometheus does; check the address`,
        status >= 500 ? 'now' : 'no',
      )
    }
    const body = await read(data, sizeLimit)
    if (body === null || status === 413) return { kind: 'too-large' }
    if (status === 200) return replyOf(body, this.shown)
    const said = errorOf(body)
    if ((status === 400 || status === 422) && said !== null) return { kind: 'refused', error: said.error }
    const retry = said?.type === 'timeout' ? 'apart' : status >= 500 || status === 429 ? 'now' : 'no'
    return this.#unavailable(`answered ${status}${said === null ? '' : `: ${said.error}`}`, retry)
  }

  #unavailable(what: string, retry: Retry = 'no'): Reply {
    return { kind: 'unavailable', error: `${this.shown} ${what}`, retry }
  }

  /** What was thrown: by the deadline, by a file, by the network. */
  #trouble(error: unknown, timeout: AbortSignal, deadline: Milliseconds): Reply {
    if (timeout.aborted) return this.#unavailable(`gave no answer in ${deadline / 1000} s`, 'apart')
    const { code = '', syscall = '', path = '', message = '' } = error as Partial<NodeJS.ErrnoException>
    if (path !== '' && syscall !== 'connect')
      return this.#unavailable(`was not asked: ${path} cannot be read (${code})`)
    if (tlsCodes.test(code)) {
      const hint = 'give the authority that signed it with --metrics-server-ca-file'
      return this.#unavailable(`has a certificate that is not trusted (${code}); ${hint}`)
    }
    // Only the code and the bare message: the error itself holds the request, and with it the token.
    return this.#unavailable(`cannot be reached: ${brief(message === '' ? code : message)}`, 'now')
  }
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

const withoutUser = (address: string): string => address.replace(/\/\/[^/@]*@/, '//')
