/** Which canaries care about which objects: what one has read, or would have read had it existed, wakes it. */
import { kindKey, refKey, refOf, type Kind, type KubeObject } from '../api/object.ts'
import { indexes } from './kinds.ts'

/** Name of a key of an index, as an interest. */
export const indexInterest = (kind: Kind, index: string, key: string): string => `${kindKey(kind)}:${index}:${key}`

export class DependencyIndex {
  readonly #byInterest = new Map<string, Set<string>>()
  readonly #byCanary = new Map<string, ReadonlySet<string>>()

  /** From now on these, and nothing else, wake the canary. */
  set(canary: string, interests: ReadonlySet<string>): void {
    const before = this.#byCanary.get(canary)
    if (before !== undefined && before.size === interests.size && [...interests].every(one => before.has(one))) return
    for (const one of before ?? []) {
      if (interests.has(one)) continue
      const canaries = this.#byInterest.get(one)
      canaries?.delete(canary)
      if (canaries?.size === 0) this.#byInterest.delete(one)
    }
    for (const one of interests) {
      const canaries = this.#byInterest.get(one)
      if (canaries === undefined) this.#byInterest.set(one, new Set([canary]))
      else canaries.add(canary)
    }
    this.#byCanary.set(canary, interests)
  }

  forget(canary: string): void {
    this.set(canary, new Set())
    this.#byCanary.delete(canary)
  }

  /** The canaries that a change of an object concerns. */
  concerned(before: KubeObject | undefined, now: KubeObject | undefined, kind: Kind): Set<string> {
    const object = now ?? before
    const canaries = new Set<string>()
    if (object === undefined) return canaries
    const wake = (interest: string): void => {
      for (const canary of this.#byInterest.get(interest) ?? []) canaries.add(canary)
    }
    wake(refKey(refOf(kind, object)))
    for (const index of indexes) {
      if (kindKey(index.kind) !== kindKey(kind)) continue
      const keys = new Set([
        ...(before === undefined ? [] : index.of(before)),
        ...(now === undefined ? [] : index.of(now)),
      ])
      for (const key of keys) wake(indexInterest(kind, index.name, key))
    }
    return canaries
  }
}
