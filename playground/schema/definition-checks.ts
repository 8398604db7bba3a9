/**
 * What an API server demands of a CustomResourceDefinition: names that fit, one stored version, and schemas that are
 * structural, so that pruning and defaulting know what every field is
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */
import { isRecord, type Json, listOf, recordOf, sameJson, textOf } from '../json.ts'
import type { Cause } from '../resource.ts'
import { forbidden, invalid, notSupported, required } from './causes.ts'
import { immutable } from './metadata.ts'
import { type JsonSchema, type Rule, Types } from './node.ts'
import { Pruner } from './prune.ts'
import { typeOfRule } from './rules.ts'
import { expression, schemaCauses as valueFindings } from './validate.ts'

const SCOPES = ['Cluster', 'Namespaced']
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const LIST_TYPES = ['atomic', 'set', 'map']
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
/** What only the schema itself may say, not what stands in its `anyOf`, and how it must be there. */
const STRUCTURAL = {
  type: 'empty',
  title: 'empty',
  description: 'empty',
  default: 'undefined',
  additionalProperties: 'undefined',
  nullable: 'false',
} as const
const STORAGE = 'must have exactly one version marked as storage version'
const UNIQUE = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'

/** What is wrong with a definition, apart from what is required of every field. */
export function definitionCauses(definition: Json, _path: string, before: unknown): Cause[] {
  const spec = recordOf(definition['spec'])
  const { name } = recordOf(definition['metadata'])
  const { group = '', names, versions: given } = spec
  const versions = listOf(given).map(recordOf)
  const fullName = `${textOf(recordOf(names)['plural'])}.${textOf(group)}`
  const stored = versions.filter(version => version['storage'] === true)
  const shown = versions.length === 0 ? (given ?? null) : versions.map(inGo)
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(textOf(group))
  const approved = recordOf(recordOf(definition['metadata'])['annotations'])[APPROVED] !== undefined
  return [
    ...(name !== undefined && name !== fullName
      ? [invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]
      : []),
    ...(isProtected && !approved ? [required(`metadata.annotations[${APPROVED}]`, PROTECTED)] : []),
    ...(SCOPES.includes(textOf(spec['scope'])) ? [] : [notSupported('spec.scope', spec['scope'], SCOPES)]),
    ...(isRecord(before) ? immutableOf(spec, recordOf(before['spec'])) : []),
    ...versions.flatMap((version, i) => versionCauses(version, i, versions)),
    ...(new Set(versions.map(version => version['name'])).size < versions.length
      ? [invalid('spec.versions', shown, 'must contain unique version names')]
      : []),
    ...(stored.length === 1 ? [] : [invalid('spec.versions', shown, STORAGE)]),
    ...(stored.length === 0 ? [invalid('status.storedVersions', null, 'must have at least one stored version')] : []),
  ]
}

/** What an established definition keeps. */
function immutableOf(spec: Json, before: Json): Cause[] {
  const [names, had] = [recordOf(spec['names']), recordOf(before['names'])]
  return [
    ...immutable('spec.group', before['group'], spec['group']),
    ...immutable('spec.scope', before['scope'], spec['scope']),
    ...immutable('spec.names.kind', had['kind'], names['kind']),
    ...immutable('spec.names.plural', had['plural'], names['plural']),
  ]
}

const APPROVED = 'api-approved.kubernetes.io'
const PROTECTED =
  `protected groups must have approval annotation "${APPROVED}", ` +
  'see https://github.com/kubernetes/enhancements/pull/1111'

/** As the server prints a version, what is nested left out. */
const inGo = ({ name: Name, served: Served, storage: Storage, deprecated: Deprecated = false }: Json): Json => ({
  Name,
  Served,
  Storage,
  Deprecated,
  DeprecationWarning: null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
})

function versionCauses(version: Json, i: number, versions: readonly Json[]): Cause[] {
  // The server looks at what all versions have in common once, and before their own.
  const common = (field: string): boolean => versions.every(one => sameJson(one[field], versions[0]?.[field]))
  const at = (field: string): string => (common(field) ? 'spec' : `spec.versions[${i}]`)
  const mine = (field: string): boolean => !common(field) || i === 0
  const schema = recordOf(version['schema'])['openAPIV3Schema']
  const path = common('schema') ? 'spec.validation.openAPIV3Schema' : `spec.versions[${i}].schema.openAPIV3Schema`
  const columns = listOf(version['additionalPrinterColumns'])
  const { scale } = recordOf(version['subresources'])
  return [
    ...(isRecord(schema) ? [] : [required(`spec.versions[${i}].schema.openAPIV3Schema`)]),
    ...(isRecord(schema) && mine('schema') ? rootCauses(schema, path) : []),
    ...(isRecord(scale) && mine('subresources') ? scaleCauses(scale, `${at('subresources')}.subresources.scale`) : []),
    ...(mine('additionalPrinterColumns')
      ? columns.flatMap((column, j) =>
          columnCauses(recordOf(column), `${at('additionalPrinterColumns')}.additionalPrinterColumns[${j}]`),
        )
      : []),
  ]
}

