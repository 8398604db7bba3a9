/**
 * What the API must accept and refuse, as a table: one row a rule and one a refused field. The unit tests hold
 * `parseCanary` to it, the end-to-end tests a real API server, and so the two to each other.
 */
import type { KubeObject } from '../src/api/object.ts'

export interface Case {
  readonly name: string
  readonly object: KubeObject
  /** A part of what is said; null where the object is accepted. */
  readonly sentence: string | null
  /** Path of the field that it is said of, or its beginning. */
  readonly at?: string
  /** What the API server says, where the finding is its own and the words are too. */
  readonly server?: string
  /** The object as it was, for rules about changes; only the API server knows it. */
  readonly before?: KubeObject
  /** Only the controller can see this. */
  readonly unseenByServer?: true
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396, so that a row shows only what differs: null removes. */
function merged(base: Json, patch: Json): Json {
  const result: Json = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    const present = result[key]
    if (value === null) delete result[key]
    else result[key] = isObject(value) ? merged(isObject(present) ? present : {}, value) : value
  }
  return result
}

const plain: Json = {
  targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  service: { port: 80 },
  analysis: {},
}

/** A Canary that differs from the plainest one by `patch`. */
export const canary = (patch: Json = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'Canary',
  metadata: { name: 'web', namespace: 'default' },
  spec: merged(plain, patch),
})

/** A MetricTemplate that differs from the plainest one by `patch`. */
export const metricTemplate = (patch: Json = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'errors', namespace: 'default' },
  spec: merged(
    { provider: { type: 'prometheus' }, query: 'sum(rate(errors{app="{{ target }}"}[{{ interval }}]))' },
    patch,
  ),
})

const good = (name: string, patch: Json): Case => ({ name, object: canary(patch), sentence: null })
const bad = (name: string, patch: Json, sentence: string, at = 'spec'): Case => ({
  name,
  object: canary(patch),
  sentence,
  at,
})
/** Refused by the schema itself: the API server has words of its own. */
const malformed = (name: string, patch: Json, sentence: string, server: string, at = 'spec'): Case => ({
  ...bad(name, patch, sentence, at),
  server,
})
const changed = (name: string, from: Json, to: Json, sentence: string | null): Case => ({
  name,
  object: canary(to),
  before: canary(from),
  sentence,
})
const template = (name: string, patch: Json, sentence: string | null): Case => ({
  name,
  object: metricTemplate(patch),
  sentence,
})

const metric = (patch: Json): Json => ({ analysis: { metrics: [patch] } })
const inline = { name: 'errors', query: 'sum(rate(errors[1m]))', thresholdRange: { max: 1 } }
const subsets = { name: 'web', primarySubset: 'v1', canarySubset: 'v2' }

