/** The fields of Flagger 1.44's Canary, and those that mean something else in Sluice. */
import { at } from '../../core/json.ts'

/** A field that works, and not in every respect as in Flagger. */
export interface Difference {
  /** Path as in `FLAGGER_FIELDS`. */
  readonly path: string
  /** What it means in Sluice, as a sentence that follows the path. */
  readonly means: string
  /** Whether it matters for this value in this spec; left out: wherever the field is written. */
  readonly when?: (value: unknown, spec: unknown) => boolean
}

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Every field of Flagger's Canary that has a path of its own (its docs and CRD name them), in its order. */
export const FLAGGER_FIELDS: readonly string[] = words(`
  provider metricsServer targetRef.apiVersion targetRef.kind targetRef.name
  autoscalerRef autoscalerRef.apiVersion autoscalerRef.kind autoscalerRef.name autoscalerRef.primaryScalerQueries
  autoscalerRef.primaryScalerReplicas.minReplicas autoscalerRef.primaryScalerReplicas.maxReplicas
  ingressRef routeRef upstreamRef progressDeadlineSeconds skipAnalysis revertOnDeletion suspend canaryAnalysis
  service.name service.port service.portName service.targetPort service.appProtocol service.trafficDistribution
  service.portDiscovery service.headless service.timeout service.backendTimeout service.gateways service.gatewayRefs
  service.hosts service.delegation service.trafficPolicy service.match service.rewrite.uri service.rewrite.authority
  service.rewrite.type service.retries.attempts service.retries.perTryTimeout service.retries.retryOn service.headers.request
  service.headers.response service.mirror service.corsPolicy service.meshName service.backends service.apex.labels
  service.apex.annotations service.primary.labels service.primary.annotations service.canary.labels
  service.canary.annotations service.unmanagedMetadata.labels service.unmanagedMetadata.annotations
  analysis.interval analysis.threshold analysis.maxWeight analysis.stepWeight analysis.stepWeights
  analysis.stepWeightPromotion analysis.iterations analysis.match analysis.mirror analysis.mirrorWeight
  analysis.primaryReadyThreshold analysis.canaryReadyThreshold
  analysis.metrics[].name analysis.metrics[].interval analysis.metrics[].threshold analysis.metrics[].thresholdRange.min
  analysis.metrics[].thresholdRange.max analysis.metrics[].query analysis.metrics[].templateRef.name
  analysis.metrics[].templateRef.namespace analysis.metrics[].templateVariables
  analysis.webhooks analysis.webhooks[].name analysis.webhooks[].type analysis.webhooks[].url analysis.webhooks[].timeout
  analysis.webhooks[].retries analysis.webhooks[].metadata analysis.webhooks[].muteAlert analysis.webhooks[].disableTLS
  analysis.alerts analysis.alerts[].name analysis.alerts[].severity analysis.alerts[].providerRef.name
  analysis.alerts[].providerRef.namespace
  analysis.sessionAffinity analysis.sessionAffinity.cookieName analysis.sessionAffinity.primaryCookieName
  analysis.sessionAffinity.maxAge analysis.sessionAffinity.domain analysis.sessionAffinity.httpOnly
  analysis.sessionAffinity.partitioned analysis.sessionAffinity.path analysis.sessionAffinity.sameSite
  analysis.sessionAffinity.secure`)

/** Flagger's tick is never shorter (its pattern knows minutes and seconds alone). */
const FLAGGERS_SHORTEST = 10

const seconds = (interval: unknown): number => {
  const [, number = '', unit] = /^(\d+)(m|s)/.exec(String(interval)) ?? []
  return number === '' ? Number.NaN : Number(number) * (unit === 'm' ? 60 : 1)
}

