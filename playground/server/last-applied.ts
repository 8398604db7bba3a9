/**
 * Going over from `kubectl apply` to `kubectl apply --server-side`: the server reads the annotation that the one leaves, and
 * keeps it for who goes back (https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply).
 */
import type { KubeObject } from '../../src/api/object.ts'
import { claimedBy, inWords, type Merges } from './field-set.ts'
import type { Applied } from './fields.ts'
import { withSortedKeys, isRecord } from '../json.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What an apply by the manager `kubectl` does besides, on an object that was applied by a client before. */
export function asKubectl(merges: Merges, live: KubeObject | null, wanted: KubeObject, applied: Applied): Applied {
  const last = live?.metadata.annotations?.[LAST_APPLIED]
  if (last === undefined) return applied
  const own = claimedBy(merges, parsed(last)).paths().map(inWords)
  const { metadata } = applied.object
  const annotations = { ...metadata.annotations, [LAST_APPLIED]: `${JSON.stringify(withSortedKeys(wanted))}\n` }
  return {
    ...applied,
    object: { ...applied.object, metadata: { ...metadata, annotations } },
    conflicts: applied.conflicts.filter(({ field }) => !own.includes(field)),
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}
