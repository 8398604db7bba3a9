/** The kinds that every API server has, from `data/kubernetes.json`, which is read when the first of them is asked for. */
import type { Kind, KubeObject } from '../../src/api/object.ts'
import { dataFile } from '../data-files.ts'
import { isRecord, type Json, listOf, recordOf, sameJson } from '../json.ts'
import type { Cause, Merge, Resource, Schema } from '../resource.ts'
import { notSupported, required } from './causes.ts'
import { checksOf, hasOwnWords, nameRuleOf } from './checks.ts'
import { columnsOf } from './columns.ts'
import { Decoder, join } from './decode.ts'
import { defaults } from './defaults.ts'
import { finalizerCauses, metadataCauses } from './metadata.ts'
import { declaresAt, emptyOf, type JsonSchema, mergeAt, type Node, patchKeyAt, Types, typesIn } from './node.ts'

interface Data {
  /** The version of the server that all this was read from. */
  readonly server: string
  readonly resources: readonly (Kind & {
    readonly singular: string
    readonly short: readonly string[]
    readonly categories: readonly string[]
    readonly subresources: readonly string[]
    readonly schema: string
  })[]
  readonly schemas: Readonly<Record<string, JsonSchema>>
}

let loaded: Data | undefined
const data = (): Data => {
  loaded ??= JSON.parse(dataFile('kubernetes')) as Data
  return loaded
}
let known: Types | undefined
/** All types of the built-in kinds. */
export function types(): Types {
  known ??= new Types(data().schemas)
  return known
}
export const serverVersion = (): string => data().server
export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Types of the API that are no resource's own, such as Scale and Status, by name. */
export function components(names: readonly string[]): Json {
  const all = names.flatMap(name => [name, ...typesIn(types().named(name), one => types().named(one))])
  return Object.fromEntries(all.map(name => [name, types().named(name)]))
}

/** Whose `metadata.generation` counts. */
const COUNTED = new Set([
  'pods',
  'deployments',
  'replicasets',
  'endpointslices',
  'poddisruptionbudgets',
  'customresourcedefinitions',
])

/** Which are replaced only by who names the version that he replaces. */
const WATCHED = new Set(['leases', 'serviceaccounts', 'poddisruptionbudgets', 'customresourcedefinitions'])

/** `Deployment in version "v1" cannot be handled as a Deployment: ` */
export const misfit = ({ kind, version }: Kind): string =>
  `${kind} in version "${version}" cannot be handled as a ${kind}: `

class BuiltIn implements Schema {
  readonly #kind: Kind
  readonly #root: Node
  readonly #name: string
  #empty: Json | undefined

  constructor(kind: Kind, name: string) {
    this.#kind = kind
    this.#name = name
    this.#root = types().of(name)
  }

  shape(object: KubeObject): { object: KubeObject; unknown: readonly string[] } {
    const decoder = new Decoder(defaults, misfit(this.#kind))
    return { object: decoder.read(this.#root, object, '') as KubeObject, unknown: decoder.unknown }
  }

  validate(object: KubeObject, before: KubeObject | null): readonly Cause[] {
    return [
      ...metadataCauses(object, before, nameRuleOf(object)),
      ...finalizerCauses(object.metadata),
      ...causesIn(this.#root, object, '', before ?? undefined),
    ]
  }

  mergeOf(path: readonly string[]): Merge {
    return mergeAt(this.#root, path)
  }

  declares(path: readonly string[]): boolean {
    return declaresAt(this.#root, path)
  }

  get empty(): Json {
    this.#empty ??= emptyOf(this.#root)
    return this.#empty
  }

  patchKeyOf(path: readonly string[]): string | null {
    return patchKeyAt(this.#root, path)
  }

  get openapi(): Json {
    return components([this.#name])
  }
}

/** What is wrong with a value and all in it. */
function causesIn(node: Node, value: unknown, path: string, before: unknown): Cause[] {
  if (Array.isArray(value)) {
    const { items } = node
    return items === null ? [] : value.flatMap((item, i) => causesIn(items, item, `${path}[${i}]`, listOf(before)[i]))
  }
  // Metadata has rules of its own, the status is written by the cluster, and what did not change was right before.
  if (
    !isRecord(value) ||
    (before !== undefined && sameJson(before, value)) ||
    node.name === OBJECT_META ||
    path === 'status'
  )
    return []
  const needed = listOf(node.schema.required)
  const own = checksOf(node.name, value, path, before)
  const members = [...node.fields].flatMap(([key, child]) => {
    const [member, at] = [value[key], join(path, key)]
    // In Go a required text that is absent is an empty one; other types are looked at by the checks of their own.
    if (member === undefined || member === '') {
      const isMissing = needed.includes(key) && child.schema.type === 'string' && !hasOwnWords(node.name)
      return isMissing ? [required(at)] : []
    }
    const { enum: values } = child.schema
    const refused = values !== undefined && !values.includes(member) && !hasOwnWords(node.name)
    return refused ? [notSupported(at, member, values)] : causesIn(child, member, at, recordOf(before)[key])
  })
  return [...own, ...members]
}

let made: readonly Resource[] | undefined
/** The built-in resources, in the order of discovery. */
export function builtIns(): readonly Resource[] {
  made ??= make()
  return made
}

function make(): Resource[] {
  return data().resources.map(({ singular, short, categories, subresources, schema, ...kind }) => ({
    kind,
    versions: [kind.version],
    origin: 'built-in',
    names: { singular, short, categories },
    subresources: {
      status: subresources.includes('status'),
      scale: subresources.includes('scale')
        ? { spec: '.spec.replicas', status: '.status.replicas', selector: '.spec.selector' }
        : null,
    },
    generation: COUNTED.has(kind.plural),
    replacesBlindly: !WATCHED.has(kind.plural),
    columns: columnsOf(kind.kind),
    schema: new BuiltIn(kind, schema),
  }))
}
