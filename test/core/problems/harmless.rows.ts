/** What looks alike and is in nobody's way. */
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, deployment, live, object, observation, template, workload } from '../given-objects.ts'
import {
  around,
  byTemplate,
  metricTemplate,
  next,
  routes,
  rule,
  scaler,
  service,
  target,
  to,
  twoSubsets,
  withPorts,
  withRoutes,
  withRule,
} from './given.ts'

export const harmless: Readonly<Record<string, Partial<Observation>>> = {
  'nothing else in the cluster': {},
  'a metrics server that is on the list with a password': {
    canary: canary({ metricsServer: 'http://prometheus:9090' }),
    settings: { ...observation().settings, metricsServers: ['http://reader:secret@prometheus:9090/'] },
  },
  'a target at 0 beside its primary': { ...target({ replicas: 0 }), primary: workload(deployment('web-primary')) },
  'an autoscaler on the primary': around({ autoscalers: [scaler(kinds.HorizontalPodAutoscaler, 'web-primary')] }),
  'a younger Canary for the same target': around({
    rivals: [
      object(
        kinds.Canary,
        'api',
        { spec: { targetRef: { name: 'web' } } },
        { creationTimestamp: '2026-02-01T00:00:00Z' },
      ),
    ],
  }),
  'a Service that exists and is adopted': { live: live([kinds.Service, service('web', { selector: { app: 'web' } })]) },
  'another Service on the target, with labels kept': around({
    services: [service('metrics', { selector: { app: 'web' } })],
  }),
  'the VirtualService that is listed': {
    ...withRoutes({ hosts: ['web'], http: [{ route: [to('web')] }] }),
    ...around({ routes: [routes('routes', { hosts: ['web'] })] }),
  },
  'a DestinationRule for the Service beside a VirtualService of the user': {
    ...withRoutes({ hosts: ['web'], http: [{ route: [to('web')] }] }),
    ...around({ trafficPolicies: [rule({ host: 'web', trafficPolicy: {} })] }),
  },
  'a number that nobody declares, which the Service leads to today': {
    canary: canary({}, { targetPort: 9999 }),
    ...withPorts({ name: 'http', port: 80, targetPort: 9999 }),
  },
  'a number, where only the proxy declares a port': {
    canary: canary({}, { targetPort: 9999 }),
    ...target({
      template: template(
        'web:1',
        { app: 'web' },
        {
          containers: [{ name: 'web' }, { name: 'istio-proxy', ports: [{ containerPort: 15090 }] }],
        },
      ),
    }),
  },
  'a port of a native sidecar, by number and by name': {
    canary: canary({}, { targetPort: 'auth' }),
    ...target({
      template: template(
        'web:1',
        { app: 'web' },
        {
          initContainers: [
            { name: 'migrate', ports: [{ name: 'none', containerPort: 1 }] },
            { name: 'proxy', restartPolicy: 'Always', ports: [{ name: 'auth', containerPort: 4180 }] },
          ],
        },
      ),
    }),
  },
  'a port that no name and no protocol tells of': withPorts({ port: 80, targetPort: 8080 }),
  'a port of TCP by its name, which appProtocol overrides': {
    canary: canary({}, { appProtocol: 'http' }),
    ...withPorts({ name: 'tcp-web', port: 80, targetPort: 8080 }),
  },
  'a port of TCP that only a gateway leads to': {
    canary: canary({}, { gateways: ['public'] }),
    ...withPorts({ name: 'tcp-web', port: 80, targetPort: 8080 }),
  },
  "the proxy's own port on the Service": withPorts(
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'metrics', port: 15090, targetPort: 'http-envoy-prom' },
  ),
  'another port by a name that the primary still has': {
    ...withPorts({ name: 'http', port: 80, targetPort: 8080 }, { name: 'a', port: 81, targetPort: 'admin' }),
    primary: workload(
      deployment('web-primary', {
        template: template(
          'web:1',
          {},
          {
            containers: [{ ports: [{ containerPort: 8080 }, { name: 'admin', containerPort: 8081 }] }],
          },
        ),
      }),
    ),
  },
  'subsets that fit': { ...withRule(), ...target(next), ...around({ trafficPolicies: [rule(twoSubsets)] }) },
  'a metrics server of the list, with a slash more': {
    canary: canary({ metricsServer: 'http://prometheus.istio-system:9090/' }),
  },
  'a template that asks the common metrics server': { canary: byTemplate, templates: { orders: metricTemplate() } },
}
