/** The target: does it exist, can it be served from, and can its pods be told from the primary's. */
import { at } from '../json.ts'
import { labelMode, switched, switchedLabel, targetLabels, templateLabels } from '../render/labels.ts'
import { kindAndName, ROLE_LABEL } from '../model/names.ts'
import { isOurs } from '../render/ownership.ts'
import { containerPorts } from '../render/ports.ts'
import { called, calledHere, type FindProblem, listedInWords, problem } from './problem.ts'

export const targetMissing: FindProblem = o => {
  if (o.target !== null) return null
  const named = calledHere(o, 'Deployment', o.names.target.name)
  const serves = o.primary !== null && isOurs(o, o.primary.object)
  const advice = serves
    ? `Create it again; ${kindAndName(o.names.primary)} serves meanwhile, and would be deleted with the Canary.`
    : 'Create it, or delete the Canary.'
  return problem('TargetMissing', `spec.targetRef names ${named}, which does not exist. ${advice}`)
}

/** With a primary of ours the target rests at 0 as it should; without one there is nothing to clone. */
export const targetAtZero: FindProblem = o => {
  if (o.target === null || o.primary !== null || o.target.replicas > 0) return null
  return problem(
    'TargetNotReady',
    `${called(o.target.object)} is scaled to 0, so nothing serves that could become the primary. Scale it to the replicas that production needs.`,
  )
}

export const targetWithoutPorts: FindProblem = o => {
  if (o.target === null) return null
  if (containerPorts(at(o.target.object.spec, 'template')).length > 0) return null
  const { port } = o.canary.spec.service
  return problem(
    'TargetInvalid',
    `No container of ${called(o.target.object)} declares a port, so there is nothing to send requests to. Add \`ports: [{containerPort: ${port}}]\` with the port that it listens on.`,
  )
}

/** A Service has no expressions, so what only they select cannot be served. */
export const nothingToSelectBy: FindProblem = o => {
  if (o.target === null || Object.keys(targetLabels(o)).length > 0) return null
  return problem(
    'NoSelectorLabel',
    `${called(o.target.object)} selects its pods by matchExpressions alone, which a Service cannot, and its selector cannot be changed. Create a second Deployment with selector.matchLabels, and a Canary for that; delete this one once the other serves.`,
  )
}

const LONGEST_LABEL = 63

export const noLabelToSwitch: FindProblem = o => {
  if (o.target === null || labelMode(o) !== 'switch') return null
  const label = switchedLabel(o)
  if (label === null) {
    return problem(
      'NoSelectorLabel',
      `${called(o.target.object)} selects its pods by ${listedInWords(Object.keys(targetLabels(o)))}, and none of ${listedInWords(o.settings.selectorLabels)} is among them, so primary.labels: switch has no value to change. Recreate the Canary with primary.labels: keep, or start Sluice with --selector-labels.`,
    )
  }
  const value = switched(targetLabels(o)[label] ?? '')
  if (value.length <= LONGEST_LABEL) return null
  return problem(
    'NoSelectorLabel',
    `The label ${label} of the primary would be ${value}, longer than the ${LONGEST_LABEL} characters of a label. Recreate the Canary with primary.labels: keep.`,
  )
}

/** What is chosen once cannot be chosen again: the primary's selector is immutable, and it serves. */
export const labelsChosenOtherwise: FindProblem = o => {
  const said = o.canary.spec.primary?.labels
  const chosen = labelMode(o)
  if (said === undefined || said === chosen) return null
  return problem(
    'Invalid',
    `spec.primary.labels is ${said}, but ${o.names.primary.name} was made with ${chosen}, and its selector cannot be changed. Write ${chosen}, or recreate the Canary.`,
  )
}

/** A target that selects by our own label could not be told from its primary. */
export const roleLabelTaken: FindProblem = o => {
  if (o.target === null || templateLabels(o.target.object)[ROLE_LABEL] === undefined) return null
  return problem(
    'TargetInvalid',
    `The template of ${called(o.target.object)} has the label ${ROLE_LABEL}, by which Sluice tells the primary's pods. Remove it from the template.`,
  )
}
