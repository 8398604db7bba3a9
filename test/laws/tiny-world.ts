/**
 * A namespace in a few hundred lines: objects, versions, and what each write does to them. No watch, no field ownership but
 * what the core reads of it, no defaults; so a release is a millisecond, and thousands of histories are affordable.
 * `playground/` is the faithful one.
 */
import { apiVersionOf, type Kind, type KubeObject, kinds, type Ref, refKey } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, isRecord, recordsOf, sameJson } from '../../src/core/json.ts'
import type { Live } from '../../src/core/model/observation.ts'
import type { Write } from '../../src/core/model/write.ts'
import { mergePatch } from '../../playground/json.ts'
import { jsonPatch } from '../../playground/server/json-patch.ts'
import { advancePods, type PodGroup, withReadiness } from './tiny-pods.ts'

export const NAMESPACE = 'shop'
export const START = Date.UTC(2026, 0, 1)

export const refTo = (kind: Kind, name: string): Ref => ({ kind, namespace: NAMESPACE, name })
export const CANARY = refTo(kinds.Canary, 'web')
export const TARGET = refTo(kinds.Deployment, 'web')
export const PRIMARY = refTo(kinds.Deployment, 'web-primary')
const WATCHED = [
  kinds.Deployment,
  kinds.Service,
  kinds.VirtualService,
  kinds.DestinationRule,
  kinds.HTTPRoute,
  kinds.Ingress,
  kinds.ConfigMap,
]
export const SIDE_SERVICES = ['web-primary', 'web-canary'] as const

/** What the canary's telemetry says. */
/** `misrouted`: since the first weight some requests find no cluster; all others are good. */
export type Mood = 'good' | 'bad' | 'silent' | 'down' | 'refused' | 'not carried' | 'misrouted'

/** What webhooks answer; `back`: those of type rollback say yes, too. */
export type Gates = 'open' | 'closed' | 'unreachable' | 'hanging' | 'back'

/** What goes well and what does not, outside of the objects. */
export interface Weather {
  readonly mood: Mood
  readonly gates: Gates
  /** Images whose pods never get ready. */
  readonly broken: ReadonlySet<string>
  /** Deployments whose pods have all crashed, for now. */
  readonly down: ReadonlySet<string>
  /** Why the controller cannot see a kind; null when it does. */
  readonly unseen: string | null
  readonly namespaceTerminating: boolean
}

export const FINE: Weather = {
  mood: 'good',
  gates: 'open',
  broken: new Set(['web:broken']),
  down: new Set(),
  unseen: null,
  namespaceTerminating: false,
}

export class TinyWorld {
  now = START
  weather: Weather = FINE
  /** Counts what watches would tell of. */
  changes = 0
  #version = 1
  /** By kind, then by name. */
  readonly #objects: Map<string, Map<string, KubeObject>>
  readonly #lists = new Map<string, readonly KubeObject[]>()
  #live: Live | null = null
  /** Pods by Deployment, oldest template first. */
  readonly pods: Map<string, readonly PodGroup[]>
  /** Names of the pods that each side Service was last seen to lead to. */
  readonly endpoints: Map<string, readonly string[]>

  constructor(like?: TinyWorld) {
    this.#objects = new Map(
      [...(like === undefined ? [] : like.#objects)].map(([kind, objects]) => [kind, new Map(objects)]),
    )
    this.pods = new Map(like?.pods)
    this.endpoints = new Map(like?.endpoints)
    if (like === undefined) return
    this.now = like.now
    this.weather = like.weather
    this.changes = like.changes
    this.#version = like.#version
  }

  get(ref: Ref): KubeObject | undefined {
    return this.#objects.get(ref.kind.kind)?.get(ref.name)
  }

  /** The same list until one of them changes. */
  all(kind: Kind): readonly KubeObject[] {
    const known = this.#lists.get(kind.kind) ?? [...(this.#objects.get(kind.kind)?.values() ?? [])]
    this.#lists.set(kind.kind, known)
    return known
  }

  /** What an observation shows of objects, by `refKey`; the same record until one of them changes. */
  get live(): Live {
    this.#live ??= Object.fromEntries(
      WATCHED.flatMap(kind => this.all(kind).map(object => [refKey(refTo(kind, object.metadata.name)), object])),
    )
    return this.#live
  }

