/** Paths of the API (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris), read backwards into what they address. */

/** What a path addresses within a version of a group. */
export interface Route {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** Empty: all namespaces, or a kind that has none. */
  readonly namespace: string
  /** Empty: the collection. */
  readonly name: string
  readonly subresource: string
}

/** The route of a path below a version of a group; null for every other path. */
export function routeOf(path: string): Route | null {
  const [root, ...rest] = path.split('/').slice(1).map(decoded)
  const [group, version, ...tail] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : []
  if (group === undefined || version === undefined || tail[0] === undefined || tail[0] === '') return null
  const scoped = tail[0] === 'namespaces' && tail.length > 2 && !(tail.length === 3 && isOfNamespaces(tail[2]))
  const [namespace, [plural = '', name = '', ...sub]] = scoped ? [tail[1] ?? '', tail.slice(2)] : ['', tail]
  // Decoded it would be another path.
  if (name.includes('/')) return null
  return { group, version, plural, namespace, name, subresource: sub.join('/') }
}

/** Subresources of namespaces themselves, which are no kinds within one. */
const isOfNamespaces = (word: string | undefined): boolean => word === 'status' || word === 'finalize'

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
