/**
 * How Istio would route a request: read from VirtualServices, DestinationRules, Services and pods as they stand in the
 * cluster, by rules of its own and not the controller's, or the playground would confirm the controller's mistakes
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/).
 */
import { kinds, type KubeObject } from '../api/object.ts'
import { at, type Json, listOf, recordOf, textOf } from './json.ts'
import { isReady } from './kubelet.ts'
import { Pod } from './kinds.ts'
import { carries } from './selector.ts'
import type { Store } from './store.ts'

/** A kind of request that clients send. */
export interface Request {
  /** As the client calls it: `web`, `web.shop`, `web.example.com`. */
  readonly host: string
  /** The client's namespace. */
  readonly namespace: string
  /** `mesh` from a sidecar, or `namespace/name` of a Gateway. */
  readonly gateway: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Why no pod was asked, as Envoy's response flag: no route, no cluster, no healthy upstream. */
export type Flag = 'NR' | 'NC' | 'UH'

/** Where a share of the requests goes. */
export interface Destination {
  /** From 0 to 1. */
  readonly share: number
  readonly namespace: string
  /** Empty where no Service was chosen. */
  readonly service: string
  /** What a pod had to carry: the Service's selector and the subset's labels. */
  readonly labels: Readonly<Record<string, string>>
  readonly answer: { readonly pods: readonly string[] } | { readonly flag: Flag }
}

/** The destinations of a request as the cluster stands; their shares add up to 1. */
export function routesOf(store: Store, request: Request): Destination[] {
  const host = fullName(store, request.host, request.namespace)
  const virtualService = store
    .all(kinds.VirtualService)
    .filter(one => applies(store, one, host, request.gateway))
    .sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))[0]
  if (virtualService === undefined) return [destination(store, host, undefined, undefined, 1)]
  const namespace = virtualService.metadata.namespace ?? ''
  const routes = listOf(at(virtualService, 'spec', 'http'))
  const route = routes.find(one => {
    const matches = listOf(at(one, 'match'))
    return matches.length === 0 || matches.some(match => fits(recordOf(match), request))
  })
  if (route === undefined) return [failure('NR', 1)]
  refuseUnknown(recordOf(route), KNOWN_ROUTE, `${namespace}/${virtualService.metadata.name}: http route`)
  const targets = listOf(at(route, 'route'))
  const weights = targets.map(target => Number(at(target, 'weight') ?? 0))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return targets.flatMap((target, index) => {
    const share = targets.length === 1 ? 1 : (weights[index] ?? 0) / total
    if (share === 0) return []
    const name = fullName(store, textOf(at(target, 'destination', 'host')), namespace)
    const port = at(target, 'destination', 'port', 'number')
    return [destination(store, name, at(target, 'destination', 'subset'), port, share)]
  })
}

/** What a route may say here without changing who answers; anything else would be a wrong answer, so it is an error. */
const KNOWN_ROUTE = new Set(['name', 'match', 'route', 'rewrite', 'timeout', 'retries', 'headers', 'corsPolicy'])
const KNOWN_MATCH = new Set(['name', 'uri', 'headers', 'withoutHeaders', 'gateways'])

function refuseUnknown(said: Json, known: ReadonlySet<string>, where: string): void {
  const unknown = Object.keys(said).find(key => !known.has(key))
  if (unknown !== undefined) throw new Error(`The playground's mesh does not know \`${unknown}\` (${where}).`)
}

function applies(store: Store, virtualService: KubeObject, host: string, gateway: string): boolean {
  const namespace = virtualService.metadata.namespace ?? ''
  const gateways = listOf(at(virtualService, 'spec', 'gateways')).map(name => textOf(name))
  const names = (gateways.length > 0 ? gateways : ['mesh']).map(name =>
    name === 'mesh' || name.includes('/') ? name : `${namespace}/${name}`,
  )
  const hosts = listOf(at(virtualService, 'spec', 'hosts')).map(name => fullName(store, textOf(name), namespace))
  return (
    names.includes(gateway) &&
    hosts.some(name => name === host || (name.startsWith('*') && host.endsWith(name.slice(1))))
  )
}

/** Of two VirtualServices for one host the older one wins. */
const ageOf = (object: KubeObject): string => `${object.metadata.creationTimestamp} ${object.metadata.name}`

function fits(match: Json, request: Request): boolean {
  refuseUnknown(match, KNOWN_MATCH, 'match')
  const gateways = listOf(match['gateways'])
  const headers = Object.entries(recordOf(match['headers']))
  const without = Object.entries(recordOf(match['withoutHeaders']))
  return (
    (gateways.length === 0 || gateways.includes(request.gateway)) &&
    (match['uri'] === undefined || says(match['uri'], request.path)) &&
    headers.every(([name, rule]) => says(rule, request.headers[name])) &&
    !without.some(([name, rule]) => says(rule, request.headers[name]))
  )
}

/** A StringMatch; an empty one asks for presence. */
function says(rule: unknown, value: string | undefined): boolean {
  if (value === undefined) return false
  const { exact, prefix, regex } = recordOf(rule)
  if (exact !== undefined) return value === exact
  if (prefix !== undefined) return value.startsWith(textOf(prefix))
  return regex === undefined || new RegExp(`^(?:${textOf(regex)})$`).test(value)
}

function failure(flag: Flag, share: number): Destination {
  return { share, namespace: '', service: '', labels: {}, answer: { flag } }
}

function destination(store: Store, host: string, subset: unknown, port: unknown, share: number): Destination {
  const [name = '', namespace = ''] = host.endsWith('.svc.cluster.local') ? host.split('.') : []
  const service = store.get(kinds.Service, namespace, name)
  const ports = listOf(at(service, 'spec', 'ports')).map(one => at(one, 'port'))
  const unknownPort = port === undefined ? false : !ports.includes(port)
  const subsetLabels = subset === undefined ? {} : labelsOfSubset(store, host, subset)
  if (service === null || unknownPort || subsetLabels === null) {
    return { ...failure('NC', share), namespace, service: name }
  }
  const selector = recordOf(at(service, 'spec', 'selector')) as Record<string, string>
  const labels = { ...selector, ...subsetLabels }
  const pods = store
    .all(Pod, namespace)
    .filter(pod => isReady(pod) && carries(pod.metadata.labels, selector))
    .filter(pod => carries(pod.metadata.labels, labels))
    .map(pod => pod.metadata.name)
  return { share, namespace, service: name, labels, answer: pods.length > 0 ? { pods } : { flag: 'UH' } }
}

/** The labels of a subset, from whichever DestinationRule of that host has it. */
function labelsOfSubset(store: Store, host: string, name: unknown): Record<string, string> | null {
  const subset = store
    .all(kinds.DestinationRule)
    .filter(rule => fullName(store, textOf(at(rule, 'spec', 'host')), rule.metadata.namespace ?? '') === host)
    .flatMap(rule => listOf(at(rule, 'spec', 'subsets')))
    .find(one => at(one, 'name') === name)
  return subset === undefined ? null : (recordOf(at(subset, 'labels')) as Record<string, string>)
}

/** The full name of a Service; the names of other hosts stay as they are. */
function fullName(store: Store, host: string, namespace: string): string {
  if (!host.includes('.')) return host === '*' ? host : `${host}.${namespace}.svc.cluster.local`
  if (host.endsWith('.svc')) return `${host}.cluster.local`
  const [name = '', itsNamespace = '', ...more] = host.split('.')
  const isService = more.length === 0 && store.get(kinds.Service, itsNamespace, name) !== null
  return isService ? `${host}.svc.cluster.local` : host
}
