/** Kinds that a CustomResourceDefinition describes. */
import type { KubeObject, Kind, ObjectMeta } from '../../src/api/object.ts'
import { ageOf } from './age.ts'
import { type Json, listOf, recordOf, textOf } from '../json.ts'
import type { Cause, Column, Merge, Resource, ScalePaths, Schema } from '../resource.ts'
import { components, misfit, OBJECT_META, types } from './built-in.ts'
import { invalid } from './causes.ts'
import { Decoder } from './decode.ts'
import { jsonPath } from './json-path.ts'
import { dnsSubdomain, metadataCauses } from './metadata.ts'
import { declaresAt, type JsonSchema, mergeAt, Node, patchKeyAt, Types } from './node.ts'
import { Pruner } from './prune.ts'
import { RuleCheck } from './rules.ts'
import { NOWHERE, schemaCauses, twins } from './validate.ts'

/** One version of a definition, as far as it is read. */
interface Version {
  readonly name: string
  readonly served: boolean
  readonly storage: boolean
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema }
  readonly subresources?: { readonly status?: Json; readonly scale?: Readonly<Record<string, string>> }
  readonly additionalPrinterColumns?: readonly Readonly<Record<string, string | number>>[]
}

const made = new Map<string, Resource>()

/** What a definition describes; equal definitions share what was made of them. */
export function resourceOf(crd: KubeObject): Resource {
  const key = JSON.stringify(crd['spec'])
  const resource = made.get(key) ?? make(recordOf(crd['spec']))
  made.set(key, resource)
  return resource
}

function make(spec: Json): Resource {
  const names = recordOf(spec['names'])
  const versions = listOf(spec['versions']) as readonly Version[]
  const stored = versions.find(version => version.storage)
  if (stored === undefined) throw new Error('A CustomResourceDefinition without a stored version was let in.')
  const kind: Kind = {
    group: textOf(spec['group']),
    version: stored.name,
    kind: textOf(names['kind']),
    plural: textOf(names['plural']),
    namespaced: spec['scope'] === 'Namespaced',
  }
  const { status, scale } = stored.subresources ?? {}
  const served = versions.filter(version => version.served)
  return {
    kind,
    versions: served.map(version => version.name).sort(byPriority),
    origin: 'custom',
    names: {
      singular: textOf(names['singular'], kind.kind.toLowerCase()),
      short: listOf(names['shortNames']).map(String),
      categories: listOf(names['categories']).map(String),
    },
    subresources: { status: status !== undefined, scale: scale === undefined ? null : scalePaths(scale) },
    generation: true,
    replacesBlindly: false,
    columns: columnsOf(stored),
    schema: new Custom(kind, served, stored),
  }
}

const scalePaths = (scale: Readonly<Record<string, string>>): ScalePaths => ({
  spec: scale['specReplicasPath'] ?? '',
  status: scale['statusReplicasPath'] ?? '',
  selector: scale['labelSelectorPath'] ?? null,
})

/** `v2` before `v1`, `v1` before `v1beta1`, that before `v1alpha1`. */
export function byPriority(one: string, other: string): number {
  const rank = (version: string): readonly number[] => {
    const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? []
    const stages = { alpha: 1, beta: 2 }
    return [
      major === undefined ? 0 : stage === undefined ? 3 : stages[stage as keyof typeof stages],
      Number(major),
      Number(minor),
    ]
  }
  const [a, b] = [rank(one), rank(other)]
  const differs = a.findIndex((part, i) => part !== b[i] && !(Number.isNaN(part) && Number.isNaN(b[i])))
  return differs < 0 ? (one < other ? -1 : 1) : (b[differs] ?? 0) - (a[differs] ?? 0)
}

function columnsOf({ additionalPrinterColumns: columns }: Version): Column[] {
  const name: Column = {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: '',
    priority: 0,
    cell: object => object.metadata.name,
  }
  const age: Readonly<Record<string, string>> = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
  return [
    name,
    ...(columns ?? [age]).map((column): Column => {
      const read = jsonPath(String(column['jsonPath']))
      return {
        name: String(column['name']),
        type: String(column['type']),
        format: String(column['format'] ?? ''),
        description: String(column['description'] ?? ''),
        priority: Number(column['priority'] ?? 0),
        cell: (object, now) => {
          const found = read(object)
          return column['type'] === 'date' && found !== undefined ? ageOf(found, now) : found
        },
      }
    }),
  ]
}

/** Findings after which rules are not asked: what they would see has the wrong form. */
const BLOCKING = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
])
const notAsked =
  'some validation rules were not checked because the object was invalid; ' +
  'correct the existing errors to complete validation'