const accepted: readonly Case[] = [
  good('the plainest Canary', {}),
  good('no analysis, skipped', { analysis: null, skipAnalysis: true }),
  good('every part of service that Istio takes', {
    provider: 'istio',
    metricsServer: 'https://prometheus.example/path',
    progressDeadlineSeconds: 60,
    revertOnDeletion: true,
    paused: true,
    primary: { labels: 'keep' },
    service: {
      name: 'shop',
      port: 9898,
      portName: 'http-web',
      targetPort: 'http',
      appProtocol: 'http',
      portDiscovery: true,
      trafficDistribution: 'PreferSameZone',
      headless: true,
      timeout: '15s',
      gateways: ['istio-system/public', 'mesh'],
      hosts: ['shop.example'],
      trafficPolicy: {
        connectionPool: { tcp: { maxConnections: 10 }, http: { http2MaxRequests: 5 } },
        portLevelSettings: [{ port: { number: 9898 }, tls: { mode: 'DISABLE' } }],
        loadBalancer: { consistentHash: { httpQueryParameterName: 'user' } },
      },
      match: [{ uri: { prefix: '/' }, headers: { 'x-user': { exact: 'a' } }, ignoreUriCase: true }],
      rewrite: { uri: '/', authority: 'shop.internal' },
      retries: { attempts: 3, perTryTimeout: '1s', retryOn: '5xx' },
      headers: { request: { add: { a: 'b' }, set: { c: 'd' }, remove: ['e'] }, response: { remove: ['f'] } },
      corsPolicy: { allowOrigins: [{ exact: 'https://shop.example' }], maxAge: '24h' },
      apex: { labels: { a: 'b' }, annotations: { c: 'd' } },
      primary: { labels: { a: 'b' } },
      canary: { annotations: { c: 'd' } },
      unmanagedMetadata: { labels: ['a'], annotations: ['b'] },
    },
  }),
  good('delegation', { service: { delegation: true } }),
  good('VirtualServices and a DestinationRule of the user', {
    service: {
      virtualServices: [{ name: 'web', routes: [{ name: 'main' }] }, { name: 'inner' }],
      destinationRule: subsets,
    },
  }),
  good('every part of analysis', {
    analysis: {
      interval: '1h30m',
      checkInterval: '1.5s',
      threshold: 1,
      stepWeights: [1, 50, 100],
      stepWeightPromotion: 20,
      primaryReadyThreshold: 50,
      canaryReadyThreshold: 50,
      onProviderError: 'fail',
      maxBlind: '0s',
      maxDuration: '48h',
      drain: '500ms',
      lockTarget: false,
      metrics: [
        {
          name: 'request-success-rate',
          thresholdRange: { min: 99.5 },
          interval: '30s',
          failFast: true,
          noData: 'fail',
        },
        { name: 'request-duration', threshold: 500, minRequests: 20 },
        inline,
        {
          name: 'shared',
          templateRef: { name: 'shared' },
          templateVariables: { a: 'b' },
          thresholdRange: { min: 0, max: 0 },
        },
        { name: 'old', templateRef: { name: 'old', namespace: 'default' }, threshold: 1 },
      ],
    },
  }),
  good('stepWeight with maxWeight', { analysis: { stepWeight: 20, maxWeight: 50 } }),
  good('steps with their own terms', {
    analysis: { steps: [{ weight: 5, hold: '10m', approve: true, metrics: [inline] }, { weight: 100 }] },
  }),
  good('as many steps and metrics as there may be', {
    analysis: {
      steps: Array.from({ length: 50 }, (_, index) => ({ weight: index + 1, metrics: [inline] })),
      metrics: Array.from({ length: 20 }, (_, index) => ({ ...inline, name: `errors-${index}` })),
    },
  }),
]

