/**
 * The caches of a new leader may be behind the last writes of the one before, and behind each other: an older weight would look
 * like a manual edit, and older pods like none.
 */
import { kinds, kindKey } from '../api/object.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Reflector } from '../runtime/reflector.ts'
import { pause } from '../runtime/timing.ts'
import { decisive } from './kinds.ts'

/**
 * For so long a new leader tries to list a kind that cannot be listed. One page has so long; the whole list has no deadline,
 * because it grows with the cluster: 6,000 Services took more than 10 s on a busy machine.
 */
const CATCH_UP: Milliseconds = 30_000
const CATCH_UP_PAGE: Milliseconds = 10_000
const CATCH_UP_RETRY: Milliseconds = 1000

/**
 * Lists every kind that decides: one list a kind is cheaper than one read an object. Statuses are the log of every decision, so for
 * those there is no going on without. (Copies of configuration are named by what is in them; an old view of those is harmless.)
 *
 * @param term ends it.
 */
export async function catchUp(
  reflectors: readonly Reflector[],
  { log, steady }: { readonly log: Log; readonly steady: Clock },
  term: AbortSignal,
): Promise<void> {
  const behind = reflectors.filter(({ kind, synced }) => synced && decisive.has(kind))
  const refreshed = async (reflector: Reflector, patience: Milliseconds): Promise<void> => {
    const from = steady.now()
    while (!term.aborted && reflector.synced) {
      try {
        return await reflector.refresh(term, CATCH_UP_PAGE)
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error)
        const kind = kindKey(reflector.kind)
        if (!term.aborted) log.warn('a new leader cannot see what the last one left', { kind, error: said })
      }
      if (steady.now() - from >= patience) return
      await pause(steady, CATCH_UP_RETRY, term)
    }
  }
  await Promise.all(
    behind.map(reflector =>
      refreshed(reflector, reflector.kind === kinds.Canary ? Number.POSITIVE_INFINITY : CATCH_UP),
    ),
  )
}
