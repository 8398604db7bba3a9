/**
 * Two transcripts of one case, and how a listed difference is told from one that is not. Of a refusal the code, the reason and
 * the fields of its causes are compared: clients act on them. Its sentences are for people, and change with every release.
 */
import { isRecord } from '../../../../src/core/json.ts'
import type { Exchange } from './case.ts'
import { differences } from './differences.ts'
import type { Transcripts } from './golden.ts'

/** A case that two servers do not answer alike. */
export interface Finding {
  readonly name: string
  /** Where, and what either said. */
  readonly where: string
  /** Why that is so, where it is listed. */
  readonly reason: string | undefined
}

/** All cases that the two answer differently. */
export function findings(real: Transcripts, ours: Transcripts): Finding[] {
  return [...real].flatMap(([name, wanted]) => {
    const where = difference(wanted, ours.get(name))
    return where === null ? [] : [{ name, where, reason: differences[name] }]
  })
}

/** Names of listed differences that are none. */
export function unfounded(found: readonly Finding[]): string[] {
  const names = new Set(found.map(({ name }) => name))
  return Object.keys(differences).filter(name => !names.has(name))
}

/** The reasons of the listed differences, by the name of the case. */
export function reasons(found: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(found.flatMap(({ name, reason }) => (reason === undefined ? [] : [[name, reason]])))
}

/** An exchange without the sentences of refusals. */
function withoutSentences(exchange: Exchange): Exchange {
  const { code = 0, warnings: _, body, ...rest } = exchange
  if (code < 400) return { ...exchange, body: shortened(body) }
  return { ...rest, code, body: isRecord(body) ? shortened(body) : undefined }
}

/** A value in which each failed Status, wherever it stands, has kept what clients act on. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened)
  if (!isRecord(value)) return value
  if (value['kind'] !== 'Status' || value['status'] !== 'Failure') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]))
  }
  const { code, reason, details } = value
  const { causes, retryAfterSeconds } = isRecord(details) ? details : {}
  return { code, reason, retryAfterSeconds, causes: causesIn(causes) }
}

/** Each once, in an order that can be compared. */
export function causesIn(causes: unknown): string[] {
  const all = Array.isArray(causes) ? causes.filter(isRecord) : []
  return [...new Set(all.map(({ reason, field }) => `${String(reason)} ${String(field)}`))].sort()
}

/** Where two transcripts of a case differ, in one sentence, or null. */
export function difference(
  wanted: readonly Exchange[] | undefined,
  given: readonly Exchange[] | undefined,
): string | null {
  if (wanted === undefined || given === undefined) return 'there is no transcript'
  for (const [index, exchange] of wanted.map(withoutSentences).entries()) {
    const answer = given[index]
    if (answer === undefined) return `after ${given.length} exchanges, wanted ${exchange.asked}`
    const other = withoutSentences(answer)
    if (other.asked !== exchange.asked) return `wanted ${exchange.asked}, given ${JSON.stringify(other)}`
    const found = valueDifference(exchange, other, '')
    if (found !== null) return `${exchange.asked} ${found}`
  }
  const more = given[wanted.length]
  return more === undefined ? null : `one more: ${JSON.stringify(more)}`
}

function valueDifference(wanted: unknown, given: unknown, path: string): string | null {
  if (Object.is(wanted, given)) return null
  if (typeof wanted !== 'object' || typeof given !== 'object' || wanted === null || given === null) {
    return `${path}: wanted ${JSON.stringify(wanted)}, given ${JSON.stringify(given)}`
  }
  const [left, right] = [wanted as Readonly<Record<string, unknown>>, given as Readonly<Record<string, unknown>>]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = valueDifference(left[key], right[key], `${path}/${key}`)
    if (found !== null) return found
  }
  return null
}
