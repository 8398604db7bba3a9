/** Bodies of requests: JSON, small, and as they must be. */
import type { IncomingMessage } from 'node:http'
import { isRecord, type Json } from '../../core/json.ts'
import { Refusal } from './problems.ts'

/** The longest request names 200 namespaces. */
const LONGEST = 32 * 1024

/** The JSON object in a body. @throws Refusal. */
export async function jsonOf(request: IncomingMessage): Promise<Json> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new Refusal('content-type', 'Send application/json')
  if (Number(request.headers['content-length'] ?? 0) > LONGEST) throw tooLarge()
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > LONGEST) throw tooLarge()
    pieces.push(piece)
  }
  const parsed = parse(Buffer.concat(pieces).toString('utf8'))
  if (!isRecord(parsed)) throw new Refusal('bad-request', 'The body is no JSON object')
  return parsed
}

const tooLarge = (): Refusal => new Refusal('too-large', `The body is larger than ${LONGEST / 1024} KiB`)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A name of a namespace or a Canary, as Kubernetes takes it (RFC 1123). */
export const isName = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= 253 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(text)
