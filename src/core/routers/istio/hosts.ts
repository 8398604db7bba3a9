/** Hosts and destinations: which Service a name in a VirtualService means, and which side of the split it is. */
import type { Ref } from '../../../api/object.ts'
import { at, type Json, present, textOf } from '../../json.ts'
import type { Named } from '../provider.ts'
import type { Side } from '../users-routes.ts'

export type { Side }

/** Hosts are compared in lower case and without the dot of a fully qualified name. */
const normalized = (host: string): string => (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()

/**
 * The Service that a host in an object of `namespace` means, in any notation: `web`, `web.shop`, `web.shop.svc`, or with a
 * cluster domain. A short name means the object's own namespace
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination). Istio itself resolves only the short
 * and the full name; the two between are read as what their author meant. A public host of two labels looks the same.
 *
 * @returns null for a wildcard and for a host outside of the cluster.
 */
export function serviceOfHost(host: string, namespace: string): Pick<Ref, 'namespace' | 'name'> | null {
  const [name = '', space = namespace, svc = 'svc'] = normalized(host).split('.')
  return name === '' || name.startsWith('*') || svc !== 'svc' ? null : { name, namespace: space }
}

/** Whether a host in an object of `namespace` is this Service. */
export function isHost(host: string, namespace: string, service: Pick<Ref, 'namespace' | 'name'>): boolean {
  // A user may write tens of thousands of hosts: most are told apart without taking them to pieces.
  const { length } = service.name
  if (host.length < length || (host.length > length && host[length] !== '.')) return false
  const meant = serviceOfHost(host, namespace)
  return meant !== null && meant.name === service.name && meant.namespace === service.namespace
}

/**
 * One notation for each host: of a Service `web.shop.svc.cluster.local`, of those of a namespace `*.shop.svc.cluster.local`, whatever the
 * cluster domain is; of any other the host in lower case.
 */
export function canonicalHost(host: string, namespace: string): string {
  const service = serviceOfHost(host, namespace)
  if (service !== null) return `${service.name}.${service.namespace}.svc.cluster.local`
  const [first = '', space = '', svc, domain] = normalized(host).split('.')
  return first.startsWith('*') && svc === 'svc' && domain !== undefined
    ? `${first}.${space}.svc.cluster.local`
    : normalized(host)
}

/**
 * The host as Istio itself reads it. One such as `web.shop` it takes as it is: a VirtualService for it gets the requests of callers
 * that write the same, beside another one for the Service.
 */
export function istioHost(host: string, namespace: string): string {
  const [, , svc, domain] = normalized(host).split('.')
  const isWhole = svc === 'svc' && domain !== undefined
  return isWhole || !(host.includes('.') || host === '*') ? canonicalHost(host, namespace) : normalized(host)
}

/** Whether a host, or a wildcard such as `*.example.com`, covers a host or a narrower wildcard. */
export function coversHost(pattern: string, host: string): boolean {
  const [wide, narrow] = [normalized(pattern), normalized(host)]
  return wide === narrow || (wide.startsWith('*') && narrow.endsWith(wide.slice(1)))
}

/** Services of namespaces other than the own one that a host stands for. */
export interface ForeignServices {
  /** null: of more than one. */
  readonly namespace: string | null
  /** false: it may as well be a public host of two labels, or a wildcard such as `*.shop`. */
  readonly certain: boolean
  /** One Service, and no wildcard. */
  readonly exact: boolean
}

/** Last labels that are taken for public, and not for the name of a namespace. */
const PUBLIC = new Set(['com', 'net', 'org'])

/** Which Services of other namespaces a host of an object in `namespace` stands for; null for none. */
export function foreignServices(host: string, namespace: string): ForeignServices | null {
  const [first = '', ...rest] = normalized(host).split('.')
  const exact = !first.startsWith('*')
  if (exact && rest.length === 0) return null
  // What follows the name of the Service: its namespace, `svc`, the cluster domain; of a pod of a headless one a label more.
  const svc = rest.indexOf('svc', 1)
  if (svc > 0) return rest[svc - 1] === namespace ? null : { namespace: rest[svc - 1] ?? null, certain: true, exact }
  if (!exact && (rest[0] === 'svc' || rest.length === 0 || EVERY_SERVICE.has(rest.join('.'))))
    return { namespace: null, certain: true, exact }
  const [last = ''] = rest
  if (rest.length > 1 || last === namespace || PUBLIC.has(last)) return null
  return { namespace: last, certain: false, exact }
}

/** Domains in which all Services are. */
const EVERY_SERVICE = new Set(['local', 'cluster.local'])

/** The same host, in the notation that it was written in, for another Service of the namespace. */
export function renamedHost(host: string, name: string): string {
  return [name, ...host.split('.').slice(1)].join('.')
}

/**
 * The side that a destination is. Of hosts, the apex counts as the primary, for its Service selects the primary's pods; with
 * subsets, everything at the apex that is not the canary's subset.
 */
export function sideOf({ canary, names }: Named, destination: unknown): Side | null {
  const host = textOf(at(destination, 'host'))
  const is = (service: Ref): boolean => isHost(host, names.namespace, service)
  const rule = canary.spec.service.destinationRule
  if (rule !== undefined) {
    if (!is(names.apexService)) return null
    return at(destination, 'subset') === rule.canarySubset ? 'canary' : 'primary'
  }
  if (is(names.canaryService)) return 'canary'
  return is(names.apexService) || is(names.primaryService) ? 'primary' : null
}

/** The destination of a side in a VirtualService of ours. */
export function destinationOf({ canary, names }: Named, side: Side | 'apex', port: number | undefined): Json {
  const rule = canary.spec.service.destinationRule
  const numbered = port === undefined ? undefined : { number: port }
  if (side === 'apex') return present({ host: names.apexService.name, port: numbered })
  if (rule !== undefined) {
    const subset = side === 'primary' ? rule.primarySubset : rule.canarySubset
    return present({ host: names.apexService.name, subset, port: numbered })
  }
  const service = side === 'primary' ? names.primaryService : names.canaryService
  return present({ host: service.name, port: numbered })
}
