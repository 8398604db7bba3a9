/**
 * The API server as one caller of the page. In the cluster a caller is a token and nothing else: no file of the pod is read but the
 * certificate authority, so that the server of the page cannot act as anyone of its own.
 */
import { readFile } from 'node:fs/promises'
import type { Kind, KubeObject, Ref } from '../../api/object.ts'
import { kindKey } from '../../api/object.ts'
import { ApiError, isForbidden, isNotFound } from '../../core/errors.ts'
import { type Json, recordOf, recordsOf, textOf } from '../../core/json.ts'
import type { Call, Clock, ListQuery, ObjectList, WatchEvent, WatchQuery } from '../../core/ports.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import { Admission } from './admission.ts'
import type { Connection, Credentials } from './credentials.ts'
import type { About } from './exchange.ts'
import { KubeTransport } from './transport.ts'
import { collectionPath, queryString } from './url.ts'
import type { Request } from './write.ts'

/** Writes of the page are no writes of the controller: those it tells apart by their manager. */
const MANAGER = 'sluice-dashboard'
/** Of one caller: a person with some tabs open. */
const RATE = { qps: 20, burst: 60 } as const
/** For how long the file of the authority is not read again. */
const KEPT: Milliseconds = 60_000

export interface CallerOptions {
  readonly credentials: Credentials
  /** Should be one that does not jump. */
  readonly clock: Clock
  readonly random: () => number
  readonly userAgent: string
}

/** Credentials that are a token, for an API server whose certificate an authority in a file has signed. */
export class TokenCredentials {
  readonly #server: string
  readonly #caFile: string
  readonly #clock: Clock
  #tls: { readonly ca: Promise<Buffer>; readonly until: Instant } | null = null

  /** @param caFile empty: the authorities of the system. */
  constructor(server: string, caFile: string, clock: Clock) {
    this.#server = server.replace(/\/+$/, '')
    this.#caFile = caFile
    this.#clock = clock
  }

  of(token: string): Credentials {
    const current = async (): Promise<Connection> => {
      const tls = this.#caFile === '' ? {} : { ca: await this.#authority() }
      return { tls, proxy: '', headers: { authorization: `Bearer ${token}` } }
    }
    return { server: this.#server, namespace: '', user: '', current, refresh: current }
  }

  #authority(): Promise<Buffer> {
    if (this.#tls === null || this.#clock.now() >= this.#tls.until) {
      const ca = readFile(this.#caFile)
      this.#tls = { ca, until: this.#clock.now() + KEPT }
      ca.catch(() => {
        this.#tls = null
      })
    }
    return this.#tls.ca
  }
}

export class CallerTransport {
  readonly #transport: KubeTransport

  constructor({ credentials, clock, ...others }: CallerOptions) {
    this.#transport = new KubeTransport({ credentials, clock, ...others, admission: new Admission(RATE, clock) })
  }

  get(ref: Ref, call: Call): Promise<KubeObject | null> {
    return this.#transport.get(ref, call)
  }

  list(kind: Kind, query: ListQuery, call: Call): Promise<ObjectList> {
    return this.#transport.list(kind, query, call)
  }

  watch(kind: Kind, query: WatchQuery, seen: (event: WatchEvent) => void, call: Call): Promise<void> {
    return this.#transport.watch(kind, query, seen, call)
  }

  async whoAmI(signal: AbortSignal): Promise<{ readonly user: string; readonly groups: readonly string[] }> {
    // Served since Kubernetes 1.28, and open to all by system:basic-user; without either the page has no name to show.
    const asked = this.#review('authentication.k8s.io', 'SelfSubjectReview', {}, signal)
    const { status } = await asked.catch((error: unknown) => {
      if (isNotFound(error) || isForbidden(error)) return { status: {} }
      throw error
    })
    const { username, groups } = recordOf(recordOf(status)['userInfo'])
    return { user: textOf(username), groups: Array.isArray(groups) ? groups.map(textOf) : [] }
  }

  /** Whether the API server's authorizers allow it: a `denied` is no, and so is no opinion. */
  async may(
    permission: {
      readonly verb: string
      readonly group: string
      readonly resource: string
      readonly namespace: string
      readonly name?: string
    },
    signal: AbortSignal,
  ): Promise<boolean> {
    const spec = { resourceAttributes: permission }
    const { status } = await this.#review('authorization.k8s.io', 'SelfSubjectAccessReview', { spec }, signal)
    return recordOf(status)['allowed'] === true
  }

  async events(namespace: string, uid: string, limit: number, signal: AbortSignal): Promise<readonly KubeObject[]> {
    const fieldSelector = `involvedObject.uid=${uid}`
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events${queryString({ fieldSelector, limit })}`
    const { items } = await this.#read(path, { verb: 'list', kind: 'events', namespace }, signal)
    return recordsOf(items) as unknown as readonly KubeObject[]
  }

  async annotate(ref: Ref, key: string, value: string, signal: AbortSignal): Promise<void> {
    const patch = { metadata: { annotations: { [key]: value } } }
    const found = await this.#transport.write({ verb: 'merge', ref, patch, manager: MANAGER }, callOf(signal))
    if (found === null)
      throw new ApiError({ code: 404, reason: 'NotFound', message: `${ref.kind.kind} ${ref.name} not found` })
  }

  throughService({ kind, namespace, name }: Ref, port: string, path: string, signal: AbortSignal): Promise<Json> {
    const service = `${collectionPath(kind, namespace)}/${encodeURIComponent(`${name}:${port}`)}/proxy${path}`
    return this.#read(service, { verb: 'proxy', kind: kindKey(kind), namespace }, signal)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  #read(path: string, about: About, signal: AbortSignal): Promise<Json> {
    return this.#transport.json({ method: 'GET', path, repeatable: true }, about, callOf(signal))
  }

  /** Asks about the caller; it writes nothing, and may be repeated. */
  #review(group: string, kind: string, fields: Json, signal: AbortSignal): Promise<Json> {
    const plural = `${kind.toLowerCase()}s`
    const request: Request = {
      method: 'POST',
      path: `/apis/${group}/v1/${plural}`,
      contentType: 'application/json',
      body: JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: {}, ...fields }),
      repeatable: true,
    }
    return this.#transport.json(request, { verb: 'create', kind: `${plural}.${group}`, namespace: '' }, callOf(signal))
  }
}

const callOf = (signal: AbortSignal): Call => ({ lane: 'normal', signal })
