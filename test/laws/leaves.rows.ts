/** How fields of the spec show their effect, where two values of their type in a plain Canary do not, and which have none. */
import type { Setup } from './arbitraries.ts'

type Json = Record<string, unknown>

export interface Row {
  /** Fields around it that it needs, and values in place of those of the plain Canary; null removes. */
  readonly given?: Json
  /** Two values that mean different things. */
  readonly values?: readonly [unknown, unknown]
  readonly split?: Setup['split']
  /** Where the values are written, if not at the field alone. */
  readonly at?: string
  /** An HTTPRoute of the user's, `ours`, with the rules a and b, beside which there is none of ours. */
  readonly route?: true
  /** An autoscaler on the target. */
  readonly autoscaler?: 'HorizontalPodAutoscaler' | 'ScaledObject'
}

const query = { name: 'errors', query: 'sum(x)', thresholdRange: { min: 50 } }
const metrics = (more: Json): Json => ({ analysis: { metrics: [{ ...query, ...more }] } })
const steps = (more: Json): Json => ({ analysis: { steps: [{ weight: 50, metrics: [{ ...query, ...more }] }] } })
/** A value of 100 is within the one and not within the other. */
const limits = [30, 200] as const
const named = (name: string): Json => ({ query: undefined, templateRef: { name } })
const withoutMesh = { provider: 'kubernetes', analysis: { metrics: [query] } }

/** The same of a metric of the analysis and of one of a step. */
const ofMetrics = (name: string, more: Json, values?: readonly [unknown, unknown]): Record<string, Row> => ({
  [`analysis.metrics[].${name}`]: { given: metrics(more), ...(values === undefined ? {} : { values }) },
  [`analysis.steps[].metrics[].${name}`]: { given: steps(more), ...(values === undefined ? {} : { values }) },
})

const scaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: 'web' }
const scaledObject = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web' }
const autoscaler = 'HorizontalPodAutoscaler'
const affinity = { given: { analysis: { sessionAffinity: { cookieName: 'canary' } } } }

const webhook = (url = 'http://gate.test/'): { given: Json } => ({
  given: { analysis: { webhooks: [{ name: 'gate', url }] } },
})

const alert: Row = { given: { analysis: { alerts: [{ name: 'chat', providerRef: { name: 'chat' } }] } } }

/** Of an HTTPRoute that Sluice makes. */
const http = (service: Json, values: readonly [unknown, unknown]): Row => ({
  split: 'http route',
  given: { provider: 'gatewayapi:v1', service },
  values,
})
const parent = (gatewayRef: Json, values: readonly [unknown, unknown]): Row =>
  http({ gatewayRefs: [gatewayRef] }, values)

