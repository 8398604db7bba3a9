/**
 * What requests meet: VirtualService → host → Service → pods, read here from the objects alone. It shares no line with
 * `core/routers`, or the laws would confirm our own mistakes.
 */
import { type KubeObject, kinds } from '../../src/api/object.ts'
import { at, isRecord, type Json, recordsOf, textOf } from '../../src/core/json.ts'
import { partsOfIngress } from './tiny-nginx.ts'
import type { PodGroup } from './tiny-pods.ts'
import { CANARY, carriesLabels, refTo, type TinyWorld } from './tiny-world.ts'

/** One destination of a route: how much goes there, and whom it finds. */
export interface Destination {
  readonly side: 'primary' | 'canary' | 'apex'
  /** Percent. */
  readonly part: number
  readonly groups: readonly PodGroup[]
}

/** A route's destinations; callers of a host without a VirtualService have one route, to its Service. */
export type Route = readonly Destination[]

export function routesOf(world: TinyWorld): Route[] {
  if (isWithoutMesh(world)) return routesOfService(world)
  return routesAsWritten(world)
}

/** The same without pods that a Service selects no longer, which its EndpointSlices list until they are written anew. */
function routesAsWritten(world: TinyWorld): Route[] {
  if (isWithoutMesh(world)) return sidesOf(world.selected('web'))
  const routes = writtenRoutes(world)
  if (isByIngress(world)) return partsOfIngress(world, routesOfService(world)).map(({ route }) => route)
  if (routes.length === 0) return [[{ side: 'apex', part: 100, groups: found(world, 'web', undefined) }]]
  return routes.map(route => destinationsOf(world, route))
}

const writtenRoutes = (world: TinyWorld): Json[] => [
  ...world
    .all(kinds.VirtualService)
    .filter(leadsFromWeb)
    .flatMap(service => recordsOf(at(service['spec'], 'http'))),
  ...world
    .all(kinds.HTTPRoute)
    .flatMap(route => recordsOf(at(route['spec'], 'rules')).map(rule => asHttpRoute(route, rule))),
]

/** A rule of an HTTPRoute, whose parent is one port of the Service, in the words of a VirtualService. */
function asHttpRoute(of: KubeObject, { matches, backendRefs, filters }: Json): Json {
  const [parent] = recordsOf(at(of['spec'], 'parentRefs'))
  const conditions = (match: Json): Json =>
    Object.fromEntries(recordsOf(match['headers']).map(({ name, value }) => [textOf(name).toLowerCase(), value]))
  const mirror = recordsOf(filters).find(filter => filter['type'] === 'RequestMirror')
  return {
    match: recordsOf(matches).map(match => ({
      port: parent?.['port'],
      ...(match['headers'] === undefined ? {} : { headers: conditions(match) }),
    })),
    route: recordsOf(backendRefs).map(({ name, port, weight }) => ({
      destination: { host: name, port: { number: port } },
      weight,
    })),
    ...(mirror === undefined ? {} : { mirror }),
  }
}

const isWithoutMesh = (world: TinyWorld): boolean => at(world.get(CANARY)?.['spec'], 'provider') === 'kubernetes'

const isByIngress = (world: TinyWorld): boolean => at(world.get(CANARY)?.['spec'], 'provider') === 'nginx'

/**
 * Without a mesh requests go to the pods of the Service: those that it selects, and those that its EndpointSlices still have. Each
 * side is a route of its own, for nothing says how many requests each gets.
 */
function routesOfService(world: TinyWorld): Route[] {
  const listed = world.endpoints.get('web') ?? []
  const selected = world.selected('web')
  const isListed = (group: PodGroup): boolean =>
    listed.some(pod => pod.startsWith(`${group.deployment}-${group.hash}-`))
  return sidesOf(world.everyGroup().filter(group => selected.includes(group) || isListed(group)))
}

