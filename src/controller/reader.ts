/** What is known of the cluster, as the observer reads it. */
import { namespacedName, refKey, type Kind, type KubeObject, type Ref } from '../api/object.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { indexInterest, lackInterest } from './dependency-index.ts'

/**
 * Objects as they are kept (`keeping`), read without waiting. The informers of the controller are one; `LiveReader` is another, for
 * one Canary and without watches.
 */
export interface Reader {
  /** An object, or undefined when it does not exist or is not known. */
  get(ref: Ref): KubeObject | undefined
  /** The objects under a key of an index of `indexes`. */
  byIndex(kind: Kind, index: string, key: string): readonly KubeObject[]
  /** How many these are. */
  countByIndex(kind: Kind, index: string, key: string): number
  /** Whether all objects of a kind are known, in one namespace or (left out) in all. */
  synced(kind: Kind, namespace?: string): boolean
  /** Whether an object of this namespace (empty: of any) that is not found does not exist. Of a kind that is not served nothing is said. */
  sees(kind: Kind, namespace: string): boolean
  /** Why not all objects of a namespace are kept, as a sentence; null when they are. */
  lack(namespace: string): string | null
  /** The watches behind it, which know why something cannot be seen; none where nothing is watched. */
  reflectors(): readonly Reflector[]
}

/**
 * Objects of its own namespace that one Canary reads under one key: a pass over more would take its time from all others. A namespace of
 * hundreds of Services that one chart installed has that many under a common label.
 */
export const MOST_HERE = 1000

/** Reads, and remembers what was read. */
export class TrackedReader {
  readonly #reader: Reader
  readonly #interests: Set<string>
  readonly #namespace: string
  /** Why objects that were read are not known whole. */
  readonly refusals = new Set<string>()

  /** @param namespace of the Canary. */
  constructor(reader: Reader, interests: Set<string>, namespace: string) {
    this.#reader = reader
    this.#interests = interests
    this.#namespace = namespace
  }

  get(ref: Ref): KubeObject | undefined {
    this.#interests.add(refKey(ref))
    const object = this.#reader.get(ref)
    if (object !== undefined) this.#note(object)
    return object
  }

  /** Canaries and MetricTemplates that cannot be read have problems of their own, which no other Canary has. */
  #note(object: KubeObject): void {
    const refusal = object.apiVersion.startsWith('sluice.dev/') ? null : refusalOf(object)
    if (refusal !== null) this.refusals.add(`${object.kind} ${namespacedName(object)} is not read: ${refusal}`)
  }

  /** The same of the namespace of the Canary. */
  lack(): string | null {
    this.#interests.add(lackInterest(this.#namespace))
    return this.#reader.lack(this.#namespace)
  }

  sees(kind: Kind, namespace: string): boolean {
    return this.#reader.sees(kind, namespace)
  }

  /** Of keys that all have what is looked for, the one with the fewest objects. */
  bySmallest(kind: Kind, name: string, keys: readonly string[]): readonly KubeObject[] {
    const [smallest] = keys
      .map(key => ({ key, size: this.#reader.countByIndex(kind, name, key) }))
      .toSorted((a, b) => a.size - b.size)
    return smallest === undefined ? [] : this.byIndex(kind, name, smallest.key)
  }

  byIndex(kind: Kind, name: string, key: string): readonly KubeObject[] {
    this.#interests.add(indexInterest(kind, name, key))
    const objects = this.#limited(kind, this.#reader.byIndex(kind, name, key))
    for (const object of objects) this.#note(object)
    return objects
  }

  /** Of other namespaces all: those who read them read the oldest. */
  #limited(kind: Kind, objects: readonly KubeObject[]): readonly KubeObject[] {
    if (objects.length <= MOST_HERE) return objects
    const isHere = ({ metadata }: KubeObject): boolean => metadata.namespace === this.#namespace
    const here = objects.filter(isHere)
    if (here.length <= MOST_HERE) return objects
    this.refusals.add(
      `${here.length} objects of kind ${kind.kind} in namespace ${this.#namespace} concern this Canary, and Sluice reads ${MOST_HERE} at most: remove some of them, or change what they select or lead to`,
    )
    return [...here.slice(0, MOST_HERE), ...objects.filter(one => !isHere(one))]
  }
}
