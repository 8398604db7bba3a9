/** What stands in the way of a release of pods in ambient, and beside it. */
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, deployment, template, workload } from '../given-objects.ts'
import { ambient, bound, inAmbient, pod, service } from './ambient.given.ts'
import { type Blocking, conflict, invalid, type Spec, subsets, withRule } from './given.ts'

const missing = (given: Partial<Observation>, message: string): Blocking => ({
  given,
  reason: 'WaypointMissing',
  message,
})
const metrics = (...names: readonly string[]): Spec => ({
  analysis: { stepWeights: [50], metrics: names.map(name => ({ name })) },
})
const labelled = { 'istio.io/use-waypoint': 'waypoint' }
const gateway = { gatewayRefs: [{ name: 'public', namespace: 'infra' }] }

/** Nothing of the pods is known yet but what their template and their namespace say. */
const before = (
  namespaceLabels: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
  given: Partial<Observation> = inAmbient([]),
): Partial<Observation> => ({
  ...given,
  target: workload(deployment('web', { template: template('web:1', { app: 'web', ...labels }) })),
  samples: { primary: null, canary: null, namespaceLabels },
})

/** Split by subsets at a Gateway, whose Service a waypoint has. */
const subsetsAtWaypoint: Partial<Observation> = {
  ...withRule(),
  canary: canary({}, { ...subsets, gateways: ['infra/public'], hosts: ['shop.example.com'] }),
  target: workload(deployment('web', { template: template('web:1', { app: 'web', version: 'v2' }) })),
  live: { ...withRule().live, ...inAmbient([service(labelled, bound())]).live },
}

const NONE =
  'Write istio.io/use-waypoint with the name of a Gateway of class istio-waypoint in spec.service.apex.labels, or as a label of namespace shop.'
const WOULD = `Service shop/web would be bound to no waypoint, so no request in the mesh meets the split. ${NONE}`

export const ofAmbient: Readonly<Record<string, Blocking>> = {
  'a Service that nothing binds to a waypoint': missing(
    inAmbient([service()]),
    'Service shop/web is bound to no waypoint, so no request in the mesh meets the split. Write the label istio.io/use-waypoint with the name of a Gateway of class istio-waypoint on it, or on namespace shop.',
  ),
  'a Service that is bound to none by its own word': missing(
    inAmbient([service({ 'istio.io/use-waypoint': 'none' })], {
      sample: { ...pod, namespaceLabels: labelled },
    }),
    'Service shop/web is bound to no waypoint, by the label istio.io/use-waypoint: none of Service shop/web, so no request in the mesh meets the split. Write the name of a Gateway of class istio-waypoint in it.',
  ),
  'a label that istiod has no answer to': missing(
    inAmbient([service()], { sample: { ...pod, namespaceLabels: labelled } }),
    'Service shop/web has no condition istio.io/WaypointBound, although the label istio.io/use-waypoint of namespace shop names waypoint, so no request in the mesh meets the split. Create Gateway waypoint of class istio-waypoint, and see that istiod runs with ambient on.',
  ),
  'a waypoint that is not ready': missing(
    inAmbient([service(labelled, bound('WaypointIsNotReady'))]),
    'Service shop/web is not bound to its waypoint: istio.io/WaypointBound is False, WaypointIsNotReady (no such waypoint). Create the Gateway that the label names, or see why it has no address.',
  ),
  'a waypoint for workloads': missing(
    inAmbient([service(labelled, bound('UnsupportedTrafficType'))]),
    'Service shop/web is not bound to its waypoint: istio.io/WaypointBound is False, UnsupportedTrafficType (no such waypoint). Write the label istio.io/waypoint-for: service on the Gateway of the waypoint.',
  ),
  'a template that asks for ambient, before there is a Service': missing(before({}, ambient), WOULD),
  'a namespace in ambient, before there is a Service': missing(before(ambient, {}), WOULD),
  'a Service without an address': conflict(
    inAmbient([service(labelled, bound(), 'web', { clusterIP: 'None' })]),
    'Service shop/web is headless, and its pods are in ambient: no waypoint takes requests to a Service without a cluster IP, so none would meet the split. Recreate the Canary with a Service that has one.',
  ),
  'a Service that is between two waypoints': conflict(
    inAmbient([service({ ...labelled, 'istio.io/use-waypoint-canary': 'waypoint-2' }, bound())]),
    'Service shop/web has the label istio.io/use-waypoint-canary: waypoint-2, so some connections go to another waypoint: while one is replaced nothing of a release is judged. Remove the label once waypoint-2 takes all, and write waypoint-2 in istio.io/use-waypoint.',
  ),
  'a VirtualService in the mesh': conflict(
    { ...inAmbient([service(labelled, bound())]), canary: canary() },
    'The pods of Deployment shop/web are in ambient, where requests in the mesh are split at a waypoint, by an HTTPRoute: recreate the Canary with provider: gatewayapi:v1.',
  ),
  'a rate of mutual TLS at a waypoint': invalid(
    inAmbient([service(labelled, bound())], { spec: metrics('request-success-rate', 'mutual-tls-rate') }),
    'spec.analysis.metrics[1] is mutual-tls-rate, and the requests of this Canary are reported by a waypoint, which lets in nothing but mutual TLS and does not tell how the pods are reached. Remove the metric: the rate would be 100 % of every release.',
  ),
  'a rate of mutual TLS by the word of a gateway': invalid(
    inAmbient([service()], { said: gateway, spec: metrics('mutual-tls-rate') }),
    'spec.analysis.metrics[0] is mutual-tls-rate, and the requests of this Canary are reported by gateways and callers, which do not tell whether they used mutual TLS. Remove the metric: the rate would be without data.',
  ),
  'copies of requests behind a waypoint': invalid(
    inAmbient([service(labelled, bound())], { spec: { analysis: { iterations: 2, mirror: true } } }),
    'spec.analysis.mirror copies requests, and spec.analysis.metrics[0] counts those that the waypoint reports, which are none of the copies. Remove mirror, or measure with a query.',
  ),
  'subsets behind a waypoint': conflict(
    { ...subsetsAtWaypoint, samples: { primary: null, canary: pod, namespaceLabels: null } },
    'Service shop/web is bound to a waypoint, and spec.service.destinationRule splits it by subsets: the waypoint reports the Service and not the subset, so the telemetry tells no side from the other. Recreate the Canary with provider: gatewayapi:v1 and without destinationRule, or write the label istio.io/use-waypoint: none on the Service.',
  ),
}

