/** Rows for what is named in the API and cannot be used: one a field. */
import { bad, type Case, inline, metric } from './given.ts'

export const notAvailable: readonly Case[] = [
  bad('canaryAnalysis', { canaryAnalysis: { interval: '1m' } }, 'write spec.analysis'),
  bad('routeRef', { routeRef: { name: 'web' } }, 'routeRef belongs to providers other than istio'),
  bad('upstreamRef', { upstreamRef: { name: 'web' } }, 'upstreamRef belongs to providers other than istio'),
  bad('a DaemonSet', { targetRef: { kind: 'DaemonSet' } }, 'only Deployment is supported so far'),
  bad('a Service as target', { targetRef: { kind: 'Service' } }, 'only Deployment is supported so far'),
  bad('a Knative target', { targetRef: { apiVersion: 'serving.knative.dev/v1' } }, 'write apps/v1'),
  bad(
    'another provider of Flagger',
    { provider: 'linkerd' },
    'only the providers istio, gatewayapi:v1, gatewayapi:v1beta1, kubernetes and nginx are supported so far',
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
  bad('meshName', { service: { meshName: 'global' } }, 'meshName belongs to App Mesh'),
  bad('backends', { service: { backends: ['a.b'] } }, 'backends belong to App Mesh'),
]
