/**
 * What the API must accept and refuse, as a table: one row a rule and one a refused field. The unit tests hold
 * `parseCanary` to it, the end-to-end tests a real API server, and so the two to each other.
 */
import { bad, canary, type Case, changed, good, inline, type Json, malformed, metric, subsets } from './crd.given.ts'
import { alertCases } from './crd.alerts.ts'
import { autoscalers } from './crd.autoscalers.ts'
import { gatewayApi } from './crd.gateway-api.ts'
import { nginx } from './crd.nginx.ts'
import { notAvailable } from './crd.refused.ts'
import { templates } from './crd.templates.ts'
import { strategies } from './crd.strategies.ts'
import { webhooks } from './crd.webhooks.ts'

export type { Case } from './crd.given.ts'

/** Weights that are none of the steps of 0.1, in each field that has weights. */
const offTheGrain: readonly (readonly [string, Json])[] = [
  ['a weight of 0', { stepWeights: [0, 50] }],
  ['less than a tenth', { stepWeights: [0.05, 50] }],
  ['a quarter of a percent', { stepWeights: [0.25, 50] }],
  ['a third as a step', { stepWeight: 33.33 }],
  ['a top between two tenths', { stepWeight: 10, maxWeight: 99.95 }],
  ['a step between two tenths', { steps: [{ weight: 0.15 }] }],
  ['a way down in twentieths', { stepWeightPromotion: 0.05 }],
  ['copies of an eighth', { mirror: true, mirrorWeight: 12.55 }],
  ['a sum of tenths that is none', { stepWeight: 0.30000000000000004 }],
]

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
        { name: 'older', query: 'sum(up)', threshold: 1 },
      ],
    },
  }),
  good('queries under the names of built-in gates', {
    analysis: {
      metrics: [
        { name: 'request-success-rate', templateRef: { name: 'a' }, thresholdRange: { min: 0.99 } },
        { name: 'request-duration', query: 'sum(up)', threshold: 0.5 },
        { name: 'mutual-tls-rate', query: 'sum(up)', thresholdRange: { min: 1 } },
      ],
    },
  }),
  good('a rate of mutual TLS', {
    analysis: { metrics: [{ name: 'mutual-tls-rate' }, { name: 'request-success-rate' }] },
  }),
  good('limits of built-in gates that mean nothing', {
    analysis: {
      metrics: [
        { name: 'request-success-rate', threshold: 0, thresholdRange: { min: 99, max: 100 } },
        { name: 'request-duration', thresholdRange: { min: 0, max: 1 } },
      ],
    },
  }),
  good('every tenth of a percent up to 5, and the last of all', {
    analysis: { stepWeights: [...Array.from({ length: 49 }, (_, index) => (index + 1) / 10), 99.9] },
  }),
  good('tenths in steps, on the way down and in copies', {
    analysis: { steps: [{ weight: 0.3 }, { weight: 33.3 }], stepWeightPromotion: 0.7, mirror: true, mirrorWeight: 0.1 },
  }),
  good('tenths from step to step', { analysis: { stepWeight: 0.3, maxWeight: 1.1 } }),
  good('stepWeight with maxWeight', { analysis: { stepWeight: 20, maxWeight: 50 } }),
  good('steps with their own terms', {
    analysis: { steps: [{ weight: 5, hold: '10m', approve: true, metrics: [inline] }, { weight: 100 }] },
  }),
  good("suspend, Flagger's word for paused", { suspend: true }),
  good('what Helm prints of fields that nobody set', {
    provider: '',
    metricsServer: '',
    suspend: false,
    autoscalerRef: {},
    ingressRef: { apiVersion: '', kind: '', name: '' },
    primary: { labels: '' },
    service: {
      name: '',
      portName: '',
      targetPort: '',
      appProtocol: '',
      timeout: '',
      gateways: [],
      gatewayRefs: [],
      hosts: [],
      match: [],
      mirror: [],
      rewrite: { uri: '', authority: '' },
      retries: {},
      headers: { request: { add: {}, remove: [] } },
      corsPolicy: {},
      trafficPolicy: {},
      meshName: '',
      backends: [],
      virtualServices: [],
      destinationRule: { name: '', primarySubset: '', canarySubset: '' },
    },
    analysis: {
      interval: '',
      threshold: 0,
      maxWeight: 0,
      stepWeight: 0,
      stepWeights: [],
      steps: [],
      iterations: 0,
      match: [],
      mirror: false,
      mirrorWeight: 0,
      metrics: [],
      webhooks: [],
      alerts: [],
      sessionAffinity: { cookieName: '', maxAge: 0 },
    },
  }),
  good('empty fields beside those that exclude them', {
    service: {
      virtualServices: [{ name: 'web' }],
      hosts: [],
      gateways: [],
      match: [],
      timeout: '',
      retries: {},
      headers: {},
      corsPolicy: {},
    },
    analysis: {
      stepWeight: 10,
      stepWeights: [],
      maxWeight: 0,
      metrics: [{ ...inline, templateRef: { name: '' }, templateVariables: {}, compareTo: '', interval: '' }],
    },
  }),
  good('as many steps and metrics as there may be', {
    analysis: {
      steps: Array.from({ length: 50 }, (_, index) => ({ weight: index + 1, metrics: [inline] })),
      metrics: Array.from({ length: 20 }, (_, index) => ({ ...inline, name: `errors-${index}` })),
    },
  }),
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
    'a weight above 100',
    { analysis: { stepWeight: 101 } },
    'must be at most 100, not 101',
    'should be less than or equal to 100',
  ),
  ...offTheGrain.map(([name, analysis]) => bad(name, { analysis }, 'a weight is percent in steps of 0.1')),
  malformed(
    'too many steps',
    { analysis: { steps: Array.from({ length: 51 }, (_, index) => ({ weight: index + 1 })) } },
    'must have at most 50 entries',
    'must have at most 50 items',
  ),
  malformed(
    'a threshold below 0',
    { analysis: { threshold: -1 } },
    'must be at least 0, not -1',
    'should be greater than or equal to 0',
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

const PERCENT = 'request-success-rate is a percentage, above 1 and up to 100: write 99 for 99 %'
const MILLISECONDS = 'request-duration is in milliseconds, from 1: write 500 for half a second'

/** Limits of the built-in gates in another unit, or on the wrong side. */
const wrongUnits: readonly (readonly [name: string, metric: Json, sentence: string])[] = [
  ['a success rate as a fraction', { name: 'request-success-rate', thresholdRange: { min: 0.99 } }, PERCENT],
  ['a success rate of 1', { name: 'request-success-rate', thresholdRange: { min: 1 } }, PERCENT],
  ['a success rate above 100', { name: 'request-success-rate', thresholdRange: { min: 990 } }, PERCENT],
  ['a success rate below 0', { name: 'request-success-rate', thresholdRange: { min: -1 } }, PERCENT],
  ['a success rate as a fraction, as threshold', { name: 'request-success-rate', threshold: 0.99 }, PERCENT],
  ['a success rate above 100, as threshold', { name: 'request-success-rate', threshold: 101 }, PERCENT],
  [
    'a success rate that is too high',
    { name: 'request-success-rate', thresholdRange: { max: 99 } },
    'request-success-rate fails when it is too low: write min, and no max',
  ],
  [
    'a rate of mutual TLS as a fraction',
    { name: 'mutual-tls-rate', thresholdRange: { min: 0.9 } },
    'mutual-tls-rate is a percentage, above 1 and up to 100: write 99 for 99 %',
  ],
  [
    'a rate of mutual TLS that is too high',
    { name: 'mutual-tls-rate', thresholdRange: { max: 99 } },
    'mutual-tls-rate fails when it is too low: write min, and no max',
  ],
  ['a duration in seconds', { name: 'request-duration', thresholdRange: { max: 0.5 } }, MILLISECONDS],
  ['a duration of nothing', { name: 'request-duration', thresholdRange: { max: 0 } }, MILLISECONDS],
  ['a duration in seconds, as threshold', { name: 'request-duration', threshold: 0.25 }, MILLISECONDS],
  [
    'a duration that is too short',
    { name: 'request-duration', thresholdRange: { min: 5, max: 500 } },
    'request-duration fails when it is too long: write max, and no min',
  ],
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
  bad('a query without limits', metric({ name: 'errors', query: 'up' }), 'an inline query needs a thresholdRange'),
  bad(
    'a template without limits',
    metric({ name: 'errors', templateRef: { name: 'a' } }),
    'a metric from a template needs a thresholdRange',
  ),
  ...wrongUnits.map(([name, written, sentence]): Case => ({ ...bad(name, metric(written), sentence), stored: true })),
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
  malformed(
    'a host that is empty, as a chart prints it',
    { service: { hosts: [''] } },
    'must have at least 1 characters',
    'should be at least 1 chars long',
    'spec.service.hosts[0]',
  ),
  malformed(
    'a gateway that is empty',
    { service: { gateways: [''] } },
    'must have at least 1 characters',
    'should be at least 1 chars long',
    'spec.service.gateways[0]',
  ),
  bad('the host * in the mesh', { service: { hosts: ['*'] } }, 'Istio refuses the host * in the mesh'),
  bad(
    'the host * at a gateway and in the mesh',
    { service: { hosts: ['*'], gateways: ['istio-system/public', 'mesh'] } },
    'Istio refuses the host * in the mesh',
  ),
  good('the host * at a gateway', { service: { hosts: ['*'], gateways: ['istio-system/public'] } }),
  bad(
    'a host twice',
    { service: { hosts: ['shop.example.com', 'web', 'shop.example.com'] } },
    'a host is listed twice, or covered by another one',
  ),
  bad(
    'a host that another one covers',
    { service: { hosts: ['a.example.com', '*.example.com'], gateways: ['istio-system/public'] } },
    'a host is listed twice, or covered by another one',
  ),
  bad(
    'a wildcard that another one covers',
    { service: { hosts: ['*.com', '*.example.com'], gateways: ['istio-system/public'] } },
    'a host is listed twice, or covered by another one',
  ),
  good('hosts that differ', { service: { hosts: ['*.a.example.com', '*.b.example.com', 'a.example.com'] } }),
  good('as many hosts as there may be, as long as they may be', {
    service: {
      hosts: Array.from({ length: 100 }, (_, i) => `${`${i}`.padStart(3, 'a')}.${'b'.repeat(200)}.example.com`),
    },
  }),
  ...['*.svc.cluster.local', '*.LOCAL', '*.svc.corp.internal', '*.cluster.local.'].map(host =>
    changed(
      `a wildcard over the Services of all namespaces: ${host}`,
      {},
      { service: { hosts: [host] } },
      'a wildcard over the Services of all namespaces would take their traffic in the mesh',
    ),
  ),
  good('a wildcard over names of Services at a gateway', {
    service: { hosts: ['*.local'], gateways: ['istio-system/public'] },
  }),
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
    'destinationRule with metadata of a side',
    { service: { destinationRule: subsets, canary: { labels: { a: 'b' } } } },
    'with destinationRule there is one Service',
  ),
  malformed(
    'subsets without a name',
    { service: { destinationRule: { ...subsets, name: '' } } },
    'is required',
    'name is required',
    'spec.service.destinationRule.name',
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
    'an entry cannot be removed',
  ),
  changed(
    'one more of the own VirtualServices',
    { service: { virtualServices: [{ name: 'a' }] } },
    { service: { virtualServices: [{ name: 'a' }, { name: 'b' }] } },
    null,
  ),
  changed(
    'the routes of an own VirtualService',
    { service: { virtualServices: [{ name: 'a', routes: [{ name: 'x' }] }] } },
    { service: { virtualServices: [{ name: 'a', routes: [{ name: 'y' }] }] } },
    'an entry cannot be changed',
  ),
  changed(
    'the subsets',
    { service: { destinationRule: subsets } },
    { service: { destinationRule: { ...subsets, name: 'another' } } },
    'destinationRule cannot be changed',
  ),
  changed('service.name, said as nothing', {}, { service: { name: '' } }, null),
  changed(
    'from own VirtualServices to none',
    { service: { virtualServices: [{ name: 'web' }] } },
    { service: { virtualServices: [] } },
    'the way of splitting cannot be changed',
  ),
  changed(
    'from subsets to nothing',
    { service: { destinationRule: subsets } },
    { service: { destinationRule: {} } },
    'the way of splitting cannot be changed',
  ),
  changed('headless', {}, { service: { headless: true } }, 'headless cannot be changed'),
  changed('headless, said as it was', {}, { service: { headless: false } }, null),
  changed('the ladder', {}, { analysis: { stepWeights: [5, 100] } }, null),
]

export const cases: readonly Case[] = [
  ...accepted,
  ...notAvailable,
  ...gatewayApi,
  ...nginx,
  ...strategies,
  ...webhooks,
  ...alertCases,
  ...ladders,
  ...durations,
  ...metrics,
  ...services,
  ...autoscalers,
  ...changes,
  ...templates,
]