/** Of metadata, rules see the name alone. */
const seenOfMetadata: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
}

class Custom implements Schema {
  readonly #kind: Kind
  readonly #versions: readonly Version[]
  readonly #schema: JsonSchema
  readonly #hasStatus: boolean
  #nodes: { readonly root: Node; readonly merging: Node; readonly ruled: Node } | undefined

  constructor(kind: Kind, versions: readonly Version[], { schema, subresources }: Version) {
    this.#kind = kind
    this.#versions = versions
    this.#schema = schema?.openAPIV3Schema ?? {}
    this.#hasStatus = subresources?.status !== undefined
  }

  /** Made when the first object comes: most kinds of a cluster never see one. */
  get #made(): { readonly root: Node; readonly merging: Node; readonly ruled: Node } {
    if (this.#nodes !== undefined) return this.#nodes
    const { apiVersion: _, kind: _kind, metadata: _metadata, ...properties } = this.#schema.properties ?? {}
    const own = new Types()
    const of = (metadata: JsonSchema): Node => {
      const text: JsonSchema = { type: 'string' }
      return own.node({ ...this.#schema, properties: { apiVersion: text, kind: text, metadata, ...properties } })
    }
    const everything = { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' }
    this.#nodes = {
      root: of(everything),
      merging: own.node({ ...this.#schema, properties }),
      ruled: of(seenOfMetadata),
    }
    return this.#nodes
  }

  shape(object: KubeObject): { object: KubeObject; unknown: readonly string[] } {
    const decoder = new Decoder({}, misfit(this.#kind))
    const metadata = decoder.read(types().of(OBJECT_META), object.metadata, 'metadata') as ObjectMeta
    const pruner = new Pruner()
    const shaped = pruner.read(this.#made.root, { ...object, metadata }, '') as KubeObject
    return { object: shaped, unknown: [...decoder.unknown, ...pruner.unknown].sort() }
  }

  validate(object: KubeObject, before: KubeObject | null): readonly Cause[] {
    const found = this.#causes(object, before)
    // What was stored under an older schema is compared as today's schema has it.
    return found.length === 0 || before === null ? found : this.#causes(object, this.shape(before).object)
  }

  #causes(object: KubeObject, before: KubeObject | null): readonly Cause[] {
    const was = before ?? undefined
    const { root, ruled } = this.#made
    const found = [
      ...metadataCauses(object, before, dnsSubdomain),
      ...schemaCauses(root, object, '', was).map(cause => (this.#hasStatus ? fromStatus(cause) : cause)),
      ...twins(root, object, ''),
    ]
    if (found.some(({ reason }) => BLOCKING.has(reason))) return [...found, invalid(NOWHERE, null, notAsked)]
    return [...found, ...new RuleCheck().causes(ruled, object, '', was)]
  }

  mergeOf(path: readonly string[]): Merge {
    if (path[0] === 'f:metadata') return mergeAt(types().of(OBJECT_META), path.slice(1))
    return mergeAt(this.#made.merging, path)
  }

  declares(path: readonly string[]): boolean {
    if (path[0] === 'f:metadata') return declaresAt(types().of(OBJECT_META), path.slice(1))
    return declaresAt(this.#made.merging, path)
  }

  readonly empty = { metadata: {} }

  patchKeyOf(path: readonly string[]): string | null {
    return path[0] === 'f:metadata' ? patchKeyAt(types().of(OBJECT_META), path.slice(1)) : null
  }

  get openapi(): Json {
    const { group, kind } = this.#kind
    const prefix = group.split('.').toReversed().join('.')
    const text: JsonSchema = { type: 'string' }
    const metadata = { allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }] }
    const own = this.#versions.map(({ name, schema }) => {
      const { properties, ...rest } = schema?.openAPIV3Schema ?? {}
      const whole = {
        ...rest,
        properties: { apiVersion: text, kind: text, ...properties, metadata },
        'x-kubernetes-group-version-kind': [{ group, version: name, kind }],
      }
      return [`${prefix}.${name}.${kind}`, whole] as const
    })
    return { ...components([OBJECT_META]), ...Object.fromEntries(own) }
  }
}

/** A status with a subresource is looked at for itself: sentences about it name its fields from there. */
function fromStatus(cause: Cause): Cause {
  const [, below] = /^status[.](.+)/.exec(cause.field) ?? []
  return below === undefined
    ? cause
    : { ...cause, message: cause.message.replace(`${cause.field} in body`, `${below} in body`) }
}
