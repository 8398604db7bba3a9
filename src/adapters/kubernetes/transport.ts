/**
 * The Kubernetes API over HTTP: the port `KubeApi`, in raw JSON. Nothing here knows what an object means, and nothing of
 * an object's content is logged.
 */
import type { Kind, KubeObject, Ref } from '../../api/object.ts'
import { apiVersionOf, keptByFinalizers, kindKey } from '../../api/object.ts'
import { ApiError, isAlreadyExists, isConflict, isNotFound } from '../../core/errors.ts'
import type { Call, KubeApi, ListQuery, ObjectForm, ObjectList, WatchEvent, WatchQuery } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { Write } from '../../core/model/write.ts'
import { isRecord } from './answer.ts'
import { textOf as bodyText } from './body.ts'
import { type About, Exchange, type ExchangeOptions } from './exchange.ts'
import { collectionPath, objectPath, queryString, versionPath } from './url.ts'
import type { StreamResponse } from './streams.ts'
import { eventOf, isObject, Lines } from './watch.ts'
import { copyOf, disownPatch, type Request, requestFor, type SingleWrite } from './write.ts'

export interface TransportOptions extends ExchangeOptions {
  /**
   * A watch over HTTP/1.1, which has no PING, is ended when no byte came for this long, and the reflector opens another: the
   * connection may be half dead. kube-apiserver sends a bookmark about each minute to a watch that asks for them, but only when it knows of a newer
   * version than it sent last (`cacheWatcher.process` of 1.36, and seen: a quiet kind may be silent for longer when etcd
   * does not report progress). So silence is a reason to look, not an error. Default: 90 s.
   */
  readonly idle?: Milliseconds
}

/** How often `disown` starts over when another client writes in between. */
const DISOWN_TRIES = 4

export class KubeTransport implements KubeApi {
  readonly #exchange: Exchange
  readonly #options: TransportOptions
  readonly #idle: Milliseconds

  constructor(options: TransportOptions) {
    this.#options = options
    this.#exchange = new Exchange(options)
    this.#idle = options.idle ?? 90_000
  }