const notAvailable: readonly Case[] = [
  bad('suspend', { suspend: true }, "suspend is Flagger's word: write spec.paused: true", 'spec.suspend'),
  bad('suspend: false', { suspend: false }, 'write spec.paused: true'),
  bad('canaryAnalysis', { canaryAnalysis: { interval: '1m' } }, 'write spec.analysis'),
  bad(
    'autoscalerRef',
    { autoscalerRef: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: 'web' } },
    'autoscalerRef is not available yet',
  ),
  bad('ingressRef', { ingressRef: { name: 'web' } }, 'ingressRef belongs to providers other than istio'),
  bad('routeRef', { routeRef: { name: 'web' } }, 'routeRef belongs to providers other than istio'),
  bad('upstreamRef', { upstreamRef: { name: 'web' } }, 'upstreamRef belongs to providers other than istio'),
  bad('a DaemonSet', { targetRef: { kind: 'DaemonSet' } }, 'only Deployment is available yet'),
  bad('a Service as target', { targetRef: { kind: 'Service' } }, 'only Deployment is available yet'),
  bad('a Knative target', { targetRef: { apiVersion: 'serving.knative.dev/v1' } }, 'write apps/v1'),
  bad('another provider of Flagger', { provider: 'linkerd' }, 'only the provider istio is available yet'),
  bad('the Gateway API', { provider: 'gatewayapi:v1' }, 'only the provider istio is available yet'),
  bad(
    'webhooks',
    { analysis: { webhooks: [{ name: 'gate', type: 'confirm-promotion', url: 'http://gate/' }] } },
    'webhooks are not available yet',
  ),
  bad(
    'alerts',
    { analysis: { alerts: [{ name: 'on-call', providerRef: { name: 'slack' } }] } },
    'alerts are not available yet',
  ),
  bad(
    'analysis.match',
    { analysis: { match: [{ headers: { 'x-canary': { exact: 'yes' } } }] } },
    'match (A/B testing) is not available yet',
  ),
  bad('iterations', { analysis: { iterations: 10 } }, 'iterations (blue/green) are not available yet'),
  bad('mirror', { analysis: { mirror: true } }, 'mirror is not available yet'),
  bad('mirrorWeight', { analysis: { mirrorWeight: 50 } }, 'mirrorWeight is not available yet'),
  bad(
    'sessionAffinity',
    { analysis: { sessionAffinity: { cookieName: 'canary' } } },
    'sessionAffinity is not available yet',
  ),
  bad('schedule', { analysis: { schedule: { timeZone: 'Europe/Berlin' } } }, 'schedule is not available yet'),
  bad('analysis.mode', { analysis: { mode: 'statistical' } }, 'mode (statistical judgement) is not available yet'),
  bad(
    'steps[].match',
    { analysis: { steps: [{ weight: 10, match: [{}] }] } },
    'match is not available yet',
    'spec.analysis.steps[0].match',
  ),
  bad(
    'compareTo',
    metric({ ...inline, compareTo: 'primary' }),
    'compareTo is not available yet',
    'spec.analysis.metrics[0].compareTo',
  ),
  bad(
    'compareTo of a step',
    { analysis: { steps: [{ weight: 10, metrics: [{ ...inline, compareTo: 'primary' }] }] } },
    'compareTo is not available yet',
    'spec.analysis.steps[0].metrics[0].compareTo',
  ),
  bad('mutual-tls-rate', metric({ name: 'mutual-tls-rate' }), 'mutual-tls-rate is not available yet'),
  bad('TCP routes', { service: { appProtocol: 'TCP' } }, 'TCP routes are not available yet'),
  bad(
    'rewrite.type',
    { service: { rewrite: { uri: '/', type: 'ReplaceFullPath' } } },
    'type belongs to the Gateway API',
  ),
  bad(
    'service.mirror',
    { service: { mirror: [{ backendRef: { name: 'copy' } }] } },
    'mirror belongs to the Gateway API',
  ),
  bad('gatewayRefs', { service: { gatewayRefs: [{ name: 'public' }] } }, 'gatewayRefs belong to the Gateway API'),
  bad('backendTimeout', { service: { backendTimeout: '1s' } }, 'backendTimeout belongs to the Gateway API'),
  bad('meshName', { service: { meshName: 'global' } }, 'meshName belongs to App Mesh'),
  bad('backends', { service: { backends: ['a.b'] } }, 'backends belong to App Mesh'),
]

