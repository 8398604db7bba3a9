/** Objects around a canary that may contradict its split: which one counts, and how many are read. */
import type { KubeObject } from '../../api/object.ts'
import { called } from '../problems/problem.ts'

/** The order of what serves routes among objects that contradict each other: by creation, then by name and namespace. */
export function precedes(one: KubeObject, other: KubeObject): boolean {
  const age = ({ metadata }: KubeObject): string =>
    `${metadata.creationTimestamp ?? ''} ${metadata.name}.${metadata.namespace ?? ''}`
  return age(one) < age(other)
}

/** Routes of other namespaces around one Canary: who makes more of them costs its owner nothing. */
const MOST_ELSEWHERE = 200

/** Each once; of other namespaces the oldest. */
export function bounded(namespace: string, found: readonly KubeObject[]): readonly KubeObject[] {
  const distinct = found.length < 2 ? found : [...new Set(found)]
  if (distinct.length <= MOST_ELSEWHERE) return distinct
  const isHere = (one: KubeObject): boolean => one.metadata.namespace === namespace
  const age = (one: KubeObject): string => `${one.metadata.creationTimestamp ?? ''} ${called(one)}`
  const elsewhere = distinct.filter(one => !isHere(one)).toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
  return [...distinct.filter(isHere), ...elsewhere.slice(0, MOST_ELSEWHERE)]
}
