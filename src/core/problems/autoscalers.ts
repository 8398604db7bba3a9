/** Autoscalers: the one that the Canary names, and those that others have put on the target or the primary. */
import { isCopy, isNamed, limitsOfPrimary, scalerOf, scalersOn } from '../autoscalers/index.ts'
import { at, textOf } from '../json.ts'
import { kindAndName } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { scales, selectorsOverlap } from '../render/labels.ts'
import { liveOf } from '../render/ownership.ts'
import { workloadKindOf } from '../workloads/index.ts'
import { foreign } from './foreign.ts'
import { called, calledHere, type FindProblem, listedInWords, type Problem, problem } from './problem.ts'

/** Why the autoscaler that is named cannot be copied, or null. */
export function scalerRefusal(o: Pick<Observation, 'canary' | 'names' | 'live'>): Problem | null {
  const scaler = scalerOf(o)
  if (scaler?.object === undefined) return null
  const { kind, reference, object } = scaler
  const name = called(object)
  if (!scales(object, o.names.target)) {
    const other = at(object.spec, 'scaleTargetRef')
    return problem(
      'ReferenceMissing',
      `spec.autoscalerRef names ${name}, which scales ${textOf(at(other, 'kind')) || 'Deployment'} ${textOf(at(other, 'name'))} and not ${kindAndName(o.names.target)}. Set its spec.scaleTargetRef.name to ${o.names.target.name}, or name the autoscaler of ${o.names.target.name}; if ${o.names.primary.name} has an autoscaler of its own, remove spec.autoscalerRef.`,
    )
  }
  const refusal = kind.refusal(object, reference)
  if (refusal !== null) return problem('AutoscalerInvalid', `${name} ${refusal}.`)
  const { min, max } = limitsOfPrimary(scaler, object)
  if (min <= max) return null
  return problem(
    'AutoscalerInvalid',
    `${scaler.primaryRef.name}, the copy of ${name} for ${o.names.primary.name}, would have at least ${min} and at most ${max} pods. Set spec.autoscalerRef.primaryScalerReplicas so that minReplicas is not above maxReplicas.`,
  )
}

export const scalerMissing: FindProblem = o => {
  const scaler = scalerOf(o)
  if (scaler === null || scaler.object !== undefined) return null
  const { kind, name } = scaler.ref
  return problem(
    'ReferenceMissing',
    `spec.autoscalerRef names ${calledHere(o, kind.kind, name)}, which does not exist, so ${o.names.primary.name} would not be autoscaled as it says. Create it, or remove spec.autoscalerRef.`,
  )
}

export const scalerRefused: FindProblem = o => scalerRefusal(o)

/** What scales the primary beside the copy, so that both stop. */
export const scalerBesideCopy: FindProblem = o => {
  const scaler = scalerOf(o)
  if (scaler === null) return null
  const { kind, name } = scaler.primaryRef
  // One that has the kind and name of the copy is said to be in its place.
  const other = scalersOn(o, o.names.primary).find(
    one => !isCopy(o, one) && !(one.kind === kind.kind && one.metadata.name === name),
  )
  if (other === undefined) return null
  return problem(
    'Conflict',
    `${called(other)} scales ${kindAndName(o.names.primary)}, as ${kindAndName(scaler.primaryRef)} does, which is made for spec.autoscalerRef: two autoscalers of one workload both stop. Delete it, or remove spec.autoscalerRef.`,
  )
}

export const foreignPrimaryScaler: FindProblem = o => {
  const scaler = scalerOf(o)
  if (scaler === null) return null
  const advice = `Rename it, or delete it: ${scaler.primaryRef.name} is made from ${calledHere(o, scaler.ref.kind.kind, scaler.ref.name)}.`
  return foreign(o, liveOf(o, scaler.primaryRef), '', advice)
}

