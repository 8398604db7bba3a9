/**
 * The API server without its HTTP: what every verb does to the store, and what it answers. Synchronous, because a real
 * server also decides one write after the other; clients add the network, and its faults.
 */
import { apiVersionOf, type Kind, kindKey, kinds, type KubeObject, type Ref } from '../../src/api/object.ts'
import { ApiError, type StatusDetails } from '../../src/core/errors.ts'
import type { Clock, WatchEvent } from '../../src/core/ports.ts'
import {
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
  otherUid,
  stale,
  terminating,
  untyped,
} from '../answers.ts'
import { Allotted, type AllottedCounts } from './allotted.ts'
import { asCreated, asUpdated } from './identity.ts'
import { twinsIn } from './field-set.ts'
import { afterDeletion, graceOf, isPod, type Preconditions, stampOf, withoutGrace } from './deletion.ts'
import { applyFields, fieldsAfterUpdate, type Writer } from './fields.ts'
import { copyOf, sameJson, sharing, withoutUndefined } from '../json.ts'
import { asKubectl } from './last-applied.ts'
import { type Listing, listPage, openWatch, type Page, type Watched, type Watching } from './reading.ts'
import { Registry } from './registry.ts'
import type { AccessRequest, Requester, Subresource } from './request.ts'
import type { Resource } from '../resource.ts'
import { withAllotments } from '../schema/allotments.ts'
import { invalid as invalidValue } from '../schema/causes.ts'
import { resourceOf } from '../schema/custom.ts'
import { immutableCauses } from '../schema/metadata.ts'
import { type Backup, inVersion, Store } from './store.ts'

/** An admission rule: a sentence (422 Invalid), a whole answer, or null for a welcome object. */
export type Admission = (object: KubeObject, before: KubeObject | null) => string | StatusDetails | null

/** Everything that a server remembers of its cluster, at one moment. */
export interface Snapshot extends Backup {
  readonly allotted: AllottedCounts
}

export class ApiServer {
  readonly store: Store
  readonly clock: Clock
  /** Admission rules by `kindKey`, run in order after the server's own validation. */
  readonly admission = new Map<string, Admission[]>()
  /** The kinds that are served. */
  readonly resources = new Registry()
  /** Says why a request is forbidden, or null. */
  authorize: (request: AccessRequest) => string | null = () => null
  /** Every right that was used, as `manager verb resource[/subresource]`. */
  readonly used = new Set<string>()
  readonly #allotted: Allotted

  constructor(clock: Clock, logSize = 10_000) {
    this.clock = clock
    this.#allotted = new Allotted(clock)
    this.store = new Store(logSize)
    this.store.subscribe(({ kind, before, after }) => {
      if (kindKey(kind) === kindKey(kinds.CustomResourceDefinition)) this.#serve(before, after)
    })
  }

