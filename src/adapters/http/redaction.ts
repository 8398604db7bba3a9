/** What may be said of a URL and of an error: nothing of what is secret. */

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
