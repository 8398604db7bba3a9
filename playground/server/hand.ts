/**
 * Somebody who is not Sluice and writes to the cluster: a user with kubectl, an autoscaler, Argo CD, or a test that sets
 * the scene. Every write is done when the method returns.
 */
import { apiVersionOf, type Kind, kinds, type KubeObject, type Ref, refOf } from '../../src/api/object.ts'
import { isNotFound } from '../../src/core/errors.ts'
import { isRecord, mergePatch } from '../json.ts'
import type { Preconditions } from './deletion.ts'
import type { Requester, Subresource } from './request.ts'
import type { ApiServer } from './server.ts'

export class Hand {
  readonly #server: ApiServer
  readonly #by: Requester

  constructor(server: ApiServer, manager: string) {
    this.#server = server
    this.#by = { manager }
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | null {
    try {
      return this.#server.get({ kind, namespace, name }, this.#by)
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  list(kind: Kind, namespace = '', labelSelector = ''): KubeObject[] {
    return this.#server.list(kind, { namespace, labelSelector }, this.#by).items
  }

  create(object: KubeObject): KubeObject {
    return this.#server.create(this.#ref(object), object, this.#by)
  }

  /** Server-side apply, without force unless said. */
  apply(object: KubeObject, onConflict: 'force' | 'fail' = 'fail'): KubeObject {
    return this.#server.apply(this.#ref(object), object, this.#by, onConflict)
  }

  replace(object: KubeObject): KubeObject {
    return this.#server.update(this.#ref(object), object, this.#by)
  }

  merge(kind: Kind, namespace: string, name: string, patch: Record<string, unknown>): KubeObject {
    return this.#merge({ kind, namespace, name }, patch, '')
  }

  /** A merge patch of the status subresource. */
  mergeStatus(kind: Kind, namespace: string, name: string, patch: Record<string, unknown>): KubeObject {
    return this.#merge({ kind, namespace, name }, patch, 'status')
  }

  delete(kind: Kind, namespace: string, name: string, how: Preconditions = {}): void {
    this.#server.delete({ kind, namespace, name }, how, this.#by)
  }

  /** A namespace, where objects can then be made. */
  namespace(name: string): KubeObject {
    return this.create({ apiVersion: apiVersionOf(kinds.Namespace), kind: 'Namespace', metadata: { name } })
  }

  #merge(ref: Ref, patch: Record<string, unknown>, subresource: Subresource): KubeObject {
    const change = (object: KubeObject): KubeObject => {
      const merged = mergePatch(object, patch)
      return isRecord(merged) ? (merged as KubeObject) : object
    }
    return this.#server.patch(ref, change, this.#by, subresource)
  }

  /** By what the object says of itself, whichever version it is written in. */
  #ref(object: KubeObject): Ref {
    const [version = '', group = ''] = object.apiVersion.split('/').toReversed()
    const resource = this.#server.resources.ofObjects(group, object.kind)
    if (resource === null) throw new Error(`The playground has no kind ${object.kind} in ${object.apiVersion}.`)
    return refOf({ ...resource.kind, version }, object)
  }
}
