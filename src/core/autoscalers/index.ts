/** The kinds of autoscaler that a Canary may name. To add one: its file here, a row, and its name in `api/autoscaler.ts`. */
import type { ScalerKindName } from '../../api/autoscaler.ts'
import { refKey, type KubeObject, type Ref } from '../../api/object.ts'
import { CANARY_LABEL } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { scales } from '../render/labels.ts'
import { horizontal } from './horizontal.ts'
import { isPausedByUs } from './pause.ts'
import { scaledObject } from './scaled-object.ts'
import type { AutoscalerRef, Limits, ScalerKind } from './scaler-kind.ts'

const scalers: Readonly<Record<ScalerKindName, ScalerKind>> = {
  HorizontalPodAutoscaler: horizontal,
  ScaledObject: scaledObject,
}

export const scalerKinds: readonly ScalerKind[] = Object.values(scalers)

/** The autoscaler that the Canary names, and its copy for the primary. */
export interface Scaler {
  readonly kind: ScalerKind
  readonly reference: AutoscalerRef
  readonly ref: Ref
  readonly primaryRef: Ref
  /** The user's own; undefined where there is none. */
  readonly object: KubeObject | undefined
}

/** null where the Canary names none. */
export function scalerOf(o: Pick<Observation, 'canary' | 'names' | 'live'>): Scaler | null {
  const reference = o.canary.spec.autoscalerRef
  const { scaler: ref, primaryScaler: primaryRef } = o.names
  if (reference === undefined || ref === null || primaryRef === null) return null
  return { kind: scalers[reference.kind], reference, ref, primaryRef, object: o.live[refKey(ref)] }
}

/** Limits of the copy: what the Canary says, else those of the user's own. The primary serves, so never fewer than one pod. */
export function limitsOfPrimary({ kind, reference }: Scaler, object: KubeObject): Limits {
  const { min, max } = kind.limits(object)
  const { minReplicas = Math.max(1, min), maxReplicas = max } = reference.primaryScalerReplicas ?? {}
  return { min: minReplicas, max: maxReplicas }
}

/** KEDA makes an HPA for each ScaledObject, with its labels: what scales is the ScaledObject. */
export const isMadeByAnother = ({ metadata }: KubeObject): boolean =>
  (metadata.ownerReferences ?? []).some(owner => owner.kind === 'ScaledObject')

/** What scales a workload on its own: HPAs and ScaledObjects; a VPA resizes pods and leaves their number alone. */
export const scalersOn = (o: Pick<Observation, 'surroundings'>, workload: Ref): readonly KubeObject[] =>
  o.surroundings.autoscalers.filter(
    one => one.kind !== 'VerticalPodAutoscaler' && !isMadeByAnother(one) && scales(one, workload),
  )

/** The one that spec.autoscalerRef names. */
export const isNamed = ({ names: { scaler } }: Pick<Observation, 'names'>, object: KubeObject): boolean =>
  scaler !== null && scaler.kind.kind === object.kind && scaler.name === object.metadata.name

/** An autoscaler as it is found and written. */
export type Pausable = Pick<Scaler, 'kind' | 'ref'> & { readonly object: KubeObject }

/**
 * The autoscaler of the target that is kept from acting: the one that the Canary names, whether it can be copied or not. While that
 * is missing or scales something else, the one that was paused before stays so: at rest it would start pods. null: there is none.
 */
export function pausableOf(o: Pick<Observation, 'canary' | 'names' | 'live' | 'surroundings'>): Pausable | null {
  const scaler = scalerOf(o)
  if (scaler === null) return null
  const { kind, ref, object } = scaler
  if (object !== undefined && scales(object, o.names.target)) return kind.pausable ? { kind, ref, object } : null
  const before = scalersOn(o, o.names.target).find(one => kindOf(one)?.pausable === true && isPausedByUs(one))
  return before === undefined ? null : found(o, before)
}

/** An autoscaler that was found, not named; null where it is of another kind. */
export function found({ names }: Pick<Observation, 'names'>, object: KubeObject): Pausable | null {
  const kind = kindOf(object)
  if (kind === undefined) return null
  return { kind, ref: { kind: kind.kind, namespace: names.namespace, name: object.metadata.name }, object }
}

const kindOf = (object: KubeObject): ScalerKind | undefined => scalerKinds.find(({ kind }) => kind.kind === object.kind)

/** A copy that we made, for the present autoscalerRef or an earlier one. */
export const isCopy = (o: Pick<Observation, 'names'>, object: KubeObject): boolean =>
  object.metadata.labels?.[CANARY_LABEL] === o.names.canary &&
  scalerKinds.some(({ kind }) => kind.kind === object.kind) &&
  !isMadeByAnother(object)
