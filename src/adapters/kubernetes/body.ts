/**
 * Bodies of answers, read up to a bound: what tenants store decides how long an answer of the API server is, and one that
 * does not fit into memory would end the process for every namespace.
 */
import type { Readable } from 'node:stream'
import { AnswerTooLarge } from '../../core/errors.ts'

/**
 * Longest answer that is read, in bytes. etcd stores objects of at most 1.5 MiB (`--max-request-bytes`), and the JSON of one
 * may be six times as long, for Go writes `<` as `\u003c`: so one object always fits, and lists come in pages.
 */
export const LARGEST_ANSWER = 16 * 1024 * 1024
/** As much of an error as is read; a Status is a few hundred bytes. */
const LARGEST_ERROR = 64 * 1024

/**
 * The whole body as text.
 *
 * @param asked names the request in the error.
 * @throws AnswerTooLarge when it is longer than `limit` bytes; the connection is then closed.
 */
export async function textOf(body: Readable, asked: string, limit: number = LARGEST_ANSWER): Promise<string> {
  const { pieces, whole } = await read(body, limit)
  if (!whole) throw new AnswerTooLarge(asked, limit)
  return pieces.toString('utf8')
}

/** The first 64 KiB of a body as text. */
export async function beginningOf(body: Readable): Promise<string> {
  return (await read(body, LARGEST_ERROR)).pieces.toString('utf8')
}

async function read(body: Readable, limit: number): Promise<{ pieces: Buffer; whole: boolean }> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length
    pieces.push(piece)
    if (length > limit) break // which destroys the stream
  }
  return { pieces: Buffer.concat(pieces), whole: length <= limit }
}
