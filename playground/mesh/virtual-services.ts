/**
 * Which HTTP route of which VirtualService takes a request, and what such a route may say here
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/).
 */
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at, type Json, listOf, recordOf, textOf } from '../json.ts'
import { Gateway } from '../kinds.ts'
import type { Store } from '../server/store.ts'

/** A kind of request that clients send. */
export interface Request {
  /** As the client calls it: `web`, `web.shop`, `web.example.com`. */
  readonly host: string
  /** The client's namespace; for a gateway, where its proxy runs. */
  readonly namespace: string
  /** `mesh` from a sidecar, or `namespace/name` of a Gateway. */
  readonly gateway: string
  /** With its query, if any. */
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Labels of the client's pod. */
  readonly labels: Readonly<Record<string, string>>
}

/** A route as it stands in a VirtualService, and the namespace in which its short names are looked up. */
export interface HttpRoute {
  readonly route: Json
  readonly namespace: string
}

/**
 * The route that takes the request: the first that fits, of the VirtualService with the most exact host; of two with the
 * same host the older one at a sidecar, both one after the other at a gateway.
 *
 * @returns undefined where no VirtualService is for that host; null where one is, and none of its routes fits.
 */
export function httpRoute(store: Store, host: string, request: Request): HttpRoute | null | undefined {
  const found = store.all(kinds.VirtualService).flatMap(one => {
    const name = mostExact(hostsOf(one).filter(pattern => covers(pattern, host)))
    return name !== undefined && concerns(store, one, name, host, request) ? [{ one, name }] : []
  })
  const name = mostExact(found.map(one => one.name))
  const [oldest, ...younger] = found
    .filter(one => one.name === name)
    .map(({ one }) => one)
    .sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  if (oldest === undefined) return undefined
  // A VirtualService without a route for the port is none there: the Service answers by itself.
  if (request.gateway === 'mesh' && !isForPort(oldest, portOf(request))) return undefined
  if (request.gateway === 'mesh') return rulesOf(oldest).find(rule => fits(rule.match, request, rule.namespace)) ?? null
  const rules = [oldest, ...younger].flatMap(rulesOf).filter(rule => isForProxy(rule.match, request, rule.namespace))
  // Of a gateway's rules for one host those that take everything come last.
  const ordered = [...rules.filter(({ match }) => !takesAll(match)), ...rules.filter(({ match }) => takesAll(match))]
  return ordered.find(rule => fits(rule.match, request, rule.namespace)) ?? null
}

/** One of the matches of a route. */
interface Rule extends HttpRoute {
  readonly match: Json
}

function rulesOf(one: KubeObject): Rule[] {
  const namespace = one.metadata.namespace ?? ''
  return listOf(at(one, 'spec', 'http')).flatMap(route => {
    const matches = listOf(at(route, 'match')).map(recordOf)
    return (matches.length === 0 ? [{}] : matches).map(match => ({ route: recordOf(route), match, namespace }))
  })
}

/** Conditions on the proxy and its listener, which are decided before it gets its routes. */
function isForProxy(match: Json, request: Request, namespace: string): boolean {
  const gateways = gatewayNames(match['gateways'], namespace)
  return (
    (gateways.length === 0 || gateways.includes(request.gateway)) &&
    (match['port'] === undefined || match['port'] === portOf(request)) &&
    (match['sourceNamespace'] === undefined || match['sourceNamespace'] === request.namespace) &&
    Object.entries(recordOf(match['sourceLabels'])).every(([name, value]) => request.labels[name] === value)
  )
}

/** No condition on a request is left: any path, and nothing else. */
function takesAll(match: Json): boolean {
  const { prefix, regex } = recordOf(match['uri'])
  const anyPath = match['uri'] === undefined || prefix === '/' || regex === '.*'
  const more = ['method', 'authority', 'headers', 'withoutHeaders', 'queryParams']
  return anyPath && more.every(field => Object.keys(recordOf(match[field])).length === 0)
}

/** The port that a request comes to, at a sidecar that of the Service, at a gateway the gateway's own. */
export const portOf = ({ host }: Request): number => Number(host.split(':')[1] ?? 80)

const isForPort = (one: KubeObject, port: number): boolean =>
  listOf(at(one, 'spec', 'http')).some(route => {
    const matches = listOf(at(route, 'match'))
    return matches.length === 0 || matches.some(match => [undefined, port].includes(at(match, 'port') as number))
  })

