/**
 * Input that makes no sense in the cluster that it meets, one a row: what is there, what goes wrong, the whole sentence that
 * it ends in, and what mends it. `bad-input.test.ts` holds the controller to each row, before the first run and in mid-run.
 */
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import type { Says } from './witness.ts'
import type { World } from './world.ts'

export type Json = Record<string, unknown>

export interface Row extends Says {
  readonly name: string
  /** What is there, and well. Left out: the Deployment and Service `web`. */
  readonly given?: (world: World) => void
  /** Of the Canary, beside target, service and analysis. */
  readonly spec?: Json
  /** What somebody does to the cluster. */
  readonly goesWrong?: (world: World) => void
  /** What somebody writes into the Canary's spec, as a merge patch. */
  readonly wrong?: Json
  readonly mended: (world: World) => void
}

const meta = (name: string): { name: string; namespace: string } => ({ name, namespace: 'shop' })

export const object = (kind: Kind, name: string, spec: Json, labels?: Record<string, string>): KubeObject => ({
  apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
  kind: kind.kind,
  metadata: { ...meta(name), ...(labels === undefined ? {} : { labels }) },
  spec,
})

const made = (kind: Kind, name: string, spec: Json) => (world: World) => {
  world.user.create(object(kind, name, spec))
}
const deleted = (kind: Kind, name: string) => (world: World) => {
  world.user.delete(kind, 'shop', name)
}
const changed = (kind: Kind, name: string, spec: Json) => (world: World) => {
  world.user.merge(kind, 'shop', name, { spec })
}
const deployed =
  (...more: ((world: World) => void)[]) =>
  (world: World): void => {
    world.deploy()
    for (const one of more) one(world)
  }

const container = (more: Json = {}): Json => ({
  name: 'web',
  image: 'demo/web:1.0.0',
  ports: [{ name: 'http', containerPort: 8080 }],
  ...more,
})
const ofTarget = (spec: Json): ((world: World) => void) => changed(kinds.Deployment, 'web', spec)
const ofTemplate = (template: Json): ((world: World) => void) => ofTarget({ template })
const ofCanary = (spec: Json): ((world: World) => void) => changed(kinds.Canary, 'web', spec)

/** The Canary of another. */
const rival = (name: string, target: string, service?: string) =>
  made(kinds.Canary, name, {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    service: { port: 80, ...(service === undefined ? {} : { name: service }) },
    analysis: {},
  })

const to = (host: string, more: Json = {}): Json => ({ destination: { host, ...more } })
const routes = (...http: Json[]): Json => ({ hosts: ['web'], http })
const userRoutes = made(kinds.VirtualService, 'storefront', routes({ name: 'all', route: [to('web')] }))
const byUserRoutes = { service: { port: 80, targetPort: 8080, virtualServices: [{ name: 'storefront' }] } }
const httpOf = (...http: Json[]): ((world: World) => void) => changed(kinds.VirtualService, 'storefront', { http })
const wellRouted = httpOf({ name: 'all', route: [to('web')] })

const twoSubsets = [
  { name: 'v1', labels: { version: 'v1' } },
  { name: 'v2', labels: { version: 'v2' } },
]
const rule = made(kinds.DestinationRule, 'sides', { host: 'web', subsets: twoSubsets })
const bySubsets = {
  service: {
    port: 80,
    targetPort: 8080,
    destinationRule: { name: 'sides', primarySubset: 'v1', canarySubset: 'v2' },
  },
}
const deployedAsV2 = (world: World): void => {
  world.deploy('demo/web:1.0.0', { labels: { version: 'v2' } })
  rule(world)
}

const byTemplate = {
  analysis: {
    interval: '10s',
    threshold: 2,
    metrics: [{ name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { max: 1 } }],
  },
}
const templateOf = (provider: Json = {}, query = 'orders_failed'): ((world: World) => void) => {
  const make = made(kinds.MetricTemplate, 'orders', { provider: { type: 'prometheus', ...provider }, query })
  return world => {
    world.metrics.values.set('orders_failed', 0)
    make(world)
  }
}

