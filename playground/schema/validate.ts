/**
 * Validation of custom objects as an API server does it (k8s.io/kube-openapi/pkg/validation): the same checks in the same
 * order, with the same words. On an update, what did not change is not looked at again.
 */
import { RE2JS } from 're2js'
import { isRecord, type Json, listOf, sameJson } from '../json.ts'
import type { Cause } from '../resource.ts'
import { duplicate, invalid, notSupported, required, tooLong, tooMany, wrongType } from './causes.ts'
import { join } from './decode.ts'
import { hasFormat } from './formats.ts'
import type { JsonSchema, Node } from './node.ts'

/** Where findings about a whole object stand. */
export const NOWHERE = '<nil>'
const composite = (why: string): Cause => invalid(NOWHERE, '', why)
const body = (path: string, why: string): string => `${path} in body ${why}`

/** What is wrong with a value that has just been shaped; `before` is undefined where nothing stood there. */
export function schemaCauses(node: Node, value: unknown, path: string, before: unknown): Cause[] {
  if (before !== undefined && sameJson(before, value)) return []
  const { schema } = node
  return [
    ...typeCauses(schema, value, path),
    ...combinedCauses(node, value, path),
    ...(typeof value === 'string' ? textCauses(schema, value, path) : []),
    ...(typeof value === 'number' ? numberCauses(schema, value, path) : []),
    ...(Array.isArray(value) ? listCauses(node, value, path, before) : []),
    ...(schema.enum !== undefined && value !== null && !schema.enum.some(one => sameJson(one, value))
      ? [notSupported(path, value, schema.enum)]
      : []),
    ...(isRecord(value) ? objectCauses(node, value, path, before) : []),
  ]
}

/** What JSON schema calls the value, and the format of its number in Go. */
function kindOf(value: unknown): readonly [string, string] {
  if (value === null) return ['null', '']
  if (Array.isArray(value)) return ['array', '']
  if (typeof value !== 'number') return [typeof value, '']
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? ['integer', 'int64'] : ['number', 'float64']
}

function typeCauses(schema: JsonSchema, value: unknown, path: string): Cause[] {
  const types = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : listOf(schema.type?.split(','))
  const { format = '', nullable } = schema
  const [kind, numberFormat] = kindOf(value)
  const misfit = (wanted: string, found: string): Cause[] => [
    wrongType(path, found, body(path, `must be of type ${wanted}: "${found}"`)),
  ]
  if (types.length === 0 || types.includes(kind) || (kind === 'integer' && types.includes('number'))) return []
  if (kind === 'null') return nullable === true ? [] : misfit(types.join(','), 'null')
  const isText = kind === 'string' || kind === 'array'
  return format !== '' && !isText ? misfit(format, numberFormat) : misfit(types.join(','), kind)
}

/** `anyOf`, `oneOf`, `allOf` and `not`. */
function combinedCauses(node: Node, value: unknown, path: string): Cause[] {
  const tried = (nodes: readonly Node[]): Cause[][] => nodes.map(one => schemaCauses(one, value, path, undefined))
  const fits = (causes: readonly Cause[]): boolean => causes.length === 0
  const found: Cause[] = []
  const [any, one, all, not] = [tried(node.anyOf), tried(node.oneOf), tried(node.allOf), tried(node.not)]
  if (any.length > 0 && !any.some(fits)) {
    found.push(composite(`"${path}" must validate at least one schema (anyOf)`), ...(any[0] ?? []))
  }
  const matches = one.filter(fits).length
  if (one.length > 0 && matches !== 1) {
    const alternatives = matches === 0 ? 'Found none valid' : `Found ${matches} valid alternatives`
    const best = matches === 0 ? (one[0] ?? []) : []
    found.push(composite(`"${path}" must validate one and only one schema (oneOf). ${alternatives}`), ...best)
  }
  if (!all.every(fits)) {
    const none = all.some(fits) ? '' : '. None validated'
    found.push(...all.flat(), composite(`"${path}" must validate all the schemas (allOf)${none}`))
  }
  if (not.some(fits)) found.push(composite(`"${path}" must not validate the schema (not)`))
  return found
}

function textCauses(schema: JsonSchema, value: string, path: string): Cause[] {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format } = schema
  const length = Array.from(value).length
  if (length > maxLength) return [tooLong(path, maxLength)]
  if (length < minLength) return [invalid(path, value, body(path, `should be at least ${minLength} chars long`))]
  if (pattern !== undefined && !expression(pattern).test(value)) {
    return [invalid(path, value, body(path, `should match '${pattern}'`))]
  }
  if (format === undefined || schema.type !== 'string' || hasFormat(value, format)) return []
  return [wrongType(path, value, body(path, `must be of type ${format}: ${JSON.stringify(value)}`))]
}

