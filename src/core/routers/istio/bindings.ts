/**
 * What a VirtualService binds to: its hosts, its gateways, and the namespaces that see it, by the rules of Istio's
 * pilot/pkg/model (config.go `resolveGatewayName`, push_context.go `initVirtualServices`).
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, listOf, numberOf, recordsOf, textOf } from '../../json.ts'
import { canonicalHost } from './hosts.ts'

/** The word for all sidecars; every other gateway is an object. */
export const MESH = 'mesh'

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''
const texts = (value: unknown): string[] => listOf(value).map(one => textOf(one))

/**
 * One notation for each gateway: `istio-system/public`. An object of `namespace` may also write `public`, `./public`,
 * `public.istio-system` or `public.istio-system.svc.cluster.local`.
 */
export function gatewayOf(gateway: string, namespace: string): string {
  if (gateway === MESH) return MESH
  const [before = '', after] = gateway.split('/', 2)
  if (after !== undefined) return `${before === '.' ? namespace : before}/${after}`
  const [name = '', space = namespace] = gateway.split('.')
  return `${space}/${name}`
}

/** The hosts of a VirtualService as they are written; none for one that is delegated to. */
export const writtenHosts = (object: KubeObject): string[] => texts(at(object.spec, 'hosts'))

/** The same in one notation. */
export function hostsOf(object: KubeObject): string[] {
  return writtenHosts(object).map(host => canonicalHost(host, namespaceOf(object)))
}

/** The gateways of a VirtualService in one notation; one without any is for the mesh. */
export function gatewaysIn(object: KubeObject): string[] {
  const written = texts(at(object.spec, 'gateways'))
  return written.length === 0 ? [MESH] : written.map(gateway => gatewayOf(gateway, namespaceOf(object)))
}

/** Without hosts a VirtualService takes effect only where another one delegates to it. */
export const isDelegate = (object: KubeObject): boolean => listOf(at(object.spec, 'hosts')).length === 0

export const delegateKey = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** The VirtualServices that one delegates to, as `namespace/name`. */
export const delegatesIn = (object: KubeObject): string[] =>
  recordsOf(at(object.spec, 'http')).flatMap(route => delegateOf(route, object) ?? [])

/** The same of one of its routes; null for one that has destinations. */
export function delegateOf({ delegate }: Json, object: KubeObject): string | null {
  const name = textOf(at(delegate, 'name'))
  return name === '' ? null : `${textOf(at(delegate, 'namespace')) || namespaceOf(object)}/${name}`
}

/** The gateways, among those that a VirtualService of `namespace` is bound to, at which some of its routes are evaluated. */
export function gatewaysOfRoutes(
  routes: readonly Json[],
  bound: ReadonlySet<string>,
  namespace: string,
): ReadonlySet<string> {
  const found = new Set<string>()
  for (const route of routes) {
    const named = recordsOf(route['match']).map(match => texts(match['gateways']))
    if (named.length === 0 || named.some(one => one.length === 0)) return bound
    for (const one of named.flat()) {
      const gateway = gatewayOf(one, namespace)
      if (bound.has(gateway)) found.add(gateway)
    }
  }
  return found
}

/** Whether a match in a VirtualService of `namespace` that is bound to a gateway is evaluated there. */
export function isMatchAt(match: Json, gateway: string, namespace: string): boolean {
  const named = texts(match['gateways'])
  return named.length === 0 || named.some(one => gatewayOf(one, namespace) === gateway)
}

/** Where a route of a VirtualService leads. */
export interface RouteDestination {
  readonly protocol: 'http' | 'tls' | 'tcp'
  readonly route: Json
  /** As it is written. */
  readonly host: string
  readonly port: number | null
}

/** All destinations that get requests. A mirror's answers reach no caller, and of several destinations one without a weight gets nothing. */
export function destinationsIn(object: KubeObject): RouteDestination[] {
  return (['http', 'tls', 'tcp'] as const).flatMap(protocol =>
    recordsOf(at(object.spec, protocol)).flatMap(route => {
      const entries = recordsOf(route['route'])
      return entries
        .filter(entry => entries.length === 1 || numberOf(entry['weight'], 0) > 0)
        .map(({ destination }) => {
          const port = at(destination, 'port', 'number')
          return {
            protocol,
            route,
            host: textOf(at(destination, 'host')),
            port: typeof port === 'number' ? port : null,
          }
        })
    }),
  )
}

const exporting = new WeakMap<KubeObject, 'all' | ReadonlySet<string>>()

/** The namespaces that an object is exported to: all of them, or these; a dot means its own. Kept by object, because each pass needs it many times. */
export function exportedTo(object: KubeObject): 'all' | ReadonlySet<string> {
  const known = exporting.get(object)
  if (known !== undefined) return known
  const written = new Set(texts(at(object.spec, 'exportTo')))
  const isForAll = written.size === 0 || written.has('*')
  if (written.delete('.')) written.add(namespaceOf(object))
  written.delete('~')
  const to = isForAll ? 'all' : written
  exporting.set(object, to)
  return to
}

/** Whether the proxies of a namespace see the object. */
export function isVisibleFrom(object: KubeObject, namespace: string): boolean {
  const to = exportedTo(object)
  return to === 'all' || to.has(namespace)
}

/** Whether an object is exported to any namespace but its own. */
export function isExportedElsewhere(object: KubeObject): boolean {
  const to = exportedTo(object)
  return to === 'all' || to.size > (to.has(namespaceOf(object)) ? 1 : 0)
}

/**
 * Whether the proxies of a gateway see the object. They usually run in the namespace of the Gateway; where they do not, only an
 * export to other namespaces can reach them.
 */
export function isVisibleAt(object: KubeObject, gateway: string): boolean {
  const to = exportedTo(object)
  if (to === 'all' || isExportedElsewhere(object)) return true
  return to.size > 0 && (gateway === MESH || gateway.startsWith(`${namespaceOf(object)}/`))
}