  snapshot(): Snapshot {
    return { ...this.store.backup(), allotted: this.#allotted.counts }
  }

  /** Becomes what a server of the same kinds was. Call it before anything watches: no watcher receives an event. */
  restore(snapshot: Snapshot): void {
    this.store.restore(snapshot)
    this.#allotted.counts = snapshot.allotted
  }

  get(ref: Ref, by: Requester): KubeObject {
    this.#check({ ...by, verb: 'get', ...ref, subresource: '' })
    return inVersion(ref.kind, this.#existing(ref))
  }

  list(kind: Kind, query: Listing, by: Requester): Page {
    this.#check({ ...by, verb: 'list', kind, namespace: query.namespace, name: '', subresource: '' })
    return listPage(this.store, kind, query)
  }

  watch(kind: Kind, query: Watched, by: Requester, send: (event: WatchEvent) => void): Watching {
    this.#check({ ...by, verb: 'watch', kind, namespace: query.namespace, name: '', subresource: '' })
    return openWatch(this.store, this.clock, kind, query, send)
  }

  create(ref: Ref, object: KubeObject, by: Requester): KubeObject {
    this.#check({ ...by, verb: 'create', ...ref, name: '', subresource: '' })
    const { generateName = '' } = object.metadata
    const place =
      ref.name === '' && generateName !== '' ? { ...ref, name: this.#allotted.nameAfter(generateName) } : ref
    return this.#save(place, null, object, { ...by, operation: 'Update', subresource: '' })
  }

  update(ref: Ref, object: KubeObject, by: Requester, subresource: Subresource = ''): KubeObject {
    this.#check({ ...by, verb: 'update', ...ref, subresource })
    const mayCreate = CREATED_BY_UPDATE.has(kindKey(ref.kind)) && subresource === ''
    const before = mayCreate ? this.#find(ref) : this.#existing(ref)
    const isBlind = before !== null && object.metadata.resourceVersion === undefined
    if (isBlind && !this.#resource(ref.kind).replacesBlindly) {
      throw invalid(byPlural(ref), [invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')])
    }
    const { uid = '', resourceVersion: _, ...metadata } = object.metadata
    if (before === null && uid !== '') throw otherUid(ref, uid, '')
    const wanted = before === null ? { ...object, metadata } : object
    return this.#save(ref, before, wanted, { ...by, operation: 'Update', subresource })
  }

  /** Any patch: `change` is given a copy of the object as it is. */
  patch(
    ref: Ref,
    change: (object: KubeObject) => KubeObject,
    by: Requester,
    subresource: Subresource = '',
  ): KubeObject {
    this.#check({ ...by, verb: 'patch', ...ref, subresource })
    const before = this.#existing(ref)
    const wanted = change(inVersion(ref.kind, before))
    const moved = immutableCauses(wanted.metadata, before.metadata)
    // The server looks twice, and says it twice.
    if (moved.length > 0) throw invalid(ref, [...moved, ...moved])
    return this.#save(ref, before, wanted, { ...by, operation: 'Update', subresource })
  }

  /** Server-side apply; creates what is missing, but not by a subresource. */
  apply(
    ref: Ref,
    object: KubeObject,
    by: Requester,
    onConflict: 'force' | 'fail',
    subresource: Subresource = '',
  ): KubeObject {
    this.#check({ ...by, verb: 'patch', ...ref, subresource })
    if (object.metadata.managedFields !== undefined) {
      throw badRequest('metadata.managedFields must be nil')
    }
    const before = subresource === '' ? this.#find(ref) : this.#existing(ref)
    if (before === null && object.metadata.uid !== undefined) {
      throw conflict(
        ref,
        `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`,
      )
    }
    const { status, ...main } = withoutUndefined(object) as KubeObject
    const resource = this.#resource(ref.kind)
    const { apiVersion, kind, metadata: identity } = object
    const ofStatus = { apiVersion, kind, metadata: { name: identity.name }, status }
    const ofMain = resource.subresources.status ? main : { ...main, status }
    const wanted: KubeObject = subresource === 'status' ? ofStatus : ofMain
    const how = { ...by, operation: 'Apply', subresource } as const
    const twins = twinsIn(resource.schema, wanted)
    if (twins.length > 0) throw untyped(ref, object, twins.join(', '))
    const own = applyFields(resource.schema, before, wanted, this.#writer(ref.kind, how))
    const applied = by.manager === 'kubectl' ? asKubectl(resource.schema, before, wanted, own) : own
    if (onConflict === 'fail' && applied.conflicts.length > 0) {
      throw applyConflict(applied.conflicts)
    }
    const metadata = { ...applied.object.metadata, managedFields: applied.managedFields }
    return this.#save(ref, before, { ...applied.object, metadata }, how)
  }

  /**
   * Deletes, or begins to: with finalizers left the object stays, marked, and is returned; null: it is gone. What is returned
   * of a pod that is gone is its last state.
   */
  delete(ref: Ref, preconditions: Preconditions, by: Requester): KubeObject | null {
    this.#check({ ...by, verb: 'delete', ...ref, subresource: '' })
    const object = this.#existing(ref)
    const left = afterDeletion(ref, object, preconditions, this.clock.now())
    if (by.dryRun === true || left === object) return left && inVersion(ref.kind, left)
    if (left !== null) return inVersion(ref.kind, this.store.put(ref.kind, left))
    const gone = this.store.drop(ref.kind, withoutGrace(ref, object, this.clock.now()))
    return isPod(ref) ? inVersion(ref.kind, gone) : null
  }

  #find(ref: Ref): KubeObject | null {
    return this.store.get(ref.kind, ref.namespace, ref.name)
  }

  #existing(ref: Ref): KubeObject {
    const object = this.#find(ref)
    if (object === null) throw notFound(ref)
    return object
  }

  #check(request: AccessRequest): void {
    const { manager, verb, kind, subresource, namespace, name } = request
    const resource = kindKey(kind) + (subresource === '' ? '' : `/${subresource}`)
    const { subresources } = this.#resource(kind)
    if (subresource === 'status' && !subresources.status) throw unknownResource()
    this.used.add(`${manager} ${verb} ${resource}`)
    const because = this.authorize(request)
    if (because === null) return
    const what = name === '' ? resource : `${resource} "${name}"`
    const where = `API group "${kind.group}" in the namespace "${namespace}"`
    throw forbidden(what, `User "${manager}" cannot ${verb} resource "${kind.plural}" in ${where}: ${because}`)
  }

  /** @throws ApiError 404 for a kind that is not served. */
  #resource(kind: Kind): Resource {
    const resource = this.resources.of(kind)
    if (resource === null) throw unknownResource()
    return resource
  }

  /** A definition came, changed or went, and with it what it describes. */
  #serve(before: KubeObject | null, after: KubeObject | null): void {
    if (after !== null) return this.resources.install(resourceOf(after))
    if (before === null) return
    const { kind } = resourceOf(before)
    this.resources.remove(kind)
    for (const object of this.store.all(kind)) this.store.drop(kind, object)
  }

  #writer(kind: Kind, how: How): Writer {
    const { manager, operation, subresource } = how
    const writer = { manager, operation, subresource, apiVersion: apiVersionOf(kind) }
    return subresource === 'scale' ? writer : { ...writer, time: stampOf(this.clock.now()) }
  }

