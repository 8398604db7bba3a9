/** What a spec may not say with a provider: the schema refuses it by CEL, and the parser by the same rule in TypeScript. */
import { BUILT_IN, builtInOf } from './metric.ts'
import { isGatewayApi, type Provider, type ProviderTraits, providers } from './providers.ts'

/** What the rules read of a spec, as it was written or as it was read. */
interface WrittenSpec {
  readonly skipAnalysis?: boolean | undefined
  readonly ingressRef?: unknown
  readonly service: object
  readonly analysis?:
    | {
        readonly stepWeight?: unknown
        readonly stepWeights?: unknown
        readonly steps?: unknown
        readonly maxWeight?: unknown
        readonly stepWeightPromotion?: number | undefined
        readonly iterations?: number | undefined
        readonly match?: unknown
        readonly mirror?: boolean | undefined
        readonly mirrorWeight?: unknown
        readonly sessionAffinity?: unknown
        readonly metrics?: readonly WrittenMetric[] | undefined
      }
    | undefined
}

interface WrittenMetric {
  readonly name: string
  readonly query?: string | undefined
  readonly templateRef?: unknown
  readonly minRequests?: number | undefined
}

/** A rule that holds for specs of some providers; `cel` and `holds` say the same. */
export interface ProviderRule {
  readonly message: string
  /** On the spec, as `self`. */
  readonly cel: string
  readonly holds: (spec: WrittenSpec) => boolean
}

const WEIGHTS = ['stepWeight', 'stepWeights', 'steps', 'maxWeight'] as const
/** What is said about routes, and has no place without any. `timeout` stays: it is the shortest time to drain. */
const OF_ISTIO = ['gateways', 'delegation', 'retries', 'trafficPolicy', 'virtualServices', 'destinationRule'] as const
const OF_THE_GATEWAY_API = ['gatewayRefs', 'backendTimeout', 'mirror', 'routes'] as const
const OF_ROUTES = ['hosts', 'match', 'rewrite', 'headers', 'corsPolicy', ...OF_ISTIO, ...OF_THE_GATEWAY_API] as const

/** CEL: a field of the service is written. The API server writes the default of `delegation`. */
const isSaid = (field: string): string =>
  field === 'delegation' ? 'has(self.service.delegation) && self.service.delegation' : `has(self.service.${field})`
const saysNone = (fields: readonly string[]): string => `!(${fields.map(isSaid).join(' || ')})`
const leavesOut =
  (fields: readonly string[]) =>
  ({ service }: WrittenSpec): boolean =>
    fields.every(field => !isWritten((service as Record<string, unknown>)[field]))

const isWritten = (value: unknown): boolean => value !== undefined && value !== false

/** What of the analysis needs routes of Sluice's own: more than a share on a route. */
const BEYOND_SHARES = ['match', 'mirror', 'mirrorWeight', 'sessionAffinity'] as const
const goesBeyondShares = `has(self.analysis) && (${BEYOND_SHARES.map(field => `has(self.analysis.${field})`).join(' || ')})`

const isOnlyShares = ({ analysis = {} }: WrittenSpec): boolean =>
  BEYOND_SHARES.every(field => !isWritten(analysis[field]))

/** Rules for routes of the user's, which only providers with routes have. */
export const rulesOfUsersRoutes: readonly ProviderRule[] = [
  {
    message: `with service.virtualServices the routes are yours, and only their weights are shifted: remove ${BEYOND_SHARES.join(', ')} from analysis. In place of match write a route with that match in your VirtualService and list it by name under service.virtualServices[].routes; for the others leave virtualServices out`,
    cel: `!has(self.service.virtualServices) || !(${goesBeyondShares})`,
    holds: spec => !isWritten((spec.service as Record<string, unknown>)['virtualServices']) || isOnlyShares(spec),
  },
  {
    message: `with service.routes the routes are yours, and only their weights are shifted: remove ${BEYOND_SHARES.join(', ')} from analysis. In place of match write a rule with that match in your route and list it by name under service.routes[].rules; for the others leave routes out`,
    cel: `!has(self.service.routes) || !(${goesBeyondShares})`,
    holds: spec => !isWritten((spec.service as Record<string, unknown>)['routes']) || isOnlyShares(spec),
  },
]

/** CEL: the analysis has a weight that is neither 0 nor 100. */
const someWeight = `${WEIGHTS.map(field => `has(self.analysis.${field})`).join(' || ')} || has(self.analysis.stepWeightPromotion) && self.analysis.stepWeightPromotion != 0.0`
const hasNoWeight = (analysis: NonNullable<WrittenSpec['analysis']>): boolean =>
  WEIGHTS.every(field => analysis[field] === undefined) && (analysis.stepWeightPromotion ?? 0) === 0

const rulesOfAllOrNone: readonly ProviderRule[] = [
  {
    message: `provider kubernetes sends all requests to one side: write iterations instead of ${WEIGHTS.join(', ')} and stepWeightPromotion`,
    cel: `!has(self.analysis) || !(${someWeight})`,
    holds: ({ analysis = {} }) => hasNoWeight(analysis),
  },
  {
    message: `provider kubernetes has no routes: remove ${BEYOND_SHARES.join(', ')} from analysis; iterations alone are blue/green`,
    cel: `!(${goesBeyondShares})`,
    holds: isOnlyShares,
  },
  {
    message: `provider kubernetes has no routes: remove ${OF_ROUTES.join(', ')} from service`,
    cel: saysNone(OF_ROUTES),
    holds: leavesOut(OF_ROUTES),
  },
]

