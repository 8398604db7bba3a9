/** What a server is shown and what it has to show, from files that may change under us: a token, a CA bundle. */
import { readFile } from 'node:fs/promises'

export interface CredentialOptions {
  /** PEM file of the authorities that may have signed the server's certificate; without it, those that Node trusts. */
  readonly caFile?: string
  /** File with a bearer token. */
  readonly tokenFile?: string
  /** Headers of every request. Their values count as secrets. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Files are read again after this long: the kubelet rotates a projected token well before it expires. */
const FRESH_FOR = 60_000

/** A text file, read at most once a minute. */
class TextFile {
  readonly #path: string
  #text = ''
  #readAt = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    this.#path = path
  }

  /** @throws the error of the file system, which has the path. */
  async read(): Promise<string> {
    if (performance.now() - this.#readAt >= FRESH_FOR) await this.reread()
    return this.#text
  }

  /** Whether the file has another content than the last time. @throws as `read`. */
  async reread(): Promise<boolean> {
    const text = await readFile(this.#path, 'utf8')
    this.#readAt = performance.now()
    const changed = text !== this.#text
    this.#text = text
    return changed
  }
}

export class Credentials {
  readonly #headers: Readonly<Record<string, string>>
  readonly #ca: TextFile | null
  readonly #token: TextFile | null

  constructor({ caFile, tokenFile, headers = {} }: CredentialOptions) {
    this.#headers = headers
    this.#ca = caFile === undefined ? null : new TextFile(caFile)
    this.#token = tokenFile === undefined ? null : new TextFile(tokenFile)
  }

  /**
   * Headers for a request.
   *
   * @param url may hold a user and a password; a token counts more than these.
   * @throws the error of the file system, which has the path.
   */
  async headers(url: URL): Promise<Record<string, string>> {
    // Names of headers know no case: one of ours replaces the administrator's.
    const headers = Object.fromEntries(
      Object.entries(this.#headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    Object.assign(headers, basicOf(url))
    if (this.#token !== null) {
      headers['authorization'] = `Bearer ${(await this.#token.read()).trim()}`
    }
    return headers
  }

  /** The CA bundle in PEM; null where none was given. @throws as `headers`. */
  async ca(): Promise<string | null> {
    return this.#ca === null ? null : this.#ca.read()
  }

  /** Reads the files again. @returns whether one of them has changed, so that another try may be accepted. @throws as `headers`. */
  async reread(): Promise<boolean> {
    const files = [this.#token, this.#ca].filter(file => file !== null)
    return (await Promise.all(files.map(file => file.reread()))).includes(true)
  }
}

/** The header that a user and a password in a URL become; none where it has neither. */
export function basicOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` }
}

/** A shorter value of a header or a query is a word such as `true` or a tenant, and would be found in half of all texts. */
const SHORTEST_VALUE = 8
/** Names of headers whose values are credentials, however short. */
const CREDENTIAL = /auth|cookie|key|passw|secret|token/i

/**
 * What must not be said of a request: its password and tokens, with and without their scheme, and long values of its query and of
 * the headers that the administrator gave.
 *
 * @param headers ours and the administrator's; those that a caller adds, such as `accept`, are no secrets.
 */
export function secretsOf(url: URL, headers: Readonly<Record<string, string>>): string[] {
  const credentials = Object.entries(headers).flatMap(([name, value]) =>
    CREDENTIAL.test(name) ? [value, value.slice(value.indexOf(' ') + 1), ...ofBasic(value)] : [],
  )
  const values = [...Object.values(headers), ...url.searchParams.values(), url.search.slice(1)]
  return [
    ...[url.password, decoded(url.password), ...credentials].filter(secret => secret !== ''),
    ...values.filter(value => value.length >= SHORTEST_VALUE),
  ]
}

/** The user with the password, and the password, of basic authentication (RFC 7617). */
function ofBasic(value: string): string[] {
  const [, encoded] = /^basic +(.+)$/i.exec(value) ?? []
  if (encoded === undefined) return []
  const said = Buffer.from(encoded, 'base64').toString()
  return [said, said.slice(said.indexOf(':') + 1)]
}

/** A part of a URL as it was meant; a percent sign that begins no escape stays as it is. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