  get(ref: Ref, call: Call): Promise<KubeObject | null> {
    return orNull(this.#object(read(objectPath(ref)), about('get', ref), call))
  }

  async list(kind: Kind, query: ListQuery, call: Call): Promise<ObjectList> {
    const path =
      collectionPath(kind, query.namespace) +
      queryString({
        labelSelector: query.labelSelector,
        fieldSelector: query.name === undefined ? undefined : `metadata.name=${query.name}`,
        limit: query.limit,
        continue: query.continue,
      })
    const request = query.form === undefined ? read(path) : { ...read(path), accept: METADATA_LIST }
    return this.#exchange.run(request, about('list', { kind, namespace: query.namespace }), call, async response => {
      const { body, size } = await recordIn(response, request, query.largest)
      const metadata = isRecord(body['metadata']) ? body['metadata'] : {}
      const items = (Array.isArray(body['items']) ? body['items'] : []) as KubeObject[]
      for (const item of items) name(item, kind, query.form)
      const next = metadata['continue']
      return {
        resourceVersion: textOf(metadata['resourceVersion']),
        items,
        size,
        ...(typeof next === 'string' && next !== '' ? { continue: next } : {}),
      }
    })
  }

  async watch(kind: Kind, query: WatchQuery, seen: (event: WatchEvent) => void, call: Call): Promise<void> {
    const path =
      collectionPath(kind, query.namespace) +
      queryString({
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: query.resourceVersion,
        timeoutSeconds: Math.max(1, Math.ceil(query.timeout / 1000)),
        labelSelector: query.labelSelector,
        fieldSelector: query.name === undefined ? undefined : `metadata.name=${query.name}`,
      })
    // Not repeatable: the reflector must know that there was a gap.
    const accept = query.form === undefined ? {} : { accept: METADATA }
    const request: Request = { method: 'GET', path, repeatable: false, ...accept }
    const named = (event: WatchEvent): void => {
      name(event.object, kind, query.form)
      seen(event)
    }
    const { clock } = this.#options
    const given = new AbortController()
    const giveUp = (): void => given.abort()
    if (call.signal.aborted) giveUp()
    call.signal.addEventListener('abort', giveUp, { once: true })
    // The server ends a watch at its timeout. One that goes on is forgotten there, though the connection (perhaps a proxy's) is well.
    const cancel = clock.at(clock.now() + query.timeout + this.#idle, giveUp)
    try {
      await this.#exchange.run(
        request,
        about('watch', { kind, namespace: query.namespace }),
        { ...call, signal: given.signal },
        response => this.#follow(response, named),
        { headersTimeout: this.#idle, bodyTimeout: 2 * this.#idle },
      )
    } catch (error) {
      if (!given.signal.aborted) throw error
    } finally {
      cancel()
      call.signal.removeEventListener('abort', giveUp)
    }
  }

  /** By discovery: the group's versions, and of each whether it has the kind. The core group has one version. */
  async served(kind: Kind, call: Call): Promise<readonly string[]> {
    const asked = about('discovery', { kind, namespace: '' })
    try {
      const group = await this.json(read(kind.group === '' ? '/api' : `/apis/${kind.group}`), asked, call)
      const versions = (Array.isArray(group['versions']) ? group['versions'] : []).flatMap((one: unknown) =>
        isRecord(one) ? [textOf(one['version'])] : typeof one === 'string' ? [one] : [],
      )
      const has = await Promise.all(
        versions.map(async version => {
          const { resources } = await this.json(read(versionPath({ group: kind.group, version })), asked, call)
          return Array.isArray(resources) && resources.some(one => isRecord(one) && one['name'] === kind.plural)
        }),
      )
      return versions.filter((_, index) => has[index])
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  }

  async write(write: Write, call: Call): Promise<KubeObject | null> {
    switch (write.verb) {
      case 'apply':
        return this.#apply(write, call)
      case 'create':
        return this.#single(write, call)
      case 'replace':
      case 'merge':
      case 'status':
        return orNull(this.#single(write, call))
      case 'patch':
        return this.#guarded(write, call)
      case 'delete':
        return keptByFinalizers(await orNull(this.#single(write, call)))
      case 'disown':
        return this.#disown(write.ref, call)
      case 'copy':
        break
    }
    return this.#copy(write, call)
  }

  /** Ends all connections; calls under way fail. */
  close(): Promise<void> {
    return this.#exchange.close()
  }

  async #follow({ body, probed }: StreamResponse, seen: (event: WatchEvent) => void): Promise<void> {
    const { clock } = this.#options
    const lines = new Lines()
    let lastByte = clock.now()
    let silent = false
    let cancel: () => void
    const check = (): void => {
      silent = clock.now() - lastByte >= this.#idle
      if (silent) body.destroy()
      else cancel = clock.at(lastByte + this.#idle, check)
    }
    cancel = probed === true ? () => {} : clock.at(lastByte + this.#idle, check)
    try {
      for await (const piece of body) {
        lastByte = clock.now()
        for (const line of lines.push(piece as Buffer)) seen(eventOf(line))
      }
    } catch (error) {
      if (!silent) throw error
    } finally {
      cancel()
    }
  }

  /** An apply that names a field which the schema does not have is answered with 500, though it is the object that is wrong. */
  async #apply(write: Extract<Write, { verb: 'apply' }>, call: Call): Promise<KubeObject | null> {
    try {
      return await this.#single(write, call)
    } catch (error) {
      if (error instanceof ApiError && error.code === 500 && error.message.startsWith('failed to create typed patch')) {
        throw new ApiError({ code: 422, reason: 'Invalid', message: error.message })
      }
      throw error
    }
  }

  /**
   * A guarded patch. The server answers 422 for a failed `test` and for a path that is gone alike, so
   * what it has now decides whether another client was first.
   */
  async #guarded(write: Extract<Write, { verb: 'patch' }>, call: Call): Promise<KubeObject | null> {
    try {
      return await this.#single(write, call)
    } catch (error) {
      if (isNotFound(error)) return null
      if (!(error instanceof ApiError) || error.code !== 422) throw error
      const live = await this.get(write.ref, call)
      if (live === null) return null
      if (live.metadata.resourceVersion === write.resourceVersion) throw error
      throw new ApiError({
        code: 409,
        reason: 'Conflict',
        message: `${write.ref.kind.kind} ${write.ref.namespace}/${write.ref.name} was changed by another client before our patch.`,
      })
    }
  }

  async #disown(ref: Ref, call: Call): Promise<KubeObject | null> {
    for (let attempt = 1; ; attempt++) {
      const live = await this.get(ref, call)
      const patch = live === null ? null : disownPatch(ref, live)
      if (patch === null) return live
      try {
        return await this.#guarded(patch, call)
      } catch (error) {
        if (!isConflict(error) || attempt >= DISOWN_TRIES) throw error
      }
    }
  }

  async #copy(write: Extract<Write, { verb: 'copy' }>, call: Call): Promise<KubeObject | null> {
    const source = await this.get(write.from, call)
    if (source === null) return null
    try {
      return await this.#single(copyOf(write, source), call)
    } catch (error) {
      if (isAlreadyExists(error)) return this.get(write.ref, call)
      throw error
    }
  }

  #single(write: SingleWrite, call: Call): Promise<KubeObject> {
    return this.#object(requestFor(write), about(write.verb, write.ref), call)
  }

  async #object(request: Request, asked: About, call: Call): Promise<KubeObject> {
    const body = await this.json(request, asked, call)
    if (!isObject(body))
      throw new Error(`${request.method} ${request.path} was answered with something without metadata`)
    return body
  }

  /**
   * Any request that is answered with a JSON object.
   *
   * @throws ApiError for an answer that is no success; Error for a broken connection.
   */
  json(request: Request, asked: About, call: Call): Promise<Record<string, unknown>> {
    return this.#exchange.run(request, asked, call, async response => (await recordIn(response, request)).body)
  }
}

/** The JSON object of an answer, and its length in bytes. @throws AnswerTooLarge beyond `largest` bytes; Error when it is none */
async function recordIn(
  response: StreamResponse,
  { method, path }: Request,
  largest?: number,
): Promise<{ body: Record<string, unknown>; size: number }> {
  const text = await bodyText(response.body, `${method} ${path}`, largest)
  const body: unknown = JSON.parse(text)
  if (!isRecord(body)) throw new Error(`${method} ${path} was answered with no JSON object`)
  return { body, size: Buffer.byteLength(text) }
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** Items of lists of built-in kinds do not say what they are, and metadata alone says that it is metadata. */
function name(object: KubeObject, kind: Kind, form: ObjectForm | undefined): void {
  if (form === undefined && object.kind !== undefined && object.apiVersion !== undefined) return
  object.apiVersion = apiVersionOf(kind)
  object.kind = kind.kind
}

const about = (verb: string, { kind, namespace }: Pick<Ref, 'kind' | 'namespace'>): About => ({
  verb,
  kind: kindKey(kind),
  namespace,
})

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const read = (path: string): Request => ({ method: 'GET', path, repeatable: true })

async function orNull(asked: Promise<KubeObject>): Promise<KubeObject | null> {
  try {
    return await asked
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}
