/** The fields of a Canary's spec that hold a value, from its schema, and values that they may have. */
import { CanarySpecSchema } from '../../src/api/canary.ts'
import { DURATION_SENTENCE } from '../../src/api/duration.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/api/json-schema.ts'

/** A field of the spec that is accepted and has no fields of its own. */
export interface Leaf {
  /** Such as `analysis.metrics[].name`. */
  readonly path: string
  readonly schema: JsonSchema
}

function* within(schema: JsonSchema, path: string): Generator<Leaf> {
  const { refused, items, properties, passedOn } = schema
  if (refused !== undefined) return
  if (items !== undefined) yield* within(items, `${path}[]`)
  else if (properties === undefined || passedOn === true) yield { path, schema }
  else
    for (const [name, field] of Object.entries(properties)) yield* within(field, path === '' ? name : `${path}.${name}`)
}

export const leaves: readonly Leaf[] = [...within(jsonSchemaOf(CanarySpecSchema), '')]

/** Two values of a field that mean different things, where its type says as much. */
export function valuesOf({
  type,
  enum: options,
  minimum = 0,
  maximum = Number.MAX_SAFE_INTEGER,
  ...schema
}: JsonSchema): [unknown, unknown] {
  if (options !== undefined) return [options[0], options[1]]
  if (schema['x-kubernetes-int-or-string'] === true) return [8080, 9091]
  const isDuration = schema['x-kubernetes-validations']?.some(({ message }) => message === DURATION_SENTENCE) ?? false
  switch (type) {
    case 'boolean':
      return [false, true]
    case 'integer':
    case 'number':
      return [30, 60].map(number => Math.min(Math.max(number, minimum), maximum)) as [number, number]
    case 'object':
      return [{ a: '1' }, { a: '2' }]
    case undefined:
    default:
      return isDuration ? ['7s', '20s'] : ['one', 'two']
  }
}

type Json = Record<string, unknown>

const recordOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** The spec with a value at a path; `[]` in it is the first item of a list. */
export function withValue(spec: unknown, path: string, value: unknown): Json {
  const [, name = '', list = '', rest = ''] = /^([^.[]+)((?:\[\])?)\.?(.*)$/.exec(path) ?? []
  const before = recordOf(spec)[name]
  const inner = (item: unknown): unknown => (rest === '' ? value : withValue(item, rest, value))
  const items = Array.isArray(before) ? (before as unknown[]) : [{}]
  return { ...recordOf(spec), [name]: list === '' ? inner(before) : [inner(items[0]), ...items.slice(1)] }
}
