/**
 * What splits the traffic, and what each provider supports. What is refused by the schema, and what the core has to know of a
 * provider without a cluster, is read from here; how a provider does it is in `core/routers/<provider>/`.
 */

/** Flagger's providers, so that a Canary which names one is refused with a sentence. */
export const FLAGGER_PROVIDERS = [
  'istio',
  'kubernetes',
  'gatewayapi:v1',
  'gatewayapi:v1beta1',
  'nginx',
  'apisix',
  'appmesh',
  'appmesh:v1beta2',
  'contour',
  'gloo',
  'knative',
  'kuma',
  'linkerd',
  'osm',
  'skipper',
  'smi:v1alpha1',
  'smi:v1alpha2',
  'smi:v1alpha3',
  'traefik',
] as const

/**
 * How the pods of the two sides are told apart by what routes requests.
 * - `two services`: a Service for each side, and routes between them.
 * - `subsets`: one Service has the pods of both sides, and routes split it by labels.
 * - `selector`: the Service that callers use selects the pods of one side.
 */
export type Topology = 'two services' | 'subsets' | 'selector'

/** What of `spec.service` decides on the topology. */
interface Routed {
  readonly destinationRule?: unknown
}

interface ProviderTraits {
  topology(service: Routed): Topology
  /** Containers that it injects into pods: their ports are not ports of the program. */
  readonly sidecars: readonly string[]
  /** Labels and annotations of a Service by which it routes: the Services of the two sides get them too. */
  routesBy(key: string): boolean
}

const domainOf = (key: string): string => key.split('/', 1)[0] ?? ''
/** A split between two waypoints of an object: https://istio.io/latest/docs/ambient/ knows it for the apex alone. */
const OF_ONE_OBJECT = /^istio\.io\/use-waypoint-canary/

export const providers = {
  istio: {
    topology: service => (service.destinationRule === undefined ? 'two services' : 'subsets'),
    sidecars: ['istio-proxy', 'envoy'],
    routesBy: key => {
      const domain = domainOf(key)
      return (domain === 'istio.io' || domain.endsWith('.istio.io')) && !OF_ONE_OBJECT.test(key)
    },
  },
} as const satisfies Record<string, ProviderTraits>

/** The providers that work. */
export type Provider = keyof typeof providers

const names = Object.keys(providers)

/** What is said of a provider that does not work. */
export const PROVIDER_SENTENCE = `Only the provider ${names.join(' or ')} is supported so far: write ${names.join(' or ')}.`

/** Where neither the Canary nor the flag says. */
export const DEFAULT_PROVIDER: Provider = 'istio'

export const isProvider = (name: string): name is Provider => Object.hasOwn(providers, name)

/** What is known of the provider of a Canary. */
export const traitsOf = (spec: { readonly provider: Provider }): ProviderTraits => providers[spec.provider]

export const topologyOf = (spec: { readonly provider: Provider; readonly service: Routed }): Topology =>
  traitsOf(spec).topology(spec.service)