/** What can stand in the way at any time. */
export const atAnyTime: readonly Row[] = [
  {
    name: 'a HorizontalPodAutoscaler on the target',
    spec: { primary: { labels: 'keep' } },
    goesWrong: made(kinds.HorizontalPodAutoscaler, 'web', {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 9,
    }),
    reason: 'AutoscalerOnTarget',
    sentence:
      'HorizontalPodAutoscaler shop/web is on Deployment web, which rests between runs, so production would run unscaled. Write web-primary as its spec.scaleTargetRef.name.',
    mended: changed(kinds.HorizontalPodAutoscaler, 'web', { scaleTargetRef: { name: 'web-primary' } }),
  },
  {
    name: 'a VerticalPodAutoscaler on the target',
    goesWrong: made(kinds.VerticalPodAutoscaler, 'web', {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    }),
    reason: 'AutoscalerOnTarget',
    sentence:
      'VerticalPodAutoscaler shop/web is on Deployment web, which rests between runs, so production would run unscaled. Write web-primary as its spec.targetRef.name.',
    mended: changed(kinds.VerticalPodAutoscaler, 'web', { targetRef: { name: 'web-primary' } }),
  },
  {
    name: 'a ScaledObject of KEDA on the target, which need not say its kind',
    goesWrong: made(kinds.ScaledObject, 'web', { scaleTargetRef: { name: 'web' } }),
    reason: 'AutoscalerOnTarget',
    sentence:
      'ScaledObject shop/web is on Deployment web, which rests between runs, so production would run unscaled. Write web-primary as its spec.scaleTargetRef.name.',
    mended: deleted(kinds.ScaledObject, 'web'),
  },
  {
    name: 'another VirtualService for the same host',
    goesWrong: made(kinds.VirtualService, 'other', { hosts: ['web.shop'], http: [{ route: [to('web')] }] }),
    reason: 'Conflict',
    sentence:
      'VirtualService shop/other has routes for web.shop at the same gateway, so callers could pass the split by. List it under service.virtualServices as {name: other}, or remove the host from it.',
    mended: changed(kinds.VirtualService, 'other', { hosts: ['other'] }),
  },
  {
    name: 'a DestinationRule for the host that would stop applying',
    goesWrong: made(kinds.DestinationRule, 'other', { host: 'web', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
    reason: 'Conflict',
    sentence:
      'DestinationRule shop/other is for the host web and would stop applying, because requests go to web-primary and web-canary. Move its trafficPolicy to service.trafficPolicy in the Canary and delete it.',
    mended: deleted(kinds.DestinationRule, 'other'),
  },
  {
    name: 'a Service that would lose its endpoints',
    spec: { primary: { labels: 'switch' } },
    goesWrong: made(kinds.Service, 'admin', { selector: { app: 'web' }, ports: [{ port: 9000 }] }),
    reason: 'Conflict',
    sentence:
      "Service shop/admin selects the pods of Deployment shop/web by app: web, which the primary's pods do not have, so it would have no endpoints between runs. Remove that from its selector, or create the Canary anew with primary.labels: keep.",
    mended: deleted(kinds.Service, 'admin'),
  },
  {
    name: 'a MetricTemplate whose server is not on the list',
    given: deployed(templateOf()),
    spec: byTemplate,
    goesWrong: changed(kinds.MetricTemplate, 'orders', { provider: { address: 'http://169.254.169.254' } }),
    reason: 'MetricsServerNotAllowed',
    sentence:
      "MetricTemplate shop/orders spec.provider.address is http://169.254.169.254, which is not on the controller's list of metrics servers. Write one of http://prometheus:9090, or have it added with --allowed-metrics-server.",
    mended: changed(kinds.MetricTemplate, 'orders', { provider: { address: null } }),
  },
  {
    name: 'a metrics server that is not on the list',
    wrong: { metricsServer: 'http://prometheus.shop:9090' },
    reason: 'MetricsServerNotAllowed',
    sentence:
      "spec.metricsServer is http://prometheus.shop:9090, which is not on the controller's list of metrics servers. Write one of http://prometheus:9090, or have it added with --allowed-metrics-server.",
    mended: ofCanary({ metricsServer: null }),
  },
  {
    name: 'a metrics server that is no URL',
    wrong: { metricsServer: 'prometheus:9090' },
    reason: 'Invalid',
    sentence:
      'Canary shop/web: spec.metricsServer: write the URL of a Prometheus, such as http://prometheus.istio-system:9090',
    mended: ofCanary({ metricsServer: null }),
  },
  {
    name: 'weights out of order',
    wrong: { analysis: { stepWeights: [10, 50, 25] } },
    reason: 'Invalid',
    sentence:
      'Canary shop/web: spec.analysis.stepWeights: each weight must be above the one before it, such as [10, 25, 50, 100]',
    mended: ofCanary({ analysis: { stepWeights: null } }),
  },
  {
    name: 'a duration like 1x',
    wrong: { analysis: { interval: '1x' } },
    reason: 'Invalid',
    sentence:
      'Canary shop/web: spec.analysis.interval: write a duration with its unit, such as 500ms, 30s, 1m30s or 2h',
    mended: ofCanary({ analysis: { interval: '10s' } }),
  },
  {
    name: 'several things that make no sense at once',
    wrong: { suspend: true, analysis: { iterations: 3 } },
    reason: 'Invalid',
    sentence:
      "Canary shop/web: spec.analysis.iterations: iterations (blue/green) are not available yet: write stepWeights instead; spec.suspend: suspend is Flagger's word: write spec.paused: true",
    mended: ofCanary({ suspend: null, analysis: { iterations: null } }),
  },
]

/**
 * What can go missing under a run as well. Before a run it is said like everything else; in mid-run the weight holds all the
 * same, but what is said is what is seen of it (no route, no share of the requests, no data).
 */
export const goneMissing: readonly Row[] = [
  {
    name: 'a DestinationRule that is named but absent',
    given: deployedAsV2,
    spec: bySubsets,
    goesWrong: deleted(kinds.DestinationRule, 'sides'),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.destinationRule names DestinationRule shop/sides, which does not exist. Create it, or remove service.destinationRule.',
    mended: rule,
  },
  {
    name: 'a DestinationRule for another host',
    given: deployedAsV2,
    spec: bySubsets,
    goesWrong: changed(kinds.DestinationRule, 'sides', { host: 'api' }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.destinationRule names DestinationRule shop/sides, which is for the host api, not for Service web. Write web as its spec.host, or name another rule.',
    mended: changed(kinds.DestinationRule, 'sides', { host: 'web' }),
  },
  {
    name: 'a VirtualService that is named but absent',
    given: deployed(userRoutes),
    spec: byUserRoutes,
    goesWrong: deleted(kinds.VirtualService, 'storefront'),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.virtualServices[0] names VirtualService shop/storefront, which does not exist. Create it or remove the entry.',
    mended: userRoutes,
  },
  {
    name: 'a VirtualService none of whose routes leads to the Service',
    given: deployed(userRoutes),
    spec: byUserRoutes,
    goesWrong: httpOf({ name: 'all', route: [to('legacy')] }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.virtualServices[0] names VirtualService shop/storefront, but none of its http routes leads to Service web. Add a destination with that host, or remove the entry.',
    mended: wellRouted,
  },
  {
    name: 'a route of a VirtualService that is named but absent',
    given: deployed(userRoutes),
    spec: {
      service: { ...byUserRoutes.service, virtualServices: [{ name: 'storefront', routes: [{ name: 'all' }] }] },
    },
    goesWrong: httpOf({ name: 'everything', route: [to('web')] }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.virtualServices[0] names the route all of VirtualService shop/storefront, which has no http route of that name; there are: everything. Write one of them, or name the route.',
    mended: wellRouted,
  },
  {
    name: 'a MetricTemplate that is named but absent',
    given: deployed(templateOf()),
    spec: byTemplate,
    goesWrong: deleted(kinds.MetricTemplate, 'orders'),
    reason: 'ReferenceMissing',
    sentence:
      'spec.analysis.metrics[0].templateRef names MetricTemplate shop/orders, which does not exist. Create it or remove the metric.',
    mended: templateOf(),
  },
]

/** What only can be wrong before there is a primary, or only of a Canary that is new. */
export const atTheStart: readonly Row[] = [
  {
    name: 'a MetricTemplate with a name that nobody knows',
    given: deployed(templateOf({}, 'orders_failed{app="{{ app }}"}')),
    spec: byTemplate,
    reason: 'ReferenceMissing',
    sentence:
      'spec.analysis.metrics[0] cannot ask the query of MetricTemplate shop/orders: {{ app }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
    mended: changed(kinds.MetricTemplate, 'orders', { query: 'orders_failed' }),
  },
  {
    name: 'a route of a VirtualService with a third destination',
    given: deployed(userRoutes),
    spec: byUserRoutes,
    goesWrong: httpOf({
      name: 'all',
      route: [
        { ...to('web'), weight: 90 },
        { ...to('legacy'), weight: 10 },
      ],
    }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.virtualServices[0] names VirtualService shop/storefront, whose http route all leads to web and legacy; there must be one destination for web and none for others. Put the others into a route of their own.',
    mended: wellRouted,
  },
  {
    name: 'a DestinationRule without one of the subsets',
    given: deployedAsV2,
    spec: bySubsets,
    goesWrong: changed(kinds.DestinationRule, 'sides', { subsets: twoSubsets.slice(0, 1) }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.destinationRule names DestinationRule shop/sides, which has no subset v2; there are: v1. Add it, or write one of them.',
    mended: changed(kinds.DestinationRule, 'sides', { subsets: twoSubsets }),
  },
  {
    name: 'a target that does not exist',
    given: () => {},
    reason: 'TargetMissing',
    sentence: 'spec.targetRef names Deployment shop/web, which does not exist. Create it, or delete the Canary.',
    mended: world => world.deploy(),
  },
  {
    name: 'a target without ports',
    goesWrong: ofTemplate({ spec: { containers: [container({ ports: undefined })] } }),
    reason: 'TargetInvalid',
    sentence:
      'No container of Deployment shop/web declares a port, so there is nothing to send requests to. Add `ports: [{containerPort: 80}]` with the port that it listens on.',
    mended: ofTemplate({ spec: { containers: [container()] } }),
  },
  {
    name: 'a target without the port that is named',
    spec: { service: { port: 80, targetPort: 'web' } },
    reason: 'TargetInvalid',
    sentence:
      'spec.service.targetPort is web, but no container of Deployment shop/web has a port of that name; there are http (8080). Write one of them, or name the port web.',
    mended: ofCanary({ service: { targetPort: 'http' } }),
  },
  {
    name: 'no known label to switch',
    given: world => {
      world.deploy()
      world.user.delete(kinds.Deployment, 'shop', 'web')
    },
    spec: { primary: { labels: 'switch' } },
    goesWrong: made(kinds.Deployment, 'web', {
      replicas: 2,
      selector: { matchLabels: { tier: 'front' } },
      template: { metadata: { labels: { tier: 'front', app: 'web' } }, spec: { containers: [container()] } },
    }),
    reason: 'NoSelectorLabel',
    sentence:
      'Deployment shop/web selects its pods by tier, and none of app, name and app.kubernetes.io/name is among them, so primary.labels: switch has no value to change. Create the Canary anew with primary.labels: keep, or start Sluice with --selector-labels.',
    mended: world => {
      world.user.delete(kinds.Canary, 'shop', 'web')
      world.clock.at(world.clock.now() + 1000, () => world.canary({ primary: { labels: 'keep' } }))
    },
  },
  {
    name: 'a template with our own label',
    goesWrong: ofTemplate({ metadata: { labels: { 'sluice.dev/role': 'primary' } } }),
    reason: 'TargetInvalid',
    sentence:
      "The template of Deployment shop/web has the label sluice.dev/role, by which Sluice tells the primary's pods. Remove it from the template.",
    mended: ofTemplate({ metadata: { labels: { 'sluice.dev/role': null } } }),
  },
  {
    name: 'a template outside the subset of the canary',
    given: deployed(rule),
    spec: bySubsets,
    reason: 'TargetInvalid',
    sentence:
      'The template of Deployment shop/web does not carry the labels of the subset v2 of DestinationRule sides (version: v2), so the mesh would not find its pods. Add them to spec.template.metadata.labels.',
    mended: ofTemplate({ metadata: { labels: { version: 'v2' } } }),
  },
  {
    name: 'an older Canary for the same target',
    goesWrong: rival('first', 'web', 'other'),
    reason: 'Conflict',
    sentence:
      'Canary shop/first releases Deployment web too and is older, so it is served and this Canary is not. Delete one of the two, or give this one another target and service.name.',
    mended: deleted(kinds.Canary, 'first'),
  },
  {
    name: 'an older Canary for the same host',
    goesWrong: rival('first', 'api', 'web'),
    reason: 'Conflict',
    sentence:
      'Canary shop/first releases Service web too and is older, so it is served and this Canary is not. Delete one of the two, or give this one another target and service.name.',
    mended: deleted(kinds.Canary, 'first'),
  },
  {
    name: 'a Deployment of the primary’s name that is not ours',
    goesWrong: made(kinds.Deployment, 'web-primary', {
      replicas: 1,
      selector: { matchLabels: { app: 'mine' } },
      template: { metadata: { labels: { app: 'mine' } }, spec: { containers: [container()] } },
    }),
    reason: 'Conflict',
    sentence:
      'Deployment shop/web-primary exists and was not made by this Canary, which needs that name. Rename or delete it; the primary is made anew from the target.',
    mended: deleted(kinds.Deployment, 'web-primary'),
  },
  {
    name: 'a Service of the canary’s name that is not ours',
    goesWrong: made(kinds.Service, 'web-canary', { selector: { app: 'mine' }, ports: [{ port: 80 }] }),
    reason: 'Conflict',
    sentence:
      'Service shop/web-canary exists and was not made by this Canary, which needs that name. Rename or delete it.',
    mended: deleted(kinds.Service, 'web-canary'),
  },
  {
    name: 'a VirtualService of the Service’s name that is not ours',
    goesWrong: made(kinds.VirtualService, 'web', routes({ route: [to('web')] })),
    reason: 'Conflict',
    sentence:
      'VirtualService shop/web exists and was not made by this Canary, which needs that name. List it under service.virtualServices as {name: web}, or delete it.',
    mended: deleted(kinds.VirtualService, 'web'),
  },
  {
    name: 'a DestinationRule of the primary’s name that is not ours',
    goesWrong: made(kinds.DestinationRule, 'web-primary', { host: 'web-primary' }),
    reason: 'Conflict',
    sentence:
      'DestinationRule shop/web-primary exists and was not made by this Canary, which needs that name. Rename or delete it.',
    mended: deleted(kinds.DestinationRule, 'web-primary'),
  },
]

/** Nothing to clone yet: waited for. */
export const atZero: Row = {
  name: 'a target at 0 replicas',
  given: world => world.deploy('demo/web:1.0.0', { replicas: 0 }),
  reason: 'TargetNotReady',
  sentence:
    'Deployment shop/web is scaled to 0, so nothing serves that could become the primary. Scale it to the replicas that production needs.',
  mended: ofTarget({ replicas: 2 }),
}

/** A target that does not get ready is waited for; once `progressDeadlineSeconds` are over, it is complained about. */
export const notReady: readonly Row[] = [
  {
    name: 'a target whose pods do not get ready',
    given: world => world.deploy('demo/web:1.0.0-never-ready'),
    reason: 'TargetNotReady',
    sentence:
      'Waiting for Deployment web to be ready before its primary is made: 0 of 2 pods are available; no progress within its progressDeadlineSeconds (600)',
    mended: ofTemplate({ spec: { containers: [container()] } }),
  },
  {
    name: 'a target whose image does not exist',
    given: world => world.deploy('elsewhere/web:1'),
    reason: 'TargetNotReady',
    sentence:
      'Waiting for Deployment web to be ready before its primary is made: 0 of 2 pods are available; no progress within its progressDeadlineSeconds (600)',
    mended: ofTemplate({ spec: { containers: [container()] } }),
  },
]
