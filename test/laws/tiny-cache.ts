/** The caches of the controller, on a tiny world: found by the same indexes as in `runtime/informers.ts`. */
import { apiVersionOf, type Kind, type KubeObject, kinds, type Ref, refOf } from '../../src/api/object.ts'
import { indexes } from '../../src/controller/kinds.ts'
import type { ObjectCache } from '../../src/controller/object-cache.ts'
import { SERVICE_NAME_LABEL } from '../../src/core/model/names.ts'
import { NAMESPACE, TinyWorld } from './tiny-world.ts'

const NONE: readonly KubeObject[] = []

export class TinyCache implements ObjectCache {
  readonly #world: TinyWorld
  /** What its watches told last, while they are silent; null: they tell of everything. */
  #heard: TinyWorld | null = null

  constructor(world: TinyWorld) {
    this.#world = world
  }

  /** The world as it is known here. */
  get seen(): TinyWorld {
    return this.#heard ?? this.#world
  }

  /** The watches deliver nothing from now on, and no error says so. */
  fallSilent(): void {
    this.#heard ??= new TinyWorld(this.#world)
  }

  /** The watches begin again, and catch up. */
  hearAgain(): void {
    this.#heard = null
  }

  get({ kind, name }: Ref): KubeObject | undefined {
    return this.seen.get({ kind, namespace: NAMESPACE, name })
  }

  list(kind: Kind): readonly KubeObject[] {
    return listIn(this.seen, kind)
  }

  byIndex(kind: Kind, name: string, key: string): readonly KubeObject[] {
    const objects = listIn(this.seen, kind)
    return objects.length === 0 ? NONE : objects.filter(object => keysOf(object, kind, name).includes(key))
  }

  countByIndex(kind: Kind, name: string, key: string): number {
    return this.byIndex(kind, name, key).length
  }

  synced(): boolean {
    return true
  }

  /** Its worlds have no Gateways: nothing follows from that. */
  sees(): boolean {
    return false
  }

  lack(): null {
    return null
  }

  reflectors(): [] {
    return []
  }

  accept(kind: Kind, object: KubeObject): void {
    this.#take(refOf(kind, object))
  }

  removed(ref: Ref): void {
    this.#take(ref)
  }

  /** What is known of one object is what the API server says. */
  #take(ref: Ref): void {
    const heard = this.#heard
    const world = this.#world
    if (heard === null) return
    if (ref.kind === kinds.EndpointSlice) heard.endpoints.set(ref.name, world.endpoints.get(ref.name) ?? [])
    else if (ref.kind === kinds.ReplicaSet) {
      // `web-primary-790dc1af`
      const deployment = ref.name.slice(0, ref.name.lastIndexOf('-'))
      heard.pods.set(deployment, world.pods.get(deployment) ?? [])
    } else heard.take(world, { ...ref, namespace: NAMESPACE })
  }
}

/** All objects of a kind; the same list until one of them changes. */
export function listIn(world: TinyWorld, kind: Kind): readonly KubeObject[] {
  if (kind === kinds.ReplicaSet) return [...world.pods.values()].flat().map(group => group.set)
  if (kind === kinds.EndpointSlice) return [...world.endpoints].map(([service, pods]) => sliceOf(service, pods))
  return world.all(kind)
}

const slices = new WeakMap<readonly string[], KubeObject>()

function sliceOf(service: string, pods: readonly string[]): KubeObject {
  const known = slices.get(pods)
  if (known !== undefined) return known
  const labels = { [SERVICE_NAME_LABEL]: service }
  const slice: KubeObject = {
    apiVersion: apiVersionOf(kinds.EndpointSlice),
    kind: 'EndpointSlice',
    metadata: { name: service, namespace: NAMESPACE, labels },
    endpoints: pods.map(name => ({ conditions: { ready: true }, targetRef: { name } })),
  }
  slices.set(pods, slice)
  return slice
}

const keys = new WeakMap<KubeObject, Map<string, readonly string[]>>()

/** The keys of an object in one index, told once. */
function keysOf(object: KubeObject, kind: Kind, name: string): readonly string[] {
  const known = keys.get(object) ?? new Map<string, readonly string[]>()
  keys.set(object, known)
  const told = known.get(name) ?? indexes.find(index => index.kind === kind && index.name === name)?.of(object)
  if (told === undefined) throw new Error(`${kind.kind} has no index ${name}`)
  known.set(name, told)
  return told
}
