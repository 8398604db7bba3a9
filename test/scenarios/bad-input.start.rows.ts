/** Rows of bad input that can only be wrong before there is a primary, or of a Canary that is new. */
import { kinds } from '../../src/api/object.ts'
import {
  bySubsets,
  byTemplate,
  byUserRoutes,
  changed,
  container,
  deleted,
  deployed,
  deployedAsV2,
  httpOf,
  made,
  ofCanary,
  ofTarget,
  ofTemplate,
  rival,
  routes,
  rule,
  templateOf,
  to,
  twoSubsets,
  userRoutes,
  wellRouted,
  type Row,
} from './bad-input.given.ts'

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
      'Deployment shop/web selects its pods by tier, and none of app, name and app.kubernetes.io/name is among them, so primary.labels: switch has no value to change. Recreate the Canary with primary.labels: keep, or start Sluice with --selector-labels.',
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
      'Canary shop/first also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
    mended: deleted(kinds.Canary, 'first'),
  },
  {
    name: 'an older Canary for the same host',
    goesWrong: rival('first', 'api', 'web'),
    reason: 'Conflict',
    sentence:
      'Canary shop/first also uses Service web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
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
      'Deployment shop/web-primary exists and was not made by this Canary, which needs that name. Make sure that nothing needs it, then rename or delete it; Sluice creates the primary from the target.',
    mended: deleted(kinds.Deployment, 'web-primary'),
  },
  {
    name: 'a Service of the canary’s name that is not ours',
    goesWrong: made(kinds.Service, 'web-canary', { selector: { app: 'mine' }, ports: [{ port: 80 }] }),
    reason: 'Conflict',
    sentence:
      'Service shop/web-canary exists and was not made by this Canary, which needs that name. Recreate the Canary with another service.name; or make sure that nothing calls it, then rename or delete it.',
    mended: deleted(kinds.Service, 'web-canary'),
  },
  {
    name: 'a VirtualService of the Service’s name that is not ours',
    goesWrong: made(kinds.VirtualService, 'web', routes({ route: [to('web')] })),
    reason: 'Conflict',
    sentence:
      'VirtualService shop/web exists and was not made by this Canary, which needs that name. It leads to Service web. Recreate the Canary with service.virtualServices: [{name: web}].',
    mended: deleted(kinds.VirtualService, 'web'),
  },
  {
    name: 'a DestinationRule of the primary’s name that is not ours',
    spec: { service: { port: 80, targetPort: 8080, trafficPolicy: { tls: { mode: 'DISABLE' } } } },
    goesWrong: made(kinds.DestinationRule, 'web-primary', { host: 'web-primary' }),
    reason: 'Conflict',
    sentence:
      'DestinationRule shop/web-primary exists and was not made by this Canary, which needs that name. Create it under another name, then delete this one.',
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
      'Waiting for Deployment web before its primary is created: 0 of 2 pods available; no progress within its progressDeadlineSeconds (600) (2 × NotReady: web:1.0.0-never-ready), for longer than spec.progressDeadlineSeconds (2m)',
    mended: ofTemplate({ spec: { containers: [container()] } }),
  },
  {
    name: 'a target whose image does not exist',
    given: world => world.deploy('elsewhere/web:1'),
    reason: 'TargetNotReady',
    sentence:
      'Waiting for Deployment web before its primary is created: 0 of 2 pods available; no progress within its progressDeadlineSeconds (600) (2 × ImagePullBackOff: web:1), for longer than spec.progressDeadlineSeconds (2m)',
    mended: ofTemplate({ spec: { containers: [container()] } }),
  },
]
