/**
 * Delegation: a root, which has hosts and gateways, puts the routes of another VirtualService in the place of one of its own
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate). Istio follows one delegation: what has no hosts is
 * never a root (pilot/pkg/model/virtualservice_controller.go).
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, entryOf, type Json, recordOf, recordsOf, sameJson, textOf } from '../../json.ts'
import type { Named } from '../provider.ts'
import { delegateKey, delegateOf, isDelegate } from './bindings.ts'
import { virtualServiceOf } from './names.ts'
import { type Asked, once } from './once.ts'

/** A VirtualService with hosts, and its http routes in whose place those of another one come. */
export interface Delegation {
  readonly root: KubeObject
  readonly routes: readonly Json[]
}

const NONE: readonly Delegation[] = []

/** Those that delegate to the VirtualService with this key, `namespace/name`: one that has the split, or one around the canary. */
export const delegationsTo = (o: Asked, key: string): readonly Delegation[] => delegations(o).get(key) ?? NONE

/** VirtualServices with hosts that delegate to it. */
export const rootsOf = (o: Asked, key: string): KubeObject[] => delegationsTo(o, key).map(({ root }) => root)

/** By what is delegated to. A root may name thousands that are not there. */
const delegations = once(o => {
  const { routes } = o.surroundings
  const delegates = new Set([...splittingKeys(o), ...routes.filter(isDelegate).map(delegateKey)])
  const found = new Map<string, { root: KubeObject; routes: Json[] }[]>()
  for (const root of routes.filter(one => !isDelegate(one))) {
    for (const route of recordsOf(at(root.spec, 'http'))) {
      const key = delegateOf(route, root)
      if (key === null || !delegates.has(key)) continue
      const known = found.get(key) ?? []
      if (known.length === 0) found.set(key, known)
      const last = known.at(-1)
      if (last?.root === root) last.routes.push(route)
      else known.push({ root, routes: [route] })
    }
  }
  return found
})

/** The VirtualServices that have the split, as `namespace/name`. */
export function splittingKeys({ canary, names }: Named): string[] {
  const listed = canary.spec.service.virtualServices?.map(({ name }) => name)
  return (listed ?? [virtualServiceOf(names).name]).map(name => `${names.namespace}/${name}`)
}

const TEXTS = ['uri', 'scheme', 'method', 'authority'] as const
const MAPS = ['headers', 'withoutHeaders', 'queryParams'] as const

/**
 * The condition of a delegate's match by which it does not lie within a match of the root; null where it does. Istio leaves out a route
 * of the delegate that has one match which lies within no match of the root (pilot/pkg/model/virtualservice.go `hasConflict`).
 */
export function outsideOf(root: Json, leaf: Json): string | null {
  for (const field of TEXTS) if (!isNarrower(root[field], leaf[field])) return field
  for (const field of MAPS) {
    const wide = recordOf(root[field])
    const outside = Object.entries(recordOf(leaf[field])).find(
      ([name, condition]) => !isNarrower(entryOf(wide, name), condition),
    )
    if (outside !== undefined) return `${field}.${outside[0]}`
  }
  if ((root['ignoreUriCase'] === true) !== (leaf['ignoreUriCase'] === true)) return 'ignoreUriCase'
  const [port, own] = [root['port'], leaf['port']]
  if (port !== undefined && own !== undefined && port !== own) return 'port'
  const from = textOf(root['sourceNamespace'])
  if (from !== '' && textOf(leaf['sourceNamespace']) !== from) return 'sourceNamespace'
  const labels = recordOf(root['sourceLabels'])
  const label = Object.entries(recordOf(leaf['sourceLabels'])).find(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] !== value,
  )
  return label === undefined ? null : `sourceLabels.${label[0]}`
}

/** Whether a condition of a delegate is within that of its root; one of them without a condition is. */
function isNarrower(root: unknown, leaf: unknown): boolean {
  if (root === undefined || leaf === undefined) return true
  const [wide, narrow] = [recordOf(root), recordOf(leaf)]
  // Two regular expressions are never compared, not even equal ones.
  if ('regex' in wide || 'regex' in narrow) return false
  if ('exact' in wide) return sameJson(wide['exact'], narrow['exact'])
  return textOf(narrow['exact'] ?? narrow['prefix']).startsWith(textOf(wide['prefix']))
}
