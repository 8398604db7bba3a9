/**
 * Schemas made ready for walking: references followed, lists and maps typed, once for a kind. OpenAPI of the built-in kinds
 * and of CustomResourceDefinitions is the same language (https://swagger.io/specification/v3/#schema-object, with the
 * extensions of https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/).
 */
import { isRecord, listOf, recordOf } from '../json.ts'
import type { Merge } from '../resource.ts'

/** The keywords that are read. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly nullable?: boolean
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-validations'?: readonly Rule[]
}

/** A rule in CEL (https://kubernetes.io/docs/reference/using-api/cel/). */
export interface Rule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly fieldPath?: string
  readonly reason?: string
  readonly optionalOldSelf?: boolean
}

const REF = '#/components/schemas/'
const NONE: readonly Node[] = []
const granular: Merge = { merge: 'granular' }
const atomic: Merge = { merge: 'atomic' }

/** A schema and all below it. Children are made when they are first asked for: schemas refer to themselves. */
export class Node {
  readonly schema: JsonSchema
  /** The name of the type where it has one, such as `io.k8s.api.core.v1.Container`; else empty. */
  readonly name: string
  readonly #types: Types
  #fields: ReadonlyMap<string, Node> | undefined
  #items: Node | null | undefined
  #values: Node | null | undefined
  #usual: readonly (readonly [string, Node])[] | undefined
  #merge: Merge | undefined
  readonly #alternatives = new Map<string, readonly Node[]>()

  constructor(schema: JsonSchema, types: Types) {
    const { $ref, ...own } = schema
    this.name = $ref?.slice(REF.length) ?? ''
    this.schema = $ref === undefined ? schema : { ...types.named(this.name), ...own }
    this.#types = types
  }

  get fields(): ReadonlyMap<string, Node> {
    this.#fields ??= new Map(
      Object.entries(this.schema.properties ?? {}).map(([name, schema]) => [name, this.#types.node(schema)]),
    )
    return this.#fields
  }

  /** Fields that are filled in. */
  get usual(): readonly (readonly [string, Node])[] {
    this.#usual ??= [...this.fields].filter(([, { schema }]) => schema.default !== undefined)
    return this.#usual
  }

  get items(): Node | null {
    if (this.#items === undefined) this.#items = this.schema.items ? this.#types.node(this.schema.items) : null
    return this.#items
  }

  /** What stands behind the keys of a map. */
  get values(): Node | null {
    const { additionalProperties } = this.schema
    if (this.#values === undefined) {
      this.#values = typeof additionalProperties === 'object' ? this.#types.node(additionalProperties) : null
    }
    return this.#values
  }

  /** The schema of a member of an object. */
  field(name: string): Node | null {
    return this.fields.get(name) ?? this.values
  }

  get anyOf(): readonly Node[] {
    return this.#combined('anyOf', this.schema.anyOf)
  }

  get oneOf(): readonly Node[] {
    return this.#combined('oneOf', this.schema.oneOf)
  }

  get allOf(): readonly Node[] {
    return this.#combined('allOf', this.schema.allOf)
  }

  get not(): readonly Node[] {
    return this.#combined('not', this.schema.not && [this.schema.not])
  }

  #combined(keyword: string, schemas: readonly JsonSchema[] | undefined): readonly Node[] {
    if (schemas === undefined) return NONE
    const made = this.#alternatives.get(keyword) ?? schemas.map(schema => this.#types.node(schema))
    this.#alternatives.set(keyword, made)
    return made
  }

  get merge(): Merge {
    this.#merge ??= this.#mergeOfOwn()
    return this.#merge
  }

  #mergeOfOwn(): Merge {
    const { schema } = this
    if (schema['x-kubernetes-map-type'] === 'atomic') return atomic
    if (schema.type !== 'array') return granular
    switch (schema['x-kubernetes-list-type'] ?? 'atomic') {
      case 'set':
        return { merge: 'set' }
      case 'map': {
        const keys = listOf(schema['x-kubernetes-list-map-keys']).map(String)
        return {
          merge: 'map',
          keys: Object.fromEntries(keys.map(key => [key, this.items?.field(key)?.schema.default ?? ''])),
        }
      }
      default:
        return atomic
    }
  }
}

/** The named types of a server, and the nodes made of them so far. */
export class Types {
  readonly #named: Readonly<Record<string, JsonSchema>>
  readonly #nodes = new WeakMap<JsonSchema, Node>()

  constructor(named: Readonly<Record<string, JsonSchema>> = {}) {
    this.#named = named
  }

  named(name: string): JsonSchema {
    const schema = this.#named[name]
    if (schema === undefined) throw new Error(`The playground's data has no type ${name}.`)
    return schema
  }

  node(schema: JsonSchema): Node {
    const made = this.#nodes.get(schema) ?? new Node(schema, this)
    this.#nodes.set(schema, made)
    return made
  }

  /** The node of a named type. */
  of(name: string): Node {
    return this.node({ $ref: `${REF}${name}` })
  }
}

/** Follows a path in the notation of fieldsV1; null where the schema ends. */
function nodeAt(root: Node, path: readonly string[]): Node | null {
  let node: Node | null = root
  for (const step of path) {
    if (node === null || step === '.') return node
    node = step.startsWith('f:') ? node.field(step.slice(2)) : node.items
  }
  return node
}

/** How the value at `path` merges under server-side apply; of what is undeclared, maps merge by key and lists do not. */
export function mergeAt(root: Node, path: readonly string[]): Merge {
  return nodeAt(root, path)?.merge ?? granular
}

/** Whether the path ends in a field of a type, and not in a key of a map. */
export function declaresAt(root: Node, path: readonly string[]): boolean {
  const [last = '', parent] = [path.at(-1), nodeAt(root, path.slice(0, -1))]
  return !last.startsWith('f:') || parent?.fields.has(last.slice(2)) === true
}

/** The parts that a type always has, and theirs. */
export function emptyOf(node: Node): Record<string, unknown> {
  const needed = (node.schema.required ?? []).filter(name => node.fields.get(name)?.schema.type === 'array')
  return Object.fromEntries([
    ...node.usual.map(
      ([name, part]) => [name, isRecord(part.schema.default) ? emptyOf(part) : part.schema.default] as const,
    ),
    ...needed.map(name => [name, []] as const),
  ])
}

/** The key by which a strategic merge patch tells the entries of the list at `path` apart, or null. */
export function patchKeyAt(root: Node, path: readonly string[]): string | null {
  const schema = nodeAt(root, path)?.schema
  const merges = listOf(schema?.['x-kubernetes-patch-strategy']?.split(',')).includes('merge')
  return merges ? (schema?.['x-kubernetes-patch-merge-key'] ?? null) : null
}

/** The names of all types that a schema refers to, itself left out. */
export function typesIn(schema: unknown, named: (name: string) => JsonSchema, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const one of schema) typesIn(one, named, found)
  for (const [key, value] of Object.entries(recordOf(schema))) {
    if (key === '$ref' && typeof value === 'string') {
      const name = value.slice(REF.length)
      if (found.has(name)) continue
      found.add(name)
      typesIn(named(name), named, found)
    } else typesIn(value, named, found)
  }
  return found
}
