/** One Prometheus: an instant query in, a reply out. Whatever goes wrong becomes a reply. */
import { callCredentials, type ReadSecret } from '../http/access.ts'
import {
  type CallCredentials,
  HttpClient,
  type HttpFailure,
  type HttpOptions,
  type HttpOutcome,
} from '../http/client.ts'
import { shownUrl, withoutUser } from '../http/redaction.ts'
import { brief, errorOf, replyOf, type Reply, type Retry } from './answer.ts'
import type { AskTerms } from './batch.ts'
import type { OwnAccess } from './questions.ts'

/** How one metrics server is reached; given by flags. */
export type ServerOptions = Omit<HttpOptions, 'addresses' | 'environment'>

/** How long a call took, and how it ended: for the controller's own metrics. */
export type Observed = (call: { seconds: number; outcome: Reply['kind'] }) => void

/** What else a metrics server needs. */
export interface ServerPorts {
  /** Names the tenant in each request that has one; null where the server does not tell tenants apart. */
  readonly tenantHeader: string | null
  readonly observed: Observed
  readonly readSecret: ReadSecret
  readonly userAgent: string
}

const RETRY_AFTER_MIN = 100
const RETRY_AFTER_SPREAD = 200

/** Why a server may have answered 401 or 403, by what it was shown. */
const notAccepted = {
  token: 'it does not accept the token of --metrics-server-token-file',
  password: 'it does not accept the user and password of its address',
  none: 'it wants a token: give one with --metrics-server-token-file',
} as const

/** What to do about failures that have a remedy. */
const remedies: Partial<Record<HttpFailure, string>> = {
  redirect: '; write the address that it leads to',
  certificate: '; give the authority that signed it with --metrics-server-ca-file',
}

/** The same where a MetricTemplate says how the server is called. */
const ownRemedies: typeof remedies = {
  ...remedies,
  certificate: '; name a Secret with the authority that signed it as ca.crt in provider.caSecretRef',
}

/** Which failures may pass in a moment, and which because the query was too much at once. */
const retries: Partial<Record<HttpFailure, Retry>> = {
  deadline: 'apart',
  network: 'now',
}

export class MetricsServer {
  /** The address as messages show it, without user and password. */
  readonly shown: string
  readonly #endpoint: URL
  readonly #shows: keyof typeof notAccepted
  readonly #http: HttpClient
  readonly #ports: ServerPorts

  /**
   * @throws TypeError when `address` is not a URL of http or https.
   */
  constructor(address: string, options: HttpOptions, ports: ServerPorts) {
    const url = URL.canParse(address) ? new URL(address) : null
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new TypeError(
        `metrics server "${withoutUser(address)}" is not a URL; write one such as http://prometheus.istio-system:9090`,
      )
    }
    this.#http = new HttpClient(options)
    this.#shows = options.tokenFile !== undefined ? 'token' : url.username === '' ? 'none' : 'password'
    this.shown = shownUrl(url)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`
    this.#endpoint = url
    this.#ports = ports
  }

  /**
   * Asks for an instant query at the server's own now. Network errors and 5xx are tried once more.
   */
  async ask(query: string, terms: AskTerms): Promise<Reply> {
    const credentials = await this.#credentialsOf(terms)
    if (credentials !== null && 'error' in credentials) {
      const { why, error } = credentials
      return why === 'setting' ? { kind: 'not-asked', error } : { kind: 'unavailable', error, retry: 'no' }
    }
    const first = await this.#call(query, terms, credentials)
    if (first.kind !== 'unavailable' || first.retry !== 'now') return first
    await new Promise(resolve => setTimeout(resolve, RETRY_AFTER_MIN + Math.random() * RETRY_AFTER_SPREAD))
    return this.#call(query, terms, credentials)
  }

  close(): void {
    this.#http.close()
  }

  /** Read for each question, so that a Secret that was changed counts from now on. */
  async #credentialsOf({ access, deadline, signal }: AskTerms) {
    if (access === null) return null
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(deadline))])
    return callCredentials(access.access, access.namespace, this.#ports.readSecret, inTime)
  }

  async #call(query: string, terms: AskTerms, credentials: CallCredentials | null): Promise<Reply> {
    const { sizeLimit, deadline, signal, tenant, access } = terms
    const { tenantHeader, observed, userAgent } = this.#ports
    const start = performance.now()
    const outcome = await this.#http.send({
      method: 'POST',
      url: credentials === null ? this.#endpoint : bare(this.#endpoint),
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': userAgent,
        ...(tenantHeader === null || tenant === null ? {} : { [tenantHeader]: tenant }),
      },
      body: new URLSearchParams({ query, timeout: `${Math.ceil(deadline)}ms` }).toString(),
      deadline,
      sizeLimit,
      signal,
      ...(credentials === null ? {} : { credentials }),
    })
    const reply = this.#replyOf(outcome, access)
    observed({ seconds: (performance.now() - start) / 1000, outcome: reply.kind })
    return reply
  }

  #replyOf(outcome: HttpOutcome, access: OwnAccess | null): Reply {
    if (outcome.kind === 'failed') {
      const { why, error } = outcome
      return this.#unavailable(
        `${brief(error)}${(access === null ? remedies : ownRemedies)[why] ?? ''}`,
        retries[why] ?? 'no',
      )
    }
    const { status, contentType, body } = outcome
    if (status === 401 || status === 403) {
      const because = access === null ? notAccepted[this.#shows] : ownNotAccepted(access)
      return this.#unavailable(`answered ${status}; ${because}`)
    }
    if (/^text\/html\b/i.test(contentType)) {
      return this.#unavailable(
        `answered ${status} with a web page, not as a Prometheus does; check the address`,
        status >= 500 ? 'now' : 'no',
      )
    }
    if (body === null || status === 413) return { kind: 'too-large' }
    if (status === 200) return replyOf(body, this.shown)
    const said = errorOf(outcome.redact(body))
    if ((status === 400 || status === 422) && said !== null) {
      if (said.isOfStorage) return this.#unavailable(`answered ${status}: ${said.error}`, 'singly')
      return { kind: 'refused', error: said.error }
    }
    const retry = said?.type === 'timeout' ? 'apart' : status >= 500 || status === 429 ? 'now' : 'no'
    return this.#unavailable(`answered ${status}${said === null ? '' : `: ${said.error}`}`, retry)
  }

  #unavailable(what: string, retry: Retry = 'no'): Reply {
    return { kind: 'unavailable', error: `${this.shown} ${what}`, retry }
  }
}

/** Why a server may have answered 401 or 403 to what a MetricTemplate shows it. */
function ownNotAccepted({ access, namespace }: OwnAccess): string {
  const { secretRef, headers = {} } = access
  if (secretRef !== undefined) return `it does not accept what Secret ${namespace}/${secretRef.name} holds`
  const isShown = Object.keys(headers).some(name => name.toLowerCase() === 'authorization')
  return isShown
    ? 'it does not accept the header Authorization'
    : 'it wants a token or a password: write provider.secretRef'
}

/** The user and the password of a flag are shown for those alone who name no credentials of their own. */
function bare(endpoint: URL): URL {
  const url = new URL(endpoint)
  url.username = ''
  url.password = ''
  return url
}
