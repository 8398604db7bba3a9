/**
 * The body of a watch: JSON documents, one a line, that arrive in pieces of any size
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
 */
import { StringDecoder } from 'node:string_decoder'
import type { KubeObject } from '../../api/object.ts'
import { ApiError } from '../../core/errors.ts'
import type { WatchEvent } from '../../core/ports.ts'
import { isRecord, parsed, statusError } from './answer.ts'

/** Longest line that is believed: etcd stores 1.5 MiB an object, and JSON may be some times longer than that. */
export const LONGEST_LINE = 16 * 1024 * 1024

/** Cuts a byte stream into lines. Characters of several bytes may be split between pieces. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #longest: number
  #pieces: string[] = []
  #length = 0

  /** @param longest in UTF-16 code units. */
  constructor(longest: number = LONGEST_LINE) {
    this.#longest = longest
  }

  /**
   * The lines that this piece completes, without their ends, empty ones left out.
   *
   * @throws Error when a line grows beyond the limit; the stream is then of no use.
   */
  push(piece: Buffer): string[] {
    const [first = '', ...rest] = this.#decoder.write(piece).split('\n')
    this.#keep(first)
    const lines: string[] = []
    for (const part of rest) {
      const line = this.#pieces.join('')
      if (line.trim() !== '') lines.push(line)
      this.#pieces = []
      this.#length = 0
      this.#keep(part)
    }
    return lines
  }

  #keep(part: string): void {
    if (part === '') return
    this.#length += part.length
    if (this.#length > this.#longest) throw new Error(`A line of the watch is longer than ${this.#longest} characters.`)
    this.#pieces.push(part)
  }
}

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'])

/**
 * One line as an event.
 *
 * @throws ApiError for an ERROR event, Error for what is no event at all.
 */
export function eventOf(line: string): WatchEvent {
  const event = parsed(line)
  if (!isRecord(event)) throw new Error(`A line of the watch is not JSON: ${line.slice(0, 80)}`)
  const { type, object } = event
  if (type === 'ERROR') {
    throw (
      statusError(object, 500) ??
      new ApiError({ code: 500, reason: 'InternalError', message: 'The watch ended with an error that says nothing.' })
    )
  }
  if (!TYPES.has(type) || !isObject(object)) throw new Error(`A line of the watch is no event: ${line.slice(0, 80)}`)
  return { type: type as WatchEvent['type'], object }
}

/** Is this an object of the API? */
export function isObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata'])
}
