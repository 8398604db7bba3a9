/** Rows for what is named in the API and cannot be used: one a field. */
import { bad, type Case, inline, metric } from './crd.given.ts'

export const notAvailable: readonly Case[] = [
  bad('canaryAnalysis', { canaryAnalysis: { interval: '1m' } }, 'write spec.analysis'),
  bad('ingressRef', { ingressRef: { name: 'web' } }, 'ingressRef belongs to providers other than istio'),
  bad('routeRef', { routeRef: { name: 'web' } }, 'routeRef belongs to providers other than istio'),
  bad('upstreamRef', { upstreamRef: { name: 'web' } }, 'upstreamRef belongs to providers other than istio'),
  bad('a DaemonSet', { targetRef: { kind: 'DaemonSet' } }, 'only Deployment is supported so far'),
  bad('a Service as target', { targetRef: { kind: 'Service' } }, 'only Deployment is supported so far'),
  bad('a Knative target', { targetRef: { apiVersion: 'serving.knative.dev/v1' } }, 'write apps/v1'),
  bad(
    'another provider of Flagger',
    { provider: 'linkerd' },
    'only the providers istio and kubernetes are supported so far',
  ),
  bad('the Gateway API', { provider: 'gatewayapi:v1' }, 'only the providers istio and kubernetes are supported so far'),
  bad(
    'alerts',
    { analysis: { alerts: [{ name: 'on-call', providerRef: { name: 'slack' } }] } },
    'alerts are not supported yet',
  ),
  bad('schedule', { analysis: { schedule: { timeZone: 'Europe/Berlin' } } }, 'schedule is not supported yet'),
  bad('analysis.mode', { analysis: { mode: 'statistical' } }, 'mode (statistical judgement) is not supported yet'),
  bad(
    'steps[].match',
    { analysis: { steps: [{ weight: 10, match: [{}] }] } },
    'match of one step is not supported yet',
    'spec.analysis.steps[0].match',
  ),
  bad(
    'compareTo',
    metric({ ...inline, compareTo: 'primary' }),
    'compareTo is not supported yet',
    'spec.analysis.metrics[0].compareTo',
  ),
  bad(
    'compareTo of a step',
    { analysis: { steps: [{ weight: 10, metrics: [{ ...inline, compareTo: 'primary' }] }] } },
    'compareTo is not supported yet',
    'spec.analysis.steps[0].metrics[0].compareTo',
  ),
  bad('TCP routes', { service: { appProtocol: 'TCP' } }, 'TCP routes are not supported yet'),
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