export const rows: Readonly<Record<string, Row>> = {
  provider: { given: { analysis: { metrics: [query] } }, values: ['istio', 'kubernetes'] },
  metricsServer: { values: ['http://prometheus:9090', 'http://prometheus.other:9090'] },
  'targetRef.name': { values: ['web', 'another'] },
  'service.appProtocol': { values: ['http', 'grpc'] },
  'service.gateways[]': { given: { service: { hosts: ['a.example.com'] } }, values: ['shop/one', 'shop/two'] },
  'service.hosts[]': { values: ['a.example.com', 'b.example.com'] },
  'service.trafficPolicy': {
    values: [{ loadBalancer: { simple: 'RANDOM' } }, { loadBalancer: { simple: 'ROUND_ROBIN' } }],
  },
  'service.match[]': { values: [{ uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }] },
  'service.corsPolicy': { values: [{ allowMethods: ['GET'] }, { allowMethods: ['PUT'] }] },
  'service.retries.perTryTimeout': { given: { service: { retries: { attempts: 2 } } } },
  'service.retries.retryOn': { given: { service: { retries: { attempts: 2 } } } },
  'service.retries.retryRemoteLocalities': { given: { service: { retries: { attempts: 2 } } } },
  'service.gatewayRefs[].group': parent({ name: 'public' }, ['gateway.networking.k8s.io', 'example.com']),
  'service.gatewayRefs[].kind': parent({ name: 'web', port: 80 }, ['Gateway', 'Service']),
  'service.gatewayRefs[].namespace': parent({ name: 'public' }, ['shop', 'infra']),
  'service.gatewayRefs[].name': parent({}, ['public', 'private']),
  'service.gatewayRefs[].sectionName': parent({ name: 'public' }, ['http', 'https']),
  'service.gatewayRefs[].port': parent({ name: 'public' }, [80, 443]),
  'service.routes[].kind': { ...http({ routes: [{ name: 'ours' }] }, ['HTTPRoute', 'GRPCRoute']) },
  'service.routes[].name': http({ routes: [{}] }, ['ours', 'theirs']),
  'service.routes[].selector.matchLabels': {
    ...http({ routes: [{}] }, [{ team: 'shop' }, { team: 'other' }]),
    route: true,
  },
  'service.routes[].rules[].name': { ...http({ routes: [{ name: 'ours' }] }, ['a', 'b']), route: true },
  'service.backendTimeout': http({}, ['1s', '2s']),
  'service.rewrite.type': http({ rewrite: { uri: '/' } }, ['ReplaceFullPath', 'ReplacePrefixMatch']),
  ...Object.fromEntries(
    Object.entries({
      group: ['example.com', 'example.org'],
      kind: ['Service', 'Bucket'],
      namespace: ['audit', 'logs'],
      name: ['one', 'two'],
      port: [80, 81],
    } as const).map(([field, values]): [string, Row] => [
      `service.mirror[].backendRef.${field}`,
      http({ mirror: [{ backendRef: field === 'name' ? {} : { name: 'copies' } }] }, values),
    ]),
  ),
  'service.unmanagedMetadata.labels[]': { given: { service: { apex: { labels: { one: '1', two: '2' } } } } },
  'service.unmanagedMetadata.annotations[]': { given: { service: { apex: { annotations: { one: '1', two: '2' } } } } },
  'service.virtualServices[].name': { split: 'users', values: ['ours', 'theirs'] },
  'service.virtualServices[].routes[].name': {
    split: 'users',
    given: { service: { virtualServices: [{ name: 'ours' }] } },
    values: ['a', 'b'],
  },
  ...Object.fromEntries(
    Object.entries({ name: ['web', 'rules'], primarySubset: ['v1', 'v3'], canarySubset: ['v2', 'v3'] } as const).map(
      ([field, values]): [string, Row] => [
        `service.destinationRule.${field}`,
        {
          split: 'subsets',
          given: { service: { destinationRule: { name: 'web', primarySubset: 'v1', canarySubset: 'v2' } } },
          values,
        },
      ],
    ),
  ),
  'autoscalerRef.kind': { at: 'autoscalerRef', values: [scaler, scaledObject], autoscaler },
  'autoscalerRef.name': { given: { autoscalerRef: scaler }, values: ['web', 'another'], autoscaler },
  'autoscalerRef.primaryScalerReplicas.minReplicas': { given: { autoscalerRef: scaler }, values: [2, 3], autoscaler },
  'autoscalerRef.primaryScalerReplicas.maxReplicas': { given: { autoscalerRef: scaler }, values: [6, 7], autoscaler },
  'autoscalerRef.primaryScalerQueries': {
    given: { autoscalerRef: scaledObject },
    values: [{ load: 'sum(x)' }, { load: 'sum(y)' }],
    autoscaler: 'ScaledObject',
  },
  'ingressRef.name': {
    split: 'ingress',
    given: { provider: 'nginx', ingressRef: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' } },
    values: ['web', 'another'],
  },
  'analysis.match[]': {
    given: { analysis: { iterations: 2 } },
    values: [{ headers: { 'x-a': { exact: '1' } } }, { headers: { 'x-b': { exact: '1' } } }],
  },
  'analysis.mirrorWeight': { given: { analysis: { mirror: true } } },
  'analysis.sessionAffinity.primaryCookieName': affinity,
  'analysis.sessionAffinity.maxAge': affinity,
  'analysis.sessionAffinity.domain': affinity,
  'analysis.sessionAffinity.path': affinity,
  'analysis.sessionAffinity.httpOnly': affinity,
  'analysis.sessionAffinity.secure': affinity,
  'analysis.sessionAffinity.partitioned': {
    given: { analysis: { sessionAffinity: { cookieName: 'canary', secure: true } } },
  },
  'analysis.sessionAffinity.sameSite': affinity,
  'analysis.checkInterval': { values: ['5s', '9s'] },
  'analysis.maxWeight': { given: { analysis: { stepWeight: 20 } }, values: [40, 60] },
  'analysis.threshold': { values: [1, 3] },
  'analysis.drain': { values: ['5s', '40s'] },
  'analysis.maxBlind': { values: ['30s', '90s'] },
  'analysis.maxDuration': { values: ['1m', '3m'] },
  'analysis.iterations': { split: 'selector', given: withoutMesh, values: [2, 4] },
  'analysis.steps[].hold': { given: { analysis: { steps: [{ weight: 50 }] } }, values: ['15s', '40s'] },
  'analysis.steps[].approve': { given: { analysis: { steps: [{ weight: 50 }] } } },
  'analysis.webhooks[].name': webhook(),
  'analysis.webhooks[].type': webhook(),
  'analysis.webhooks[].url': { ...webhook(), values: ['http://one.test/', 'http://two.test/'] },
  'analysis.webhooks[].timeout': webhook(),
  'analysis.webhooks[].retries': { ...webhook(), values: [1, 2] },
  'analysis.webhooks[].metadata': webhook(),
  'analysis.webhooks[].muteAlert': webhook(),
  'analysis.alerts[].name': alert,
  'analysis.alerts[].severity': { ...alert, values: ['info', 'error'] },
  'analysis.webhooks[].disableTLS': webhook(),
  'analysis.webhooks[].headers': { ...webhook(), values: [{ a: ['1'] }, { a: ['2'] }] },
  'analysis.webhooks[].secretRef.name': webhook(),
  'analysis.webhooks[].caSecretRef.name': webhook('https://gate.test/'),
  ...ofMetrics('name', {}),
  ...ofMetrics('query', {}, ['sum(x)', 'sum(y)']),
  ...ofMetrics('interval', {}, ['10s', '1m']),
  ...ofMetrics('thresholdRange.min', {}, limits),
  ...ofMetrics('thresholdRange.max', { thresholdRange: { max: 1 } }, limits),
  ...ofMetrics('threshold', { thresholdRange: undefined }, limits),
  ...ofMetrics('templateRef.name', named('one'), ['one', 'two']),
  ...ofMetrics('templateVariables', named('with a variable')),
  ...ofMetrics('noData', {}, ['pass', 'fail']),
  ...ofMetrics('failFast', {}),
  // The canary of these worlds has 1,000 requests in any window.
  ...ofMetrics('minRequests', {}, [10, 5000]),
}

const ONE_VALUE = 'there is one value that is accepted'
const TOGETHER =
  'pods of these worlds are ready together; test/core/workloads has the rows of Deployments of which some are'

/** Fields whose values change nothing here, and why. */
export const withoutEffect: Readonly<Record<string, string>> = {
  'targetRef.apiVersion': ONE_VALUE,
  'targetRef.kind': ONE_VALUE,
  'autoscalerRef.apiVersion': 'it follows from the kind',
  'ingressRef.apiVersion': ONE_VALUE,
  'ingressRef.kind': ONE_VALUE,
  'analysis.metrics[].templateRef.namespace': ONE_VALUE,
  'analysis.alerts[].providerRef.namespace': ONE_VALUE,
  'analysis.alerts[].providerRef.name': 'it is read when an alert is sent; test/controller/alert-deliveries has it',
  'analysis.steps[].metrics[].templateRef.namespace': ONE_VALUE,
  'analysis.primaryReadyThreshold': TOGETHER,
  'analysis.canaryReadyThreshold': TOGETHER,
}
