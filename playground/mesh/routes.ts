/**
 * How Istio would route a request: read from VirtualServices, DestinationRules, Services and pods as they stand in the
 * cluster, by rules of its own and not the controller's, or the playground would confirm the controller's mistakes. Of a
 * DestinationRule the subsets count; its traffic policies shape connections, of which there are none here.
 */
import { parseDuration } from '../../src/api/duration.ts'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import type { Milliseconds } from '../../src/core/time.ts'
import { at, listOf, recordOf, textOf } from '../json.ts'
import { isReady } from '../workloads/kubelet.ts'
import { Pod } from '../kinds.ts'
import { carries } from '../schema/selector.ts'
import type { Store } from '../server/store.ts'
import {
  ageOf,
  covers,
  fullName,
  httpRoute,
  isExportedTo,
  mostExact,
  portOf,
  type Request,
} from './virtual-services.ts'

/** What a proxy answers by itself, and why, as Envoy's response flag: no route, no cluster, no healthy upstream; '' for what it was told to answer. */
export interface OwnAnswer {
  readonly code: number
  readonly flag: 'NR' | 'NC' | 'UH' | ''
}

/** Where a share of the requests goes. */
export interface Destination {
  /** From 0 to 1. */
  readonly share: number
  readonly namespace: string
  /** Empty where no Service was chosen. */
  readonly service: string
  /** The ready pods, and the port at which the Service finds them. */
  readonly to: { readonly pods: readonly string[]; readonly port: unknown } | OwnAnswer
}

/** What a proxy does with requests of one kind. */
export interface Route {
  /** Their shares add up to 1. */
  readonly destinations: readonly Destination[]
  /** Who gets copies, the answers to which nobody reads. */
  readonly mirrors: readonly Destination[]
  readonly retries: {
    readonly attempts: number
    readonly on: readonly string[]
    readonly perTry: Milliseconds
  }
  /** Infinity without one. */
  readonly timeout: Milliseconds
  readonly abort: { readonly share: number; readonly code: number }
  readonly delay: { readonly share: number; readonly ms: Milliseconds }
}

/** The mesh's default: https://istio.io/latest/docs/concepts/traffic-management/#retries */
const RETRY_ON = 'connect-failure,refused-stream,unavailable,cancelled'
const plain: Omit<Route, 'destinations'> = {
  mirrors: [],
  retries: { attempts: 2, on: RETRY_ON.split(','), perTry: Number.POSITIVE_INFINITY },
  timeout: Number.POSITIVE_INFINITY,
  abort: { share: 0, code: 0 },
  delay: { share: 0, ms: 0 },
}

