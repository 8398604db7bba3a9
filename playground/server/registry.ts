/** The kinds that an API server serves at the moment: built in, or installed by CustomResourceDefinitions. */
import { type Kind, kindKey } from '../../src/api/object.ts'
import type { Resource } from '../resource.ts'
import { builtIns } from '../schema/built-in.ts'

export class Registry {
  readonly #resources: Map<string, Resource>

  constructor(resources: readonly Resource[] = builtIns()) {
    this.#resources = new Map(resources.map(resource => [kindKey(resource.kind), resource]))
  }

  /** All of them, the built-in ones first. */
  all(): Resource[] {
    return [...this.#resources.values()]
  }

  /** What serves a kind, whatever its version; null where nothing does. */
  of(kind: Pick<Kind, 'group' | 'plural'>): Resource | null {
    return this.#resources.get(kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`) ?? null
  }

  /** What serves objects that call themselves so, such as `apps` and `Deployment`. */
  ofObjects(group: string, kind: string): Resource | null {
    return this.all().find(resource => resource.kind.group === group && resource.kind.kind === kind) ?? null
  }

  install(...resources: readonly Resource[]): void {
    for (const resource of resources) this.#resources.set(kindKey(resource.kind), resource)
  }

  /** Takes a kind out. @returns what puts it back. */
  remove(kind: Kind): () => void {
    const resource = this.of(kind)
    this.#resources.delete(kindKey(kind))
    return () => resource && this.install(resource)
  }
}
