/** What a proxy at the edge does with the requests to a host, as its own admin interface tells. */
import { edgeNamespace } from './edge.ts'
import { podKind } from './kubelet.ts'
import type { Lab } from './lab.ts'
import { sleep } from './wait.ts'

const patience = 2000 // ms that a proxy has to answer

/** The proxies that requests enter by. */
export const entrances = ['client', 'gateway'] as const
export type Entrance = (typeof entrances)[number]

/** A place that requests go to; `weight` is its percentage of the requests to the route. */
export interface Routed {
  readonly host: string
  readonly subset?: string
  readonly weight: number
}

interface RouteAction {
  readonly cluster?: string
  readonly weighted_clusters?: { readonly clusters: readonly { readonly name: string; readonly weight?: number }[] }
}

interface RoutesDump {
  readonly configs?: readonly {
    readonly route_config: {
      readonly virtual_hosts?: readonly {
        readonly domains: readonly string[]
        readonly routes?: readonly { readonly route?: RouteAction }[]
      }[]
    }
  }[]
}

/** Istio names a cluster `outbound|PORT|SUBSET|HOST`. */
function routed(cluster: string, weight: number): Routed {
  const [, , subset = '', host = ''] = cluster.split('|')
  return subset === '' ? { host, weight } : { host, subset, weight }
}

function placesOf({ cluster, weighted_clusters: weighted }: RouteAction): Routed[] {
  if (cluster !== undefined) return [routed(cluster, 100)]
  const clusters = weighted?.clusters ?? []
  const sum = clusters.reduce((all, { weight = 0 }) => all + weight, 0)
  return clusters.map(({ name, weight = 0 }) => routed(name, sum === 0 ? 0 : (100 * weight) / sum))
}

/** Each route that a proxy has for a host, as the places that share its requests; none while it knows no such host. */
export type RoutesOf = (host: string) => Routed[][]

async function routesAt(lab: Lab, entrance: Entrance): Promise<RoutesOf> {
  const [pod] = await lab.api.list(podKind, edgeNamespace, `app=${entrance}`)
  const { podIP } = (pod?.['status'] ?? {}) as { podIP?: string }
  const answer = await fetch(`http://${podIP}:15090/config_dump?resource=dynamic_route_configs`, {
    signal: AbortSignal.timeout(patience),
  })
  const { configs = [] } = (await answer.json()) as RoutesDump
  const all = configs.flatMap(({ route_config: { virtual_hosts: hosts = [] } }) => hosts)
  return host =>
    all
      .filter(({ domains }) => domains.includes(host))
      .flatMap(({ routes = [] }) => routes.flatMap(({ route }) => (route === undefined ? [] : [placesOf(route)])))
}

/** Who wants to know what the proxy of an entrance does. */
export interface RouteFollower {
  /** Whether something is about to change that the follower waits for. */
  readonly isWaiting: () => boolean
  /** @param askedAt before the proxy was asked: at that time, or later, its routes were these. */
  readonly seen: (routes: RoutesOf, askedAt: number) => void
}

const followers: Readonly<Record<Entrance, Set<RouteFollower>>> = { client: new Set(), gateway: new Set() }
const reading = new Map<Entrance, Promise<void>>()
/** Between two reads, while a follower waits, and while none does: all of them share one read. */
const [soon, seldom] = [100, 400] // ms

/** Asks the proxy of an entrance again and again, until `signal` aborts. */
export function followRoutes(lab: Lab, entrance: Entrance, follower: RouteFollower, signal: AbortSignal): void {
  const own = followers[entrance]
  own.add(follower)
  signal.addEventListener('abort', () => own.delete(follower), { once: true })
  if (!reading.has(entrance)) reading.set(entrance, read(lab, entrance))
}

async function read(lab: Lab, entrance: Entrance): Promise<void> {
  const own = followers[entrance]
  let said = ''
  while (own.size > 0) {
    const askedAt = Date.now()
    const routes = await routesAt(lab, entrance).catch(({ message }: Error) => {
      // What was not seen ends no weight: the next answer does.
      if (message !== said) console.log(`      the proxy of ${entrance} does not tell its routes: ${message}`)
      said = message
      return null
    })
    if (routes !== null) for (const follower of own) follower.seen(routes, askedAt)
    const next = askedAt + ([...own].some(one => one.isWaiting()) ? soon : seldom)
    // A follower that begins to wait meanwhile is not kept waiting.
    while (Date.now() < next && !(Date.now() - askedAt >= soon && [...own].some(one => one.isWaiting())))
      await sleep(50)
  }
  reading.delete(entrance)
}
