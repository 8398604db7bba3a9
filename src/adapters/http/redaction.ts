/** What may be said of a URL, of an error and of an answer: nothing of what is secret. */
import { beginning } from '../../core/text.ts'
import { decoded } from './credentials.ts'

/**
 * A URL as logs, events and statuses show it: without user, password, query and fragment.
 *
 * @param part `path`: with the path, for servers; `origin`: without it, for webhooks, whose path often is the secret.
 */
export function shownUrl(url: URL, part: 'path' | 'origin' = 'path'): string {
  return part === 'origin' ? url.origin : `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** The same of a text that may be no URL at all. */
export const withoutUser = (address: string): string => address.replace(/\/\/[^/@]*@/, '//')

/** A text that is not ours, such as an error or the body of an answer, in which each secret is replaced by `[redacted]`. */
export function redact(text: string, secrets: Iterable<string>): string {
  // The longest first: one secret may be a part of another.
  const known = [...secrets].sort((a, b) => b.length - a.length)
  return known.reduce((said, secret) => said.replaceAll(secret, '[redacted]'), text)
}

/** A shorter part of a path is a word that other texts have, too. */
const SHORTEST_SECRET = 8

/** What an answer may quote of a URL whose path is a secret, the whole first; the client knows of headers. */
export function secretPartsOf(url: URL): string[] {
  const path = `${url.pathname}${url.search}`
  const parts = path.split(/[/?&=]/).flatMap(part => [part, decoded(part)])
  return [...(path.length > 1 ? [path] : []), ...parts.filter(({ length }) => length >= SHORTEST_SECRET)]
}

/** Bytes of an answer that are shown. */
const MOST_SHOWN = 200

/** The beginning of an answer's body after a colon, in one line, without control characters, which a terminal would obey; '' where it is empty. */
export function shownAnswer(body: string): string {
  const text = body.replaceAll(/\s+/g, ' ').trim()
  return text === '' ? '' : `: ${beginning(text.replaceAll(/\p{Cc}/gu, '\ufffd'), MOST_SHOWN)}`
}