  #changed(kind: Kind): void {
    this.changes += 1
    this.#lists.delete(kind.kind)
    this.#live = null
  }

  #keep(ref: Ref, object: KubeObject): void {
    const ofKind = this.#objects.get(ref.kind.kind) ?? new Map<string, KubeObject>()
    ofKind.set(ref.name, object)
    this.#objects.set(ref.kind.kind, ofKind)
    this.#changed(ref.kind)
  }

  /** Keeps an object as its newest version. A change of the spec is a new generation. */
  put(ref: Ref, object: KubeObject, manager: string): KubeObject {
    const before = this.get(ref)
    const same = before !== undefined && sameJson(before['spec'], object['spec'])
    const generation = before === undefined ? 1 : (before.metadata.generation ?? 0) + (same ? 0 : 1)
    this.#version += 1
    const metadata = {
      ...object.metadata,
      name: ref.name,
      namespace: ref.namespace,
      uid: before?.metadata.uid ?? `uid-${this.#version}`,
      resourceVersion: String(this.#version),
      generation,
    }
    const kept: KubeObject = {
      ...object,
      apiVersion: apiVersionOf(ref.kind),
      kind: ref.kind.kind,
      // A template keeps its identity as long as it stays the same: it is hashed once.
      ...(same ? { spec: before['spec'] } : {}),
      metadata: { ...metadata, managedFields: this.#managed(before, object, manager) },
    }
    this.#keep(ref, kept)
    return kept
  }

  /** Of all ownership only two facts are read: who wrote replicas last, and whether anything is ours. */
  #managed(
    before: KubeObject | undefined,
    object: KubeObject,
    manager: string,
  ): NonNullable<KubeObject['metadata']['managedFields']> {
    const entries = before?.metadata.managedFields ?? []
    const replicas = at(object['spec'], 'replicas')
    const scaled = replicas !== undefined && replicas !== at(before?.['spec'], 'replicas')
    const time = new Date(this.now).toISOString()
    if (scaled) return [{ manager, operation: 'Update', time, fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]
    return manager !== 'sluice' || entries.some(entry => entry.manager === manager)
      ? entries
      : [...entries, { manager, operation: 'Update', time, fieldsV1: {} }]
  }

  /** A change by somebody's hand; nothing where the object is not there. */
  edit(ref: Ref, change: (object: KubeObject) => KubeObject, manager = 'kubectl'): void {
    const before = this.get(ref)
    if (before !== undefined) this.put(ref, change(before), manager)
  }

  /** Takes in one object as it is in another world: what a read, or the answer of a write, tells of it. */
  take(from: TinyWorld, ref: Ref): void {
    const object = from.get(ref)
    if (object === this.get(ref)) return
    if (object === undefined) this.remove(ref)
    else this.#keep(ref, object)
  }

  remove(ref: Ref): void {
    if (this.#objects.get(ref.kind.kind)?.delete(ref.name) === true) this.#changed(ref.kind)
    if (ref.kind === kinds.Deployment) this.pods.delete(ref.name)
  }

  /** Carries out a write of the controller, or throws the `ApiError` that the API server would answer. */
  write(write: Write): void {
    const before = this.get(write.ref)
    switch (write.verb) {
      case 'apply':
        return void this.put(write.ref, before === undefined ? write.object : applied(before, write.object), 'sluice')
      case 'create':
        if (before !== undefined) throw refusal(write.ref, 409, 'AlreadyExists')
        return void this.put(write.ref, write.object, 'sluice')
      case 'replace':
        return void this.put(
          write.ref,
          this.#guarded(write.ref, write.object.metadata.resourceVersion, write.object),
          'sluice',
        )
      case 'merge':
      case 'status': {
        const patched = mergePatch(before, write.patch) as KubeObject
        return this.#settle(
          write.ref,
          this.#guarded(write.ref, at(write.patch, 'metadata', 'resourceVersion'), patched),
        )
      }
      case 'patch': {
        const isSameSpec = write.generation !== undefined && write.generation === before?.metadata.generation
        this.#guarded(write.ref, isSameSpec ? undefined : write.resourceVersion, null)
        return void this.put(write.ref, jsonPatch(before, write.operations) as KubeObject, 'sluice')
      }
      case 'delete':
        if (before !== undefined && write.uid !== undefined && write.uid !== before.metadata.uid)
          throw refusal(write.ref, 409, 'Conflict')
        return this.remove(write.ref)
      case 'disown':
        return this.#disown(write.ref)
      case 'copy': {
        const source = this.get(write.from)
        if (source === undefined) throw refusal(write.from, 404, 'NotFound')
        if (!write.ref.name.endsWith(String(source['contentHash']).slice(0, 10)))
          throw refusal(write.from, 409, 'Conflict')
        if (before === undefined)
          this.put(write.ref, { ...source, metadata: { name: write.ref.name, labels: { ...write.labels } } }, 'sluice')
      }
    }
  }

  /** What is being deleted goes with its last finalizer. */
  #settle(ref: Ref, object: KubeObject): void {
    if (object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0)
      return this.remove(ref)
    this.put(ref, object, 'sluice')
  }

  #guarded<T>(ref: Ref, version: unknown, next: T): T {
    const before = this.get(ref)
    if (before === undefined) throw refusal(ref, 404, 'NotFound')
    if (version !== undefined && version !== before.metadata.resourceVersion) throw refusal(ref, 409, 'Conflict')
    return next
  }

  #disown(ref: Ref): void {
    const before = this.get(ref)
    if (before === undefined) return
    const managedFields = (before.metadata.managedFields ?? []).filter(entry => entry.manager !== 'sluice')
    this.#keep(ref, { ...before, metadata: { ...before.metadata, managedFields } })
  }

  /**
   * One sweep of the Deployment controller over one Deployment: pods start, get ready a sweep later, and make room.
   *
   * @returns whether anything moved.
   */
  tick(name: string): boolean {
    const deployment = this.get(refTo(kinds.Deployment, name))
    const before = this.pods.get(name) ?? []
    if (deployment === undefined) return false
    return this.#show(deployment, before, advancePods(deployment, before, this.weather))
  }

  /** Pods crash or recover with the weather, and the status of their Deployments says so. */
  weigh(): void {
    for (const deployment of this.all(kinds.Deployment)) {
      const before = this.pods.get(deployment.metadata.name) ?? []
      this.#show(deployment, before, withReadiness(before, this.weather))
    }
    this.changes += 1
  }

  #show(deployment: KubeObject, before: readonly PodGroup[], after: readonly PodGroup[]): boolean {
    const { name } = deployment.metadata
    const sum = (of: (group: PodGroup) => number): number => after.reduce((total, group) => total + of(group), 0)
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: sum(group => group.replicas),
      readyReplicas: sum(group => group.ready),
    }
    const moved = after !== before || !sameJson(deployment['status'], status)
    if (!moved) return false
    this.pods.set(name, after)
    this.#version += 1
    const metadata = { ...deployment.metadata, resourceVersion: String(this.#version) }
    this.#keep(refTo(kinds.Deployment, name), { ...deployment, metadata, status })
    return true
  }

  /** The endpoints controller takes up which pods the Services lead to whose EndpointSlices are followed, and parents their routes. */
  lead(): boolean {
    let moved = this.#answerRoutes()
    for (const name of [...SIDE_SERVICES, 'web']) {
      if (this.get(refTo(kinds.Service, name))?.metadata.labels?.['sluice.dev/endpoints'] === undefined) continue
      const names = this.#podNames(name)
      if (sameJson(this.endpoints.get(name) ?? [], names)) continue
      this.endpoints.set(name, names)
      moved = true
    }
    if (moved) this.changes += 1
    return moved
  }

  /** Each parent of an HTTPRoute says that it has taken up its present generation. */
  #answerRoutes(): boolean {
    const behind = this.all(kinds.HTTPRoute).filter(
      ({ metadata, status }) => at(status, 'observedGeneration') !== metadata.generation,
    )
    for (const route of behind) {
      const { generation: observedGeneration } = route.metadata
      const conditions = ['Accepted', 'ResolvedRefs'].map(type => ({ type, status: 'True', observedGeneration }))
      const parents = recordsOf(at(route['spec'], 'parentRefs')).map(parentRef => ({ parentRef, conditions }))
      this.#version += 1
      const metadata = { ...route.metadata, resourceVersion: String(this.#version) }
      this.#keep(refTo(kinds.HTTPRoute, metadata.name), { ...route, metadata, status: { observedGeneration, parents } })
    }
    return behind.length > 0
  }

  #podNames(service: string): string[] {
    return this.selected(service).flatMap(group =>
      Array.from({ length: group.ready }, (_, i) => `${group.deployment}-${group.hash}-${i}`),
    )
  }

  /** The pods that a Service selects; none where there is no such Service. */
  selected(service: string): PodGroup[] {
    const selector = at(this.get(refTo(kinds.Service, service))?.['spec'], 'selector')
    if (!isRecord(selector) || Object.keys(selector).length === 0) return []
    return this.everyGroup().filter(group => carriesLabels(group, selector))
  }

  everyGroup(): PodGroup[] {
    return [...this.pods.values()].flat().filter(group => group.replicas > 0)
  }
}

export function carriesLabels(group: PodGroup, labels: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(labels).every(([key, value]) => group.labels[key] === value)
}

/** An apply of ours owns the whole spec of what we make; labels and annotations of others stay. */
function applied(before: KubeObject, object: KubeObject): KubeObject {
  const { metadata } = mergePatch(before, { metadata: object.metadata }) as KubeObject
  return { ...before, ...object, metadata }
}

export function refusal(ref: Ref, code: number, reason: string): ApiError {
  return new ApiError({ code, reason, message: `${refKey(ref)}: ${reason}` })
}
