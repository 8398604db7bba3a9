/** What stands in the way of a release at its workload, its Services and what others own. */
import { kinds } from '../../../src/api/object.ts'
import { canary, deployment, live, object, template, workload } from '../given-objects.ts'
import {
  around,
  routes,
  rule,
  scaler,
  service,
  switching,
  target,
  to,
  twoSubsets,
  usersRoutes,
  withPorts,
  withRoutes,
} from './given.ts'
import type { Blocking } from './given.ts'

export const workloads: Readonly<Record<string, Blocking>> = {
  'the target does not exist': {
    given: { target: null },
    reason: 'TargetMissing',
    message: 'spec.targetRef names Deployment shop/web, which does not exist. Create it, or delete the Canary.',
  },
  'the target is at 0 before there is a primary': {
    given: target({ replicas: 0 }),
    reason: 'TargetNotReady',
    message:
      'Deployment shop/web is scaled to 0, so nothing serves that could become the primary. Scale it to the replicas that production needs.',
  },
  'no container declares a port': {
    given: target({ template: template('web:1', { app: 'web' }, { containers: [{ name: 'web' }] }) }),
    reason: 'TargetInvalid',
    message:
      'No container of Deployment shop/web declares a port, so there is nothing to send requests to. Add `ports: [{containerPort: 80}]` with the port that it listens on.',
  },
  'the named port does not exist': {
    given: { canary: canary({}, { targetPort: 'web' }) },
    reason: 'TargetInvalid',
    message:
      'spec.service.targetPort is web, but no container of Deployment shop/web has a port of that name; there are http (8080). Write one of them, or name the port web.',
  },
  'a number that no container declares, while another declares others': {
    given: { canary: canary({}, { targetPort: 9999 }) },
    reason: 'TargetInvalid',
    message:
      'spec.service.targetPort is 9999, but no container of Deployment shop/web declares that port; there are http (8080). Write one of them, or declare the port 9999.',
  },
  'no targetPort, and the port itself is not declared': {
    given: { canary: canary({}, { targetPort: undefined }) },
    reason: 'TargetInvalid',
    message:
      'spec.service has no targetPort, so it is 80, but no container of Deployment shop/web declares that port; there are http (8080). Write one of them as spec.service.targetPort, or declare the port 80.',
  },
  'another port of the Service leads to a name that no container has': {
    given: withPorts({ name: 'http', port: 80, targetPort: 8080 }, { name: 'a', port: 81, targetPort: 'admin' }),
    reason: 'TargetInvalid',
    message:
      "Service shop/web leads from port 81 to admin, but no container of Deployment shop/web has a port of that name; there are http (8080). Name a container's port admin, or remove the port from the Service.",
  },
  'more ports than are carried': {
    given: withPorts(...Array.from({ length: 501 }, (_, i) => ({ name: `http-${i}`, port: 80 + i, targetPort: 8080 }))),
    reason: 'Invalid',
    message:
      'Service shop/web would have 501 ports on both sides; the limit is 500. Give the Canary a Service with fewer ports, or write portDiscovery: false.',
  },
  'more routes than a VirtualService can have': {
    given: {
      ...withPorts(...Array.from({ length: 51 }, (_, i) => ({ name: `http-${i}`, port: 80 + i, targetPort: 8080 }))),
      canary: canary({}, { match: Array.from({ length: 20 }, (_, i) => ({ uri: { prefix: `/${i}` } })) }),
    },
    reason: 'Invalid',
    message:
      'spec.service.match has 20 entries and Service shop/web 51 HTTP ports, which makes 1020 matches in the VirtualService; the limit is 1000. Give the Canary a Service with fewer ports, or shorten match.',
  },
  'a port that Istio reads as TCP': {
    given: withPorts({ name: 'tcp-web', port: 80, targetPort: 8080 }),
    reason: 'Conflict',
    message:
      'Port 80 of Service shop/web is named tcp-web, so Istio does not read it as HTTP, and its requests in the mesh cannot be split. Write spec.service.appProtocol: http in the Canary if HTTP is spoken there, or list only gateways in spec.service.gateways.',
  },
  'a port with a protocol of its own': {
    given: withPorts({ name: 'http', port: 80, targetPort: 8080, appProtocol: 'https' }),
    reason: 'Conflict',
    message:
      'Port 80 of Service shop/web has appProtocol https, so Istio does not read it as HTTP, and its requests in the mesh cannot be split. Write spec.service.appProtocol: http in the Canary if HTTP is spoken there, or list only gateways in spec.service.gateways.',
  },
  'a listed VirtualService leads to a port that the sides would not have': {
    given: withRoutes({ http: [{ name: 'admin', route: [to('web', { port: { number: 9090 } })] }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route admin leads to port 9090, which Service web-canary does not have; it has 80. Write one of them, or add the port to Service web.',
  },
  'a listed VirtualService at a gateway names no port, and discovery adds some': {
    given: {
      ...withRoutes({ gateways: ['public'], http: [{ route: [to('web')] }] }, { ...usersRoutes, portDiscovery: true }),
      ...target({
        template: template(
          'web:1',
          {},
          { containers: [{ ports: [{ containerPort: 8080 }, { containerPort: 9000 }] }] },
        ),
      }),
      live: live(
        [kinds.VirtualService, routes('routes', { gateways: ['public'], http: [{ route: [to('web')] }] })],
        [kinds.Service, service('web', { ports: [{ port: 80, targetPort: 8080 }] })],
      ),
    },
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route number 1 names no port, and Service web gets several (80 and 9000), of which a gateway would take its own. Write port: {number: 80} in its destination.',
  },
  'the target selects by expressions alone': {
    given: target({ selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }),
    reason: 'NoSelectorLabel',
    message:
      'Deployment shop/web selects its pods by matchExpressions alone, which a Service cannot, and its selector cannot be changed. Create a second Deployment with selector.matchLabels, and a Canary for that; delete this one once the other serves.',
  },
  'no known label to switch': {
    given: { ...switching, ...target({ selector: { matchLabels: { tier: 'front', zone: 'a' } } }) },
    reason: 'NoSelectorLabel',
    message:
      'Deployment shop/web selects its pods by tier and zone, and none of app, name and app.kubernetes.io/name is among them, so primary.labels: switch has no value to change. Recreate the Canary with primary.labels: keep, or start Sluice with --selector-labels.',
  },
  'a label that would become too long': {
    given: { ...switching, ...target({ selector: { matchLabels: { app: 'w'.repeat(60) } } }) },
    reason: 'NoSelectorLabel',
    message: `The label app of the primary would be ${'w'.repeat(60)}-primary, longer than the 63 characters of a label. Recreate the Canary with primary.labels: keep.`,
  },
  'labels that were chosen otherwise': {
    given: { canary: canary({ primary: { labels: 'switch' } }) },
    reason: 'Invalid',
    message:
      'spec.primary.labels is switch, but web-primary was made with keep, and its selector cannot be changed. Write keep, or recreate the Canary.',
  },
  'a target with our own label': {
    given: target({ template: template('web:1', { app: 'web', 'sluice.dev/role': 'primary' }) }),
    reason: 'TargetInvalid',
    message:
      "The template of Deployment shop/web has the label sluice.dev/role, by which Sluice tells the primary's pods. Remove it from the template.",
  },
  'a VPA on the target': {
    given: around({ autoscalers: [scaler(kinds.VerticalPodAutoscaler, 'web')] }),
    reason: 'AutoscalerOnTarget',
    message:
      'VerticalPodAutoscaler shop/web targets Deployment web, which is scaled to 0 between releases, so web-primary would not be autoscaled. Set spec.targetRef.name to web-primary.',
  },
  'an older Canary for the same target': {
    given: around({
      rivals: [
        object(
          kinds.Canary,
          'first',
          { spec: { targetRef: { name: 'web' } } },
          { creationTimestamp: '2025-12-31T00:00:00Z' },
        ),
      ],
    }),
    reason: 'Conflict',
    message:
      'Canary shop/first also targets Deployment web and takes precedence (it is older), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
  },
  'a Canary of the same age, first by name, for the same Service': {
    given: around({
      rivals: [
        object(
          kinds.Canary,
          'api',
          { spec: { targetRef: { name: 'api' } } },
          { creationTimestamp: '2026-01-01T00:00:00Z' },
        ),
      ],
    }),
    reason: 'Conflict',
    message:
      'Canary shop/api also uses Service web and takes precedence (same age, first by name), so this Canary is ignored. Delete this one, or recreate it with another target and service.name.',
  },
  'a primary that is not ours': {
    given: { live: live([kinds.Deployment, deployment('web-primary')]) },
    reason: 'Conflict',
    message:
      'Deployment shop/web-primary exists and was not made by this Canary, which needs that name. Make sure that nothing needs it, then rename or delete it; Sluice creates the primary from the target.',
  },
  'a Service of a side that is not ours': {
    given: { live: live([kinds.Service, service('web-canary')]) },
    reason: 'Conflict',
    message:
      'Service shop/web-canary exists and was not made by this Canary, which needs that name. Recreate the Canary with another service.name; or make sure that nothing calls it, then rename or delete it.',
  },
  'a VirtualService of our name that is not ours': {
    given: { live: live([kinds.VirtualService, routes('web', { hosts: ['web'], http: [{ route: [to('web')] }] })]) },
    reason: 'Conflict',
    message:
      'VirtualService shop/web exists and was not made by this Canary, which needs that name. It leads to Service web. Recreate the Canary with service.virtualServices: [{name: web}].',
  },
  'a VirtualService of our name that leads elsewhere': {
    given: { live: live([kinds.VirtualService, routes('web', { hosts: ['old'], http: [{ route: [to('old')] }] })]) },
    reason: 'Conflict',
    message:
      'VirtualService shop/web exists and was not made by this Canary, which needs that name. Create it under another name, then delete this one; or recreate the Canary with another service.name.',
  },
  'a primary that is not ours, and serves': {
    given: {
      live: live(
        [kinds.Deployment, deployment('web-primary', { template: template('web:1', { app: 'mine' }) })],
        [kinds.Service, service('web', { selector: { app: 'mine' } })],
      ),
    },
    reason: 'Conflict',
    message:
      'Deployment shop/web-primary exists and was not made by this Canary, which needs that name. It serves: Service shop/web selects its pods. Let that Service select ready pods of Deployment web, then rename or delete it; Sluice creates the primary from the target.',
  },
  'a Service of a side that is not ours, and routes lead to it': {
    given: {
      live: live([kinds.Service, service('web-primary')]),
      ...around({
        routes: [routes('edge', { hosts: ['x.example.com'], http: [{ route: [to('web-primary')] }] })],
      }),
    },
    reason: 'Conflict',
    message:
      'Service shop/web-primary exists and was not made by this Canary, which needs that name. It serves: VirtualService shop/edge leads to it. Recreate the Canary with another service.name; or let the routes lead elsewhere, then rename or delete it.',
  },
  'a primary of Flagger that serves': {
    given: {
      live: live(
        [
          kinds.Deployment,
          deployment(
            'web-primary',
            { template: template('web:1', { app: 'web-primary' }) },
            { managedFields: [{ manager: 'flagger', operation: 'Update' }] },
          ),
        ],
        [kinds.Service, service('web', { selector: { app: 'web-primary' } })],
      ),
    },
    reason: 'Conflict',
    message:
      'Deployment shop/web-primary was made by Flagger, and this Canary needs that name. It serves: Service shop/web selects its pods, so it is not to be deleted yet. Hand the workload back to Deployment web first, step by step as docs/migrating-from-flagger.md says.',
  },
  'a Service that Flagger made for its Canary': {
    given: {
      live: live([
        kinds.Service,
        {
          ...service('web-canary'),
          metadata: {
            ...service('web-canary').metadata,
            ownerReferences: [{ apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web', uid: '1' }],
          },
        },
      ]),
    },
    reason: 'Conflict',
    message:
      'Service shop/web-canary was made by Flagger, and this Canary needs that name. Hand the workload back to Deployment web first, step by step as docs/migrating-from-flagger.md says.',
  },
  'the target is gone while its primary serves': {
    given: {
      target: null,
      primary: workload(deployment('web-primary', {}, { labels: { 'sluice.dev/canary': 'web' } })),
    },
    reason: 'TargetMissing',
    message:
      'spec.targetRef names Deployment shop/web, which does not exist. Create it again; Deployment web-primary serves meanwhile, and would be deleted with the Canary.',
  },
  'a DestinationRule of our name that is not ours': {
    given: {
      canary: canary({}, { trafficPolicy: { tls: { mode: 'DISABLE' } } }),
      live: live([kinds.DestinationRule, object(kinds.DestinationRule, 'web-primary')]),
    },
    reason: 'Conflict',
    message:
      'DestinationRule shop/web-primary exists and was not made by this Canary, which needs that name. Create it under another name, then delete this one.',
  },
  'a Service that is only a name elsewhere': {
    given: { live: live([kinds.Service, service('web', { type: 'ExternalName', externalName: 'shop.example.com' })]) },
    reason: 'Conflict',
    message:
      'Service shop/web is of type ExternalName and leads to shop.example.com, so it cannot lead to pods of the primary. Recreate the Canary with another service.name; or, once nothing needs what it leads to, make it a ClusterIP Service.',
  },
  'a DestinationRule that would stop applying': {
    given: around({ trafficPolicies: [rule({ host: 'web', trafficPolicy: {} })] }),
    reason: 'Conflict',
    message:
      'DestinationRule shop/rules is for the host web and would stop applying, because requests go to web-primary and web-canary. To keep its policy, copy its trafficPolicy to service.trafficPolicy in the Canary; the rule itself may stay.',
  },
  'a DestinationRule with subsets that would stop applying': {
    given: around({ trafficPolicies: [rule(twoSubsets)] }),
    reason: 'Conflict',
    message:
      'DestinationRule shop/rules is for the host web and would stop applying, because requests go to web-primary and web-canary. Split by its subsets with service.destinationRule; or copy its trafficPolicy to service.trafficPolicy in the Canary; the rule itself may stay.',
  },
  'a Service that would lose its endpoints': {
    given: { ...switching, ...around({ services: [service('metrics', { selector: { app: 'web' } })] }) },
    reason: 'Conflict',
    message:
      "Service shop/metrics selects the pods of Deployment shop/web by app: web, which the primary's pods do not have, so it would have no endpoints between runs. Recreate the Canary with primary.labels: keep, or let the Service select by labels that the pods of both have.",
  },
}
