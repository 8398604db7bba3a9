/** Objects of one kind as they change: a list, then a watch from there on, until the caller has seen enough. */
import { type Kind, type KubeObject, refKey, refOf } from '../../api/object.ts'
import { ApiError, isForbidden, isGone, isNotFound } from '../../core/errors.ts'
import type { Clock, KubeApi, WatchEvent } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import { Backoff, pause } from '../../runtime/timing.ts'

export interface Scope {
  readonly kind: Kind
  /** Empty: all namespaces. */
  readonly namespace: string
  readonly name?: string
  readonly labelSelector?: string
}

export interface FollowOptions {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Ends it. */
  readonly signal: AbortSignal
  /** Of one page of the list; 0: none. */
  readonly deadline: Milliseconds
  /** Told when the cluster cannot be seen, and why; it is tried again. */
  readonly lost?: (error: unknown) => void
}

const PAGE = 500
const WATCH: Milliseconds = 300_000
/** A watch that ends sooner than this and brought nothing is not begun again at once. */
const TOO_SHORT: Milliseconds = 1000

/**
 * Yields all objects, at first and after every change, by `refKey`. A connection that is lost is made again, with backoff.
 *
 * @throws ApiError when the first list fails, and whenever the right or the kind is missing.
 */
export async function* follow(
  scope: Scope,
  { api, clock, random, signal, deadline, lost }: FollowOptions,
): AsyncGenerator<ReadonlyMap<string, KubeObject>> {
  const { kind, ...query } = scope
  const backoff = new Backoff(500, 10_000, random)
  const ending = new AbortController()
  const all = AbortSignal.any([signal, ending.signal])
  let objects = new Map<string, KubeObject>()
  let version: string | null = null
  let isKnown = false
  try {
    while (!all.aborted) {
      try {
        if (version === null) {
          const listed = await listAll(api, scope, all, deadline)
          objects = new Map(listed.items.map(one => [refKey(refOf(kind, one)), one]))
          version = listed.resourceVersion
          isKnown = true
          yield objects
        }
        const begun = clock.now()
        let heard = false
        const watched = watchFrom(api, kind, { ...query, resourceVersion: version, timeout: WATCH }, all)
        for await (const events of watched) {
          heard = true
          backoff.reset()
          for (const { type, object } of events) {
            version = object.metadata.resourceVersion ?? version
            if (type === 'DELETED') objects.delete(refKey(refOf(kind, object)))
            else if (type !== 'BOOKMARK') objects.set(refKey(refOf(kind, object)), object)
          }
          if (events.some(({ type }) => type !== 'BOOKMARK')) yield objects
        }
        if (!heard && clock.now() - begun < TOO_SHORT) await pause(clock, backoff.next(), all)
      } catch (error) {
        if (all.aborted) return
        const isFinal = isForbidden(error) || isNotFound(error) || (error instanceof ApiError && error.code === 401)
        if (!isKnown || isFinal) throw error
        // What happened while nothing was seen is in a new list.
        version = null
        if (isGone(error)) continue
        lost?.(error)
        await pause(clock, backoff.next(), all)
      }
    }
  } finally {
    ending.abort()
  }
}

async function listAll(
  api: KubeApi,
  { kind, ...query }: Scope,
  stop: AbortSignal,
  deadline: Milliseconds,
): Promise<{ items: KubeObject[]; resourceVersion: string }> {
  const items: KubeObject[] = []
  let next: string | undefined
  let resourceVersion = ''
  do {
    const signal = deadline === 0 ? stop : AbortSignal.any([stop, AbortSignal.timeout(deadline)])
    const page = await api.list(
      kind,
      { ...query, limit: PAGE, ...(next === undefined ? {} : { continue: next }) },
      { lane: 'normal', signal },
    )
    items.push(...page.items)
    resourceVersion = page.resourceVersion
    next = page.continue
  } while (next !== undefined)
  return { items, resourceVersion }
}

/** The events of a watch, as many at once as have come; ends with the watch, throws what it throws. */
async function* watchFrom(
  api: KubeApi,
  kind: Kind,
  query: Parameters<KubeApi['watch']>[1],
  signal: AbortSignal,
): AsyncGenerator<readonly WatchEvent[]> {
  let waiting: WatchEvent[] = []
  let wake = (): void => {}
  let end: { readonly error?: unknown } | null = null
  const ended = (how: { readonly error?: unknown }): void => {
    end = how
    wake()
  }
  const seen = (event: WatchEvent): void => {
    waiting.push(event)
    wake()
  }
  void api.watch(kind, query, seen, { lane: 'normal', signal }).then(
    () => ended({}),
    (error: unknown) => ended({ error }),
  )
  for (;;) {
    if (waiting.length > 0) {
      const events = waiting
      waiting = []
      yield events
      continue
    }
    const how = end as { readonly error?: unknown } | null
    if (how !== null) {
      if ('error' in how) throw how.error
      return
    }
    await new Promise<void>(resolve => {
      wake = resolve
    })
  }
}
