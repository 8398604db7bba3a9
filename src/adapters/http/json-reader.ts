/** Reads JSON from a server, one GET at a time. */
import { isRecord, type Json } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { HttpClient, type HttpOptions } from './client.ts'
import { shownUrl } from './redaction.ts'

const DEADLINE: Milliseconds = 10_000
const LARGEST = 4 * 1024 * 1024

export class JsonReader {
  readonly #address: URL
  readonly #http: HttpClient

  /** @throws TypeError when `address` is not a URL. */
  constructor(address: string, options: HttpOptions) {
    this.#address = new URL(address)
    this.#http = new HttpClient(options)
  }

  /** @param path with its query, below the address. @throws Error with a sentence that names the server, and no secret. */
  async read(path: string, signal: AbortSignal): Promise<Json> {
    const [pathname = '', query = ''] = path.split('?', 2)
    const url = new URL(this.#address)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${pathname}`
    url.search = query
    const shown = shownUrl(this.#address)
    const outcome = await this.#http.send({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      deadline: DEADLINE,
      sizeLimit: LARGEST,
      signal,
    })
    if (outcome.kind === 'failed') throw new Error(`${shown} ${outcome.error}`)
    if (outcome.status !== 200) throw new Error(`${shown} answered ${outcome.status}`)
    if (outcome.body === null) throw new Error(`${shown} answered with more than ${LARGEST / 1024 / 1024} MiB`)
    const read = parsed(outcome.body)
    if (!isRecord(read)) throw new Error(`${shown} answered with no JSON object; check the address`)
    return read
  }

  close(): void {
    this.#http.close()
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
