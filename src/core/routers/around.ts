/** Objects around a canary that may contradict its split: which one counts, and how many are read. */
import type { KubeObject } from '../../api/object.ts'
import { called } from '../problems/problem.ts'

/** The order of what serves routes among objects that contradict each other: by creation, then by name and namespace. */
export const precedes = (one: KubeObject, other: KubeObject): boolean => age(one) < age(other)

/** Objects in this order; what they are compared by is made once of each: others may have made thousands. */
export function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  const aged = objects.map(object => ({ object, age: age(object) }))
  return aged.sort((a, b) => (a.age < b.age ? -1 : 1)).map(({ object }) => object)
}

const age = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? ''} ${metadata.name}.${metadata.namespace ?? ''}`

/** Routes of other namespaces around one Canary: who makes more of them costs its owner nothing. */
const MOST_ELSEWHERE = 200

/** Each once; of other namespaces the oldest. */
export function bounded(namespace: string, found: readonly KubeObject[]): readonly KubeObject[] {
  const distinct = found.length < 2 ? found : [...new Set(found)]
  if (distinct.length <= MOST_ELSEWHERE) return distinct
  const isHere = (one: KubeObject): boolean => one.metadata.namespace === namespace
  const order = (one: KubeObject): string => `${one.metadata.creationTimestamp ?? ''} ${called(one)}`
  const aged = distinct.filter(one => !isHere(one)).map(object => ({ object, order: order(object) }))
  const elsewhere = aged.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ object }) => object)
  return [...distinct.filter(isHere), ...elsewhere.slice(0, MOST_ELSEWHERE)]
}
