/**
 * Which pods a policy has to cover: those of the target, as every template that is known makes them, and those of the primary,
 * as it has them of the same template.
 */
import { topologyOf } from '../../api/providers.ts'
import { at, sameJson, textsOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import {
  labelMode,
  type Labelled,
  type Labels,
  labelsOfPrimaryPods,
  primarySelector,
  templateLabels,
} from '../render/labels.ts'
import { isOurs, liveOf } from '../render/ownership.ts'

/** Labels of a pod of the target, and of the primary's pod of the same template. */
export interface Pair {
  readonly target: Labels
  readonly primary: Labels
}

/**
 * Whether policies that select pods of the target may miss those of the primary. With `keep` the primary's have all labels of the
 * target's, so that whatever selects these selects them.
 */
export const mayMissPrimary = (o: Labelled): boolean =>
  labelMode(o) === 'switch' || topologyOf(o.canary.spec) === 'subsets'

export type Sided = Labelled & Pick<Observation, 'recorded'>

/** One for each set of labels: of the target as it is, and of the templates on record, which the primary runs or will run. */
export function pairsOf(o: Sided): readonly Pair[] {
  const selector = selectorOfPrimary(o)
  if (!mayMissPrimary(o) || selector === null) return []
  const templates = [
    templateLabels(o.target?.object),
    ...o.recorded.map(({ template }) => textsOf(at(template, 'metadata', 'labels'))),
  ]
  const distinct = templates.filter((labels, i) => templates.findIndex(other => sameJson(other, labels)) === i)
  return distinct
    .filter(labels => Object.keys(labels).length > 0)
    .map(target => ({ target, primary: labelsOfPrimaryPods(o, target, selector) }))
}

/** The labels by which the primary selects its pods: as it was made, else as it will be. null: not known yet. */
export function selectorOfPrimary(o: Sided): Labels | null {
  const live = liveOf(o, o.names.primary)
  const made = live !== undefined && isOurs(o, live) ? at(live.spec, 'selector') : primarySelector(o)
  const labels = textsOf(at(made, 'matchLabels'))
  return Object.keys(labels).length === 0 ? null : labels
}
