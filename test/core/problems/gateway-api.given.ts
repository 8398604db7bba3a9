/** What the rows about the Gateway API are made of. */
import { type Kind, type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, object } from '../given-objects.ts'
import type { Spec } from './given.ts'

/** A Canary of the Gateway API, with these fields of its service and of its spec. */
export const of = (said: Spec = {}, spec: Spec = {}): Partial<Observation> => ({
  canary: canary({ provider: 'gatewayapi:v1', ...spec }, said),
})
/** The Service as a parent. */
export const atService = [{ group: '', kind: 'Service', name: 'web' }]
/** A Gateway as a parent. */
export const gateway = [{ name: 'public', namespace: 'infra' }]
/** Rules that lead to this Service. */
export const to = (name: string): Spec => ({ rules: [{ backendRefs: [{ name, port: 80 }] }] })

export const httpRoute = (name: string, spec: Spec, namespace = 'shop', kind: Kind = kinds.HTTPRoute): KubeObject =>
  object(kind, name, { spec }, { namespace })
