/** What a metrics server wants to see, read from files that may change under us: a CA, a token. */
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'

/** How one metrics server is reached; given by flags. */
export interface ServerOptions {
  /** PEM file of the authorities that may have signed its certificate. */
  readonly caFile?: string
  /** File with a bearer token. */
  readonly tokenFile?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly insecureSkipVerify?: boolean
}

/** Files are read again after this long: kubelet rotates a projected token well before it expires. */
const FRESH_FOR = 60_000

/** A text file, read at most once a minute. */
class TextFile {
  readonly #path: string
  #text = ''
  #readAt = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    this.#path = path
  }

  /** @throws the error of the file system. */
  async read(): Promise<string> {
    if (performance.now() - this.#readAt >= FRESH_FOR) {
      this.#text = await readFile(this.#path, 'utf8')
      this.#readAt = performance.now()
    }
    return this.#text
  }

  /** What was read may be out of date: read it again next time. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
  }
}

export class Credentials {
  readonly #options: ServerOptions
  readonly #ca: TextFile | null
  readonly #token: TextFile | null
  readonly #basic: string | null
  #agent: { readonly ca: string; readonly agent: Agent } | null = null

  /** @param url may hold a user and a password; they go into a header, never into a message. */
  constructor(url: URL, options: ServerOptions) {
    this.#options = options
    this.#ca = options.caFile === undefined ? null : new TextFile(options.caFile)
    this.#token = options.tokenFile === undefined ? null : new TextFile(options.tokenFile)
    this.#basic =
      url.username === ''
        ? null
        : Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')
  }

  /** Whether there is anything to be refused: a token, a password. */
  get kind(): 'token' | 'password' | 'none' {
    if (this.#token !== null) return 'token'
    return this.#basic === null ? 'none' : 'password'
  }

  /** @throws an Error whose message names the file. */
  async headers(): Promise<Record<string, string>> {
    const headers: Record<string, string> = { ...this.#options.headers }
    if (this.#basic !== null) headers['authorization'] = `Basic ${this.#basic}`
    if (this.#token !== null) headers['authorization'] = `Bearer ${(await this.#token.read()).trim()}`
    return headers
  }

  /** The agent for HTTPS; a new one when the CA file has changed. */
  async agent(): Promise<Agent> {
    const ca = this.#ca === null ? '' : await this.#ca.read()
    if (this.#agent?.ca !== ca) {
      this.#agent?.agent.destroy()
      const agent = new Agent({
        keepAlive: true,
        rejectUnauthorized: this.#options.insecureSkipVerify !== true,
        ...(ca === '' ? {} : { ca }),
      })
      this.#agent = { ca, agent }
    }
    return this.#agent.agent
  }

  /** The server did not accept what it was shown. */
  forget(): void {
    this.#ca?.forget()
    this.#token?.forget()
  }

  close(): void {
    this.#agent?.agent.destroy()
  }
}
