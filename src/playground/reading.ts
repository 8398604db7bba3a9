/** Lists in pages, and watches: how a client learns what there is, and what changes after. */
import { apiVersionOf, type Kind, kindKey, type KubeObject } from '../api/object.ts'
import type { Clock, ListQuery, ObjectList, WatchEvent, WatchQuery } from '../core/ports.ts'
import { badRequest, expired } from './answers.ts'
import { parseSelector } from './selector.ts'
import { type Change, inVersion, type Store } from './store.ts'

/** How often a watch says how far it has come, in milliseconds. */
const BOOKMARK_EVERY = 60_000

/** A running watch. */
export interface Watching {
  /** Settles when the watch has ended. */
  readonly ended: Promise<void>
  stop(error?: Error): void
}

/**
 * One page; every page of one list shows the world as it was at the first.
 *
 * @throws ApiError 410 when the log no longer reaches back to the first page.
 */
export function listPage(store: Store, kind: Kind, query: ListQuery): ObjectList {
  const selects = parseSelector(query.labelSelector)
  const [version, start] = query.continue === undefined ? [store.version, ''] : readToken(query.continue)
  const all = store.allAt(version, kind, query.namespace)
  if (all === null) throw expired('The provided continue parameter is too old to display a consistent list result.')
  const rest = all.filter(object => selects(object.metadata.labels) && keyOf(object) > start)
  const page = rest.slice(0, query.limit ?? rest.length)
  const last = page.at(-1)
  const more = last && page.length < rest.length ? { continue: writeToken(version, keyOf(last)) } : {}
  return { resourceVersion: String(version), items: page.map(object => inVersion(kind, object)), ...more }
}

/**
 * Sends what changes after `query.resourceVersion` (empty or `0`: what there is, first) until it is stopped or times out.
 *
 * @throws ApiError 410 when the log no longer reaches back so far.
 */
export function openWatch(
  store: Store,
  clock: Clock,
  kind: Kind,
  query: WatchQuery,
  send: (event: WatchEvent) => void,
): Watching {
  const selects = parseSelector(query.labelSelector)
  const visible = (object: KubeObject | null): boolean =>
    object !== null &&
    (query.namespace === '' || object.metadata.namespace === query.namespace) &&
    selects(object.metadata.labels)
  const deliver = (type: WatchEvent['type'], object: KubeObject): void =>
    send({ type, object: inVersion(kind, object) })
  const tell = (change: Change): void => {
    if (kindKey(change.kind) !== kindKey(kind)) return
    const [was, is] = [visible(change.before), visible(change.after)]
    if (is && change.after) deliver(was ? 'MODIFIED' : 'ADDED', change.after)
    else if (was && change.before) deliver('DELETED', atVersion(change.before, change.version))
  }

  const fresh = query.resourceVersion === '' || query.resourceVersion === '0'
  const missed = fresh ? [] : store.since(Number(query.resourceVersion))
  if (missed === null) throw expired(`too old resource version: ${query.resourceVersion}`)
  if (fresh) for (const object of store.all(kind, query.namespace)) if (visible(object)) deliver('ADDED', object)
  for (const change of missed) tell(change)

  const bookmark = (): void => {
    const metadata = { name: '', resourceVersion: String(store.version) }
    send({ type: 'BOOKMARK', object: { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } })
  }
  const tick = (): void => {
    bookmark()
    cancelBookmark = clock.at(clock.now() + BOOKMARK_EVERY, tick)
  }
  let cancelBookmark = clock.at(clock.now() + BOOKMARK_EVERY, tick)
  const cancelEnd = clock.at(clock.now() + query.timeout, () => {
    bookmark()
    stop()
  })
  const unsubscribe = store.subscribe(tell)
  let settle: (error?: Error) => void = () => {}
  const ended = new Promise<void>((resolve, reject) => {
    settle = error => (error ? reject(error) : resolve())
  })
  const stop = (error?: Error): void => {
    unsubscribe()
    cancelBookmark()
    cancelEnd()
    settle(error)
  }
  return { ended, stop }
}

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

function atVersion(object: KubeObject, version: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
}

const writeToken = (version: number, last: string): string => Buffer.from(`${version} ${last}`).toString('base64url')

function readToken(token: string): readonly [number, string] {
  const [version = '', last = ''] = Buffer.from(token, 'base64url').toString().split(' ')
  if (/^\d+$/.test(version)) return [Number(version), last]
  throw badRequest('continue key is not valid: unable to decode')
}