/** What differs, by field. A field that is refused is not looked for here. */
export const differences: readonly Difference[] = [
  {
    path: 'provider',
    means:
      'with kubernetes, callers meet the new pods for one interval after the iterations, and are judged there, before the primary is updated; Flagger updates the primary at once',
    when: provider => provider === 'kubernetes',
  },
  {
    path: 'metricsServer',
    means: "must be on the controller's list: start it with --metrics-server or --allowed-metrics-server and this URL",
  },
  {
    path: 'autoscalerRef',
    means:
      "the primary's autoscaler follows every change at once, and keeps the size of the primary while the canary has traffic; Flagger changes it with a promotion only",
  },
  {
    path: 'autoscalerRef.primaryScalerQueries',
    means:
      'names triggers of the ScaledObject: one that is not there is an error; left out, whole words are rewritten, in Prometheus triggers only',
  },
  {
    path: 'ingressRef',
    means:
      "belongs to provider nginx. The canary's Ingress is removed with the Canary. The built-in metrics are of the canary's requests alone, and request-duration is the 99th percentile; Flagger's are of both sides together, and the mean time to connect",
  },
  {
    path: 'revertOnDeletion',
    means:
      'at deletion the target serves again in any case; true also restores what was adopted. In Flagger, false leaves the target at 0 pods',
  },
  {
    path: 'suspend',
    means:
      'is the same as paused: nothing starts and no weight rises, but rollbacks and repairs go on, which Flagger stops too',
    when: suspend => suspend === true,
  },
  {
    path: 'service.hosts',
    means: 'names of Services in other namespaces are refused, and public hosts can be restricted with --allowed-hosts',
    when: hosts => Array.isArray(hosts) && hosts.some(host => /\.svc(\.|$)/.test(String(host))),
  },
  {
    path: 'service.gatewayRefs',
    means:
      "may be left out: the Service itself is the parent then, where Flagger refuses the Canary. A weight counts once every parent has accepted the route. The built-in metrics ask for Istio's metrics, in Flagger for those of the application",
  },
  {
    path: 'service.match',
    means:
      'callers in the mesh that it leaves out reach the primary; in Flagger they get 404. What an HTTPRoute cannot say is refused, all of it',
  },
  {
    path: 'analysis.interval',
    means: `is how long a step lasts at least, from 1s; the metrics are checked every checkInterval (10s, or the interval if that is shorter). Flagger's shortest is ${FLAGGERS_SHORTEST}s`,
    when: interval => seconds(interval) < FLAGGERS_SHORTEST,
  },
  {
    path: 'analysis.threshold',
    means: 'the check that reaches it rolls back at once; Flagger rolls back one interval later',
    when: () => false,
  },
  {
    path: 'analysis.maxWeight',
    means: 'is the top exactly; Flagger goes one stepWeight above it where the steps do not end there',
    when: (top, spec) => {
      const step = at(spec, 'analysis', 'stepWeight')
      return typeof top === 'number' && typeof step === 'number' && step > 0 && top % step !== 0
    },
  },
  {
    path: 'analysis.iterations',
    means:
      'an iteration is one interval whose last check passed, and a failed one does not count; after them the canary serves all for one interval, judged, before promotion',
    when: iterations => iterations !== 0,
  },
  {
    path: 'analysis.match',
    means: 'matched callers stay on the canary until the primary has the new template',
    when: match => Array.isArray(match) && match.length > 0,
  },
  {
    path: 'analysis.mirror',
    means: 'mirroring ends, and is seen off, before the first weight; windows begin after it',
    when: mirror => mirror === true,
  },
  {
    path: 'analysis.metrics[].interval',
    means: 'the window never begins before the first request that was routed to this candidate; left out, it is 1m',
    when: () => false,
  },
  {
    path: 'analysis.metrics[].query',
    means:
      'no data, and a Prometheus that does not answer, hold the weight instead of failing the check (noData, onProviderError)',
    when: () => false,
  },
  {
    path: 'analysis.metrics[].templateRef.namespace',
    means: "only the Canary's own namespace: copy a MetricTemplate of another one and remove the field",
    when: () => false,
  },
  {
    path: 'analysis.webhooks[].type',
    means:
      'every 2xx is a success, in Flagger up to 202; only 200, 201 and 202 of a rollback hook roll back; a call that cannot be delivered holds instead of failing the check (onProviderError)',
    when: () => false,
  },
  {
    path: 'analysis.alerts',
    means: 'at most 4; what cannot be sent is kept for 24 hours, and tried again in the same order',
    when: () => false,
  },
  {
    path: 'analysis.alerts[].providerRef.namespace',
    means:
      "only the Canary's own namespace: copy an AlertProvider of another one, with its Secret, and remove the field",
    when: () => false,
  },
  {
    path: 'analysis.alerts[].severity',
    means: 'left out, it is info; Flagger never sends an alert without a severity',
    when: () => false,
  },
  {
    path: 'analysis.sessionAffinity',
    means: 'a rollback takes the callers with a cookie back at once, and the cookie is matched as a whole',
    when: () => false,
  },
]
