/**
 * How the primary's pods are told from the target's.
 *
 * - `keep`: all labels of the target and `sluice.dev/role: primary`. What selects `app: web` (policies, budgets,
 *   dashboards) goes on covering what serves.
 * - `switch`: the value of the first selector label becomes `<value>-primary`, as Flagger does.
 * - subsets: as `keep`, with the labels of the primary's subset instead of those of the canary's.
 */
import { kinds, type KubeObject, type Ref, refKey } from '../../api/object.ts'
import { topologyOf } from '../../api/providers.ts'
import { at, entryOf, isRecord, type Json, textsOf } from '../json.ts'
import { CANARY_LABEL, PRIMARY_ROLE, ROLE_LABEL } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'

export type LabelMode = 'keep' | 'switch'
export type Labels = Readonly<Record<string, string>>

/** What a choice of labels depends on; an Observation has it all. */
export type Labelled = Pick<
  Observation,
  'canary' | 'names' | 'settings' | 'memory' | 'target' | 'live' | 'subsets' | 'surroundings'
>

/**
 * As the primary that serves was made, because its selector can never change; else as chosen before, else as the spec says; else
 * `keep`, unless an autoscaler on the target would then count our pods too.
 */
export function labelMode(o: Labelled): LabelMode {
  const { spec } = o.canary
  const said = modeOfPrimary(o) ?? o.memory.labels ?? spec.primary?.labels
  if (said !== undefined) return said
  if (topologyOf(spec) === 'subsets') return 'keep'
  return o.surroundings.autoscalers.some(scaler => scales(scaler, o.names.target)) ? 'switch' : 'keep'
}

/** How the primary that is there tells its pods from the target's; null where there is none, or none of ours. */
function modeOfPrimary(o: Labelled): LabelMode | null {
  const primary = o.live[refKey(o.names.primary)]
  if (primary?.metadata.labels?.[CANARY_LABEL] !== o.names.canary) return null
  const selected = textsOf(at(primary.spec, 'selector', 'matchLabels'))
  if (selected[ROLE_LABEL] === PRIMARY_ROLE) return 'keep'
  const label = switchedLabel(o)
  const value = label === null ? undefined : targetLabels(o)[label]
  return label !== null && value !== undefined && selected[label] === switched(value) ? 'switch' : null
}

/**
 * Whether pods of the primary are pods of the target, too, by their selectors. Two autoscalers on such workloads both stop, and one
 * counts the pods of both. Expressions are left out: they are the same in both selectors.
 */
export function selectorsOverlap(o: Labelled): boolean {
  const live = o.live[refKey(o.names.primary)]
  const isOurs = live?.metadata.labels?.[CANARY_LABEL] === o.names.canary
  const primary = textsOf(at(isOurs ? at(live.spec, 'selector') : primarySelector(o), 'matchLabels'))
  return !Object.entries(targetLabels(o)).some(([key, value]) => (entryOf(primary, key) ?? value) !== value)
}

/** Whether an HPA, VPA or ScaledObject is on this workload. */
export function scales(autoscaler: KubeObject, workload: Ref): boolean {
  const reference = at(autoscaler.spec, 'scaleTargetRef') ?? at(autoscaler.spec, 'targetRef')
  // A ScaledObject that names no kind is on a Deployment (https://keda.sh/docs/latest/reference/scaledobject-spec/#scaletargetref).
  const kind = at(reference, 'kind') ?? kinds.Deployment.kind
  return at(reference, 'name') === workload.name && kind === workload.kind.kind
}

/** The labels by which the target selects its pods; expressions aside, which a Service cannot have. */
export function targetLabels(o: Labelled): Labels {
  return textsOf(at(o.target?.object.spec, 'selector', 'matchLabels'))
}

/** The label whose value tells the two apart in `switch`; null where the target selects by none of the known ones. */
export function switchedLabel(o: Labelled): string | null {
  const selected = targetLabels(o)
  return o.settings.selectorLabels.find(label => selected[label] !== undefined) ?? null
}

export const switched = (value: string): string => `${value}-primary`

/** A selector of the primary's pods in `switch` as one of the target's, whose own labels are not known any more. */
export function unswitched(o: Labelled, selector: Labels): Labels {
  const label = o.settings.selectorLabels.find(one => selector[one] !== undefined)
  const value = label === undefined ? '' : (selector[label] ?? '')
  const before = value.replace(/-primary$/, '')
  return label === undefined || switched(before) !== value ? selector : { ...selector, [label]: before }
}

/** Labels of a pod of the target as a pod of the primary has them; null where the mode cannot tell the two apart. */
export function primaryLabels(o: Labelled, labels: Labels): Labels | null {
  if (labelMode(o) === 'switch') {
    const label = switchedLabel(o)
    const value = label === null ? undefined : targetLabels(o)[label]
    return label === null || value === undefined ? null : { ...labels, [label]: switched(value) }
  }
  const role = { [ROLE_LABEL]: PRIMARY_ROLE }
  if (topologyOf(o.canary.spec) !== 'subsets') return { ...labels, ...role }
  const { subsets } = o
  return subsets === null ? null : { ...without(labels, subsets.canary), ...subsets.primary, ...role }
}

/**
 * Labels of the primary's pods, by those of a template of the target and the labels by which the primary selects them. Where the mode
 * cannot tell the two apart any more, as without a target or its subsets, the selector alone does.
 */
export const labelsOfPrimaryPods = (o: Labelled, labels: Labels, selector: Labels): Labels => ({
  ...(primaryLabels(o, labels) ?? labels),
  ...selector,
})

/** spec.selector of the primary, by what the target selects; its expressions are kept, for the primary's pods fit them too. */
export function primarySelector(o: Labelled): Json | null {
  const selector = at(o.target?.object.spec, 'selector')
  const matchLabels = primaryLabels(o, targetLabels(o))
  return matchLabels === null || !isRecord(selector) ? null : { ...selector, matchLabels }
}

/**
 * What the apex Service selects while the primary serves. With subsets it selects both sides, and the mesh splits. A
 * Service has no expressions: a target without matchLabels has no answer, because the role alone would select the primaries
 * of others.
 */
export function apexSelector(o: Labelled): Labels | null {
  const selected = targetLabels(o)
  if (Object.keys(selected).length === 0) return null
  if (topologyOf(o.canary.spec) !== 'subsets') return primaryLabels(o, selected)
  const { subsets } = o
  if (subsets === null) return null
  const common = without(selected, { ...subsets.canary, ...subsets.primary })
  return Object.keys(common).length === 0 ? null : common
}

/** Whether labels have everything that a selector of equalities asks for; an empty selector selects nothing. */
export function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => entryOf(labels, key) === value)
}

/** Labels of the target's pods. */
export function templateLabels(object: KubeObject | undefined): Labels {
  return textsOf(at(object?.spec, 'template', 'metadata', 'labels'))
}

const without = (labels: Labels, others: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !Object.hasOwn(others, key)))
