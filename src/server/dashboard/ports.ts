/** What the server of the page needs from outside. Every call to the API server is a caller's, with the caller's credentials. */
import type { KubeObject, Ref } from '../../api/object.ts'
import type { Json } from '../../core/json.ts'
import type { KubeApi } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'

/** A question to the API server: may I? */
export interface Permission {
  readonly verb: string
  readonly group: string
  readonly resource: string
  /** Empty: all namespaces. */
  readonly namespace: string
  /** Not said: any name. */
  readonly name?: string
}

export interface Identity {
  readonly user: string
  readonly groups: readonly string[]
}

/** The API server as one caller. Every method throws as `KubeApi` does; none repeats a write. */
export interface CallerApi extends Pick<KubeApi, 'get' | 'list' | 'watch'> {
  /** SelfSubjectReview; no name where the API server does not say it. */
  whoAmI(signal: AbortSignal): Promise<Identity>
  /** SelfSubjectAccessReview. */
  may(permission: Permission, signal: AbortSignal): Promise<boolean>
  /**
   * The latest Events of one object, in any order.
   *
   * @param uid of the object: another API may have an object of the same kind and name.
   */
  events(namespace: string, uid: string, limit: number, signal: AbortSignal): Promise<readonly KubeObject[]>
  /** A merge patch of one annotation. */
  annotate(ref: Ref, key: string, value: string, signal: AbortSignal): Promise<void>
  /** GET of a path of a Service, through the API server. @param port its number, or its name. */
  throughService(service: Ref, port: string, path: string, signal: AbortSignal): Promise<Json>
  close(): Promise<void>
}

/** Where a metrics server is, for the question of one caller. */
export interface RangeQuery {
  readonly query: string
  readonly start: Milliseconds
  readonly end: Milliseconds
  readonly step: Milliseconds
  /** Of the Canary, where the metrics server tells tenants apart. */
  readonly namespace: string
}

/** `points` are seconds and values of the one series; empty where there is none. */
export type RangeAnswer =
  | { readonly kind: 'points'; readonly points: ReadonlyMap<Milliseconds, number> }
  /** The query itself was refused. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The server cannot be reached, or does not answer as a Prometheus does. */
  | { readonly kind: 'unavailable'; readonly error: string }

export interface RangeSource {
  /** Never rejects. */
  ask(query: RangeQuery, caller: CallerApi, signal: AbortSignal): Promise<RangeAnswer>
}
