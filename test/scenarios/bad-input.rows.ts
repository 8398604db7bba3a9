/**
 * Input that makes no sense in the cluster that it meets, one a row: what is there, what goes wrong, the whole sentence that
 * it ends in, and what mends it. `bad-input.test.ts` holds the controller to each row, before the first run and in mid-run;
 * what can only be wrong before the first run stands in `bad-input.start.rows.ts`.
 */
import { kinds } from '../../src/api/object.ts'
import {
  bySubsets,
  byTemplate,
  byUserRoutes,
  changed,
  deleted,
  deployed,
  deployedAsV2,
  httpOf,
  made,
  ofCanary,
  ofTemplate,
  rule,
  templateOf,
  to,
  userRoutes,
  wellRouted,
  type Row,
} from './bad-input.given.ts'

/** What can stand in the way at any time. */
export const atAnyTime: readonly Row[] = [
  {
    name: 'a limit in another unit, stored before admission refused it',
    wrong: { analysis: { metrics: [{ name: 'request-success-rate', thresholdRange: { min: 0.99 } }] } },
    reason: 'Invalid',
    sentence:
      'spec.analysis.metrics[0]: request-success-rate is a percentage, above 1 and up to 100: write 99 for 99 %',
    mended: ofCanary({ analysis: { metrics: [{ name: 'request-success-rate', thresholdRange: { min: 99 } }] } }),
  },
  {
    name: 'a HorizontalPodAutoscaler on the target',
    spec: { primary: { labels: 'keep' } },
    goesWrong: made(kinds.HorizontalPodAutoscaler, 'web', {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 9,
    }),
    reason: 'AutoscalerOverlap',
    sentence:
      'HorizontalPodAutoscaler shop/web targets Deployment web, whose selector also matches the pods of web-primary: two autoscalers whose selectors overlap both stop, and a single one is sized for the load of both. Recreate the Canary without primary.labels: keep, or set spec.scaleTargetRef.name to web-primary.',
    mended: changed(kinds.HorizontalPodAutoscaler, 'web', { scaleTargetRef: { name: 'web-primary' } }),
  },
  {
    name: 'a VerticalPodAutoscaler on the target',
    goesWrong: made(kinds.VerticalPodAutoscaler, 'web', {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    }),
    reason: 'AutoscalerOnTarget',
    sentence:
      'VerticalPodAutoscaler shop/web targets Deployment web, which is scaled to 0 between releases, so web-primary would not be autoscaled. Set spec.targetRef.name to web-primary.',
    mended: changed(kinds.VerticalPodAutoscaler, 'web', { targetRef: { name: 'web-primary' } }),
  },
  {
    name: 'a ScaledObject of KEDA on the target, which need not say its kind',
    goesWrong: made(kinds.ScaledObject, 'web', { scaleTargetRef: { name: 'web' } }),
    reason: 'AutoscalerOnTarget',
    sentence:
      'ScaledObject shop/web targets Deployment web, which is scaled to 0 between releases, so web-primary would not be autoscaled. Name it in spec.autoscalerRef (apiVersion keda.sh/v1alpha1, kind ScaledObject, name web), or set spec.scaleTargetRef.name to web-primary.',
    mended: deleted(kinds.ScaledObject, 'web'),
  },
  {
    name: 'another VirtualService for the same host',
    goesWrong: made(kinds.VirtualService, 'other', { hosts: ['web.shop'], http: [{ route: [to('web')] }] }),
    reason: 'Conflict',
    sentence:
      'VirtualService shop/other routes requests in the mesh to Service web directly and bypasses the traffic split. Recreate the Canary with service.virtualServices: [{name: other}], or lead the route to another Service.',
    mended: changed(kinds.VirtualService, 'other', { http: [{ route: [to('other')] }], hosts: ['other'] }),
  },
  {
    name: 'a DestinationRule for the host that would stop applying',
    goesWrong: made(kinds.DestinationRule, 'other', { host: 'web', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
    reason: 'Conflict',
    sentence:
      'DestinationRule shop/other is for the host web and would stop applying, because requests go to web-primary and web-canary. To keep its policy, copy its trafficPolicy to service.trafficPolicy in the Canary; the rule itself may stay.',
    mended: deleted(kinds.DestinationRule, 'other'),
  },
  {
    name: 'plaintext to servers that demand mutual TLS',
    // Pods as injection leaves them.
    given: deployed(
      ofTemplate({
        metadata: {
          labels: { 'security.istio.io/tlsMode': 'istio' },
          annotations: { 'sidecar.istio.io/status': '{}' },
        },
      }),
      made(kinds.PeerAuthentication, 'default', { mtls: { mode: 'STRICT' } }),
    ),
    goesWrong: made(kinds.DestinationRule, 'other', {
      host: '*.shop.svc.cluster.local',
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    }),
    reason: 'MutualTlsConflict',
    sentence:
      'DestinationRule shop/other makes callers send plaintext (tls.mode DISABLE) to Service web-canary, and port 8080 of Deployment shop/web is in mode STRICT, by PeerAuthentication shop/default: their requests would fail. Write mode: ISTIO_MUTUAL in tls of the DestinationRule, or remove it.',
    mended: deleted(kinds.DestinationRule, 'other'),
  },
  {
    name: 'a Service that would lose its endpoints',
    spec: { primary: { labels: 'switch' } },
    goesWrong: made(kinds.Service, 'admin', { selector: { app: 'web' }, ports: [{ port: 9000 }] }),
    reason: 'Conflict',
    sentence:
      "Service shop/admin selects the pods of Deployment shop/web by app: web, which the primary's pods do not have, so it would have no endpoints between runs. Recreate the Canary with primary.labels: keep, or let the Service select by labels that the pods of both have.",
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
    wrong: { provider: 'linkerd', analysis: { mode: 'statistical' } },
    reason: 'Invalid',
    sentence:
      'Canary shop/web: spec.provider: only the providers istio, gatewayapi:v1, gatewayapi:v1beta1, kubernetes and nginx are supported so far: write one of them; spec.analysis.mode: mode (statistical judgement) is not supported yet: remove it; gates are limits on values',
    mended: ofCanary({ provider: 'istio', analysis: { mode: null } }),
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
      'spec.service.destinationRule names DestinationRule shop/sides, which does not exist. Create it, or recreate the Canary without service.destinationRule.',
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
      'spec.service.virtualServices[0] names VirtualService shop/storefront, which does not exist. Create it, or recreate the Canary without the entry.',
    mended: userRoutes,
  },
  {
    name: 'a VirtualService none of whose routes leads to the Service',
    given: deployed(userRoutes),
    spec: byUserRoutes,
    goesWrong: httpOf({ name: 'all', route: [to('legacy')] }),
    reason: 'ReferenceMissing',
    sentence:
      'spec.service.virtualServices[0] names VirtualService shop/storefront, but none of its http routes leads to Service web. Add a destination with that host, or recreate the Canary without the entry.',
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
