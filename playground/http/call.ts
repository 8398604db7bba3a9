/** One request for a resource, and what is answered. */
import type { Kind, KubeObject, Ref } from '../../src/api/object.ts'
import { badRequest } from '../answers.ts'
import type { Resource } from '../resource.ts'
import type { Subresource } from '../server/request.ts'
import type { ApiServer } from '../server/server.ts'
import type { Form } from './form.ts'

/** A request that was routed to a resource. */
export interface Call {
  readonly server: ApiServer
  readonly resource: Resource
  /** In the version that the path names. */
  readonly kind: Kind
  readonly namespace: string
  /** Empty: the collection. */
  readonly name: string
  readonly subresource: Subresource
  readonly query: URLSearchParams
  readonly form: Form
  /** The User-Agent. */
  readonly agent: string
  /** Without parameters. */
  readonly contentType: string
  readonly body: string
  /** What the client shall be warned of; a handler adds to it. */
  readonly warnings: string[]
}

export interface Answer {
  readonly code: number
  readonly body: unknown
}

export const refOf = ({ kind, namespace, name }: Call): Ref => ({ kind, namespace, name })

/** The object that a client sent must be where its path says. @throws ApiError 400. */
export function mustBeAt({ namespace, name }: Ref, { metadata }: KubeObject): void {
  const given = metadata.name ?? ''
  if (given === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  }
  if (given !== name) throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  mustBeIn(namespace, { metadata })
}

/** @throws ApiError 400. */
export function mustBeIn(namespace: string, { metadata }: Pick<KubeObject, 'metadata'>): void {
  if ((metadata.namespace ?? '') === '' || metadata.namespace === namespace) return
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}
