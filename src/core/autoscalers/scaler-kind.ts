/** What is particular to one kind of autoscaler. Pure; one file each beside this one, and a row in `index.ts`. */
import type { CanarySpec } from '../../api/canary.ts'
import type { Kind, KubeObject, Ref } from '../../api/object.ts'
import type { Json } from '../json.ts'

/** Limits of an autoscaler, in pods. */
export interface Limits {
  /** As it is written or defaulted; 0 where the target may be scaled to nothing. */
  readonly min: number
  readonly max: number
}

export type AutoscalerRef = NonNullable<CanarySpec['autoscalerRef']>

/** What the copy for the primary is made of. */
export interface Copying {
  readonly reference: AutoscalerRef
  readonly target: Ref
  readonly primary: Ref
  /** Already between 1 and its most. */
  readonly limits: Limits
}

export interface ScalerKind {
  readonly kind: Kind
  /** What first served it in this version. */
  readonly since: string
  /** How to get it where it is not served. */
  readonly install: string
  /** Two of it whose selectors overlap can be kept from acting at the same time: the one of the target is paused. */
  readonly pausable: boolean
  limits(scaler: KubeObject): Limits
  /** Whether it scales its target to 0 where its metrics show no load, and so a target whose load they do not show yet. */
  stopsIdle(scaler: KubeObject): boolean
  /** `spec` of the copy for the primary. */
  copyOf(scaler: KubeObject, copying: Copying): Json
  /** Labels and annotations of the user's that the copy must not have. */
  readonly ownMetadata: ReadonlySet<string>
  /** Why it cannot be used, as the end of a sentence that begins with its name; null when it can. */
  refusal(scaler: KubeObject, reference: AutoscalerRef): string | null
  /** Metrics of it that are the target's alone, and would scale the primary by the load of the canary: as listed in a warning. */
  metricsOfTarget(scaler: KubeObject, reference: AutoscalerRef, target: Ref): readonly string[]
}
