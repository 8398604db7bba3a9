/** What a proxy at the edge does with the requests to a host, as its own admin interface tells. */
import { edgeNamespace } from './edge.ts'
import { podKind } from './kubelet.ts'
import type { Lab } from './lab.ts'

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

/** Each route that the proxy has for the host, as the places that share its requests; none while it knows no such host. */
export async function routesAt(lab: Lab, entrance: Entrance, host: string): Promise<Routed[][]> {
  const [pod] = await lab.api.list(podKind, edgeNamespace, `app=${entrance}`)
  const { podIP } = (pod?.['status'] ?? {}) as { podIP?: string }
  const answer = await fetch(`http://${podIP}:15090/config_dump?resource=dynamic_route_configs`, {
    signal: AbortSignal.timeout(patience),
  })
  const { configs = [] } = (await answer.json()) as RoutesDump
  return configs
    .flatMap(({ route_config: { virtual_hosts: hosts = [] } }) => hosts)
    .filter(({ domains }) => domains.includes(host))
    .flatMap(({ routes = [] }) => routes.flatMap(({ route }) => (route === undefined ? [] : [placesOf(route)])))
}
