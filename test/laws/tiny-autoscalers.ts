/** The HPA controller and KEDA, as far as they write replicas: within the limits, and nothing in a pause. KEDA wakes what is at 0. */
import { type KubeObject, kinds } from '../../src/api/object.ts'
import { at, numberOf, recordOf } from '../../src/core/json.ts'
import type { Side } from './arbitraries.ts'
import { refTo, type TinyWorld } from './tiny-world.ts'

const annotation = (scaler: KubeObject, name: string): string | undefined =>
  scaler.metadata.annotations?.[`autoscaling.keda.sh/${name}`]

/** Whether KEDA does nothing with it, because of a pause. */
export const rests = (scaler: KubeObject): boolean =>
  annotation(scaler, 'paused-replicas') !== undefined || annotation(scaler, 'paused') === 'true'

/** The autoscaler of a side, whatever its kind. */
export const scalerOn = (world: TinyWorld, side: Side): KubeObject | undefined =>
  world.get(refTo(kinds.HorizontalPodAutoscaler, side)) ?? world.get(refTo(kinds.ScaledObject, side))

/** The autoscaler of a side finds that so many pods are needed. */
export function autoscale(world: TinyWorld, side: Side, needed: number): void {
  const scaler = scalerOn(world, side)
  const deployment = refTo(kinds.Deployment, side)
  const replicas = numberOf(at(world.get(deployment)?.['spec'], 'replicas'), 0)
  if (scaler === undefined || rests(scaler)) return
  if (replicas === 0 && (scaler.kind === 'HorizontalPodAutoscaler' || needed === 0)) return
  const { spec } = scaler
  const least = numberOf(at(spec, 'minReplicas'), numberOf(at(spec, 'minReplicaCount'), 0))
  const most = numberOf(at(spec, 'maxReplicas'), numberOf(at(spec, 'maxReplicaCount'), 100))
  const wanted = Math.max(least, Math.min(needed, most))
  const next = annotation(scaler, 'paused-scale-in') === 'true' ? Math.max(wanted, replicas) : wanted
  if (next === replicas) return
  const change = (object: KubeObject): KubeObject => ({
    ...object,
    spec: { ...recordOf(object['spec']), replicas: next },
  })
  world.edit(deployment, change, 'kube-controller-manager')
}
