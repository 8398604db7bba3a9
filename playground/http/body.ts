/** What clients send: read with a limit, as JSON or YAML, and with the fields that stand twice. */
import type { IncomingMessage } from 'node:http'
import { parseDocument, isMap, isScalar, isSeq, LineCounter, type ParsedNode } from 'yaml'
import { ApiError } from '../../src/core/errors.ts'

/** As the API server: three mebibytes. */
const MAX_BODY = 3 * 1024 * 1024

/**
 * The body. One that is too large is read to its end, but not kept: a client hears nothing before it has sent all.
 *
 * @throws ApiError 413.
 */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY) chunks.push(chunk)
  }
  if (size <= MAX_BODY) return Buffer.concat(chunks)
  const message = `Request entity too large: limit is ${MAX_BODY}`
  throw new ApiError({ code: 413, reason: 'RequestEntityTooLarge', message })
}

/** A body that was understood. */
export interface Decoded {
  readonly value: unknown
  /** What is said of keys that stand twice; the last one counts. */
  readonly duplicates: readonly string[]
}

/** @throws SyntaxError for what is no JSON. */
export function readJson(text: string): Decoded {
  const value: unknown = JSON.parse(text)
  return { value, duplicates: keysIn(text) === keysOf(value) ? [] : duplicatesIn(text) }
}

/** @throws SyntaxError with the first thing that is wrong. */
export function readYaml(text: string): Decoded {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw new SyntaxError(`yaml: line ${lines.linePos(error.pos[0]).line}: ${error.message}`)
  const duplicates: string[] = []
  twice(document.contents, '', (_, key, at) => {
    duplicates.push(`line ${lines.linePos(at).line}: key ${JSON.stringify(key)} already set in map`)
  })
  return { value: document.toJS(), duplicates }
}

/** How many keys a text has: strings that a colon follows. */
function keysIn(text: string): number {
  let count = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/gs)) if (colon !== undefined) count += 1
  return count
}

function keysOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + keysOf(item), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, member) => sum + keysOf(member) + 1, 0)
}

function duplicatesIn(json: string): string[] {
  const found: string[] = []
  twice(parseDocument(json, { uniqueKeys: false }).contents, '', path =>
    found.push(`duplicate field ${JSON.stringify(path)}`),
  )
  return found
}

/** Tells of every key that its map has had before: its path, itself, and where it stands. */
function twice(node: ParsedNode | null, path: string, tell: (path: string, key: string, at: number) => void): void {
  if (isSeq<ParsedNode>(node)) node.items.forEach((item, i) => twice(item, `${path}[${i}]`, tell))
  if (!isMap<ParsedNode, ParsedNode | null>(node)) return
  const seen = new Set<string>()
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const here = path === '' ? name : `${path}.${name}`
    if (seen.has(name)) tell(here, name, key.range[0])
    seen.add(name)
    twice(value, here, tell)
  }
}