function sidesOf(groups: readonly PodGroup[]): Route[] {
  const routes = (['primary', 'canary'] as const).flatMap((side): Route[] => {
    const own = groups.filter(group => (group.deployment === 'web') === (side === 'canary'))
    return own.length === 0 ? [] : [[{ side, part: 100, groups: own }]]
  })
  return routes.length === 0 ? [[{ side: 'apex', part: 100, groups: [] }]] : routes
}

const leadsFromWeb = (service: KubeObject): boolean => {
  const hosts = at(service['spec'], 'hosts')
  return Array.isArray(hosts) && hosts.includes('web')
}

function destinationsOf(world: TinyWorld, route: Json): Destination[] {
  const entries = recordsOf(route['route'])
  return entries.map(entry => {
    const host = textOf(at(entry, 'destination', 'host'))
    const subset = at(entry, 'destination', 'subset')
    const side =
      host === 'web-canary' || subset === 'v2' ? 'canary' : host === 'web' && subset === undefined ? 'apex' : 'primary'
    const part = entries.length === 1 ? 100 : Number(entry['weight'] ?? 0)
    return { side, part, groups: found(world, host, subset) }
  })
}

function found(world: TinyWorld, host: string, subset: unknown): PodGroup[] {
  const groups = world.selected(host)
  if (subset === undefined) return groups
  const rule = world.get(refTo(kinds.DestinationRule, 'web'))
  const labels = at(
    recordsOf(at(rule?.['spec'], 'subsets')).find(one => one['name'] === subset),
    'labels',
  )
  return isRecord(labels) ? groups.filter(group => carriesLabels(group, labels)) : []
}

/** The `tls` of the rule for a host: an exact one is used alone, and then says it or not. */
export function tlsTo(world: TinyWorld, host: string): unknown {
  const full = (name: string): string => (name.includes('.') ? name : `${name}.shop.svc.cluster.local`)
  const rules = world.all(kinds.DestinationRule)
  const hostOf = (rule: KubeObject): string => full(textOf(at(rule['spec'], 'host')))
  const exact = rules.find(rule => hostOf(rule) === full(host))
  const wild = rules.find(rule => hostOf(rule).startsWith('*') && full(host).endsWith(hostOf(rule).slice(1)))
  return at((exact ?? wild)?.['spec'], 'trafficPolicy', 'tls', 'mode')
}

/** Hosts that the routes name. */
export function hostsReached(world: TinyWorld): string[] {
  const routes = writtenRoutes(world)
  return routes.flatMap(route => recordsOf(route['route']).map(entry => textOf(at(entry, 'destination', 'host'))))
}

/** Where requests to a port of the Service come out. */
export interface Reached {
  readonly port: unknown
  readonly host: string
  /** The port of the pods that the Service of callers leads to, and the one that is met; undefined: none. */
  readonly meant: unknown
  readonly met: unknown
}

/** Each port at each destination whose Service is there. */
export function portsReached(world: TinyWorld): Reached[] {
  const portsOf = (host: string): readonly Json[] =>
    recordsOf(at(world.get(refTo(kinds.Service, host))?.['spec'], 'ports'))
  const routes = writtenRoutes(world)
  return portsOf('web').flatMap(({ port, targetPort }) => {
    const own = routes.filter(route => isForPort(route, port)).flatMap(route => recordsOf(route['route']))
    const destinations = own.length === 0 ? [{ host: 'web' }] : own.map(entry => entry['destination'])
    return destinations.flatMap(destination => {
      const host = textOf(at(destination, 'host'))
      const there = portsOf(host)
      const [only, ...more] = there
      if (only === undefined) return []
      const number = at(destination, 'port', 'number') ?? (more.length === 0 ? only['port'] : port)
      const met = there.find(one => one['port'] === number)?.['targetPort']
      return [{ port, host, meant: targetPort, met }]
    })
  })
}

function isForPort(route: Json, port: unknown): boolean {
  const matches = recordsOf(route['match'])
  return matches.length === 0 || matches.some(match => match['port'] === undefined || match['port'] === port)
}

