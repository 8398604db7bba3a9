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
const QUANTITY_FORM = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
const quantityForm = new RegExp(QUANTITY_FORM)
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
      return this.#read(node, value, path, { struct: '', keys: '' })
    } catch (error) {
      throw error instanceof Misfit ? badRequest(`${this.#about}${error.message}`) : error
    }
  }

  #read(node: Node, value: unknown, path: string, at: Place): unknown {
    if (node.name === QUANTITY) return quantity(value)
    if (node.name === INT_OR_STRING) return typeof value === 'string' ? value : integer(value, 'int32', at)
    const { type = 'any', format } = node.schema
    switch (type) {
      case 'object':
        return this.#object(node, value, path, at)
      case 'array':
        return this.#list(node, value, path, at)
      case 'integer':
        return integer(value, format ?? 'int32', at)
      case 'string':
      case 'boolean':
      case 'number':
        if (kindOf(value) !== type) throw mismatch(value, goType(node), at)
        if (format === 'byte') mustBeBase64(String(value))
        if (format === 'date-time') mustBeTime(String(value), node.name.endsWith('MicroTime'))
        return value
      default:
        return value
    }
  }

  #list(node: Node, value: unknown, path: string, at: Place): unknown[] {
    if (!Array.isArray(value)) throw mismatch(value, goType(node), at)
    const { items } = node
    return items === null ? value : value.map((item, i) => this.#read(items, item ?? zero(items), `${path}[${i}]`, at))
  }

  #object(node: Node, value: unknown, path: string, at: Place): unknown {
    if (!isRecord(value)) throw mismatch(value, goType(node), at)
    if (node.values !== null) return this.#map(node.values, value, path, at)
    // A type without fields (RawExtension, FieldsV1) takes everything.
    if (node.fields.size === 0) return value
    const result: Json = {}
    const struct = shortName(node.name)
    for (const [key, member] of Object.entries(value)) {
      const child = node.fields.get(key)
      if (child === undefined) this.unknown.push(join(path, key))
      else if (member !== null && member !== undefined) {
        const read = this.#read(child, member, join(path, key), { struct, keys: join(at.keys, key) })
        if (says(node, key, read)) result[key] = read
      }
    }
    // Structs that are no pointers are always there.
    for (const [key, child] of node.usual) {
      if (isRecord(child.schema.default))
        result[key] ??= this.#read(child, {}, join(path, key), { struct, keys: join(at.keys, key) })
    }
    this.#defaults[node.name]?.(result)
    return result
  }

  #map(values: Node, value: Json, path: string, at: Place): Json {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return Object.fromEntries(
      members.map(([key, member]) => [key, this.#read(values, member ?? zero(values), join(path, key), at)]),
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

/** Where the Go decoder is: the struct, and the names of fields on the way, without indexes. */
interface Place {
  readonly struct: string
  readonly keys: string
}

export const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

function mismatch(value: unknown, type: string, { struct, keys }: Place): Misfit {
  const what = typeof value === 'boolean' ? 'bool' : kindOf(value)
  const number = typeof value === 'number' && type.startsWith('int') ? ` ${value}` : ''
  const where = struct === '' ? 'Go value' : `Go struct field ${struct}.${keys}`
  return new Misfit(`json: cannot unmarshal ${what}${number} into ${where} of type ${type}`)
}

function integer(value: unknown, type: string, at: Place): number {
  const limit = INT_RANGE[type] ?? Number.POSITIVE_INFINITY
  if (typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit) return value
  throw mismatch(value, type, at)
}

/** In the form that the server writes: decimal fractions in thousandths. */
function quantity(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !quantityForm.test(text)) {
    throw new Misfit(`quantities must match the regular expression '${QUANTITY_FORM}'`)
  }
  return /^[0-9]*[.][0-9]+$/.test(text) ? `${Math.ceil(Number(text) * 1000)}m` : text
}

function mustBeBase64(text: string): void {
  const compact = text.replaceAll(/[\r\n]/g, '')
  const bad = compact.search(/[^A-Za-z0-9+/=]/)
  if (bad < 0 && compact.length % 4 === 0) return
  throw new Misfit(`illegal base64 data at input byte ${bad < 0 ? Math.floor(compact.length / 4) * 4 : bad}`)
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d+)?(Z|[+-]\d\d:\d\d)$/
function mustBeTime(text: string, micro: boolean): void {
  const hasTime = TIME.test(text)
  if (hasTime && (!micro || text.includes('.'))) return
  const layout = `2006-01-02T15:04:05${micro ? '.000000' : ''}Z07:00`
  const [rest, as] = hasTime ? [text.slice(layout.indexOf('.')), '.000000'] : [text, '2006']
  throw new Misfit(
    `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${as}"`,
  )
}

/** How Go calls the type: `int32`, `[]v1.Container`, `map[string]string`. */
function goType(node: Node): string {
  const { type, format } = node.schema
  if (node.name !== '') return node.name.split('.').slice(-2).join('.')
  if (type === 'array') return `[]${node.items === null ? 'interface {}' : goType(node.items)}`
  if (type === 'object') return `map[string]${node.values === null ? 'interface {}' : goType(node.values)}`
  if (type === 'boolean') return 'bool'
  return type === 'integer' ? (format ?? 'int32') : type === 'number' ? 'float64' : 'string'
}

/** What stands for null where something must stand. */
function zero(node: Node): unknown {
  const { type } = node.schema
  return type === 'object' ? {} : type === 'array' ? [] : type === 'string' ? '' : type === 'boolean' ? false : 0
}
