/** Pods in ambient, and the Service of their callers with what istiod says of its waypoint. */
import { type Kind, type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation, PodSample } from '../../../src/core/model/observation.ts'
import { canary, live, object } from '../given-objects.ts'
import type { Spec } from './given.ts'

type Labels = Readonly<Record<string, string>>

export const ambient: Labels = { 'istio.io/dataplane-mode': 'ambient' }

/** A pod that Istio's CNI has taken into ambient. */
export const pod: PodSample = {
  name: 'web-abc-1',
  labels: { app: 'web' },
  annotations: { 'ambient.istio.io/redirection': 'enabled' },
  containers: ['web'],
  namespaceLabels: {},
}

/** A condition of a Service as istiod writes it; the reason is '' where it is bound. */
export const bound = (reason = ''): object => ({
  conditions: [
    reason === ''
      ? { type: 'istio.io/WaypointBound', status: 'True', reason: 'WaypointAccepted', message: 'Successfully attached' }
      : { type: 'istio.io/WaypointBound', status: 'False', reason, message: 'no such waypoint.' },
  ],
})

/** The Service `web`, or one of its sides. */
export const service = (labels: Labels = {}, status: object = {}, name = 'web', spec: Spec = {}): KubeObject =>
  object(
    kinds.Service,
    name,
    { spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec }, status },
    { labels, creationTimestamp: '2026-01-01T00:00:00Z' },
  )

/** A Canary that splits by HTTPRoute; its pods are in ambient. */
export const inAmbient = (
  services: readonly KubeObject[],
  { said = {}, spec = {}, sample = pod }: { said?: Spec; spec?: Spec; sample?: PodSample } = {},
): Partial<Observation> => ({
  canary: canary({ provider: 'gatewayapi:v1', ...spec }, said),
  samples: { primary: null, canary: sample, namespaceLabels: null },
  live: live(...services.map((one): [Kind, KubeObject] => [kinds.Service, one])),
})
