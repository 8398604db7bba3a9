/**
 * The in-memory cluster's API as the controller sees it: the port `KubeApi`, over the same server as everybody else's
 * hands, with a network in between that tests can break.
 */
import { createHash } from 'node:crypto'
import { apiVersionOf, keptByFinalizers, type Kind, type KubeObject, type Ref } from '../../src/api/object.ts'
import { ApiError, isAlreadyExists, isNotFound } from '../../src/core/errors.ts'
import type { Call, Clock, KubeApi, ListQuery, ObjectList, WatchEvent, WatchQuery } from '../../src/core/ports.ts'
import { mustBeAsNamed } from '../../src/core/render/content.ts'
import { FIELD_MANAGER, type Write } from '../../src/core/model/write.ts'
import { Faults } from './faults.ts'
import { Hand } from '../server/hand.ts'
import { mergePatch } from '../json.ts'
import { jsonPatch } from '../server/json-patch.ts'
import type { Watching } from '../server/reading.ts'
import type { Requester } from '../server/request.ts'
import { ApiServer } from '../server/server.ts'

/** A client of the in-memory API server; each has a network of its own. */
export class PlaygroundApi implements KubeApi {
  readonly server: ApiServer
  readonly faults: Faults
  readonly #by: Requester = { manager: FIELD_MANAGER }

  constructor(server: ApiServer) {
    this.server = server
    this.faults = new Faults(server.clock)
  }

  /** A server of its own, and the first client of it. */
  static on(clock: Clock): PlaygroundApi {
    return new PlaygroundApi(new ApiServer(clock))
  }

  /** Another client of the same server, as a second replica is: its faults are its own. */
  replica(): PlaygroundApi {
    return new PlaygroundApi(this.server)
  }

  /** Somebody else's hand on the same cluster: a user, an autoscaler, Argo CD. No faults stand in its way. */
  as(manager: string): Hand {
    return new Hand(this.server, manager)
  }

