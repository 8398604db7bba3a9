/** Which policies select a pod, and which of them was first. */
import type { KubeObject } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import { selectsPods } from './pod-selector.ts'
import type { PolicyKind } from './policy-kind.ts'

/** Whether a policy selects pods of the Canary's namespace with these labels, by its labels; one that is for all pods does not. */
export function selectsIn(
  { names, settings }: Pick<Observation, 'names' | 'settings'>,
  kind: PolicyKind,
  policy: KubeObject,
  labels: Readonly<Record<string, string>>,
): boolean {
  const { namespace } = policy.metadata
  const isHere = namespace === names.namespace
  if (!isHere && !(kind.rootSelectsAll && namespace === settings.rootNamespace)) return false
  const selector = kind.selectorOf(policy)
  return selector !== null && selectsPods(selector, labels)
}

/** The older first; of the same second the first by name, as istiod sorts (`pilot/pkg/model/config.go`, `sortConfigByCreationTime`). */
export function byAge({ metadata: one }: KubeObject, { metadata: other }: KubeObject): number {
  const [before, after] = [one.creationTimestamp ?? '', other.creationTimestamp ?? '']
  if (before !== after) return before < after ? -1 : 1
  return one.name < other.name ? -1 : 1
}
