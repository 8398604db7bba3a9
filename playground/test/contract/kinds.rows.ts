/**
 * What is asked of an API server about kinds: the built-in ones, our own, a custom one that uses every keyword of a schema, and
 * definitions themselves. The end-to-end tests ask the real server, the unit tests the one in memory.
 */
import { cases } from '../../../e2e/crd/cases.ts'
import { ourKindOf } from '../../../e2e/crd/given.ts'
import { type Kind, kinds, type KubeObject } from '../../../src/api/object.ts'
import { builtInRows } from './kinds.built-in.rows.ts'

export interface Row {
  readonly name: string
  readonly kind: Kind
  readonly object: KubeObject
  /** The object as it was, where the row is a change of it. */
  readonly before?: KubeObject
}

type Json = Record<string, unknown>

const ofOurKinds: readonly Row[] = cases
  .filter(({ unseenByServer }) => unseenByServer !== true)
  .map(({ name, object, before }) => ({
    name,
    kind: ourKindOf(object),
    object,
    ...(before === undefined ? {} : { before }),
  }))

const text = { type: 'string' }
const whole = { type: 'integer' }
const ab = { type: 'object', properties: { a: text, b: text } }
const eitherAorB = [{ required: ['a'] }, { required: ['b'] }]
const rulesOf = (...rules: readonly Json[]): Json => ({ 'x-kubernetes-validations': rules })

const properties: Json = {
  need: text,
  short: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
  int: { type: 'integer', format: 'int32', minimum: 1, maximum: 5 },
  long: { type: 'integer', format: 'int64' },
  number: { type: 'number', minimum: 0.5, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
  step: { type: 'number', multipleOf: 0.5 },
  flag: { type: 'boolean' },
  time: { type: 'string', format: 'date-time' },
  span: { type: 'string', format: 'duration' },
  address: { type: 'string', format: 'ipv4' },
  bytes: { type: 'string', format: 'byte' },
  port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
  maybe: { type: 'string', nullable: true },
  usual: { type: 'string', default: 'as ever' },
  choice: { type: 'string', enum: ['a', 'b'] },
  digit: { type: 'integer', enum: [1, 2] },
  list: { type: 'array', minItems: 1, maxItems: 2, items: text },
  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
  map: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name', 'port'],
    items: {
      type: 'object',
      required: ['name'],
      properties: { name: text, port: { type: 'integer', default: 80 }, value: text },
    },
  },
  labels: { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: text },
  one: { ...ab, oneOf: eitherAorB },
  any: { ...ab, anyOf: eitherAorB },
  all: { ...ab, allOf: eitherAorB },
  none: { ...ab, not: { required: ['a'] } },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { k: whole } },
  filled: { type: 'object', default: { x: 1 }, properties: { x: whole, y: { type: 'string', default: 'y' } } },
  ruled: {
    type: 'object',
    properties: { a: whole, b: whole, l: { type: 'array', maxItems: 10, items: whole }, namespace: text },
    ...rulesOf(
      { rule: 'self.a < 10', message: 'a is large' },
      {
        rule: 'self.b < 10',
        messageExpression: 'self.b > 11 ? "b is far too large" : "b is large"',
        fieldPath: '.b',
        reason: 'FieldValueForbidden',
      },
      { rule: 'size(self.l) < 3' },
      { rule: 'self.a > 1', reason: 'FieldValueRequired', fieldPath: '.a', message: 'more of a' },
      { rule: 'self.a != 3', reason: 'FieldValueDuplicate', message: 'three' },
      { rule: '!has(self.__namespace__) || self.__namespace__ != "kube-system"', message: 'not there' },
    ),
  },
  scalar: {
    type: 'integer',
    ...rulesOf(
      { rule: 'self < 3', reason: 'FieldValueForbidden', message: 'three or more' },
      { rule: 'self < 4', reason: 'FieldValueRequired', message: 'four or more' },
      { rule: 'self < 5', reason: 'FieldValueDuplicate', message: 'five or more' },
      { rule: 'self < 6' },
    ),
  },
  fixed: { type: 'string', ...rulesOf({ rule: 'self == oldSelf', message: 'fixed' }) },
  onceSet: {
    type: 'string',
    maxLength: 10,
    ...rulesOf({ rule: '!oldSelf.hasValue() || oldSelf.value() == self', optionalOldSelf: true, message: 'set once' }),
  },
}

/** A kind whose schema says everything that a schema can say. */
export const thing: Kind = { group: 'contract.test', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true }

function definition(schema: Json, more: Json = {}, names: Json = {}): KubeObject {
  const { group, kind, plural } = thing
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { kind, plural, ...names }, versions: [version] },
  }
}

