/** What the address of the page says: which screen, and which namespaces. A token or a link is never kept in it. */

export type Route =
  | { readonly kind: 'list' }
  | { readonly kind: 'canary'; readonly namespace: string; readonly name: string }

/** Reads the fragment; what is no canary is the list. */
export function routeOf(fragment: string): Route {
  const [, namespace, name, rest] = fragment.replace(/^#/, '').split('/')
  if (namespace === undefined || name === undefined || rest !== undefined || namespace === '' || name === '') {
    return { kind: 'list' }
  }
  try {
    return { kind: 'canary', namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) }
  } catch {
    return { kind: 'list' }
  }
}

/** The fragment that leads to one canary. */
export const fragmentOf = (namespace: string, name: string): string =>
  `#/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`

/** The one-time link of `sluice dashboard` in a fragment; null: there is none. */
export function linkIn(fragment: string): string | null {
  const link = new URLSearchParams(fragment.replace(/^#/, '')).get('link')
  return link === null || link === '' ? null : link
}

/** Namespaces that the address names: `?ns=shop&ns=billing`, or `?ns=shop,billing`. */
export const namespacesIn = (query: string): string[] =>
  new URLSearchParams(query)
    .getAll('ns')
    .flatMap(value => value.split(','))
    .map(value => value.trim())
    .filter(value => value !== '')

/** The query that names these namespaces; '' for none. */
export const queryFor = (namespaces: readonly string[]): string =>
  namespaces.length === 0 ? '' : `?${namespaces.map(name => `ns=${encodeURIComponent(name)}`).join('&')}`