/** Whose requests a route is for: everybody's, those that match, or of callers with a cookie. */
type Audience = 'all' | 'matched' | 'kept'

function audienceOf(route: Json): Audience {
  const [first] = recordsOf(route['match'])
  const headers = at(first, 'headers')
  if (!isRecord(headers)) return 'all'
  return 'cookie' in headers ? 'kept' : 'matched'
}

/** Percent with one decimal: weights are relative. */
function shareOf(route: Route): number {
  const sumOf = (entries: Route): number => entries.reduce((sum, one) => sum + one.part, 0)
  return Math.round((1000 * sumOf(route.filter(one => one.side === 'canary'))) / Math.max(1, sumOf(route))) / 10
}

/** The canary's shares of the requests of each kind. */
export function sharesOf(world: TinyWorld): Readonly<Record<Audience, readonly number[]>> {
  if (isByIngress(world)) {
    const parts = partsOfIngress(world, routesOfService(world))
    const of = (audience: Audience): number[] =>
      parts.filter(part => part.audience === audience).map(({ route }) => shareOf(route))
    return { all: of('all'), matched: of('matched'), kept: of('kept') }
  }
  const routes = routesOf(world)
  const written = isWithoutMesh(world) ? [] : writtenRoutes(world)
  const of = (audience: Audience): number[] =>
    routes.filter((_, index) => audienceOf(written[index] ?? {}) === audience).map(shareOf)
  return { all: of('all'), matched: of('matched'), kept: of('kept') }
}

/**
 * The canary's share, the lowest and the highest over all routes: of the requests that match where some are matched. Callers that
 * stay count where no other is drawn.
 */
export function canaryShare(world: TinyWorld): { low: number; high: number } {
  const { all, matched, kept } = sharesOf(world)
  const drawn = matched.length > 0 ? [...matched, ...all.filter(share => share > 0)] : all
  const shares = drawn.every(share => share === 0) ? [...drawn, ...kept] : drawn
  return { low: Math.min(...shares), high: Math.max(...shares) }
}

/** Whether what stands sends the canary any requests. */
export const isCanaryRouted = (world: TinyWorld): boolean =>
  isWithoutMesh(world) ? routesAsWritten(world).some(route => shareOf(route) > 0) : canaryShare(world).high > 0

/** How many routes send copies to the canary. */
export function copies(world: TinyWorld): number {
  return writtenRoutes(world).filter(route => route['mirror'] !== undefined).length
}

/** Ready pods that requests reach now. */
export function carriers(world: TinyWorld): PodGroup[] {
  return routesOf(world).flatMap(route =>
    route.flatMap(one => (one.part > 0 ? one.groups.filter(group => group.ready > 0) : [])),
  )
}

/** Destinations that get requests and have nobody to answer them. */
export function deadEnds(world: TinyWorld): Destination[] {
  return routesAsWritten(world).flatMap(route =>
    route.filter(one => one.part > 0 && one.groups.every(group => group.ready === 0)),
  )
}

/** What of the past the laws ask for; kept by looking at the world after every single change. */
export class Chronicle {
  /** The canary's share now, over all routes. */
  share = { low: 0, high: 0 }
  /** Since when it has been that. */
  since = 0
  #targetCarries = false
  #targetCarriedAt = 0
  #seen = -1

  note(world: TinyWorld): void {
    if (world.changes === this.#seen) return
    this.#seen = world.changes
    const { low, high } = canaryShare(world)
    if (low !== this.share.low || high !== this.share.high) this.since = world.now
    this.share = { low, high }
    if (this.#targetCarries) this.#targetCarriedAt = world.now
    this.#targetCarries = carriers(world).some(group => group.deployment === 'web')
  }

  /** When pods of the target were last reached. */
  targetCarriedAt(now: number): number {
    return this.#targetCarries ? now : this.#targetCarriedAt
  }
}
