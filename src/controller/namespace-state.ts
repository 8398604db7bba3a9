/** Whether the namespace of a Canary is terminating: the one fact that the caches do not have. */
import { kinds } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import type { Calls } from './calls.ts'
import type { ProcessMemory } from './process-memory.ts'
import type { Step } from './step.ts'

/** Read only while the Canary is being deleted. */
export function* isNamespaceTerminating(calls: Calls, canary: Canary, known: ProcessMemory): Step<boolean> {
  if (canary.metadata.deletionTimestamp === undefined) return false
  if (known.isNamespaceTerminating) return true
  const ref = { kind: kinds.Namespace, namespace: '', name: canary.metadata.namespace ?? '' }
  const namespace = yield* calls.get(ref, 'normal')
  return namespace === null || namespace.metadata.deletionTimestamp !== undefined
}