const rulesOfIstio: readonly ProviderRule[] = [
  {
    message: `provider istio makes no HTTPRoute: remove ${OF_THE_GATEWAY_API.join(', ')} from service, or write provider: gatewayapi:v1. Gateways of Istio go under service.gateways`,
    cel: saysNone(OF_THE_GATEWAY_API),
    holds: leavesOut(OF_THE_GATEWAY_API),
  },
  {
    message:
      'provider istio replaces what a match takes of the path: remove type from service.rewrite, or write provider: gatewayapi:v1',
    cel: '!has(self.service.rewrite) || !has(self.service.rewrite.type)',
    holds: ({ service }) => !isWritten((service as { rewrite?: { type?: unknown } }).rewrite?.type),
  },
]

const rulesOfGatewayApi = (provider: string): readonly ProviderRule[] => [
  {
    message: `provider ${provider} splits by no objects of Istio: remove ${OF_ISTIO.filter(field => field !== 'retries').join(', ')} from service. Gateways go under service.gatewayRefs, and what a DestinationRule of yours for the Service says is carried to both sides`,
    cel: saysNone(OF_ISTIO.filter(field => field !== 'retries')),
    holds: leavesOut(OF_ISTIO.filter(field => field !== 'retries')),
  },
  {
    message: `provider ${provider} has no retries, which are not in the standard channel of the Gateway API: remove service.retries`,
    cel: saysNone(['retries']),
    holds: leavesOut(['retries']),
  },
]

const withoutIngress = (provider: Provider): ProviderRule => ({
  message: `provider ${provider} has no Ingress: remove ingressRef, or write provider: nginx`,
  cel: '!has(self.ingressRef)',
  holds: ({ ingressRef }) => ingressRef === undefined,
})

/** What ingress-nginx has no words for beside a share, or one set of requests. */
const BEYOND_AN_INGRESS = ['mirror', 'mirrorWeight', 'sessionAffinity'] as const

const rulesOfNginx: readonly ProviderRule[] = [
  {
    message:
      'provider nginx takes a share of the requests of an Ingress of yours: write spec.ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: <its name>}',
    cel: 'has(self.ingressRef)',
    holds: ({ ingressRef }) => ingressRef !== undefined,
  },
  {
    message: `provider nginx leaves it to your Ingress what becomes of requests: remove ${OF_ROUTES.join(', ')} from service, and write rules and annotations in the Ingress`,
    cel: saysNone(OF_ROUTES),
    holds: leavesOut(OF_ROUTES),
  },
  {
    message: `provider nginx neither copies requests to the canary nor keeps callers on it: remove ${BEYOND_AN_INGRESS.join(', ')} from analysis`,
    cel: `!has(self.analysis) || !(${BEYOND_AN_INGRESS.map(field => `has(self.analysis.${field})`).join(' || ')})`,
    holds: ({ analysis = {} }) => BEYOND_AN_INGRESS.every(field => !isWritten(analysis[field])),
  },
  {
    message: `provider nginx sends all requests that match to the canary, and no share of them: write iterations instead of ${WEIGHTS.join(', ')} and stepWeightPromotion, or remove match`,
    cel: `!has(self.analysis) || !has(self.analysis.match) || !(${someWeight})`,
    holds: ({ analysis = {} }) => analysis.match === undefined || hasNoWeight(analysis),
  },
]

/** CEL: an entry of the list is a query, whatever its name; empty fields of entries are not left out for us (empty.ts). */
const isQuery =
  "(has(one.query) && one.query != '' || has(one.templateRef) && has(one.templateRef.name) && one.templateRef.name != '')"
const isBuiltIn = `one.name in [${Object.keys(BUILT_IN)
  .map(name => `'${name}'`)
  .join(', ')}]`

const rulesWithoutTelemetry: readonly ProviderRule[] = [
  {
    message: `provider kubernetes has no telemetry of its own: write analysis.metrics, each with a query or a templateRef`,
    cel: `(has(self.skipAnalysis) && self.skipAnalysis) || (has(self.analysis) && has(self.analysis.metrics) && size(self.analysis.metrics) > 0 && self.analysis.metrics.all(one, !(${isBuiltIn}) || ${isQuery}))`,
    holds: ({ skipAnalysis, analysis }) => {
      const metrics = analysis?.metrics ?? []
      return skipAnalysis === true || (metrics.length > 0 && metrics.every(metric => builtInOf(metric) === null))
    },
  },
  {
    message:
      'provider kubernetes has no telemetry of its own that counts requests: remove minRequests from analysis.metrics',
    cel: '(has(self.skipAnalysis) && self.skipAnalysis) || !has(self.analysis) || !has(self.analysis.metrics) || self.analysis.metrics.all(one, !has(one.minRequests) || one.minRequests == 0)',
    holds: ({ skipAnalysis, analysis }) =>
      skipAnalysis === true || (analysis?.metrics ?? []).every(({ minRequests = 0 }) => minRequests === 0),
  },
]

/** What a spec may not say with a provider. */
export function rulesOf(provider: Provider): readonly ProviderRule[] {
  const traits: ProviderTraits = providers[provider]
  return [
    ...(provider === 'nginx' ? rulesOfNginx : [withoutIngress(provider)]),
    ...(provider === 'istio' ? rulesOfIstio : []),
    ...(isGatewayApi(provider) ? rulesOfGatewayApi(provider) : []),
    ...(traits.shares === 'all or none' ? rulesOfAllOrNone : []),
    ...(traits.hasTelemetry ? [] : rulesWithoutTelemetry),
  ]
}
