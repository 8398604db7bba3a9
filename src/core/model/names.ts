/** What the objects of a canary are called, and the labels and annotations that we put on them. */
import { kinds, type Ref } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'

/** On everything that we make: the canary it belongs to. */
export const CANARY_LABEL = 'sluice.dev/canary'
/** On the primary's pods in `keep`: what tells them from the target's. */
export const ROLE_LABEL = 'sluice.dev/role'
export const PRIMARY_ROLE = 'primary'
/** On the primary workload and on ControllerRevisions: the revision they hold. */
export const REVISION_ANNOTATION = 'sluice.dev/revision'
/** Hash of what was rendered last, so that unchanged writes are skipped whatever the server defaults. */
export const RENDERED_ANNOTATION = 'sluice.dev/rendered'
/** On an adopted object: what it was before the first write, as JSON. */
export const ORIGINAL_ANNOTATION = 'sluice.dev/original'
/** On the primary: the replicas that Sluice asked for last. */
export const REPLICAS_ANNOTATION = 'sluice.dev/replicas'
/** On the Services whose EndpointSlices, which get the label too, are followed. */
export const ENDPOINTS_LABEL = 'sluice.dev/endpoints'
/** On the copy of a policy: namespace and name of the user's. */
export const COPY_ANNOTATION = 'sluice.dev/copy-of'
/** On the target while `spec.paused` is ours. */
export const LOCKED_ANNOTATION = 'sluice.dev/locked'
export const FINALIZER = 'sluice.dev/hand-back'
/** On an EndpointSlice: the Service whose endpoints it lists. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** Set by the Deployment controller on a ReplicaSet and its pods. */
export const POD_HASH_LABEL = 'pod-template-hash'

/** Every name that a canary gives. */
export interface Names {
  readonly namespace: string
  readonly canary: string
  readonly target: Ref
  readonly primary: Ref
  readonly apexService: Ref
  readonly primaryService: Ref
  readonly canaryService: Ref
  /** What spec.autoscalerRef names, and its copy for the primary; null where it is left out. */
  readonly scaler: Ref | null
  readonly primaryScaler: Ref | null
}

/** An object as sentences name it: `Deployment web`. */
export const kindAndName = ({ kind, name }: Ref): string => `${kind.kind} ${name}`

export function namesOf(canary: Canary): Names {
  const namespace = canary.metadata.namespace ?? ''
  const target = canary.spec.targetRef.name
  const workload = kinds[canary.spec.targetRef.kind]
  const apex = canary.spec.service.name ?? target
  const reference = canary.spec.autoscalerRef
  const ref = (kind: Ref['kind'], name: string): Ref => ({ kind, namespace, name })
  return {
    namespace,
    canary: canary.metadata.name,
    target: ref(workload, target),
    primary: ref(workload, `${target}-primary`),
    apexService: ref(kinds.Service, apex),
    primaryService: ref(kinds.Service, `${apex}-primary`),
    canaryService: ref(kinds.Service, `${apex}-canary`),
    scaler: reference === undefined ? null : ref(kinds[reference.kind], reference.name),
    primaryScaler: reference === undefined ? null : ref(kinds[reference.kind], `${reference.name}-primary`),
  }
}