  async get(ref: Ref, call: Call): Promise<KubeObject | null> {
    return this.faults.pass({ verb: 'get', kind: ref.kind, ref }, call.signal, () =>
      unlessMissing(() => this.server.get(ref, this.#by)),
    )
  }

  async list(kind: Kind, query: ListQuery, call: Call): Promise<ObjectList> {
    return this.faults.pass({ verb: 'list', kind, ref: null }, call.signal, () => {
      this.#mustServe(kind)
      return formed(this.server.list(kind, query, this.#by), query)
    })
  }

  async watch(kind: Kind, query: WatchQuery, seen: (event: WatchEvent) => void, call: Call): Promise<void> {
    const { clock } = this.server
    const { lines } = this.faults
    let open = true
    const hear = (event: WatchEvent): void => {
      if (open && !this.faults.silent && this.faults.lines === lines)
        seen({ ...event, object: metadataOr(event.object, query) })
    }
    // Events arrive in order, and never within the write that caused them; what is stopped hears no more.
    const deliver = (event: WatchEvent): void => {
      if (this.faults.watchLag === 0) queueMicrotask(() => hear(event))
      else clock.at(clock.now() + this.faults.watchLag, () => hear(event))
    }
    let watching: Watching
    try {
      watching = await this.faults.pass({ verb: 'watch', kind, ref: null }, call.signal, () =>
        this.server.watch(kind, query, this.#by, deliver),
      )
    } catch (error) {
      if (call.signal.aborted) return
      throw error
    }
    const forget = this.faults.watching(error => watching.stop(error))
    const abort = (): void => watching.stop()
    call.signal.addEventListener('abort', abort, { once: true })
    try {
      await watching.ended
    } finally {
      // What was sent before the end still arrives.
      await Promise.resolve()
      open = false
      call.signal.removeEventListener('abort', abort)
      forget()
    }
  }

  async served(kind: Kind, _call: Call): Promise<readonly string[]> {
    return this.server.resources.of(kind)?.versions ?? []
  }

  /** @throws ApiError 404 for a version that is not served. */
  #mustServe(kind: Kind): void {
    const resource = this.server.resources.of(kind)
    if (resource === null || resource.versions.includes(kind.version)) return
    throw new ApiError({ code: 404, reason: 'NotFound', message: '404 page not found' })
  }

  async write(write: Write, call: Call): Promise<KubeObject | null> {
    const { verb, ref } = write
    return this.faults.pass({ verb, kind: ref.kind, ref }, call.signal, () => this.#carryOut(write))
  }

  #carryOut(write: Write): KubeObject | null {
    const { server } = this
    const { ref } = write
    switch (write.verb) {
      case 'apply': {
        const { managedFields: _, ...metadata } = write.object.metadata
        return server.apply(ref, { ...write.object, metadata }, this.#by, 'force')
      }
      case 'create':
        return server.create(ref, write.object, this.#by)
      case 'replace':
        return server.update(ref, write.object, this.#by)
      case 'merge':
        return server.patch(ref, object => mergePatch(object, write.patch) as KubeObject, this.#by)
      case 'status':
        return server.patch(ref, object => mergePatch(object, write.patch) as KubeObject, this.#by, 'status')
      case 'patch':
        return server.patch(ref, object => jsonPatch(guarded(object, write), write.operations) as KubeObject, this.#by)
      case 'delete':
        return unlessMissing(() => keptByFinalizers(server.delete(ref, write, this.#by)))
      case 'disown':
        return unlessMissing(() => this.#disown(ref))
      case 'copy':
        break
    }
    return this.#copy(write)
  }

  #disown(ref: Ref): KubeObject {
    const live = this.server.get(ref, this.#by)
    const entries = live.metadata.managedFields ?? []
    const left = entries.filter(entry => entry.manager !== FIELD_MANAGER)
    if (left.length === entries.length) return live
    const managedFields = left.length > 0 ? left : [{}]
    return this.server.patch(ref, object => ({ ...object, metadata: { ...object.metadata, managedFields } }), this.#by)
  }

  #copy(write: Extract<Write, { verb: 'copy' }>): KubeObject {
    const { ref, from, labels } = write
    const source = this.server.get(from, this.#by)
    mustBeAsNamed(write, source, text => createHash('sha256').update(text).digest('hex'))
    const content = ['data', 'binaryData', 'type'].filter(field => source[field] !== undefined)
    const object: KubeObject = {
      apiVersion: apiVersionOf(ref.kind),
      kind: ref.kind.kind,
      metadata: { name: ref.name, namespace: ref.namespace, labels: { ...labels } },
      immutable: true,
      ...Object.fromEntries(content.map(field => [field, source[field]])),
    }
    try {
      return this.server.create(ref, object, this.#by)
    } catch (error) {
      if (isAlreadyExists(error)) return this.server.get(ref, this.#by)
      throw error
    }
  }
}

/** A page in the form that was asked for. */
function formed(page: ObjectList, query: ListQuery): ObjectList {
  return { ...page, items: page.items.map(item => metadataOr(item, query)) }
}

/** The metadata alone, where that was asked for. */
function metadataOr(object: KubeObject, { form }: Pick<ListQuery, 'form'>): KubeObject {
  const { apiVersion, kind, metadata } = object
  return form === undefined ? object : { apiVersion, kind, metadata }
}

/** The object, if it, or its spec, is still the one that was read. */
function guarded(object: KubeObject, write: Extract<Write, { verb: 'patch' }>): KubeObject {
  const { resourceVersion, generation } = object.metadata
  const isSame =
    write.generation === undefined ? write.resourceVersion === resourceVersion : write.generation === generation
  if (isSame) return object
  const message = `Operation cannot be fulfilled on "${object.metadata.name}": the object has been modified`
  throw new ApiError({ code: 409, reason: 'Conflict', message })
}

function unlessMissing(read: () => KubeObject | null): KubeObject | null {
  try {
    return read()
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}