function scaleCauses(scale: Json, path: string): Cause[] {
  return ['specReplicasPath', 'statusReplicasPath']
    .filter(key => scale[key] === undefined)
    .map(key => required(`${path}.${key}`))
}

function columnCauses({ type, jsonPath }: Json, path: string): Cause[] {
  const why = `must be one of ${COLUMN_TYPES.join(',')}`
  const ofType = type === undefined ? [required(`${path}.type`, why)] : [invalid(`${path}.type`, type, why)]
  const simple = textOf(jsonPath).startsWith('.')
  return [
    ...(COLUMN_TYPES.includes(textOf(type)) ? [] : ofType),
    ...(jsonPath === undefined ? [required(`${path}.JSONPath`)] : []),
    ...(jsonPath === undefined || simple
      ? []
      : [invalid(`${path}.JSONPath`, jsonPath, 'must be a simple json path starting with .')]),
  ]
}

function rootCauses(schema: JsonSchema, path: string): Cause[] {
  const { type, properties = {} } = schema
  const wrong = type === undefined ? required(`${path}.type`, 'must not be empty at the root') : null
  const notObject = invalid(`${path}.type`, type, 'must be object at the root')
  const metadata = properties['metadata']
  const ofMetadata = Object.keys(metadata?.properties ?? {}).some(key => key !== 'name' && key !== 'generateName')
  const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
  return [
    ...(type === 'object' ? [] : [wrong ?? notObject]),
    ...(ofMetadata ? [forbidden(`${path}.properties[metadata]`, why)] : []),
    ...schemaCauses(schema, path),
  ]
}

const isFree = (schema: JsonSchema): boolean =>
  schema['x-kubernetes-int-or-string'] === true ||
  schema['x-kubernetes-preserve-unknown-fields'] === true ||
  schema.$ref !== undefined

function schemaCauses(schema: JsonSchema, path: string): Cause[] {
  const { type, properties, additionalProperties, items, pattern } = schema
  const child = (one: JsonSchema, at: string, what: string): Cause[] => [
    ...(one.type === undefined && !isFree(one)
      ? [required(`${at}.type`, `must not be empty for specified ${what}`)]
      : []),
    ...schemaCauses(one, at),
  ]
  const both = properties !== undefined && additionalProperties !== undefined
  const kept = schema['x-kubernetes-preserve-unknown-fields'] === false
  return [
    ...(type === undefined || TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, TYPES)]),
    ...(schema.$ref === undefined ? [] : [forbidden(`${path}.$ref`, '$ref is not supported')]),
    ...(both
      ? [forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...(additionalProperties === false
      ? [forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false')]
      : []),
    ...(type === 'array' && items === undefined ? [required(`${path}.items`, 'must be specified')] : []),
    ...(recordOf(schema)['uniqueItems'] === true ? [forbidden(`${path}.uniqueItems`, UNIQUE)] : []),
    ...(kept ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined')] : []),
    ...(pattern === undefined ? [] : patternCauses(pattern, `${path}.pattern`)),
    ...defaultCauses(schema, `${path}.default`),
    ...listCauses(schema, path),
    ...(schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) =>
      ruleCauses(rule, schema, `${path}.x-kubernetes-validations[${i}]`),
    ),
    ...(['anyOf', 'oneOf', 'allOf'] as const).flatMap(keyword =>
      (schema[keyword] ?? []).flatMap((one, i) => valueCauses(one, `${path}.${keyword}[${i}]`, schema)),
    ),
    ...(schema.not === undefined ? [] : valueCauses(schema.not, `${path}.not`, schema)),
    ...Object.entries(properties ?? {}).flatMap(([name, one]) =>
      child(one, `${path}.properties[${name}]`, 'object fields'),
    ),
    ...(items === undefined ? [] : child(items, `${path}.items`, 'array items')),
    ...(isRecord(additionalProperties)
      ? child(additionalProperties, `${path}.additionalProperties`, 'object fields')
      : []),
  ]
}

/** What stands in an `anyOf` may ask of values, and says nothing about their form. */
function valueCauses(schema: JsonSchema, path: string, around: JsonSchema): Cause[] {
  const anyForm = around['x-kubernetes-int-or-string'] === true
  const own = Object.entries(STRUCTURAL).flatMap(([key, must]) =>
    recordOf(schema)[key] === undefined || (anyForm && key === 'type')
      ? []
      : [forbidden(`${path}.${key}`, `must be ${must} to be structural`)],
  )
  return [
    ...own,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      valueCauses(one, `${path}.properties[${name}]`, one),
    ),
    ...(schema.items === undefined ? [] : valueCauses(schema.items, `${path}.items`, schema.items)),
    ...(['anyOf', 'oneOf', 'allOf'] as const).flatMap(keyword =>
      (schema[keyword] ?? []).flatMap((one, i) => valueCauses(one, `${path}.${keyword}[${i}]`, around)),
    ),
    ...(schema.not === undefined ? [] : valueCauses(schema.not, `${path}.not`, around)),
  ]
}