/** The full name of a host in a configuration: only a name without dots is a Service of that namespace. */
export function fullName(host: string, namespace: string): string {
  return host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.cluster.local`
}

/** Whether a host, or a wildcard, stands for `host`. */
export function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*') && host.endsWith(pattern.slice(1)))
}

/** No wildcard before any, then the longest. */
export function mostExact(patterns: readonly string[]): string | undefined {
  const rank = (pattern: string): number => (pattern.startsWith('*') ? pattern.length : Number.POSITIVE_INFINITY)
  return [...patterns].sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0))[0]
}

/** By creation, then by name: the order in which Istio reads what contradicts itself. */
export const ageOf = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp} ${metadata.name}.${metadata.namespace}`

/** Whether a configuration may be seen from a namespace. */
export function isExportedTo(object: KubeObject, namespace: string): boolean {
  const to = listOf(at(object, 'spec', 'exportTo'))
  return (
    to.length === 0 ||
    to.includes('*') ||
    to.includes(namespace) ||
    (to.includes('.') && object.metadata.namespace === namespace)
  )
}

const hostsOf = (one: KubeObject): string[] =>
  listOf(at(one, 'spec', 'hosts')).map(name => fullName(textOf(name), one.metadata.namespace ?? ''))

/** Gateways as `namespace/name`, and `mesh`. */
export /** Gateways as `namespace/name`. A name with dots is Istio's older notation: `name.namespace`, with or without more behind it. */
const gatewayNames = (names: unknown, namespace: string): string[] =>
  listOf(names).map(name => {
    const text = textOf(name)
    if (text === 'mesh') return text
    if (text.includes('/')) return text.startsWith('./') ? `${namespace}${text.slice(1)}` : text
    const [called = '', its = namespace] = text.split('.')
    return `${its}/${called}`
  })

function concerns(store: Store, one: KubeObject, name: string, host: string, request: Request): boolean {
  const namespace = one.metadata.namespace ?? ''
  const named = gatewayNames(at(one, 'spec', 'gateways'), namespace)
  const gateways = named.length > 0 ? named : ['mesh']
  if (!gateways.includes(request.gateway) || !isExportedTo(one, request.namespace)) return false
  return request.gateway === 'mesh' || opens(store, request.gateway, namespace, name, host)
}

/** Whether a server of the Gateway takes the host from VirtualServices of that namespace. */
function opens(store: Store, gateway: string, namespace: string, name: string, host: string): boolean {
  const [its = '', called = ''] = gateway.split('/')
  const servers = listOf(at(store.get(Gateway, its, called), 'spec', 'servers'))
  return servers
    .flatMap(server => listOf(at(server, 'hosts')))
    .some(entry => {
      const [from, pattern] = textOf(entry).includes('/') ? textOf(entry).split('/') : ['*', textOf(entry)]
      const open = from === '*' || from === namespace || (from === '.' && its === namespace)
      return open && covers(pattern ?? '', host) && (covers(pattern ?? '', name) || covers(name, pattern ?? ''))
    })
}

function fits(match: Json, request: Request, namespace: string): boolean {
  const [path = '', query = ''] = request.path.split('?')
  const ignoresCase = match['ignoreUriCase'] === true
  const parameters = new URLSearchParams(query)
  const rules = (field: string): [string, unknown][] => Object.entries(recordOf(match[field]))
  const header = (name: string): string | undefined => request.headers[name.toLowerCase()]
  const whole: readonly [string, string][] = [
    ['method', request.method],
    ['authority', request.host],
  ]
  return (
    isForProxy(match, request, namespace) &&
    (match['uri'] === undefined || says(match['uri'], path, ignoresCase)) &&
    whole.every(([field, value]) => match[field] === undefined || says(match[field], value)) &&
    rules('headers').every(([name, rule]) => says(rule, header(name))) &&
    !rules('withoutHeaders').some(([name, rule]) => says(rule, header(name))) &&
    rules('queryParams').every(([name, rule]) => says(rule, parameters.get(name) ?? undefined))
  )
}

/** A StringMatch; an empty one asks for presence. */
function says(rule: unknown, value: string | undefined, ignoresCase = false): boolean {
  if (value === undefined) return false
  const given = ignoresCase ? value.toLowerCase() : value
  const { exact, prefix, regex } = recordOf(rule)
  const asked = (text: unknown): string => (ignoresCase ? textOf(text).toLowerCase() : textOf(text))
  if (exact !== undefined) return given === asked(exact)
  if (prefix !== undefined) return given.startsWith(asked(prefix))
  return regex === undefined || new RegExp(`^(?:${textOf(regex)})$`).test(value)
}

const named = (names: string): readonly string[] => names.split(' ')
const KNOWN = {
  spec: named('hosts gateways http exportTo'),
  route: named(
    'name match route redirect directResponse rewrite timeout retries fault mirror mirrorPercentage mirrors corsPolicy headers',
  ),
  match: named(
    'name uri ignoreUriCase method authority headers withoutHeaders queryParams port sourceLabels sourceNamespace gateways statPrefix',
  ),
} as const

/**
 * What would be a wrong answer is refused at admission, as istiod refuses what it finds wrong.
 *
 * @returns a sentence, or null for a VirtualService that is understood whole.
 */
export function refusalOfVirtualService(virtualService: KubeObject): string | null {
  const routes = listOf(at(virtualService, 'spec', 'http'))
  const parts: [string, unknown, readonly string[]][] = [
    ['spec', virtualService['spec'], KNOWN.spec],
    ...routes.flatMap((route, index): [string, unknown, readonly string[]][] => [
      [`spec.http[${index}]`, route, KNOWN.route],
      ...listOf(at(route, 'match')).map((match, place): [string, unknown, readonly string[]] => [
        `spec.http[${index}].match[${place}]`,
        match,
        KNOWN.match,
      ]),
    ]),
  ]
  for (const [where, part, known] of parts) {
    const unknown = Object.keys(recordOf(part)).find(key => !known.includes(key))
    if (unknown !== undefined) {
      return `${where}.${unknown}: the playground's mesh does not play it; it knows ${known.join(', ')}`
    }
  }
  const hosts = refusalOfHosts(virtualService)
  if (hosts !== null) return hosts
  for (const [index, route] of routes.entries()) {
    const weights = listOf(at(route, 'route')).map(target => Number(at(target, 'weight') ?? 0))
    if (weights.some(weight => weight < 0)) return `spec.http[${index}]: weight ${Math.min(...weights)} < 0`
    if (weights.length > 1 && weights.every(weight => weight === 0)) {
      return `spec.http[${index}]: total destination weight = 0`
    }
    if (Number(at(route, 'retries', 'attempts') ?? 0) > MAX_RETRIES) {
      return `spec.http[${index}].retries.attempts: the playground's mesh tries again at most ${MAX_RETRIES} times`
    }
  }
  return null
}

const MAX_RETRIES = 10

/** Istio's words: a host that another one covers counts as the same. */
function refusalOfHosts(virtualService: KubeObject): string | null {
  const hosts = listOf(at(virtualService, 'spec', 'hosts')).map(host => textOf(host))
  const gateways = gatewayNames(at(virtualService, 'spec', 'gateways'), '')
  if (hosts.includes('*') && (gateways.length === 0 || gateways.includes('mesh'))) {
    return 'wildcard host * is not allowed for virtual services bound to the mesh gateway'
  }
  for (const [index, one] of hosts.entries()) {
    const name = refusalOfName(one)
    if (name !== null) return name
    const other = hosts.slice(index + 1).find(next => covers(one, next) || covers(next, one))
    if (other !== undefined) return `duplicate hosts in virtual service: ${one} & ${other}`
  }
  return null
}

const LABEL = /^[a-z\d]([-a-z\d]*[a-z\d])?$/i
const ADDRESS = /^(\d+\.){3}\d+$|^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i

/** Why a host is no name, in Istio's words; it may begin with a wildcard, end with a dot, or be an address. */
function refusalOfName(host: string): string | null {
  if (ADDRESS.test(host)) return null
  const [first = '', ...others] = host.split('.')
  if (host === '') return 'empty domain name not allowed'
  const label = first === '*' ? [] : [first.replace(/^\*-?/, '')]
  const labels = [...label, ...(others.at(-1) === '' ? others.slice(0, -1) : others)]
  const wrong = labels.find(one => one.length > 63 || !LABEL.test(one))
  if (wrong !== undefined) return `domain name "${host}" invalid (label "${wrong}" invalid)`
  return others.length > 0 && /^\d+$/.test(others.at(-1) ?? '')
    ? `domain name "${host}" invalid (top level domain "${others.at(-1)}" cannot be all-numeric)`
    : null
}
