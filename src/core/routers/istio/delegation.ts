/**
 * Delegation: a root, which has hosts and gateways, puts the routes of another VirtualService in the place of one of its own
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate). Istio follows one delegation: what has no hosts is
 * never a root (pilot/pkg/model/virtualservice_controller.go).
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, entryOf, type Json, recordOf, recordsOf, sameJson, textOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { delegatesIn, gatewaysOfRoute, isDelegate } from './bindings.ts'

type Asked = Pick<Observation, 'surroundings'>

/** VirtualServices with hosts that delegate to the one with this key, `namespace/name`. */
export function rootsOf(o: Asked, key: string): KubeObject[] {
  return o.surroundings.routes.filter(one => !isDelegate(one) && delegatesIn(one).includes(key))
}

/** The http routes of a root in whose place the routes of that VirtualService come. */
export function delegatingRoutes(root: KubeObject, key: string): Json[] {
  return recordsOf(at(root.spec, 'http')).filter(route =>
    delegatesIn({ ...root, spec: { http: [route] } }).includes(key),
  )
}

/** The gateways at which a root delegates to that VirtualService. */
export function delegatingGateways(root: KubeObject, key: string, bound: readonly string[]): readonly string[] {
  const routes = delegatingRoutes(root, key)
  const { namespace = '' } = root.metadata
  return bound.filter(gateway => routes.some(route => gatewaysOfRoute(route, bound, namespace).includes(gateway)))
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
