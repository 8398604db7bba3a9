/** Lists in pages, and watches: how a client learns what there is, and what changes after. */
import { apiVersionOf, type Kind, kindKey, type KubeObject, type ObjectMeta } from '../../src/api/object.ts'
import type { Clock, ListQuery, ObjectList, WatchEvent, WatchQuery } from '../../src/core/ports.ts'
import type { Milliseconds } from '../../src/core/time.ts'
import { badRequest, expired, tooLarge } from '../answers.ts'
import { parseFieldSelector } from './field-selector.ts'
import { recordOf, textOf } from '../json.ts'
import { parseSelector } from '../schema/selector.ts'
import { type Change, inVersion, type Store } from './store.ts'

/** How often a watch says how far it has come. */
const BOOKMARK_EVERY: Milliseconds = 60_000
/** Marks the bookmark that ends what there was (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists). */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** What a list over HTTP may ask beside what Sluice does. */
export interface Listing extends ListQuery {
  readonly fieldSelector?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly resourceVersionMatch?: string | undefined
}

export interface Page extends ObjectList {
  /** How many come after this page; only without selectors, as on a real server. */
  readonly remaining?: number
}

/** What a watch over HTTP may ask beside what Sluice does. */
export interface Watched extends WatchQuery {
  readonly fieldSelector?: string | undefined
  /** `none`: the client did not ask for them. */
  readonly bookmarks?: 'none'
  /** sendInitialEvents: what there is first, then a bookmark that says so; or not even from an empty resourceVersion. */
  readonly initialEvents?: 'send' | 'skip' | undefined
}

/** A running watch. */
export interface Watching {
  /** Settles when the watch has ended. */
  readonly ended: Promise<void>
  stop(error?: Error): void
}

/** What a list or watch lets through. */
function visibleTo(kind: Kind, query: Listing | Watched): (object: KubeObject | null) => object is KubeObject {
  const selects = parseSelector(query.labelSelector)
  const matches = parseFieldSelector(kind, query.fieldSelector)
  const { namespace, name } = query
  return (object): object is KubeObject =>
    object !== null &&
    (namespace === '' || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    selects(object.metadata.labels) &&
    matches(object)
}

/**
 * A version that a client names.
 *
 * @throws ApiError 400 for what is no number, 504 for one that lies in the future.
 */
export function versionOf(store: Store, text: string): number {
  if (!/^\d+$/.test(text)) throw badRequest(`invalid resource version: ${noVersion(text)}`)
  if (Number(text) > store.version) throw tooLarge(text, store.version)
  return Number(text)
}

const noVersion = (text: string): string =>
  `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`

/**
 * One page; every page of one list shows the world as it was at the first.
 *
 * @throws ApiError 410 when the log no longer reaches back to the first page.
 */
export function listPage(store: Store, kind: Kind, query: Listing): Page {
  const visible = visibleTo(kind, query)
  const [version, start] = whereOf(store, query)
  const all = store.allAt(version, kind, query.namespace)
  if (all === null) {
    if (query.continue === undefined) throw expired('The resourceVersion for the provided list is too old.')
    throw expired(TOO_OLD, writeToken(-1, start))
  }
  const rest = all.filter(object => visible(object) && keyOf(object) > start)
  const limit = query.resourceVersion === '0' || !query.limit || query.limit < 0 ? rest.length : query.limit
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const items = page.map(object => inVersion(kind, object))
  if (last === undefined || page.length === rest.length) return { resourceVersion: String(version), items }
  const selected = Boolean(query.labelSelector) || Boolean(query.fieldSelector)
  return {
    resourceVersion: String(version),
    items,
    continue: writeToken(version, keyOf(last)),
    ...(selected ? {} : { remaining: rest.length - page.length }),
  }
}

/** The version to list at, and the key after which the page starts. */
function whereOf(store: Store, query: Listing): readonly [number, string] {
  const { resourceVersion = '', resourceVersionMatch, limit = 0 } = query
  if (query.continue !== undefined) {
    const [version, last] = readToken(query.continue)
    if (resourceVersion !== '' && resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    return [version < 0 ? store.version : version, last]
  }
  if (resourceVersion === '' || resourceVersion === '0') return [store.version, '']
  const asked = versionOf(store, resourceVersion)
  // With a limit and no word about it, the exact version is meant.
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === undefined && limit > 0)
  return [exact ? asked : store.version, '']
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
  query: Watched,
  send: (event: WatchEvent) => void,
): Watching {
  const { resourceVersion, initialEvents } = query
  const visible = visibleTo(kind, query)
  const deliver = (type: WatchEvent['type'], object: KubeObject): void =>
    send({ type, object: inVersion(kind, object) })
  const key = kindKey(kind)
  const tell = (change: Change): void => {
    const { before, after } = change
    if (kindKey(change.kind) !== key || change.version <= from) return
    const was = visible(before)
    if (visible(after)) deliver(was ? 'MODIFIED' : 'ADDED', after)
    else if (was) deliver('DELETED', atVersion(before, change.version))
  }

  const unversioned = resourceVersion === '' || resourceVersion === '0'
  if (!unversioned && !/^\d+$/.test(resourceVersion)) throw badRequest(noVersion(resourceVersion))
  const fresh = initialEvents === 'send' || (unversioned && initialEvents !== 'skip')
  const from = unversioned
    ? store.version
    : initialEvents === 'send'
      ? versionOf(store, resourceVersion)
      : Number(resourceVersion)
  const missed = fresh || unversioned ? [] : store.since(from)
  if (missed === null) throw expired(`too old resource version: ${resourceVersion} (${store.oldest})`)
  const bookmark = (annotations?: Record<string, string>): void => {
    if (query.bookmarks === 'none') return
    const version = { resourceVersion: String(store.version), ...(annotations ? { annotations } : {}) }
    const metadata = version as ObjectMeta // the one object that has no name
    send({ type: 'BOOKMARK', object: { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } })
  }
  if (fresh) for (const object of store.all(kind, query.namespace)) if (visible(object)) deliver('ADDED', object)
  if (initialEvents === 'send') bookmark({ [INITIAL_EVENTS_END]: 'true' })
  for (const change of missed) tell(change)

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

const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
  'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with ' +
  'the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the ' +
  'first chunk was returned and now may show up in the list.'

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

function atVersion(object: KubeObject, version: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
}

/** The version of a token's format. */
const TOKEN = 'meta.k8s.io/v1'

/** As the API server makes its own, which nobody but itself should read. */
function writeToken(version: number, last: string): string {
  return Buffer.from(JSON.stringify({ v: TOKEN, rv: version, start: `${last}\0` })).toString('base64url')
}

/** The version of the list, or -1 for the present one, and the key of its last object so far. @throws ApiError 400. */
function readToken(token: string): readonly [number, string] {
  const foreign = token.search(/[^\w-]/)
  const bad = foreign < 0 && token.length % 4 === 1 ? token.length - 1 : foreign
  try {
    if (bad >= 0) throw new SyntaxError(`illegal base64 data at input byte ${bad}`)
    const { rv, start } = recordOf(JSON.parse(Buffer.from(token, 'base64url').toString('latin1')))
    if (typeof rv !== 'number') throw new SyntaxError(`incorrect encoded start resourceVersion (version ${TOKEN})`)
    return [rv, textOf(start).slice(0, -1)]
  } catch (error) {
    throw badRequest(`invalid continue token: continue key is not valid: ${(error as Error).message}`)
  }
}