  /** The one way into the store: what every write has in common. */
  #save(ref: Ref, before: KubeObject | null, wanted: KubeObject, how: How): KubeObject {
    const { kind } = ref
    if (before === null) this.#welcomeNew(ref, wanted, how)
    else if (!sameOrAbsent(wanted.metadata.resourceVersion, before.metadata.resourceVersion)) throw stale(ref, wanted)
    else if (!sameOrAbsent(wanted.metadata.uid, before.metadata.uid)) {
      throw otherUid(ref, wanted.metadata.uid ?? '', before.metadata.uid ?? '')
    }
    const resource = this.#resource(kind)
    const { status: hasStatus } = resource.subresources
    const writable =
      before === null
        ? asCreated(ref, resource, wanted, { uid: this.#allotted.uid(), at: stampOf(this.clock.now()) })
        : asUpdated(ref, resource, before, wanted, how.subresource)
    const { object: read, unknown } = resource.schema.shape(writable)
    const shaped = sharing(before, read)
    how.unknown?.(unknown, wanted)
    const taken = before === null ? this.#find(ref) : null
    if (taken !== null) throw alreadyExists(ref, taken)
    const metadata = { ...shaped.metadata }
    // What the server fills in on the other side of the status subresource is nobody's.
    const written = hasStatus && how.subresource === '' ? { ...shaped, status: before?.['status'] } : shaped
    const managed =
      how.operation === 'Apply'
        ? (wanted.metadata.managedFields ?? [])
        : fieldsAfterUpdate(resource.schema, before, written, this.#writer(kind, how))
    delete metadata.managedFields
    if (managed.length > 0) metadata.managedFields = managed
    if (before && resource.generation && !sameJson(contentOf(before), contentOf(shaped))) {
      metadata.generation = (before.metadata.generation ?? 0) + 1
    }
    const object = withAllotments(kind, { ...shaped, metadata }, before, this.#allotted)
    if (before && sameJson(before, object)) return inVersion(kind, before)
    this.#admit(ref, object, before)
    if (how.dryRun === true) return inVersion(kind, object)
    const finalized = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0
    if (before && finalized && (before.metadata.finalizers ?? []).length > 0 && graceOf(before) === 0) {
      // What is told of the end is the object as it last was; who ended it sees it without its finalizers.
      this.store.drop(kind, before)
      return inVersion(kind, object)
    }
    return inVersion(kind, this.store.put(kind, object))
  }

  #welcomeNew(ref: Ref, wanted: KubeObject, how: How): void {
    if (how.operation === 'Update' && !sameOrAbsent(wanted.metadata.resourceVersion, '')) {
      const message = 'resourceVersion should not be set on objects to be created'
      throw new ApiError({ code: 500, reason: '', message })
    }
    if (!ref.kind.namespaced) return
    const namespace = this.store.get(kinds.Namespace, '', ref.namespace)
    if (namespace === null) throw notFound({ kind: kinds.Namespace, namespace: '', name: ref.namespace })
    if (namespace.metadata.deletionTimestamp === undefined) return
    const because = `unable to create new content in namespace ${ref.namespace} because it is being terminated`
    throw terminating(ref, because)
  }

  #admit(ref: Ref, object: KubeObject, before: KubeObject | null): void {
    const causes = this.#resource(ref.kind).schema.validate(object, before)
    if (causes.length > 0) throw invalid(ref, causes)
    for (const rule of this.admission.get(kindKey(ref.kind)) ?? []) {
      const refusal = rule(copyOf(object), before)
      if (typeof refusal === 'string') throw invalid(ref, refusal)
      if (refusal !== null) throw new ApiError(refusal)
    }
  }
}

const unknownResource = (): ApiError =>
  new ApiError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' })

interface How extends Requester {
  readonly operation: 'Apply' | 'Update'
  readonly subresource: Subresource
}

/** Some refusals name the resource where others name the kind. */
const byPlural = (ref: Ref): Ref => ({ ...ref, kind: { ...ref.kind, kind: ref.kind.plural } })

/** Kinds that an update creates where they are missing. */
const CREATED_BY_UPDATE = new Set(['services', 'leases.coordination.k8s.io', 'events'])

function sameOrAbsent(given: string | undefined, real: string | undefined): boolean {
  return given === undefined || given === '' || given === real
}

/** All that counts for the generation: everything but metadata and status. */
function contentOf(object: KubeObject): unknown {
  return { ...object, apiVersion: '', metadata: null, status: null }
}