function listCauses(schema: JsonSchema, path: string): Cause[] {
  const { type = '', items } = schema
  const [listType, mapType] = [schema['x-kubernetes-list-type'], schema['x-kubernetes-map-type']]
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const found: Cause[] = []
  if (mapType !== undefined && type !== 'object') {
    found.push(invalid(`${path}.type`, type, 'must be object if x-kubernetes-map-type is specified'))
  }
  if (listType === undefined) return found
  if (!LIST_TYPES.includes(listType)) found.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES))
  if (type !== 'array') {
    found.push(invalid(`${path}.type`, type, 'must be array if x-kubernetes-list-type is specified'))
  }
  if (listType === 'set' && items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    found.push(invalid(`${path}.items.x-kubernetes-map-type`, items['x-kubernetes-map-type'] ?? null, why))
  }
  if (listType !== 'map') return found
  const field = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) found.push(required(field, 'must not be empty if x-kubernetes-list-type is map'))
  if (items === undefined) {
    return [...found, required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')]
  }
  if (keys.some(key => items.properties?.[key] === undefined)) {
    return [...found, invalid(field, keys, 'entries must all be names of item properties')]
  }
  const loose = keys.filter(
    key => items.required?.includes(key) !== true && items.properties?.[key]?.default === undefined,
  )
  const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
  return [...found, ...loose.map(key => required(`${path}.items.properties[${key}].default`, why))]
}

/** A default must be what it is filled in for. */
function defaultCauses(schema: JsonSchema, path: string): Cause[] {
  if (schema.default === undefined) return []
  const node = new Types().node(schema)
  const pruner = new Pruner()
  const value = pruner.read(node, schema.default, '')
  if (pruner.unknown.length > 0) return [invalid(path, schema.default, 'must not have unknown fields')]
  return valueFindings(node, value, '', undefined).map(cause => ({ ...cause, field: path }))
}

function patternCauses(pattern: string, path: string): Cause[] {
  try {
    expression(pattern)
    return []
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [invalid(path, pattern, `must be a valid regular expression, but isn't: ${why}`)]
  }
}

/** The library's own words where a rule is no CEL: its columns and its grammar are not the server's. */
function ruleCauses(rule: Rule, schema: JsonSchema, path: string): Cause[] {
  const { message = '', messageExpression = '', reason = null, fieldPath = '', optionalOldSelf = null } = rule
  if (rule.rule.trim() === '') return [required(`${path}.rule`, 'rule is not specified')]
  const found = [
    ...(message.includes('\n') ? [invalid(`${path}.message`, message, 'must not contain line breaks')] : []),
    ...(reason === null || REASONS.includes(reason) ? [] : [notSupported(`${path}.reason`, reason, REASONS)]),
  ]
  const shown = { Rule: rule.rule, Message: message, MessageExpression: messageExpression, Reason: reason }
  const whole = (why: string): Cause =>
    invalid(`${path}.rule`, { ...shown, FieldPath: fieldPath, OptionalOldSelf: optionalOldSelf }, why)
  try {
    return ['bool', 'dyn'].includes(typeOfRule(rule, schema))
      ? found
      : [...found, whole('cel expression must evaluate to a bool')]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [...found, whole(`compilation failed: ERROR: ${why}`)]
  }
}
