/** The objects in a file of a user. Pure. */
import { type Document, parseAllDocuments } from 'yaml'
import type { KubeObject } from '../api/object.ts'
import { at, isRecord, listOf, textOf } from '../core/json.ts'

/**
 * The objects of YAML or JSON, those of a List too, and a sentence for each document that is no YAML or no object.
 *
 * @param namespace of the objects that name none.
 */
export function objectsIn(text: string, namespace: string): { objects: KubeObject[]; problems: string[] } {
  const objects: KubeObject[] = []
  const problems: string[] = []
  for (const document of parseAllDocuments(text)) {
    const value = valueOf(document)
    if (value instanceof Error) {
      problems.push(`not YAML: ${value.message.split('\n')[0] ?? ''}`)
      continue
    }
    if (value === null || value === undefined) continue
    for (const one of at(value, 'kind') === 'List' ? listOf(at(value, 'items')) : [value]) {
      if (!isObject(one)) {
        problems.push('a document is no object: apiVersion, kind and metadata.name are needed')
        continue
      }
      // `namespace:` without a value is none, as for kubectl.
      objects.push({ ...one, metadata: { ...one.metadata, namespace: textOf(one.metadata.namespace) || namespace } })
    }
  }
  return { objects, problems }
}

/** What a document says; aliases are followed here, and may lead nowhere or to too much. */
function valueOf(document: Document.Parsed): unknown {
  const [error] = document.errors
  if (error !== undefined) return error
  try {
    return document.toJS() as unknown
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}

const isObject = (value: unknown): value is KubeObject =>
  isRecord(value) &&
  typeof value['apiVersion'] === 'string' &&
  typeof value['kind'] === 'string' &&
  textOf(at(value, 'metadata', 'name')) !== ''
