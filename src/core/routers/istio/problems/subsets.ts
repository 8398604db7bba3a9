/** The pods of the target against the two subsets that the split is between. */
import { called, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'
import { apexSelector, selects, templateLabels } from '../../../render/labels.ts'

/** Labels of the template against the two subsets of `service.destinationRule`. */
export const templateOutsideItsSubset: FindProblem = o => {
  const rule = o.canary.spec.service.destinationRule
  const { subsets } = o
  if (o.target === null || rule === undefined || subsets === null) return null
  const labels = templateLabels(o.target.object)
  const written = (wanted: Readonly<Record<string, string>>): string =>
    listedInWords(Object.entries(wanted).map(([key, value]) => `${key}: ${value}`))
  if (!selects(subsets.canary, labels)) {
    return problem(
      'TargetInvalid',
      `The template of ${called(o.target.object)} does not carry the labels of the subset ${rule.canarySubset} of DestinationRule ${rule.name} (${written(subsets.canary)}), so the mesh would not find its pods. Add them to spec.template.metadata.labels.`,
    )
  }
  if (selects(subsets.primary, labels)) {
    return problem(
      'TargetInvalid',
      `The pods of ${called(o.target.object)} belong to the subset ${rule.primarySubset} of DestinationRule ${rule.name} too (${written(subsets.primary)}), which is the primary's. Give the subsets different values of one label.`,
    )
  }
  if (apexSelector(o) !== null) return null
  return problem(
    'NoSelectorLabel',
    `${called(o.target.object)} selects its pods by labels of its subset alone, so no Service could select both sides. Add a label that both have, such as app, to its selector.`,
  )
}
