/** What blocks a release, as a value. */
import type { KubeObject } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import type { Reason } from '../status/reasons.ts'

/** A reason to stop, and a sentence that says what, where, why, and what to do about it. */
export interface Problem {
  readonly reason: Reason
  readonly message: string
}

/** One policy: what it finds wrong, or null. */
export type FindProblem = (o: Observation) => Problem | null

export const problem = (reason: Reason, message: string): Problem => ({ reason, message })

/** `Service shop/web`, as sentences name an object. */
export function called(object: KubeObject): string {
  const { namespace, name } = object.metadata
  return `${object.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`
}

/** The same for an object of this canary's namespace that may not exist. */
export function calledHere(o: Pick<Observation, 'names'>, kind: string, name: string): string {
  return `${kind} ${o.names.namespace}/${name}`
}

/** `[a, b and c]` as words. */
export function listedInWords(words: readonly string[]): string {
  const [last, ...before] = words.toReversed()
  if (last === undefined) return 'none'
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`
}