const expressions = new Map<string, RE2JS>()
/** An expression of RE2. @throws Error with a sentence. */
export function expression(pattern: string): RE2JS {
  const known = expressions.get(pattern)
  if (known !== undefined) return known
  const made = RE2JS.compile(pattern)
  expressions.set(pattern, made)
  return made
}

const INTEGERS: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
}

function numberCauses(schema: JsonSchema, value: number, path: string): Cause[] {
  const { type, format = '', minimum, maximum, multipleOf } = schema
  const found: Cause[] = []
  const wrong = (why: string): unknown => found.push(invalid(path, value, body(path, why)))
  const [least, most] = INTEGERS[format === '' ? 'int64' : format] ?? [-Infinity, Infinity]
  if (type === 'integer' && !(Number.isInteger(value) && value >= least && value < most + 1)) {
    const form = format === '' ? '(default format)' : `with format ${format}`
    found.push(composite(`Checked value must be of type integer ${form} in ${path}`))
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) wrong(`should be a multiple of ${multipleOf}`)
  const [above, below] = [schema.exclusiveMinimum === true, schema.exclusiveMaximum === true]
  if (maximum !== undefined && (below ? value >= maximum : value > maximum)) {
    wrong(`should be less than ${below ? '' : 'or equal to '}${maximum}`)
  }
  if (minimum !== undefined && (above ? value <= minimum : value < minimum)) {
    wrong(`should be greater than ${above ? '' : 'or equal to '}${minimum}`)
  }
  return found
}

function listCauses(node: Node, value: readonly unknown[], path: string, before: unknown): Cause[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = node.schema
  const { items } = node
  const was = earlierEntries(node, value, before)
  const ofItems =
    items === null ? [] : value.flatMap((item, i) => schemaCauses(items, item, `${path}[${i}]`, was(item)))
  return [
    ...ofItems,
    ...(value.length < minItems
      ? [invalid(path, value.length, body(path, `should have at least ${minItems} items`))]
      : []),
    ...(value.length > maxItems ? [tooMany(path, value.length, maxItems)] : []),
  ]
}

function objectCauses(node: Node, value: Json, path: string, before: unknown): Cause[] {
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY, required: needed = [] } = node.schema
  const count = Object.keys(value).length
  if (count < minProperties) {
    return [invalid(path, count, body(path, `should have at least ${minProperties} properties`))]
  }
  if (count > maxProperties) return [tooMany(path, count, maxProperties)]
  const was = isRecord(before) ? before : {}
  const members = Object.entries(value).flatMap(([key, member]) => {
    const child = node.field(key)
    return child === null ? [] : schemaCauses(child, member, join(path, key), was[key])
  })
  const missing = needed.filter(key => !(key in value)).map(key => required(join(path, key)))
  return [...members, ...missing]
}

/** What tells the entries of a keyed list apart; null for entries that nothing tells apart. */
export function entryKey({ merge }: Node, entry: unknown): Json | null {
  if (merge.merge !== 'map' || !isRecord(entry)) return null
  return Object.fromEntries(Object.keys(merge.keys).flatMap(key => (key in entry ? [[key, entry[key]]] : [])))
}

/** Finds what an entry of a keyed list was before; entries of other lists have no earlier selves, unless all are the same. */
export function earlierEntries(node: Node, list: readonly unknown[], before: unknown): (entry: unknown) => unknown {
  if (!Array.isArray(before)) return () => undefined
  if (node.merge.merge !== 'map') return sameJson(list, before) ? entry => entry : () => undefined
  const byKey = new Map(before.map(entry => [JSON.stringify(entryKey(node, entry)), entry as unknown]))
  return entry => byKey.get(JSON.stringify(entryKey(node, entry)))
}

/** Entries of sets and keyed lists that are there twice. */
export function twins(node: Node, value: unknown, path: string): Cause[] {
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, member]) => {
      const child = node.field(key)
      return child === null ? [] : twins(child, member, join(path, key))
    })
  }
  if (!Array.isArray(value)) return []
  const { items, merge } = node
  const keys = merge.merge === 'map' ? value.map(entry => entryKey(node, entry)) : merge.merge === 'set' ? value : []
  const seen = new Set<string>()
  const own = keys.flatMap((key, i) => {
    const text = JSON.stringify(key)
    const again = seen.has(text)
    seen.add(text)
    return again ? [duplicate(`${path}[${i}]`, key)] : []
  })
  return [...own, ...(items === null ? [] : value.flatMap((entry, i) => twins(items, entry, `${path}[${i}]`)))]
}
