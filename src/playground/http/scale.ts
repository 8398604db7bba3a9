/** The scale subresource: one way to read and write replicas, whatever the kind (autoscaling/v1 Scale). */
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, recordOf, textOf } from '../json.ts'
import type { Resource, ScalePaths } from '../resource.ts'

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

export function scaleOf(resource: Resource, object: KubeObject): Json {
  const paths = pathsOf(resource)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector === null ? '' : selectorText(at(object, ...keysOf(paths.selector)))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(at(object, ...keysOf(paths.spec)) ?? 0) },
    status: {
      replicas: Number(at(object, ...keysOf(paths.status)) ?? 0),
      ...(selector === '' ? {} : { selector }),
    },
  }
}

export function wantedIn(scale: Json): Wanted {
  const version = at(scale, 'metadata', 'resourceVersion')
  return {
    replicas: Number(at(scale, 'spec', 'replicas') ?? 0),
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