/** What may run beside the primary's: the one that is named, where the selectors are distinct or it can be paused. */
export const overlappingScaler: FindProblem = o => {
  if (o.target === null || !selectorsOverlap(o)) return null
  const scaler = scalerOf(o)
  const found = scalersOn(o, o.names.target).find(
    one => one.kind === 'HorizontalPodAutoscaler' && !(scaler?.kind.pausable === true && isNamed(o, one)),
  )
  if (found === undefined) return null
  const { primary } = o.names
  const first = o.canary.spec.autoscalerRef === undefined ? '' : 'remove spec.autoscalerRef and then '
  const labels =
    o.canary.spec.primary?.labels === 'keep'
      ? 'Recreate the Canary without primary.labels: keep'
      : 'Recreate the Canary, which then tells its pods by another label'
  return problem(
    'AutoscalerOverlap',
    `${called(found)} targets ${kindAndName(o.names.target)}, whose selector also matches the pods of ${primary.name}: two autoscalers whose selectors overlap both stop, and a single one is sized for the load of both. ${labels}, or ${first}set spec.scaleTargetRef.name to ${primary.name}.`,
  )
}

/** The primary is what serves; what scales the target would scale nothing, or fight for it. */
export const autoscalerOnTarget: FindProblem = o => {
  if (!workloadKindOf(o.canary).autoscalable) return null
  const { target, primary } = o.names
  const named = scalerOf(o)
  const vertical = o.surroundings.autoscalers.find(one => one.kind === 'VerticalPodAutoscaler' && scales(one, target))
  const scaler = vertical ?? scalersOn(o, target).find(one => !isNamed(o, one))
  if (scaler === undefined) return null
  if (scaler.kind === 'VerticalPodAutoscaler' || named !== null) {
    const field = scaler.kind === 'VerticalPodAutoscaler' ? 'targetRef' : 'scaleTargetRef'
    const why =
      named === null || scaler.kind === 'VerticalPodAutoscaler'
        ? `which is scaled to 0 between releases, so ${primary.name} would not be autoscaled. Set spec.${field}.name to ${primary.name}`
        : `as ${kindAndName(named.ref)} does, which spec.autoscalerRef names: two autoscalers of one workload both stop. Delete one of them`
    return problem('AutoscalerOnTarget', `${called(scaler)} targets ${kindAndName(target)}, ${why}.`)
  }
  return problem(
    'AutoscalerOnTarget',
    `${called(scaler)} targets ${kindAndName(target)}, which is scaled to 0 between releases, so ${primary.name} would not be autoscaled. Name it in spec.autoscalerRef (apiVersion ${scaler.apiVersion}, kind ${scaler.kind}, name ${scaler.metadata.name}), or set spec.scaleTargetRef.name to ${primary.name}.`,
  )
}

/** Metrics that are not the primary's own scale it by the load of the canary. */
export const metricsOfTarget: FindProblem = o => {
  const scaler = scalerOf(o)
  if (scaler?.object === undefined) return null
  const found = scaler.kind.metricsOfTarget(scaler.object, scaler.reference, o.names.target)
  if (found.length === 0) return null
  return problem(
    'AutoscalerLoad',
    `${listedInWords(found)} of ${called(scaler.object)} ${found.length === 1 ? 'names' : 'name'} ${o.names.target.name}, and ${scaler.primaryRef.name} has the same: ${o.names.primary.name} is scaled by what that says of ${o.names.target.name}. ${scaler.kind.pausable ? 'Write the query for the primary in spec.autoscalerRef.primaryScalerQueries, under the name of the trigger' : 'Use a metric that tells the two apart, such as one of type Pods or Resource'}.`,
  )
}

/** With autoscalerRef the primary keeps its size while the canary takes its traffic; a scaler of the user's is not written. */
export const scalerOfPrimary: FindProblem = o => {
  if (o.primary === null) return null
  const own = scalersOn(o, o.names.primary).find(one => !isCopy(o, one))
  if (own === undefined || scalerOf(o) !== null) return null
  return problem(
    'AutoscalerLoad',
    `${called(own)} scales ${o.names.primary.name} and may take pods from it while the canary has its traffic, which a rollback then misses. Set a minimum that carries all traffic; or let it target ${o.names.target.name} and name it in spec.autoscalerRef, which keeps the pods during a release.`,
  )
}
