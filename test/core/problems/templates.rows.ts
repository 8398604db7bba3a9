/** What stands in the way of a release in its MetricTemplates and metrics servers. */
import { canary, observation } from '../given-objects.ts'
import { byTemplate, metricTemplate } from './given.ts'
import type { Blocking } from './given.ts'

export const ofMetrics: Readonly<Record<string, Blocking>> = {
  'a MetricTemplate that does not exist': {
    given: { canary: byTemplate },
    reason: 'ReferenceMissing',
    message:
      'spec.analysis.metrics[0].templateRef names MetricTemplate shop/orders, which does not exist. Create it or remove the metric.',
  },
  'a MetricTemplate with a name that nobody knows': {
    given: { canary: byTemplate, templates: { orders: metricTemplate(undefined, 'orders{app="{{ app }}"}') } },
    reason: 'ReferenceMissing',
    message:
      'spec.analysis.metrics[0] cannot ask the query of MetricTemplate shop/orders: {{ app }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
  },
  'a query with braces that are left open': {
    given: {
      canary: canary({
        analysis: { metrics: [{ name: 'orders', query: 'orders{app="{{ target"}', thresholdRange: { min: 1 } }] },
      }),
    },
    reason: 'Invalid',
    message: 'spec.analysis.metrics[0].query cannot be asked: The query has {{ without }}; close it or remove it.',
  },
  'a metrics server that is not on the list': {
    given: { canary: canary({ metricsServer: 'http://mine:9090/' }) },
    reason: 'MetricsServerNotAllowed',
    message:
      "spec.metricsServer is http://mine:9090, which is not on the controller's list of metrics servers. Write one of http://prometheus.istio-system:9090, or have it added with --allowed-metrics-server.",
  },
  'a metrics server that is not on a list with a password, which stays secret': {
    given: {
      canary: canary({ metricsServer: 'http://mine:9090' }),
      settings: { ...observation().settings, metricsServers: ['http://reader:secret@prometheus:9090/'] },
    },
    reason: 'MetricsServerNotAllowed',
    message:
      "spec.metricsServer is http://mine:9090, which is not on the controller's list of metrics servers. Write one of http://prometheus:9090, or have it added with --allowed-metrics-server.",
  },
  'a webhook that leads where the flags allow none, whose path stays secret': {
    given: {
      canary: canary({
        analysis: { webhooks: ['free', 'gate'].map(name => ({ name, url: `http://${name}.test/token` })) },
      }),
      settings: {
        ...observation().settings,
        webhookRefusal: url => (url.includes('gate') ? 'gate.test is denied' : null),
      },
    },
    reason: 'WebhookNotAllowed',
    message:
      'spec.analysis.webhooks[1].url of webhook gate is never called: gate.test is denied. Write the URL of another host, or have this one allowed with --webhook-allow and --webhook-deny of the controller.',
  },
  'a metrics server of a template that is no URL': {
    given: { canary: byTemplate, templates: { orders: metricTemplate('prometheus') } },
    reason: 'MetricsServerNotAllowed',
    message:
      'MetricTemplate shop/orders spec.provider.address is prometheus, which is no URL. Write one such as http://prometheus.monitoring:9090.',
  },
}
