/**
 * HorizontalPodAutoscaler, autoscaling/v2. On a target at 0 replicas it rests by itself (`ScalingDisabled`), so the user's own is
 * never written. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
 */
import { apiVersionOf, kinds, type KubeObject } from '../../api/object.ts'
import { at, numberOf, recordOf, recordsOf, textOf } from '../json.ts'
import { mentions } from './mentions.ts'
import type { Limits, ScalerKind } from './scaler-kind.ts'

const limits = ({ spec }: KubeObject): Limits => ({
  min: numberOf(at(spec, 'minReplicas'), 1),
  max: numberOf(at(spec, 'maxReplicas'), 1),
})

export const horizontal: ScalerKind = {
  kind: kinds.HorizontalPodAutoscaler,
  since: 'Kubernetes 1.23 or newer',
  install: 'Use an API server that serves autoscaling/v2',
  pausable: false,
  limits,
  stopsIdle: () => false,
  ownMetadata: new Set(),
  copyOf(scaler, { primary, limits: { min, max } }) {
    return {
      ...recordOf(scaler.spec),
      scaleTargetRef: { apiVersion: apiVersionOf(primary.kind), kind: primary.kind.kind, name: primary.name },
      minReplicas: min,
      maxReplicas: max,
    }
  },
  // With HPAScaleToZero it would wake the target at rest by its metric, where it put it to 0 itself before.
  refusal: scaler =>
    limits(scaler).min > 0
      ? null
      : 'has minReplicas: 0 and could start pods of the target between releases. Set spec.minReplicas to 1 or more',
  metricsOfTarget: (scaler, _, target) =>
    recordsOf(at(scaler.spec, 'metrics')).flatMap(metric => {
      const source =
        metric['type'] === 'Object' ? metric['object'] : metric['type'] === 'External' ? metric['external'] : null
      if (source === null || source === undefined || !mentions(JSON.stringify(source), target.name)) return []
      return [`${textOf(metric['type'])} metric ${textOf(at(source, 'metric', 'name'))}`]
    }),
}