const ladders: readonly Case[] = [
  bad('neither analysis nor skipAnalysis', { analysis: null }, 'write analysis (analysis: {} has sensible defaults)'),
  bad(
    'stepWeight and stepWeights',
    { analysis: { stepWeight: 10, stepWeights: [10, 50] } },
    'write one of stepWeight, stepWeights and steps',
  ),
  bad(
    'stepWeights and steps',
    { analysis: { stepWeights: [10, 50], steps: [{ weight: 10 }] } },
    'write one of stepWeight, stepWeights and steps',
  ),
  bad(
    'maxWeight beside stepWeights',
    { analysis: { maxWeight: 50, stepWeights: [10, 50] } },
    'maxWeight goes with stepWeight only',
  ),
  bad(
    'maxWeight beside steps',
    { analysis: { maxWeight: 50, steps: [{ weight: 10 }] } },
    'maxWeight goes with stepWeight only',
  ),
  bad('maxWeight alone', { analysis: { maxWeight: 50 } }, 'maxWeight goes with stepWeight only'),
  bad(
    'weights out of order',
    { analysis: { stepWeights: [10, 50, 25] } },
    'each weight must be above the one before it',
    'spec.analysis.stepWeights',
  ),
  bad(
    'the same weight twice',
    { analysis: { stepWeights: [10, 10, 25] } },
    'each weight must be above the one before it',
  ),
  bad(
    'steps out of order',
    { analysis: { steps: [{ weight: 50 }, { weight: 10 }] } },
    'the weight of each step must be above the one before it',
  ),
  bad(
    'the same step twice',
    { analysis: { steps: [{ weight: 50 }, { weight: 50 }] } },
    'the weight of each step must be above the one before it',
  ),
  malformed(
    'a weight of 0',
    { analysis: { stepWeights: [0, 50] } },
    'must be at least 1, not 0',
    'should be greater than or equal to 1',
  ),
  malformed(
    'a weight above 100',
    { analysis: { stepWeight: 101 } },
    'must be at most 100, not 101',
    'should be less than or equal to 100',
  ),
  malformed(
    'half a percent',
    { analysis: { stepWeights: [0.5, 50] } },
    'must be a whole number, not 0.5',
    'must be of type integer',
  ),
  malformed(
    'no weights',
    { analysis: { stepWeights: [] } },
    'must have at least 1 entries',
    'should have at least 1 items',
  ),
  malformed(
    'too many steps',
    { analysis: { steps: Array.from({ length: 51 }, (_, index) => ({ weight: index + 1 })) } },
    'must have at most 50 entries',
    'must have at most 50 items',
  ),
  malformed(
    'a threshold of 0',
    { analysis: { threshold: 0 } },
    'must be at least 1, not 0',
    'should be greater than or equal to 1',
  ),
]

const durations: readonly Case[] = [
  bad(
    'an interval of 1x',
    { analysis: { interval: '1x' } },
    'write a duration with its unit',
    'spec.analysis.interval',
  ),
  bad(
    'an interval without a unit',
    { analysis: { interval: '60' } },
    'write a duration with its unit, such as 500ms, 30s, 1m30s or 2h',
  ),
  bad('an interval with something behind it', { analysis: { interval: '1minute' } }, 'write a duration with its unit'),
  bad('an interval below a second', { analysis: { interval: '999ms' } }, 'the shortest is 1s'),
  bad('a checkInterval below a second', { analysis: { checkInterval: '100ms' } }, 'the shortest is 1s'),
  bad(
    'a checkInterval above the interval',
    { analysis: { interval: '10s', checkInterval: '11s' } },
    'checkInterval must not be longer than interval',
  ),
  bad(
    'a checkInterval above the default interval',
    { analysis: { checkInterval: '2m' } },
    'checkInterval must not be longer than interval',
  ),
  bad(
    'a maxBlind that is no duration',
    { analysis: { maxBlind: 'never' } },
    'write a duration with its unit',
    'spec.analysis.maxBlind',
  ),
  bad('a maxDuration of nothing', { analysis: { maxDuration: '0s' } }, 'the shortest is 1s'),
  bad('a negative drain', { analysis: { drain: '-1s' } }, 'write a duration with its unit'),
  bad(
    'a hold that is no duration',
    { analysis: { steps: [{ weight: 10, hold: '1d' }] } },
    'write a duration with its unit',
    'spec.analysis.steps[0].hold',
  ),
  bad('a metric interval of a moment', metric({ name: 'request-duration', interval: '1ms' }), 'the shortest is 1s'),
  bad(
    'a timeout that is no duration',
    { service: { timeout: '15' } },
    'write a duration with its unit',
    'spec.service.timeout',
  ),
  bad(
    'a try that is no duration',
    { service: { retries: { perTryTimeout: 'x' } } },
    'write a duration with its unit',
    'spec.service.retries.perTryTimeout',
  ),
]

