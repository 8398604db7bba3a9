/**
 * One kind as the API server serves it: what discovery says of it, how it is shown, and what its schema does to objects.
 * Built-in kinds and CustomResourceDefinitions are both read into this, and nothing else of the server knows which is which.
 */
import type { Kind, KubeObject } from '../src/api/object.ts'
import type { Instant } from '../src/core/time.ts'
import type { Json } from './json.ts'

export interface Resource {
  /** In the version that is stored. */
  readonly kind: Kind
  /** Versions that are served, the preferred one first; objects differ by their apiVersion alone. */
  readonly versions: readonly string[]
  /** Whether it is a part of the server or comes from a CustomResourceDefinition: some sentences differ. */
  readonly origin: 'built-in' | 'custom'
  readonly names: {
    readonly singular: string
    readonly short: readonly string[]
    readonly categories: readonly string[]
  }
  readonly subresources: { readonly status: boolean; readonly scale: ScalePaths | null }
  /** Whether `metadata.generation` counts changes of what is not status. */
  readonly generation: boolean
  /** Whether an update without a resourceVersion replaces whatever is there. */
  readonly replacesBlindly: boolean
  readonly columns: readonly Column[]
  readonly schema: Schema
}

/** JSON paths (`.spec.replicas`) of the scale subresource. */
export interface ScalePaths {
  readonly spec: string
  readonly status: string
  readonly selector: string | null
}

/** A column of `kubectl get` (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables). */
export interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
  /** What stands in the cell at that time, ages already in words; nothing where there is nothing. */
  readonly cell: (object: KubeObject, now: Instant) => unknown
}

/** One reason of a 422 (`details.causes`). */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** How a list or map merges under server-side apply. */
export type Merge =
  | { readonly merge: 'atomic' | 'granular' | 'set' }
  /** A list whose entries are told apart by these fields, with their usual values. */
  | { readonly merge: 'map'; readonly keys: Readonly<Record<string, unknown>> }

export interface Schema {
  /**
   * Fills in defaults and takes out what the schema does not know.
   *
   * @returns also the paths of what was taken out (`spec.foo`, `spec.containers[0].bar`), for `fieldValidation`.
   * @throws ApiError 400 for a value that the type cannot hold.
   */
  shape(object: KubeObject): { readonly object: KubeObject; readonly unknown: readonly string[] }
  /** What is wrong with a shaped object, in the API server's words; empty where nothing is. */
  validate(object: KubeObject, before: KubeObject | null): readonly Cause[]
  /** How the value at `path` (in fieldsV1 notation) merges under server-side apply. */
  mergeOf(path: readonly string[]): Merge
  /** Whether `path` ends in a field of a type, and not in a key of a map. */
  declares(path: readonly string[]): boolean
  /** What is in an object that says nothing: the parts that its type always has. */
  readonly empty: Json
  /** The key by which a strategic merge patch tells the entries of the list at `path` apart; null: it replaces the list. */
  patchKeyOf(path: readonly string[]): string | null
  /**
   * The types of the object by name, as `components.schemas` of `/openapi/v3` has them: its own in every served version
   * (`x-kubernetes-group-version-kind` says which they are) and all that they refer to.
   */
  readonly openapi: Json
}