export const thingDefinition = definition(
  {
    type: 'object',
    properties: { spec: { type: 'object', required: ['need'], properties }, status: { type: 'object' } },
  },
  { subresources: { status: {} } },
)

function thingWith(spec: unknown, metadata: Json = {}): KubeObject {
  return {
    apiVersion: 'contract.test/v1',
    kind: 'Thing',
    metadata: { name: 'it', namespace: 'default', ...metadata },
    ...(spec === undefined ? {} : { spec }),
  }
}

const specs: Readonly<Record<string, Json>> = {
  'what is needed alone': {},
  'what is needed as null': { need: null },
  'a text that is short': { short: 'a' },
  'a text that is long': { short: 'abcde' },
  'a text of another form': { short: 'AB' },
  'a text that is a number': { short: 5 },
  'a text that is null': { short: null },
  'an integer below': { int: 0 },
  'an integer above': { int: 6 },
  'an integer that is a fraction': { int: 1.5 },
  'an integer that is too large for its format': { int: 3_000_000_000 },
  'an integer that is text': { int: '1' },
  'an integer beyond all': { long: 1e20 },
  'a number at its exclusive minimum': { number: 0.5 },
  'a number at its exclusive maximum': { number: 9 },
  'a number that is text': { number: 'x' },
  'a number between two steps': { step: 1.3 },
  'a flag that is text': { flag: 'true' },
  'a time that is none': { time: 'x' },
  'a span that is none': { span: 'x' },
  'an address that is none': { address: 'x' },
  'bytes that are none': { bytes: '!!' },
  'a port by number': { port: 80 },
  'a port by name': { port: 'http' },
  'half a port': { port: 1.5 },
  'a port that is a flag': { port: true },
  'a port that is null': { port: null },
  'null where it may be': { maybe: null },
  'null where something is filled in': { usual: null },
  'a choice that is none': { choice: 'c' },
  'a choice of another type': { choice: 1 },
  'a digit that is none': { digit: 3 },
  'an empty list': { list: [] },
  'a list that is full': { list: ['a', 'b', 'c'] },
  'a list that is text': { list: 'x' },
  'a list with a number': { list: ['a', 1] },
  'a list with null': { list: [null] },
  'a set with twins': { set: ['a', 'b', 'a'] },
  'a keyed list with twins': { map: [{ name: 'a' }, { name: 'b' }, { name: 'a', value: '1' }] },
  'an entry without its key': { map: [{ port: 1 }] },
  'an entry of the wrong type': { map: [{ name: 'a', port: 'x' }] },
  'an entry with what nobody knows': { map: [{ name: 'a', zz: 1 }] },
  'no labels': { labels: {} },
  'too many labels': { labels: { a: '1', b: '2', c: '3' } },
  'a label that is a number': { labels: { a: 1 } },
  'a label that is null': { labels: { a: null } },
  'labels that are a list': { labels: ['a'] },
  'none of oneOf': { one: {} },
  'both of oneOf': { one: { a: '1', b: '1' } },
  'none of anyOf': { any: {} },
  'none of allOf': { all: {} },
  'half of allOf': { all: { a: '1' } },
  'what must not be': { none: { a: '1' } },
  'open, with a known field of the wrong type': { open: { z: 1, k: 'x' } },
  'open, with what nobody knows': { open: { z: { deep: [1] } }, novel: 1 },
  'filled in within what is there': { filled: {} },
  'every rule broken': { ruled: { a: 11, b: 12, l: [1, 2, 3, 4], namespace: 'kube-system' } },
  'rules that find nothing': { ruled: {} },
  'a rule of another reason': { ruled: { a: 3, b: 1, l: [] } },
  'a rule about another field': { ruled: { a: 1, b: 1, l: [] } },
  'rules about a number': { scalar: 7 },
  'several things at once': { short: 'ABCDEFG', int: 9, choice: 'z', need: null },
  'a wrong value beside a broken rule': { int: 9, ruled: { a: 11, b: 1, l: [] } },
  'new, under a rule about changes': { fixed: 'a', onceSet: 'a' },
}

const ofThings: readonly Row[] = [
  ...Object.entries(specs).map(([name, spec]) => ({ name, kind: thing, object: thingWith({ need: 'it', ...spec }) })),
  { name: 'no spec', kind: thing, object: thingWith(undefined) },
  { name: 'a spec that is text', kind: thing, object: thingWith('x') },
  { name: 'a name that is none', kind: thing, object: thingWith({ need: 'it' }, { name: 'X_y' }) },
  {
    name: 'a label of metadata that is a number',
    kind: thing,
    object: thingWith({ need: 'it' }, { labels: { a: 1 } }),
  },
  {
    name: 'labels, annotations and owners that are none',
    kind: thing,
    object: thingWith({ need: 'it' }, { labels: { 'a b': 'c d' }, annotations: { 'A b': 'x' }, ownerReferences: [{}] }),
  },
  {
    name: 'what is fixed, changed',
    kind: thing,
    before: thingWith({ need: 'it', fixed: 'a' }),
    object: thingWith({ need: 'it', fixed: 'b' }),
  },
  {
    name: 'what is set once, set again',
    kind: thing,
    before: thingWith({ need: 'it', onceSet: 'a' }),
    object: thingWith({ need: 'it', onceSet: 'b' }),
  },
]

