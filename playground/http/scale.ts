/** The scale subresource: one way to read and write replicas, whatever the kind (autoscaling/v1 Scale). */
import type { KubeObject } from '../../src/api/object.ts'
import { invalid, Refusal } from '../answers.ts'
import { at, isRecord, type Json, recordOf, textOf } from '../json.ts'
import type { Resource, ScalePaths } from '../resource.ts'
import * as causes from '../schema/causes.ts'

/** What a Scale asks for. */
export interface Wanted {
  readonly replicas: number
  readonly resourceVersion: string | undefined
}

const keysOf = (path: string): string[] => path.split('.').slice(1)

/** @throws Error for a kind without the subresource; it is not routed to. */
function pathsOf({ subresources, kind }: Resource): ScalePaths {
  if (subresources.scale === null) throw new Error(`${kind.kind} has no scale.`)
  return subresources.scale
}

/** @throws ApiError 500, as the API server, for a custom resource that does not say yet how many. */
export function scaleOf(resource: Resource, object: KubeObject): Json {
  const paths = pathsOf(resource)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector === null ? '' : selectorText(at(object, ...keysOf(paths.selector)))
  const replicas = at(object, ...keysOf(paths.spec))
  if (typeof replicas !== 'number' && resource.origin === 'custom') {
    const because = `the spec replicas field ${JSON.stringify(paths.spec)} does not exist`
    const status = { code: 500, reason: 'InternalError', message: `Internal error occurred: ${because}` }
    throw new Refusal(status, { causes: [{ message: because }] })
  }
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas: Number(replicas ?? 0) },
    status: {
      replicas: Number(at(object, ...keysOf(paths.status)) ?? 0),
      ...(selector === '' ? {} : { selector }),
    },
  }
}

/** @throws ApiError 422 for fewer than none. */
export function wantedIn(scale: Json): Wanted {
  const replicas = Number(at(scale, 'spec', 'replicas') ?? 0)
  if (replicas < 0) {
    const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale', plural: '', namespaced: true }
    const ref = { kind, namespace: '', name: textOf(at(scale, 'metadata', 'name')) }
    throw invalid(ref, [causes.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')])
  }
  const version = at(scale, 'metadata', 'resourceVersion')
  return {
    replicas,
    resourceVersion: typeof version === 'string' ? version : undefined,
  }
}

/** The object with the wanted replicas, at the version at which they were wanted. */
export function withScale(resource: Resource, object: KubeObject, { replicas, resourceVersion }: Wanted): KubeObject {
  const scaled = setAt(object, keysOf(pathsOf(resource).spec), replicas) as KubeObject
  return resourceVersion === undefined ? scaled : { ...scaled, metadata: { ...scaled.metadata, resourceVersion } }
}

function setAt(value: unknown, [key, ...rest]: readonly string[], set: unknown): unknown {
  if (key === undefined) return set
  const record = recordOf(value)
  return { ...record, [key]: setAt(record[key], rest, set) }
}

/** A selector as text: as it is, or from its matchLabels and expressions. */
function selectorText(selector: unknown): string {
  if (!isRecord(selector)) return textOf(selector)
  return Object.entries(recordOf(selector['matchLabels'] ?? selector))
    .map(([key, value]) => `${key}=${String(value)}`)
    .sort()
    .join(',')
}
