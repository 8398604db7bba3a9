/**
 * A case of the API contract: requests to an API server, whichever it is, and what it answered. The cases run in
 * namespaces of their own, one after the other; what differs by nature (uids, versions, times) is masked.
 */
import type { KubeObject } from '../../../../src/api/object.ts'

/** An API server, and a way to make it forget the past. */
export interface Server {
  readonly url: string
  /** Of a caller who may do everything. */
  readonly credentials: Credentials
  /** Forgets all former versions of all objects, as etcd's compaction does. */
  compact(): Promise<void>
}

/** A client certificate, or a token, and the authority that signed the server's certificate; nothing for plain HTTP. */
export interface Credentials {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: string
}

export interface Case {
  /** A sentence, unlike all others. */
  readonly name: string
  readonly run: (talk: Talk) => Promise<unknown>
}

/** The requests of one case. Whatever is not `given` is part of what is compared. */
export interface Talk {
  /** The namespace of the case; the transcript calls it `NS`. */
  readonly namespace: string
  readonly server: Server
  /**
   * `ask('POST configmaps', object)`: a method and a path. A path without a slash in front is a resource in the
   * namespace of the case. Objects are sent as JSON, texts as they are.
   */
  readonly ask: (request: string, body?: unknown, options?: Options) => Promise<Answer>
  readonly merge: (path: string, patch: unknown, options?: Options) => Promise<Answer>
  readonly strategic: (path: string, patch: unknown, options?: Options) => Promise<Answer>
  /** A JSON patch. */
  readonly operations: (path: string, patch: unknown, options?: Options) => Promise<Answer>
  readonly apply: (path: string, object: unknown, options?: Options) => Promise<Answer>
  /** A request that prepares the ground; its answer is not compared. @throws Error when it is no success. */
  readonly given: (request: string, body?: unknown, options?: Options) => Promise<KubeObject>
  /** A request whose answer is for the case only. */
  readonly quietly: (request: string, body?: unknown, options?: Options) => Promise<Answer>
  /** Opens a watch; `path` has the query. */
  readonly watch: (path: string, options?: Options) => Promise<Watch>
  /** Asks until the answer is as it should be, and keeps that one. @throws Error after 20 seconds. */
  readonly eventually: (request: string, isSo: (answer: Answer) => boolean, options?: Options) => Promise<Answer>
  /** Writes down something that was found otherwise. */
  readonly note: (what: string, found: unknown) => void
}

export interface Options {
  /** Content type of the body; JSON, if not said. */
  readonly type?: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What of a success's body is compared, where it is not all of it. */
  readonly only?: (body: unknown) => unknown
}

/** An answer as it came, not masked. */
export interface Answer {
  readonly code: number
  readonly text: string
  readonly object: KubeObject
}

export interface Watch {
  /** Waits for this many more events and keeps them. @throws Error when they do not come within 30 seconds. */
  next(count: number): Promise<readonly WatchedEvent[]>
  /** Waits until the server ends the stream, and keeps all that came before. */
  end(): Promise<readonly WatchedEvent[]>
  /** As `next`, for the case only. */
  take(count: number): Promise<readonly WatchedEvent[]>
  /** As `end`, for the case only. */
  drain(): Promise<readonly WatchedEvent[]>
  /** Stops reading. */
  pause(): void
  resume(): void
  /** Hangs up. */
  close(): void
}

export interface WatchedEvent {
  readonly type: string
  readonly object: KubeObject
}

/** What a server answered to one request of a case. */
export interface Exchange {
  readonly asked: string
  readonly code?: number
  /** Only where it is not JSON. */
  readonly type?: string
  readonly warnings?: readonly string[]
  readonly body?: unknown
}
