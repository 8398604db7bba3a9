/**
 * References in routes: to their parents and to their backends, with what the API fills in where a part is left out
 * (https://gateway-api.sigs.k8s.io/reference/spec/#parentreference).
 */
import type { KubeObject, Ref } from '../../../api/object.ts'
import { at, type Json, numberOf, present, recordsOf, textOf } from '../../json.ts'

export const GROUP = 'gateway.networking.k8s.io'

/** A parent of a route, whole. */
export interface Parent {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** '' for none: all listeners. */
  readonly sectionName: string
  /** null for none: all ports. */
  readonly port: number | null
}

/** A reference as it is written in a route of `namespace`. */
export function parentOf(written: Json, namespace: string): Parent {
  const { group, kind, name, sectionName, port } = written
  return {
    group: typeof group === 'string' ? group : GROUP,
    kind: textOf(kind) || 'Gateway',
    namespace: textOf(written['namespace']) || namespace,
    name: textOf(name),
    sectionName: textOf(sectionName),
    port: typeof port === 'number' ? port : null,
  }
}

export const parentsIn = (route: KubeObject): readonly Parent[] =>
  recordsOf(at(route.spec, 'parentRefs')).map(one => parentOf(one, namespaceOf(route)))

/** Two references to the same part of the same parent. */
export const sameParent = (one: Parent, other: Parent): boolean =>
  one.group === other.group &&
  one.kind === other.kind &&
  one.namespace === other.namespace &&
  one.name === other.name &&
  one.sectionName === other.sectionName &&
  one.port === other.port

/** `Gateway infra/public (listener https)`, as sentences name a parent. */
export function calledParent({ kind, namespace, name, sectionName, port }: Parent): string {
  const parts = [...(sectionName === '' ? [] : [`listener ${sectionName}`]), ...(port === null ? [] : [`port ${port}`])]
  return `${kind} ${namespace}/${name}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}

/** The key of an object as a parent: of the core group a Service, all others are of the Gateway API. */
export const parentKey = ({ kind, namespace, name }: Pick<Parent, 'kind' | 'namespace' | 'name'>): string =>
  `${kind}/${namespace}/${name}`

export const serviceParentKey = ({ namespace, name }: Ref): string => parentKey({ kind: 'Service', namespace, name })

export const parentKeys = (route: KubeObject): string[] => [...new Set(parentsIn(route).map(parentKey))]

/** A Service that a rule leads to. */
export interface Backend {
  readonly namespace: string
  readonly name: string
  readonly port: number | null
  /** Left out it is 1. */
  readonly weight: number
}

/** The Service of a backendRef in a route of `namespace`; null for what is no Service. */
export function backendOf(written: Json, namespace: string): Backend | null {
  const { group = '', kind = 'Service', name, port, weight } = written
  if (group !== '' || kind !== 'Service') return null
  return {
    namespace: textOf(written['namespace']) || namespace,
    name: textOf(name),
    port: typeof port === 'number' ? port : null,
    weight: numberOf(weight, 1),
  }
}

export const rulesIn = (spec: unknown): readonly Json[] => recordsOf(at(spec, 'rules'))

export const backendRefsOf = (rule: Json): readonly Json[] => recordsOf(rule['backendRefs'])

/** The Services that a route leads requests to; what gets none by its weight is left out. */
export function backendsIn(route: KubeObject): readonly Backend[] {
  return rulesIn(route.spec)
    .flatMap(backendRefsOf)
    .flatMap(one => backendOf(one, namespaceOf(route)) ?? [])
    .filter(({ weight }) => weight > 0)
}

export const backendKeys = (route: KubeObject): string[] => [
  ...new Set(backendsIn(route).map(({ namespace, name }) => `${namespace}/${name}`)),
]

/** A backendRef with everything that the API would fill in, so that what is read back is what was written. */
export const serviceRef = (name: string, port: number, more: Json = {}): Json =>
  present({ group: '', kind: 'Service', name, port, ...more })

export const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ''
