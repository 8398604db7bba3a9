/** Objects around a canary that may contradict its split: which one counts, and how many are read. */
import type { KubeObject } from '../../api/object.ts'

/** The order of what serves routes among objects that contradict each other: by creation, then by name and namespace. */
export const precedes = (one: KubeObject, other: KubeObject): boolean => age(one) < age(other)

/** Objects in this order; what they are compared by is made once of each: others may have made thousands. */
export function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  const aged = objects.map(object => ({ object, age: age(object) }))
  return aged.sort((a, b) => (a.age < b.age ? -1 : 1)).map(({ object }) => object)
}

const age = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? ''} ${metadata.name}.${metadata.namespace ?? ''}`

/** Objects of one kind in other namespaces around one Canary: who makes more of them costs its owner nothing. */
export const MOST_ELSEWHERE = 200

/** Each once: all of these namespaces, and of the others the oldest, which count first in the mesh and at a gateway. */
export function oldestElsewhere(found: readonly KubeObject[], own: readonly string[]): readonly KubeObject[] {
  const all = distinct(found)
  if (all.length <= MOST_ELSEWHERE) return all
  const isHere = (one: KubeObject): boolean => own.includes(one.metadata.namespace ?? '')
  const elsewhere = inOrder(all.filter(one => !isHere(one)))
  return [...all.filter(isHere), ...elsewhere.slice(0, MOST_ELSEWHERE)]
}

const distinct = (objects: readonly KubeObject[]): readonly KubeObject[] =>
  objects.length < 2 ? objects : [...new Set(objects)]
