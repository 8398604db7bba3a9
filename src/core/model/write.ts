/** What a decision may do to the cluster, as data. */
import type { KubeObject, Ref } from '../../api/object.ts'

/** The field manager of everything that Sluice writes. */
export const FIELD_MANAGER = 'sluice'

/** RFC 6902. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test'
  readonly path: string
  readonly value?: unknown
}

export type Write =
  /** Server-side apply with force: we own what we name. With uid and resourceVersion in the metadata it is guarded. */
  | { readonly verb: 'apply'; readonly ref: Ref; readonly object: KubeObject }
  /** POST; fails with AlreadyExists. */
  | { readonly verb: 'create'; readonly ref: Ref; readonly object: KubeObject }
  /** PUT; `object.metadata.resourceVersion` guards it. */
  | { readonly verb: 'replace'; readonly ref: Ref; readonly object: KubeObject }
  /**
   * JSON merge patch (RFC 7396); with `metadata.resourceVersion` in the patch it is guarded. `manager` is who writes, if not the
   * controller; `rehearsed`: everything but the write itself (https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run).
   */
  | {
      readonly verb: 'merge'
      readonly ref: Ref
      readonly patch: Readonly<Record<string, unknown>>
      readonly manager?: string
      readonly rehearsed?: true
    }
  /**
   * JSON patch (RFC 6902), guarded by the version that was read; with a generation by that alone, which changes with the spec
   * and not with the status: what counts pods writes the status of a workload all the time.
   */
  | {
      readonly verb: 'patch'
      readonly ref: Ref
      readonly resourceVersion: string
      readonly generation?: number
      readonly operations: readonly PatchOperation[]
    }
  /** Merge patch of the status subresource; the patch carries `metadata.resourceVersion`. */
  | { readonly verb: 'status'; readonly ref: Ref; readonly patch: Readonly<Record<string, unknown>> }
  /** DELETE; guarded by uid and resourceVersion where they are given; a missing object is a success. */
  | { readonly verb: 'delete'; readonly ref: Ref; readonly uid?: string; readonly resourceVersion?: string }
  /** Gives up what we own of an object: our entry leaves its managedFields (a GET and a guarded patch). */
  | { readonly verb: 'disown'; readonly ref: Ref }
  /**
   * Copies a ConfigMap or Secret under another name, immutable, with labels; its content never enters the core.
   * AlreadyExists is a success: the name carries the hash of the content. A source with other content is a conflict.
   */
  | { readonly verb: 'copy'; readonly ref: Ref; readonly from: Ref; readonly labels: Readonly<Record<string, string>> }
