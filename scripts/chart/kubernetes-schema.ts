/** Types of Kubernetes for the schema of the values, so that a misspelt field of a toleration is refused as well. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, isRecord, type Json, recordOf, textOf } from '../../src/core/json.ts'
import { root } from '../bundle.ts'

const REF = '#/components/schemas/'

/** What JSON Schema understands of what the API server publishes; an object takes the fields that it names, and no others. */
function plain(schema: Json, refer: (type: string) => string): Json {
  const { type, enum: choices, required, items, properties, additionalProperties, oneOf, $ref } = schema
  if (typeof $ref === 'string') return { $ref: refer($ref.replace(REF, '')) }
  const inner = (value: unknown): Json => plain(recordOf(value), refer)
  return {
    ...(type === undefined ? {} : { type }),
    ...(choices === undefined ? {} : { enum: choices }),
    ...(required === undefined ? {} : { required }),
    ...(oneOf === undefined ? {} : { oneOf }),
    ...(isRecord(items) ? { items: inner(items) } : {}),
    ...(isRecord(additionalProperties) ? { additionalProperties: inner(additionalProperties) } : {}),
    ...(isRecord(properties)
      ? {
          additionalProperties: false,
          properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, inner(value)])),
        }
      : {}),
  }
}

const short = (type: string): string => type.split('.').at(-1) ?? type

/** Collects the types that a schema names. */
export class KubernetesTypes {
  readonly #schemas: Json
  readonly #definitions = new Map<string, Json>()

  constructor() {
    const data: unknown = JSON.parse(readFileSync(join(root, 'playground/data/kubernetes.json'), 'utf8'))
    this.#schemas = recordOf(at(data, 'schemas'))
  }

  /** A reference to a type of the API group core. */
  of(kind: string): Json {
    return this.type(`io.k8s.api.core.v1.${kind}`)
  }

  /** A reference to a type by its whole name. */
  type(name: string): Json {
    return { $ref: this.#refer(name) }
  }

  /** The type with these fields alone. */
  only(kind: string, fields: readonly string[]): Json {
    const schema = recordOf(this.#schemas[`io.k8s.api.core.v1.${kind}`])
    const properties = Object.fromEntries(fields.map(field => [field, at(schema, 'properties', field)]))
    return plain({ ...schema, properties }, type => this.#refer(type))
  }

  /** All that were named, and those that they name. */
  definitions(): Json {
    return Object.fromEntries([...this.#definitions].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** @throws Error for a type that the data do not have. */
  #refer(type: string): string {
    const name = short(type)
    if (!this.#definitions.has(name)) {
      const schema = this.#schemas[type]
      if (!isRecord(schema)) throw new Error(`playground/data/kubernetes.json has no ${textOf(type)}`)
      // Before it is read: types may name themselves.
      this.#definitions.set(name, {})
      this.#definitions.set(
        name,
        plain(schema, other => this.#refer(other)),
      )
    }
    return `#/definitions/${name}`
  }
}
