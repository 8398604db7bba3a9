/** Who asks the API server for what. */
import type { Kind, KubeObject } from '../../src/api/object.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'
/** `scale` is told apart only as the way by which a field was written. */
export type Subresource = '' | 'status' | 'scale'

/** Who asks: the field manager, which is the user's name here too. */
export interface Requester {
  readonly manager: string
  /** Everything is done and answered but the write itself. */
  readonly dryRun?: boolean
  /** Hears of fields that no schema knows, which are left out; may refuse them by throwing. */
  readonly unknown?: (paths: readonly string[], object: KubeObject) => void
}

/** What RBAC decides on. `name` is empty for list, watch and create. */
export interface AccessRequest extends Requester {
  readonly verb: Verb
  readonly kind: Kind
  readonly subresource: Subresource
  readonly namespace: string
  readonly name: string
}
