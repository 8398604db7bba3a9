/**
 * What splits the traffic, and what each provider supports. What the core has to know of a provider without a cluster is
 * read from here; what the schema refuses with it is in provider-rules.ts, and how a provider does it in `core/routers/<provider>/`.
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

/** Iterations of a release that shifts no weights, where none are written; Flagger's default. */
export const DEFAULT_ITERATIONS = 10

/**
 * How the pods of the two sides are told apart by what routes requests.
 * - `two services`: a Service for each side, and routes between them.
 * - `subsets`: one Service has the pods of both sides, and routes split it by labels.
 * - `selector`: the Service that callers use selects the pods of one side.
 * - `ingress`: a Service for each side, and a share of what the Service that callers use has goes to the canary's. That one selects the
 *   canary, too, while the canary has all: without an endpoint of its own it would answer none of them.
 */
export type Topology = 'two services' | 'subsets' | 'selector' | 'ingress'

/** What of `spec.service` decides on the topology. */
interface Routed {
  readonly destinationRule?: unknown
}

type Shares = 'any' | 'all or none'

export interface ProviderTraits {
  /** Which shares of the requests the canary can have. */
  readonly shares: Shares
  /** Which shares of the requests that match it can have. */
  readonly sharesOfMatched: Shares
  /** Its telemetry tells the two sides apart, so that the built-in metrics mean something. */
  readonly hasTelemetry: boolean
  topology(service: Routed): Topology
  /** Containers that it injects into pods: their ports are not ports of the program. */
  readonly sidecars: readonly string[]
  /** Labels and annotations of a Service by which it routes: the Services of the two sides get them too. */
  routesBy(key: string): boolean
}

const domainOf = (key: string): string => key.split('/', 1)[0] ?? ''
/** A split between two waypoints of an object: https://istio.io/latest/docs/ambient/ knows it for the apex alone. */
const OF_ONE_OBJECT = /^istio\.io\/use-waypoint-canary/

function isOfIstio(key: string): boolean {
  const domain = domainOf(key)
  return (domain === 'istio.io' || domain.endsWith('.istio.io')) && !OF_ONE_OBJECT.test(key)
}

/** HTTPRoutes, served by Istio: other implementations carry the split as well, and leave no telemetry that Sluice reads. */
const gatewayApi = {
  shares: 'any',
  sharesOfMatched: 'any',
  hasTelemetry: true,
  topology: () => 'two services',
  sidecars: ['istio-proxy', 'envoy'],
  routesBy: isOfIstio,
} as const satisfies ProviderTraits

export const providers = {
  istio: {
    shares: 'any',
    sharesOfMatched: 'any',
    hasTelemetry: true,
    topology: service => (service.destinationRule === undefined ? 'two services' : 'subsets'),
    sidecars: ['istio-proxy', 'envoy'],
    routesBy: isOfIstio,
  },
  'gatewayapi:v1': gatewayApi,
  /** The same, where the API server has HTTPRoutes in that version. */
  'gatewayapi:v1beta1': gatewayApi,
  /** No mesh: the Service that callers use selects one side or the other. */
  kubernetes: {
    shares: 'all or none',
    sharesOfMatched: 'all or none',
    hasTelemetry: false,
    topology: () => 'selector',
    sidecars: [],
    routesBy: () => false,
  },
  /** Ingress by ingress-nginx: a second Ingress takes a share of the requests of the user's. */
  nginx: {
    shares: 'any',
    sharesOfMatched: 'all or none',
    hasTelemetry: true,
    topology: () => 'ingress',
    sidecars: [],
    routesBy: () => false,
  },
} as const satisfies Record<string, ProviderTraits>

/** The providers that work. */
export type Provider = keyof typeof providers

const names = Object.keys(providers)

/** What is said of a provider that does not work. */
export const PROVIDER_SENTENCE = `only the providers ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are supported so far: write one of them`

/** Where neither the Canary nor the flag says. */
export const DEFAULT_PROVIDER: Provider = 'istio'

export const isProvider = (name: string): name is Provider => Object.hasOwn(providers, name)

export const isGatewayApi = (provider: Provider): boolean => provider.startsWith('gatewayapi:')

/** What is known of the provider of a Canary. */
export const traitsOf = (spec: { readonly provider: Provider }): ProviderTraits => providers[spec.provider]

/** Routes of Sluice's own carry more than a share: matches, copies, cookies. */
export const hasOwnRoutes = (spec: {
  readonly provider: Provider
  readonly service: { readonly virtualServices?: unknown; readonly routes?: unknown }
}): boolean =>
  traitsOf(spec).shares === 'any' && spec.service.virtualServices === undefined && spec.service.routes === undefined

export const topologyOf = (spec: { readonly provider: Provider; readonly service: Routed }): Topology =>
  traitsOf(spec).topology(spec.service)

/** Whether the Service that callers use selects the canary, too, at times. */
export const mayApexLeadToCanary = (spec: { readonly provider: Provider; readonly service: Routed }): boolean =>
  ['selector', 'ingress'].includes(topologyOf(spec))