const metrics: readonly Case[] = [
  bad(
    'a metric from nowhere',
    metric({ name: 'latency', thresholdRange: { max: 1 } }),
    'any other metric needs a query or a templateRef',
  ),
  bad(
    'query and templateRef',
    metric({ ...inline, templateRef: { name: 'a' } }),
    'write either query or templateRef, not both',
  ),
  bad(
    'a built-in with a query',
    metric({ ...inline, name: 'request-duration' }),
    'give a metric with a query or templateRef another name',
  ),
  bad(
    'a built-in with a templateRef',
    metric({ name: 'request-success-rate', templateRef: { name: 'a' } }),
    'give a metric with a query or templateRef another name',
  ),
  bad('a query without limits', metric({ name: 'errors', query: 'up' }), 'an inline query needs a thresholdRange'),
  bad(
    'a template without limits',
    metric({ name: 'errors', templateRef: { name: 'a' } }),
    'a metric from a template needs a thresholdRange',
  ),
  bad('limits that say nothing', metric({ ...inline, thresholdRange: {} }), 'write min, max, or both'),
  bad('min above max', metric({ ...inline, thresholdRange: { min: 2, max: 1 } }), 'min is above max'),
  bad(
    'threshold and thresholdRange',
    metric({ name: 'request-duration', threshold: 1, thresholdRange: { max: 1 } }),
    'write either thresholdRange or the deprecated threshold',
  ),
  bad(
    'variables without a template',
    metric({ ...inline, templateVariables: { a: 'b' } }),
    'templateVariables go with templateRef',
  ),
  bad('one name twice', { analysis: { metrics: [inline, inline] } }, 'each metric of a list needs a name of its own'),
  malformed(
    'too many metrics',
    { analysis: { metrics: Array.from({ length: 21 }, (_, index) => ({ ...inline, name: `errors-${index}` })) } },
    'must have at most 20 entries',
    'must have at most 20 items',
  ),
  malformed(
    'noData that is not one of three',
    metric({ ...inline, noData: 'ignore' }),
    'must be one of hold, fail, pass, not "ignore"',
    'Unsupported value: "ignore"',
  ),
  {
    ...bad(
      'a template of another namespace',
      metric({ name: 'errors', templateRef: { name: 'a', namespace: 'other' }, threshold: 1 }),
      'a Canary refers to templates of its own namespace only',
    ),
    unseenByServer: true,
  },
]

const services: readonly Case[] = [
  malformed('no port', { service: { port: null } }, 'is required', 'Required value'),
  malformed(
    'a port that is text',
    { service: { port: 'http' } },
    'must be a number, not "http"',
    'must be of type integer',
  ),
  malformed('no service', { service: null }, 'is required', 'Required value', 'spec.service'),
  malformed('no target', { targetRef: null }, 'is required', 'Required value', 'spec.targetRef'),
  malformed(
    'a provider that Flagger does not know',
    { provider: 'ambassador' },
    'must be one of istio',
    'Unsupported value: "ambassador"',
  ),
  bad(
    'a service name that is none',
    { service: { name: 'Web' } },
    'the Service must have at most 55',
    'spec.service.name',
  ),
  bad(
    'a service name without room for -primary',
    { service: { name: 'w'.repeat(56) } },
    'the Service must have at most 55',
  ),
  bad(
    'a target name that makes no Service',
    { targetRef: { name: 'web.v1' } },
    "without service.name the target's name is used",
  ),
  good('a target name that makes no Service, with a Service', {
    targetRef: { name: 'web.v1' },
    service: { name: 'web' },
  }),
  bad('a metrics server that is no URL', { metricsServer: 'prometheus:9090' }, 'write the URL of a Prometheus'),
  bad(
    'delegation with hosts',
    { service: { delegation: true, hosts: ['shop.example'] } },
    'a delegated VirtualService has no hosts or gateways',
  ),
  bad(
    'delegation with gateways',
    { service: { delegation: true, gateways: ['mesh'] } },
    'a delegated VirtualService has no hosts or gateways',
  ),
  bad(
    'virtualServices with hosts',
    { service: { virtualServices: [{ name: 'web' }], hosts: ['shop.example'] } },
    'with virtualServices the routes are yours',
  ),
  bad(
    'virtualServices with retries',
    { service: { virtualServices: [{ name: 'web' }], retries: { attempts: 1 } } },
    'with virtualServices the routes are yours',
  ),
  bad(
    'destinationRule with trafficPolicy',
    { service: { destinationRule: subsets, trafficPolicy: { tls: { mode: 'DISABLE' } } } },
    'with destinationRule the policy is yours',
  ),
  bad(
    'one subset for both',
    { service: { destinationRule: { ...subsets, canarySubset: 'v1' } } },
    'must be two subsets',
  ),
  bad(
    'subsets with switched labels',
    { primary: { labels: 'switch' }, service: { destinationRule: subsets } },
    'subsets need the labels of the target',
  ),
  bad('a rewrite of nothing', { service: { rewrite: {} } }, 'write uri, authority, or both'),
  {
    name: 'a name that fits no label',
    object: { ...canary(), metadata: { name: 'w'.repeat(64), namespace: 'default' } },
    sentence: 'must have at most 63 characters',
  },
]

