/** Paths of the Kubernetes API (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris). */
import type { Kind, Ref } from '../../api/object.ts'
import { apiVersionOf } from '../../api/object.ts'

/** The root of a group's version: `/api/v1`, `/apis/apps/v1`. */
export function versionPath(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
}

/** All objects of a kind, in one namespace or (empty) in all. */
export function collectionPath(kind: Kind, namespace: string): string {
  const root = versionPath(kind)
  return kind.namespaced && namespace !== ''
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`
    : `${root}/${kind.plural}`
}

/**
 * One object, or a subresource of it.
 *
 * @throws Error for a reference that names no single object: it would address the whole collection.
 */
export function objectPath(ref: Ref, subresource?: 'status'): string {
  if (ref.name === '') throw new Error(`A reference to a ${apiVersionOf(ref.kind)} ${ref.kind.kind} has no name.`)
  if (ref.kind.namespaced && ref.namespace === '') {
    throw new Error(`The reference to ${ref.kind.kind} ${ref.name} has no namespace, and the kind is namespaced.`)
  }
  const path = `${collectionPath(ref.kind, ref.namespace)}/${encodeURIComponent(ref.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/** A query string, `?` included; what is undefined is left out. */
export function queryString(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
