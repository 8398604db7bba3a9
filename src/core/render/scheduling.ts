/**
 * Scheduling terms of a template that select its own pods ("not two of us on one node", "spread us over the zones") go on
 * meaning the pods of their own workload, whatever labels those get.
 *
 * With `keep` the target's terms select the primary's pods too, and the other way round: the primary's pods still have all
 * labels that the term names. That is accepted: for the short time of a run both sides spread over the nodes together, which
 * is what the terms are for, and no label is there that a term could say "not the target's" by.
 */
import { at, entryOf, isRecord, type Json, listOf, recordsOf, textsOf } from '../json.ts'
import { type Labels, selects } from './labels.ts'

/**
 * @param before labels of the pods that the spec was written for.
 * @param after labels of the pods that it is used for.
 * @returns the pod spec, with the terms that select pods labelled `before` changed to select those labelled `after`.
 */
export function followLabels(spec: unknown, before: Labels, after: Labels): unknown {
  const changed = Object.keys(before).filter(key => Object.hasOwn(after, key) && after[key] !== before[key])
  if (!isRecord(spec) || changed.length === 0) return spec
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow)
    if (!isRecord(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        key === 'labelSelector' ? followSelector(member, before, after, changed) : follow(member),
      ]),
    )
  }
  const { affinity, topologySpreadConstraints } = spec
  return {
    ...spec,
    ...(affinity === undefined ? {} : { affinity: follow(affinity) }),
    ...(topologySpreadConstraints === undefined
      ? {}
      : { topologySpreadConstraints: follow(topologySpreadConstraints) }),
  }
}

function followSelector(selector: unknown, before: Labels, after: Labels, changed: readonly string[]): unknown {
  if (!isRecord(selector) || !selectsPods(selector, before)) return selector
  const value = (key: string, text: unknown): unknown =>
    changed.includes(key) && text === before[key] ? after[key] : text
  const { matchLabels, matchExpressions, ...rest } = selector
  const labels = Object.entries(textsOf(matchLabels)).map(([key, text]) => [key, value(key, text)])
  const expressions = recordsOf(matchExpressions).map(expression => ({
    ...expression,
    ...(expression['operator'] === 'In'
      ? { values: listOf(expression['values']).map(text => value(String(expression['key']), text)) }
      : {}),
  }))
  return {
    ...rest,
    ...(matchLabels === undefined ? {} : { matchLabels: Object.fromEntries(labels) }),
    ...(matchExpressions === undefined ? {} : { matchExpressions: expressions }),
  }
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
function selectsPods(selector: Json, labels: Labels): boolean {
  const equal = textsOf(selector['matchLabels'])
  const expressions = recordsOf(selector['matchExpressions'])
  const some = Object.keys(equal).length + expressions.length > 0
  const fits = Object.keys(equal).length === 0 || selects(equal, labels)
  return some && fits && expressions.every(expression => fitsExpression(expression, labels))
}

function fitsExpression(expression: Json, labels: Labels): boolean {
  const label = entryOf(labels, String(expression['key']))
  const among = label !== undefined && listOf(at(expression, 'values')).includes(label)
  switch (expression['operator']) {
    case 'In':
      return among
    case 'NotIn':
      return !among
    case 'Exists':
      return label !== undefined
    case 'DoesNotExist':
      return label === undefined
    default:
      return false
  }
}
