/**
 * Selectors of pods in policies: equalities, and in Kubernetes' own kinds expressions
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements).
 */
import { at, entryOf, type Json, listOf, present, recordsOf, sameJson, textOf, textsOf } from '../json.ts'

type Labels = Readonly<Record<string, string>>

export interface Expression {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

export interface PodSelector {
  readonly matchLabels: Labels
  readonly matchExpressions: readonly Expression[]
}

/** Of `{matchLabels, matchExpressions}`. */
export const readSelector = (selector: unknown): PodSelector => ({
  matchLabels: textsOf(at(selector, 'matchLabels')),
  matchExpressions: recordsOf(at(selector, 'matchExpressions')).map(one => ({
    key: textOf(one['key']),
    operator: textOf(one['operator']),
    values: listOf(one['values']).map(textOf),
  })),
})

/** As it is written; what is empty is left out. */
export const writeSelector = ({ matchLabels, matchExpressions }: PodSelector): Json =>
  present({
    matchLabels,
    matchExpressions:
      matchExpressions.length === 0
        ? undefined
        : matchExpressions.map(({ key, operator, values }) =>
            present({ key, operator, values: values.length === 0 ? undefined : values }),
          ),
  })

/** It selects all. */
export const NO_SELECTOR: PodSelector = { matchLabels: {}, matchExpressions: [] }

export const isEmpty = ({ matchLabels, matchExpressions }: PodSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

/** Whether pods with these labels are selected. An empty selector selects all. */
export const selectsPods = ({ matchLabels, matchExpressions }: PodSelector, labels: Labels): boolean =>
  Object.entries(matchLabels).every(([key, value]) => entryOf(labels, key) === value) &&
  matchExpressions.every(one => fits(one, labels))

function fits({ key, operator, values }: Expression, labels: Labels): boolean {
  const value = entryOf(labels, key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** Whether every pod that `other` selects is known to be selected by the first one, too. */
export const selectsAllOf = ({ matchLabels, matchExpressions }: PodSelector, other: PodSelector): boolean =>
  Object.entries(matchLabels).every(([key, value]) => entryOf(other.matchLabels, key) === value) &&
  matchExpressions.every(
    one =>
      other.matchExpressions.some(two => sameJson(one, two)) ||
      (Object.hasOwn(other.matchLabels, one.key) && fits(one, other.matchLabels)),
  )

/** The labels whose values differ between two pods, or that only one of them has. */
export const differingLabels = (one: Labels, other: Labels): ReadonlySet<string> =>
  new Set([...Object.keys(one), ...Object.keys(other)].filter(key => entryOf(one, key) !== entryOf(other, key)))

/**
 * The selector for the primary's pods alone: what is said of labels on which the two sides differ becomes the selector of the
 * primary's workload; the rest stays.
 */
export const forPrimary = (
  { matchLabels, matchExpressions }: PodSelector,
  differing: ReadonlySet<string>,
  primary: Labels,
): PodSelector => ({
  matchLabels: {
    ...Object.fromEntries(Object.entries(matchLabels).filter(([key]) => !differing.has(key))),
    ...primary,
  },
  matchExpressions: matchExpressions.filter(({ key }) => !differing.has(key)),
})

/** Expressions that say which pods are left out, and leave out pods with these labels: a copy for those would contradict them. */
export const exclusions = ({ matchExpressions }: PodSelector, labels: Labels): readonly Expression[] =>
  matchExpressions.filter(one => (one.operator === 'NotIn' || one.operator === 'DoesNotExist') && !fits(one, labels))

/**
 * Keys of an index by which a policy is found by the labels that it selects: its first equality, or `*` where it has none.
 *
 * @param namespace in which it is.
 */
export function selectorKeys(namespace: string, { matchLabels }: PodSelector): readonly string[] {
  const [first] = Object.entries(matchLabels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [first === undefined ? `${namespace}/*` : `${namespace}/${first[0]}=${first[1]}`]
}

/** The keys under which those are that may select pods with these labels. */
export const keysOfLabels = (namespace: string, labels: Labels): readonly string[] => [
  `${namespace}/*`,
  ...Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`),
]
