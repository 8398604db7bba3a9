/** Fields of a manifest that the schema does not know: a client without validation has them dropped without a message. */
import { type JsonSchema, jsonSchemaOf } from '../../api/json-schema.ts'
import type { Resource } from '../../api/crd.ts'
import type { KubeObject } from '../../api/object.ts'
import { isRecord } from '../../core/json.ts'
import { nearest } from '../client/canaries.ts'

/** A sentence for each, opening with its path. `status` is not the user's, and not read. */
export function unknownFields(object: KubeObject, { spec }: Pick<Resource, 'spec'>): string[] {
  const schema = jsonSchemaOf(spec)
  const beside = ['apiVersion', 'kind', 'metadata', 'spec', 'status']
  const places = placesOf(schema, 'spec')
  return [
    ...Object.keys(object)
      .filter(field => !beside.includes(field))
      .map(field => sentenceOf('', field, beside, places)),
    ...unknownIn(object['spec'], schema, 'spec', places),
  ]
}

/** Name of a field → the paths at which the schema has it, without indexes. */
type Places = ReadonlyMap<string, readonly string[]>

function placesOf(schema: JsonSchema, root: string): Places {
  const places = new Map<string, string[]>()
  const visit = (one: JsonSchema, path: string): void => {
    for (const [name, field] of Object.entries(one.properties ?? {})) {
      places.set(name, [...(places.get(name) ?? []), `${path}.${name}`])
      visit(field, `${path}.${name}`)
    }
    if (one.items !== undefined) visit(one.items, `${path}[]`)
  }
  visit(schema, root)
  return places
}

function unknownIn(value: unknown, schema: JsonSchema, path: string, places: Places): string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? [] : value.flatMap((one, i) => unknownIn(one, items, `${path}[${i}]`, places))
  }
  // What belongs to another project is passed on, and the API server keeps it.
  if (!isRecord(value) || schema.passedOn === true) return []
  const { properties, additionalProperties: others } = schema
  const isOpen = properties === undefined || others === true || isRecord(others)
  return Object.entries(value).flatMap(([name, one]) => {
    const field = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
    if (field !== undefined) return unknownIn(one, field, `${path}.${name}`, places)
    if (isOpen) return isRecord(others) ? unknownIn(one, others, `${path}.${name}`, places) : []
    return [sentenceOf(path, name, Object.keys(properties ?? {}), places)]
  })
}

function sentenceOf(path: string, name: string, siblings: readonly string[], places: Places): string {
  const said = `${path === '' ? '' : `${path}.`}${name}: unknown field`
  const near = nearest(name, siblings)
  if (near !== null) return `${said}; did you mean ${near}?`
  const elsewhere = (places.get(name) ?? []).toSorted((a, b) => a.length - b.length)
  if (elsewhere.length > 0) return `${said} here; did you mean ${elsewhere.slice(0, 2).join(' or ')}?`
  return `${said}; remove it: the API server would drop it`
}
