/**
 * Empty values. Helm and Go print fields that were never set: `webhooks: []`, `mirror: false`, `iterations: 0`, `meshName: ""`,
 * `sessionAffinity: {}`. Such a field is as if it were left out, whether it is supported or not, except where emptiness
 * means something (`emptyCounts` of schema.ts). Both readers follow from the schema: `withoutEmpty` is what the program reads
 * with, `acceptingEmpty` makes the same of the CRD, so that no field and no rule can be forgotten.
 */
import type { JsonSchema } from './json-schema.ts'

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What was written, without the fields that say nothing. Entries of lists and maps are no fields: `hosts: [""]` and
 * `labels: {team: ""}` stay, and so does everything in an object that is passed on as written. A `null` says nothing anywhere.
 */
export function withoutEmpty(written: unknown, schema: JsonSchema): unknown {
  const { items, properties, passedOn } = schema
  if (Array.isArray(written)) return items === undefined ? written : written.map(item => withoutEmpty(item, items))
  if (!isRecord(written) || properties === undefined) return written
  const fields = Object.entries(written).flatMap(([name, value]): [string, unknown][] => {
    if (value === null || value === undefined) return []
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (field === undefined) return [[name, value]]
    const kept = withoutEmpty(value, field)
    return passedOn !== true && field.emptyCounts !== true && isEmpty(kept) ? [] : [[name, kept]]
  })
  return Object.fromEntries(fields)
}

const isEmpty = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0)

/**
 * The schema with every optional field accepting its empty value, and with rules that take an empty field for one that is
 * not there: a rule on the field itself is not asked, and `has(self.field)` in the rules around it is false.
 */
export function acceptingEmpty(schema: JsonSchema): JsonSchema {
  const { items, properties, required = [], passedOn } = schema
  if (passedOn === true) return schema
  const result: JsonSchema = { ...schema }
  if (items !== undefined) result.items = acceptingEmpty(items)
  if (properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, field]) => {
        const accepting = acceptingEmpty(field)
        return [name, required.includes(name) ? accepting : optional(accepting, field)]
      }),
    )
  }
  const rules = schema['x-kubernetes-validations']
  if (rules !== undefined) {
    result['x-kubernetes-validations'] = rules.map(({ rule, message }) => ({ rule: asked(rule, schema), message }))
  }
  return result
}

/** A field that may be left out, and so be empty. `field` is its schema before its rules were rewritten. */
function optional(accepting: JsonSchema, field: JsonSchema): JsonSchema {
  if (field.emptyCounts === true) return accepting
  const { minLength: _length, minItems: _items, required = [], ...kept } = accepting
  const result: JsonSchema = { ...kept }
  if (kept.enum !== undefined) result.enum = ['', ...kept.enum]
  if ((kept.minimum ?? 0) > 0) result.minimum = 0
  const fieldOf = (name: string): JsonSchema => field.properties?.[name] ?? {}
  if (kept.properties !== undefined) {
    // Fields that are required in an object that may be empty are required by a rule instead.
    const members = Object.entries(kept.properties).map(([name, member]): [string, JsonSchema] => [
      name,
      required.includes(name) ? optional(member, fieldOf(name)) : member,
    ])
    result.properties = Object.fromEntries(members)
  }
  const empty = emptinessAt('self', field)?.empty
  const rules = [
    ...required.map(name => ({ rule: isSet(`self.${escaped(name)}`, fieldOf(name)), message: `${name} is required` })),
    ...(kept['x-kubernetes-validations'] ?? []),
  ]
  if (empty !== undefined && rules.length > 0) {
    result['x-kubernetes-validations'] = rules.map(({ rule, message }) => ({
      rule: rule === 'false' ? empty : `${empty} || (${rule})`,
      message,
    }))
  }
  return result
}

/** A rule on an object of this schema, with each `has(self.a.b)` asking whether the field is set. */
function asked(rule: string, schema: JsonSchema): string {
  return rule.replaceAll(/\bhas\(((?:self|oldSelf)((?:[.]\w+)+))\)/g, (has, path: string, names: string) => {
    const field = names
      .slice(1)
      .split('.')
      .reduce<JsonSchema | undefined>((found, name) => found?.properties?.[name], schema)
    return field === undefined ? has : isSet(path, field)
  })
}

/** CEL: the optional field at `path` is there and says something. */
function isSet(path: string, field: JsonSchema): string {
  const emptiness = field.emptyCounts === true ? null : emptinessAt(path, field)
  return emptiness === null ? `has(${path})` : `(has(${path}) && ${emptiness.filled})`
}

/** CEL: the value at `path`, which is there, is empty, or is not; null where CEL cannot tell. */
function emptinessAt(path: string, field: JsonSchema): { empty: string; filled: string } | null {
  const { type = '', properties = {}, additionalProperties } = field
  const zero = Object.hasOwn(ZERO, type) ? ZERO[type] : undefined
  const isMap = typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
  if (field['x-kubernetes-int-or-string'] === true) {
    return { empty: `(${path} == 0 || ${path} == '')`, filled: `${path} != 0 && ${path} != ''` }
  }
  if (zero !== undefined) return { empty: `${path} == ${zero}`, filled: `${path} != ${zero}` }
  if (type === 'boolean') return { empty: `!${path}`, filled: path }
  const names = Object.entries(properties)
  if (names.length > 0) {
    // Of what is passed on, a member that is there says something, whatever its value.
    const member = ([name, inner]: [string, JsonSchema]): string =>
      isSet(`${path}.${escaped(name)}`, field.passedOn === true ? { ...inner, emptyCounts: true } : inner)
    const filled = `(${names.map(member).join(' || ')})`
    return { empty: `!${filled}`, filled }
  }
  return type === 'array' || isMap ? { empty: `size(${path}) == 0`, filled: `size(${path}) > 0` } : null
}

/** How CEL writes the empty value of a type. */
const ZERO: Readonly<Record<string, string>> = { string: "''", integer: '0', number: '0.0' }

/** Words of CEL that may not be the name of a field (https://kubernetes.io/docs/reference/using-api/cel/#escaping). */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const escaped = (name: string): string => (RESERVED.has(name) ? `__${name}__` : name)
