/**
 * Objects of typed kinds, read as the API server reads JSON into Go structs: a value of another type ends the request, what
 * the type does not know is left out, null is nothing, and each type fills in its own defaults.
 */
import { badRequest } from '../answers.ts'
import { isRecord, type Json, listOf } from '../json.ts'
import type { Node } from './node.ts'

/** Fills in what a type fills in; the value is the reader's own. */
export type Defaults = Readonly<Record<string, (value: Json) => void>>

const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const quantityForm = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/
const INT_RANGE: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 }

/** Numbers and booleans that say nothing when they are zero: in Go no pointers, so they cannot be told from absent. */
const SILENT = new Set(
  ['paused', 'hostNetwork', 'hostPID', 'hostIPC', 'tty', 'stdin', 'stdinOnce', 'readOnly', 'minReadySeconds']
    .concat(['observedGeneration', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'])
    .concat(['fullyLabeledReplicas', 'currentReplicas', 'count']),
)

/** Texts behind a pointer: empty is not absent. */
const POINTERS = new Set(['holderIdentity'])

/** One object being read. */
export class Decoder {
  /** Paths of what the types do not know, in the order of the text. */
  readonly unknown: string[] = []
  readonly #defaults: Defaults
  readonly #about: string

  /** @param about begins the sentence of a refusal. */
  constructor(defaults: Defaults, about: string) {
    this.#defaults = defaults
    this.#about = about
  }

  /**
   * @param path where the value stands, as users write it; empty at the top.
   * @throws ApiError 400 for a value of another type.
   */
  read(node: Node, value: unknown, path: string): unknown {
    try {
      return this.#read(node, value, path)
    } catch (error) {
      throw error instanceof Misfit ? badRequest(`${this.#about}${error.message}`) : error
    }
  }

  #read(node: Node, value: unknown, path: string): unknown {
    if (node.name === QUANTITY) return quantity(value)
    if (node.name === INT_OR_STRING) return typeof value === 'string' ? value : integer(value, 'int32', path)
    const { type = 'any', format } = node.schema
    switch (type) {
      case 'object':
        return this.#object(node, value, path)
      case 'array':
        return this.#list(node, value, path)
      case 'integer':
        return integer(value, format ?? 'int32', path)
      case 'string':
      case 'boolean':
      case 'number':
        if (kindOf(value) !== type) throw mismatch(value, type, path)
        if (format === 'byte') mustBeBase64(String(value))
        if (format === 'date-time') mustBeTime(String(value), node.name.endsWith('MicroTime'))
        return value
      default:
        return value
    }
  }

  #list(node: Node, value: unknown, path: string): unknown[] {
    if (!Array.isArray(value)) throw mismatch(value, 'list', path)
    const { items } = node
    return items === null ? value : value.map((item, i) => this.#read(items, item ?? zero(items), `${path}[${i}]`))
  }

  #object(node: Node, value: unknown, path: string): unknown {
    if (!isRecord(value)) throw mismatch(value, 'object', path)
    if (node.values !== null) return this.#map(node.values, value, path)
    // A type without fields (RawExtension, FieldsV1) takes everything.
    if (node.fields.size === 0) return value
    const result: Json = {}
    for (const [key, member] of Object.entries(value)) {
      const child = node.fields.get(key)
      if (child === undefined) this.unknown.push(join(path, key))
      else if (member !== null && member !== undefined) {
        const read = this.#read(child, member, join(path, key))
        if (says(node, key, read)) result[key] = read
      }
    }
    // Structs that are no pointers are always there.
    for (const [key, child] of node.usual) {
      if (isRecord(child.schema.default)) result[key] ??= this.#read(child, {}, join(path, key))
    }
    this.#defaults[node.name]?.(result)
    return result
  }

  #map(values: Node, value: Json, path: string): Json {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return Object.fromEntries(
      members.map(([key, member]) => [key, this.#read(values, member ?? zero(values), join(path, key))]),
    )
  }
}

/** Whether a member is written at all: what is empty is left out, unless it is required. */
function says({ schema }: Node, key: string, value: unknown): boolean {
  const isNothing =
    (value === '' && !POINTERS.has(key)) ||
    ((value === false || value === 0) && SILENT.has(key)) ||
    (Array.isArray(value) && value.length === 0) ||
    (isRecord(value) && Object.keys(value).length === 0 && schema.properties?.[key]?.additionalProperties !== undefined)
  return !isNothing || listOf(schema.required).includes(key)
}

/** A value that its type cannot take. */
class Misfit extends Error {}

export const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

function mismatch(value: unknown, type: string, path: string): Misfit {
  return new Misfit(`${path === '' ? 'the object' : path} is of type ${kindOf(value)}, not ${type}`)
}

function integer(value: unknown, type: string, path: string): number {
  const limit = INT_RANGE[type] ?? Number.POSITIVE_INFINITY
  if (typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit) return value
  throw mismatch(value, type, path)
}

/** In the form that the server writes: decimal fractions in thousandths. */
function quantity(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !quantityForm.test(text)) {
    throw new Misfit(`${JSON.stringify(value)} is not a quantity`)
  }
  return /^[0-9]*[.][0-9]+$/.test(text) ? `${Math.ceil(Number(text) * 1000)}m` : text
}

function mustBeBase64(text: string): void {
  const compact = text.replaceAll(/[\r\n]/g, '')
  if (/^[A-Za-z0-9+/=]*$/.test(compact) && compact.length % 4 === 0) return
  throw new Misfit('the data is not base64')
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d+)?(Z|[+-]\d\d:\d\d)$/
function mustBeTime(text: string, micro: boolean): void {
  if (!TIME.test(text) || (micro && !text.includes('.'))) throw new Misfit(`${JSON.stringify(text)} is not a time`)
}

/** What stands for null where something must stand. */
function zero(node: Node): unknown {
  const { type } = node.schema
  return type === 'object' ? {} : type === 'array' ? [] : type === 'string' ? '' : type === 'boolean' ? false : 0
}