/** What becomes of a request as the cluster stands. */
export function routeOf(store: Store, request: Request): Route {
  const host = calledName(store, request)
  const found = httpRoute(store, host, request)
  if (found === undefined) {
    const known = request.gateway === 'mesh' && serviceOf(store, host) !== null
    return {
      ...plain,
      destinations: [known ? destination(store, request, host, {}, 1) : ownAnswer(unknownHost(request))],
    }
  }
  if (found === null) return { ...plain, destinations: [ownAnswer({ code: 404, flag: 'NR' })] }
  const { route, namespace } = found
  const code =
    at(route, 'directResponse', 'status') ?? (route['redirect'] ? (at(route, 'redirect', 'redirectCode') ?? 301) : null)
  if (code !== null) return { ...plain, destinations: [ownAnswer({ code: Number(code), flag: '' })] }
  const going = (target: unknown, share: number): Destination =>
    destination(store, request, fullName(textOf(at(target, 'host')), namespace), target, share)
  const targets = listOf(route['route'])
  const weights = targets.map(target => (targets.length === 1 ? 1 : Number(at(target, 'weight') ?? 0)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mirrors = [
    ...(route['mirror'] === undefined ? [] : [{ destination: route['mirror'], percentage: route['mirrorPercentage'] }]),
    ...listOf(route['mirrors']),
  ]
  return {
    destinations: targets
      .map((target, index) => going(at(target, 'destination'), (weights[index] ?? 0) / total))
      .filter(({ share }) => share > 0),
    mirrors: mirrors.map(one => going(at(one, 'destination'), shareOf(at(one, 'percentage')))),
    retries: retriesOf(route['retries']),
    timeout: lengthOf(route['timeout']),
    abort: faultOf(at(route, 'fault', 'abort'), abort => ({ code: Number(at(abort, 'httpStatus')) }), plain.abort),
    delay: faultOf(at(route, 'fault', 'delay'), delay => ({ ms: lengthOf(at(delay, 'fixedDelay')) }), plain.delay),
  }
}

function retriesOf(said: unknown): Route['retries'] {
  if (said === undefined) return plain.retries
  const on = textOf(at(said, 'retryOn')) || RETRY_ON
  const attempts = Number(at(said, 'attempts') ?? 0)
  return { attempts, on: on.split(',').map(one => one.trim()), perTry: lengthOf(at(said, 'perTryTimeout')) }
}

function faultOf<T extends object>(
  said: unknown,
  read: (said: unknown) => T,
  none: T & { share: number },
): T & { share: number } {
  return said === undefined ? none : { ...read(said), share: shareOf(at(said, 'percentage')) }
}

/** A percentage as a share; not said is all. */
const shareOf = (percentage: unknown): number =>
  percentage === undefined ? 1 : Number(at(percentage, 'value') ?? 0) / 100

/** A length of time; none, and 0, is for ever. */
function lengthOf(said: unknown): Milliseconds {
  const length = parseDuration(textOf(said))
  return 'milliseconds' in length && length.milliseconds > 0 ? length.milliseconds : Number.POSITIVE_INFINITY
}

const ownAnswer = (to: OwnAnswer): Destination => ({ share: 1, namespace: '', service: '', to })

/** A sidecar that may reach what is registered only answers 502; a gateway has no route. */
const unknownHost = ({ gateway }: Request): OwnAnswer =>
  gateway === 'mesh' ? { code: 502, flag: '' } : { code: 404, flag: 'NR' }

/** The full name behind what a client calls: names of Services may be short from a sidecar. */
function calledName(store: Store, { host, namespace, gateway }: Request): string {
  const [name = ''] = host.split(':')
  if (gateway !== 'mesh') return name
  const full = name.endsWith('.svc') ? `${name}.cluster.local` : fullName(name, namespace)
  const [service = '', its = '', ...more] = name.split('.')
  return more.length === 0 && store.get(kinds.Service, its, service) !== null ? `${name}.svc.cluster.local` : full
}

function serviceOf(store: Store, host: string): KubeObject | null {
  const [name = '', namespace = ''] = host.endsWith('.svc.cluster.local') ? host.split('.') : []
  return store.get(kinds.Service, namespace, name)
}

function destination(store: Store, request: Request, host: string, target: unknown, share: number): Destination {
  const service = serviceOf(store, host)
  const port = portOfService(service, at(target, 'port', 'number'), request)
  const subset = at(target, 'subset')
  const subsetLabels = subset === undefined ? {} : labelsOfSubset(store, request.namespace, host, subset)
  if (service === null || port === undefined || subsetLabels === null) {
    return { ...ownAnswer({ code: 503, flag: 'NC' }), share }
  }
  const { name, namespace = '' } = service.metadata
  const selector = recordOf(at(service, 'spec', 'selector'))
  const targetPort = at(port, 'targetPort')
  const pods = store
    .all(Pod, namespace)
    .filter(pod => isReady(pod) && carries(pod.metadata.labels, selector))
    .filter(pod => carries(pod.metadata.labels, { ...selector, ...subsetLabels }))
    .filter(pod => typeof targetPort !== 'string' || portsOf(pod).some(one => at(one, 'name') === targetPort))
    .map(pod => pod.metadata.name)
  return {
    share,
    namespace,
    service: name,
    to: pods.length > 0 ? { pods, port: targetPort } : { code: 503, flag: 'UH' },
  }
}

/** The port of a Service: the one that is said, else its only one, else that of the request. */
function portOfService(service: KubeObject | null, said: unknown, request: Request): unknown {
  const ports = listOf(at(service, 'spec', 'ports'))
  if (said === undefined && ports.length === 1) return ports[0]
  const wanted = said ?? portOf(request)
  return ports.find(one => at(one, 'port') === wanted)
}

/** The ports that a pod's containers declare; an init container that is always restarted runs beside them. */
export const portsOf = (pod: KubeObject): readonly unknown[] => {
  const sidecars = listOf(at(pod, 'spec', 'initContainers')).filter(one => at(one, 'restartPolicy') === 'Always')
  return [...listOf(at(pod, 'spec', 'containers')), ...sidecars].flatMap(container => listOf(at(container, 'ports')))
}

/**
 * The labels of a subset; null where there is none. The DestinationRules are those of the client's namespace, else of the
 * Service's, else of the mesh; of one namespace those for the most exact host, together.
 */
function labelsOfSubset(store: Store, client: string, host: string, name: unknown): Record<string, unknown> | null {
  const rules = store.all(kinds.DestinationRule).flatMap(rule => {
    const { namespace = '' } = rule.metadata
    const pattern = fullName(textOf(at(rule, 'spec', 'host')), namespace)
    return covers(pattern, host) && isExportedTo(rule, client) ? [{ rule, namespace, pattern }] : []
  })
  const [, its = ''] = host.split('.')
  const near = [client, its, 'istio-system'].map(namespace => rules.filter(one => one.namespace === namespace))
  const nearest = near.find(those => those.length > 0) ?? []
  const pattern = mostExact(nearest.map(one => one.pattern))
  const subset = nearest
    .filter(one => one.pattern === pattern)
    .map(({ rule }) => rule)
    .sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
    .flatMap(rule => listOf(at(rule, 'spec', 'subsets')))
    .find(one => at(one, 'name') === name)
  return subset === undefined ? null : recordOf(at(subset, 'labels'))
}

/** What of a DestinationRule would change who answers, and is not played: a sentence, or null. */
export function refusalOfDestinationRule(rule: KubeObject): string | null {
  const policies = [
    ['spec', rule['spec']],
    ...listOf(at(rule, 'spec', 'subsets')).map((one, index) => [`spec.subsets[${index}]`, one]),
  ]
  for (const [where, part] of policies) {
    const odd = [
      ['outlierDetection', at(part, 'trafficPolicy', 'outlierDetection')],
      ['loadBalancer.consistentHash', at(part, 'trafficPolicy', 'loadBalancer', 'consistentHash')],
    ].find(([, said]) => said !== undefined)
    if (odd !== undefined) {
      return `${String(where)}.trafficPolicy.${String(odd[0])}: the playground's mesh does not play it; leave it out here`
    }
  }
  return at(rule, 'spec', 'workloadSelector') === undefined
    ? null
    : "spec.workloadSelector: the playground's mesh does not play it; leave it out here"
}
