/** Reads past the caches: what the API server says now, taken into the caches. */
import type { Kind, KubeObject, Ref } from '../api/object.ts'
import { covers } from '../core/json.ts'
import type { Read, Source } from '../core/model/decision.ts'
import type { Sight } from '../core/model/observation.ts'
import type { Lane } from '../core/ports.ts'
import { LARGEST_PAGE } from '../runtime/list-pages.ts'
import type { Calls } from './calls.ts'
import type { ObjectCache } from './object-cache.ts'
import type { Step } from './step.ts'

/** ReplicaSets of one Deployment, or EndpointSlices of one Service: no more are read. */
const LONGEST_LIST = 500

/** One object as it is now; null when there is none. */
export function* readLive(cache: ObjectCache, calls: Calls, ref: Ref, lane: Lane = 'normal'): Step<KubeObject | null> {
  const known = cache.get(ref)
  const live = yield* calls.get(ref, lane)
  if (live === null) cache.removed(ref, known)
  else cache.accept(ref.kind, live)
  return live
}

/** Everything that a decision rests on; throws only when the pass was canceled. */
export function* readAllLive(cache: ObjectCache, calls: Calls, { read, sight }: Read): Step<Sight> {
  const lane = sight === 'live' ? 'urgent' : 'normal'
  try {
    yield* calls.all(
      read.map(source =>
        'ref' in source ? readLive(cache, calls, source.ref, lane) : readLabeled(cache, calls, source, lane),
      ),
    )
    return sight
  } catch (error) {
    calls.throwIfAborted()
    return { unavailable: error instanceof Error ? error.message : String(error) }
  }
}

function* readLabeled(
  cache: ObjectCache,
  calls: Calls,
  { kind, namespace, labels }: Extract<Source, { kind: Kind }>,
  lane: Lane,
): Step<null> {
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const before = cache.list(kind, namespace).filter(object => covers(object.metadata.labels, labels))
  const page = yield* calls.list(kind, { namespace, labelSelector, limit: LONGEST_LIST, largest: LARGEST_PAGE }, lane)
  for (const object of page.items) cache.accept(kind, object)
  if (page.continue !== undefined) return null
  // What a watch told of while the list was under way is newer than the list.
  const there = new Set(page.items.map(object => object.metadata.name))
  for (const known of before) {
    const { name } = known.metadata
    if (!there.has(name)) cache.removed({ kind, namespace, name }, known)
  }
  return null
}
