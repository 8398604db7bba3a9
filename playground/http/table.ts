/** Answers for people: tables, and the metadata alone. */
import type { KubeObject } from '../../src/api/object.ts'
import type { Instant } from '../../src/core/time.ts'
import { badRequest } from '../answers.ts'
import type { Json } from '../json.ts'
import type { Resource } from '../resource.ts'

const GROUP_VERSION = 'meta.k8s.io/v1'

/** How much of its object a row carries. */
export type RowObject = 'Metadata' | 'Object' | 'None'

/** @throws ApiError 400. */
export function rowObjectOf(text: string): RowObject {
  if (text === '' || text === 'Metadata') return 'Metadata'
  if (text === 'Object' || text === 'None') return text
  const because = `Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`
  throw badRequest(`Unable to convert to Table as requested: includeObject: ${because}`)
}

/** Whether the columns are defined: a watch says them once. */
export type Head = 'head' | 'no head'

/** @param metadata of the list; of a single object, its resourceVersion. */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: Json,
  rowObject: RowObject,
  now: Instant,
  head: Head = 'head',
): Json {
  const { columns } = resource
  const definitions = columns.map(({ name, type, format, description, priority }) => {
    return { name, type, format, description, priority }
  })
  const rows = objects.map(object => ({
    cells: columns.map(column => column.cell(object, now) ?? null),
    object: rowObject === 'None' ? null : rowObject === 'Object' ? object : metadataOf(object),
  }))
  return {
    kind: 'Table',
    apiVersion: GROUP_VERSION,
    metadata,
    columnDefinitions: head === 'head' ? definitions : null,
    rows,
  }
}

export function metadataOf({ metadata }: KubeObject): Json {
  return { kind: 'PartialObjectMetadata', apiVersion: GROUP_VERSION, metadata }
}
