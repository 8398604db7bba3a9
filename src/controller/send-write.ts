/** Sends one write to the API server; its answer is in the caches at once. */
import type { KubeObject } from '../api/object.ts'
import type { Write } from '../core/model/write.ts'
import type { Lane } from '../core/ports.ts'
import type { Calls } from './calls.ts'
import type { ObjectCache } from './object-cache.ts'
import type { Step } from './step.ts'

export function* sendWrite(cache: ObjectCache, calls: Calls, write: Write, lane: Lane): Step<KubeObject | null> {
  const known = cache.get(write.ref)
  const written = yield* calls.write(write, lane)
  if (written !== null) cache.accept(write.ref.kind, written)
  // Deleted by this write, or before it; the watch event of that comes later.
  else if (write.verb !== 'disown' && write.verb !== 'copy') cache.removed(write.ref, known)
  return written
}