const changes: readonly Case[] = [
  changed('the target', {}, { targetRef: { name: 'other' }, service: { name: 'web' } }, 'the target cannot be changed'),
  changed('service.name', { service: { name: 'a' } }, { service: { name: 'b' } }, 'service.name cannot be changed'),
  changed('service.name, said at last', {}, { service: { name: 'other' } }, 'service.name cannot be changed'),
  changed('service.name, said as it was', {}, { service: { name: 'web' } }, null),
  changed(
    'primary.labels',
    { primary: { labels: 'keep' } },
    { primary: { labels: 'switch' } },
    'primary.labels cannot be changed',
  ),
  changed('primary.labels, taken back', { primary: { labels: 'keep' } }, {}, 'primary.labels cannot be changed'),
  changed('primary.labels, said at last', {}, { primary: { labels: 'keep' } }, null),
  changed(
    'to own VirtualServices',
    {},
    { service: { virtualServices: [{ name: 'web' }] } },
    'the way of splitting cannot be changed',
  ),
  changed(
    'from own VirtualServices',
    { service: { virtualServices: [{ name: 'web' }] } },
    {},
    'the way of splitting cannot be changed',
  ),
  changed('to subsets', {}, { service: { destinationRule: subsets } }, 'the way of splitting cannot be changed'),
  changed(
    'another of the own VirtualServices',
    { service: { virtualServices: [{ name: 'a' }] } },
    { service: { virtualServices: [{ name: 'b' }] } },
    null,
  ),
  changed('the ladder', {}, { analysis: { stepWeights: [5, 100] } }, null),
]

const templates: readonly Case[] = [
  template('a template', {}, null),
  template('a template with an address', { provider: { address: 'http://prometheus:9090' } }, null),
  template('a template of Datadog', { provider: { type: 'datadog' } }, 'only the type prometheus is available yet'),
  template('a template without an URL', { provider: { address: 'prometheus:9090' } }, 'write the URL of a Prometheus'),
  template('headers', { provider: { headers: { 'X-Scope-OrgID': ['a'] } } }, 'headers are not available yet'),
  template('secretRef', { provider: { secretRef: { name: 'a' } } }, 'secretRef is not available yet'),
  template('insecureSkipVerify', { provider: { insecureSkipVerify: true } }, 'insecureSkipVerify is not available yet'),
  template('region', { provider: { region: 'eu-central-1' } }, 'region belongs to CloudWatch'),
]

export const cases: readonly Case[] = [
  ...accepted,
  ...notAvailable,
  ...ladders,
  ...durations,
  ...metrics,
  ...services,
  ...changes,
  ...templates,
]
