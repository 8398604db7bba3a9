/**
 * What is particular to one kind of policy: an object that selects pods by their labels and says something of them. Pure; a row
 * in `kubernetes.ts` or `istio.ts` each.
 */
import type { Kind, KubeObject } from '../../api/object.ts'
import type { Json } from '../json.ts'
import type { Connections } from './peers.ts'
import type { PodSelector } from './pod-selector.ts'

/** The optional roles of manifests/policy-rbac.yaml: one for a group of kinds. */
export type PolicyRole = 'sluice-policies' | 'sluice-istio-policies'

export interface PolicyKind {
  readonly kind: Kind
  readonly role: PolicyRole
  /** The release that first serves this version: the end of a sentence. */
  readonly since: string
  /** What it decides of the pods that it selects: the end of a sentence in the documentation. */
  readonly decides: string
  /** Where the labels of its selector are: the path that a sentence names. */
  readonly labelsAt: string
  /**
   * The pods that it selects in its namespace. null where it selects none by label: then it is for all of them, or attached to
   * something else, and a primary changes nothing.
   */
  selectorOf(policy: KubeObject): PodSelector | null
  /** The spec with another selector, and everything else as it is. */
  withSelector(spec: Json, selector: PodSelector): Json
  /**
   * Of several that select a pod: `every` one counts; the `oldest` decides alone; or there must be `one`, because of two none does what
   * it says.
   */
  readonly counts: 'every' | 'oldest' | 'one'
  /** Whether those of the mesh's root namespace select pods of every namespace. */
  readonly rootSelectsAll: boolean
  /** Whether it may name what it is for (`targetRefs`) in place of a selector. */
  readonly attachable: boolean
  /** What it says of the pods on the other side of connections; left out: nothing. */
  readonly connections?: Connections
}