const of = (schema: Json): Json => ({ type: 'object', properties: { f: schema } })
const item = { type: 'object', properties: { a: text } }
const definitions: Readonly<Record<string, readonly [Json, Json?]>> = {
  'a rule without a word': [of({ ...text, ...rulesOf({ rule: ' ' }) })],
  'a rule that is no condition': [of({ ...text, ...rulesOf({ rule: '"a"' }) })],
  'a rule with a reason that is none': [
    of({ ...text, ...rulesOf({ rule: 'self == ""', reason: 'Foo', message: 'a\nb' }) }),
  ],
  'a rule that is no CEL': [of({ ...text, ...rulesOf({ rule: 'self.(' }) })],
  'a rule about a field that is none': [of({ ...item, ...rulesOf({ rule: 'self.nope == 1' }) })],
  'a rule about changes of what has no identity': [
    of({ type: 'array', maxItems: 3, items: { type: 'integer', ...rulesOf({ rule: 'self == oldSelf' }) } }),
  ],
  'a pattern that is none': [of({ ...text, pattern: '(' })],
  'no type at the root': [{ properties: { f: {} } }],
  'a text at the root': [text],
  'a type that is none': [of({ type: 'foo' })],
  'a field without a type': [of({})],
  'items without a type': [of({ type: 'array', items: {} })],
  'a list without items': [of({ type: 'array' })],
  'values without a type': [of({ type: 'object', additionalProperties: {} })],
  'fields and values': [of({ ...item, additionalProperties: text })],
  'a default of another type': [of({ ...text, default: 5 })],
  'a default with what nobody knows': [of({ ...item, default: { z: 1 } })],
  'a type in anyOf': [of({ ...text, anyOf: [{ type: 'string' }, { minLength: 1 }] })],
  'a form in anyOf': [of({ ...item, anyOf: [{ description: 'x', nullable: true, default: 1 }] })],
  'a number or text': [of({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] })],
  'what nobody knows is kept': [of({ 'x-kubernetes-preserve-unknown-fields': true })],
  'what nobody knows is not kept': [of({ ...item, 'x-kubernetes-preserve-unknown-fields': false })],
  'unique items': [of({ type: 'array', items: text, uniqueItems: true })],
  'a reference': [of({ $ref: '#/a' })],
  'a keyed list without keys': [of({ type: 'array', 'x-kubernetes-list-type': 'map', items: item })],
  'a key that is no field': [
    of({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['b'], items: item }),
  ],
  'a key that may be absent': [
    of({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'], items: item }),
  ],
  'a list type that is none': [of({ type: 'array', 'x-kubernetes-list-type': 'x', items: text })],
  'a list type of what is no list': [of({ ...item, 'x-kubernetes-list-type': 'map' })],
  'a map type of what is no map': [of({ type: 'array', 'x-kubernetes-map-type': 'atomic', items: text })],
  'a set of objects': [of({ type: 'array', 'x-kubernetes-list-type': 'set', items: item })],
  'other metadata': [
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
  ],
  'columns and a scale that say nothing': [
    { type: 'object' },
    { additionalPrinterColumns: [{ name: 'a' }, { name: 'b', type: 'x', jsonPath: 'a' }], subresources: { scale: {} } },
  ],
  'no schema': [{}, { schema: null }],
}

const ofDefinitions: readonly Row[] = [
  ...Object.entries(definitions).map(([name, [schema, more]]) => ({
    name: `a definition: ${name}`,
    kind: kinds.CustomResourceDefinition,
    // The name of another kind, so that what is accepted disturbs nobody.
    object: renamed(definition(schema, more)),
  })),
  {
    name: 'a definition: another name than that of its kind',
    kind: kinds.CustomResourceDefinition,
    object: { ...definition({ type: 'object' }), metadata: { name: 'other.contract.test' } },
  },
]

function renamed(crd: KubeObject): KubeObject {
  const spec = crd['spec'] as Json
  const names = { kind: 'Other', plural: 'others', singular: 'other', listKind: 'OtherList' }
  return { ...crd, metadata: { name: 'others.contract.test' }, spec: { ...spec, names } }
}

export const rows: readonly Row[] = [...builtInRows, ...ofOurKinds, ...ofThings, ...ofDefinitions]