export const harmlessInAmbient: Readonly<Record<string, Partial<Observation>>> = {
  'subsets of pods with sidecars, whose callers go past the waypoint': subsetsAtWaypoint,
  'a Service that is bound to a waypoint': inAmbient([service(labelled, bound())]),
  'a Service without a waypoint whose pods were injected in spite of the namespace': inAmbient([service()], {
    sample: { ...pod, annotations: { 'sidecar.istio.io/status': '{}' }, namespaceLabels: ambient },
  }),
  'pods that their own label keeps out of ambient': inAmbient([service()], {
    sample: { ...pod, annotations: {}, labels: { 'istio.io/dataplane-mode': 'none' }, namespaceLabels: ambient },
  }),
  'pods with the network of their host': {
    ...inAmbient([service()], { sample: { ...pod, annotations: {}, namespaceLabels: ambient } }),
    target: workload(deployment('web', { template: template('web:1', { app: 'web' }, { hostNetwork: true }) })),
  },
  'pods that will be injected': before({ ...ambient, 'istio-injection': 'enabled' }, {}),
  'a Service that will be made with the label': before(
    ambient,
    {},
    inAmbient([], { said: { apex: { labels: labelled } } }),
  ),
  'a Service that will be made in a namespace with the label': before({ ...ambient, ...labelled }, {}),
  'a Service that will get the label': inAmbient([service()], { said: { apex: { labels: labelled } } }),
  'copies behind a waypoint that a query measures': inAmbient([service(labelled, bound())], {
    spec: {
      analysis: { iterations: 2, mirror: true, metrics: [{ name: 'own', query: 'x', thresholdRange: { min: 1 } }] },
    },
  }),
  'no waypoint where the split is at a Gateway alone': inAmbient([service()], { said: gateway }),
  'a VirtualService at a gateway': {
    ...inAmbient([service()]),
    canary: canary({}, { gateways: ['infra/public'], hosts: ['shop.example.com'] }),
  },
}
