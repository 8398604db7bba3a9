/** Watches over HTTP: a line of JSON for each event, for as long as the client reads them. */
import type { ServerResponse } from 'node:http'
import type { WatchEvent } from '../../src/core/ports.ts'
import { ApiError } from '../../src/core/errors.ts'
import { statusOf } from '../answers.ts'
import type { Json } from '../json.ts'
import type { Watching } from '../server/reading.ts'
import type { Call } from './call.ts'
import { checkWatch, listOptions, numberIn } from './options.ts'
import { type Head, metadataOf, rowObjectOf, tableOf } from './table.ts'

/** What may wait for a client that does not read; then it is cut off, and has to begin again. */
const MOST_UNREAD = 16 * 1024 * 1024
/** Of a watch that names no timeout: from half an hour to an hour, so that clients do not all come back at once. */
const USUAL_SECONDS = 1800

/**
 * Streams a watch until it times out or the client goes away.
 *
 * @throws ApiError for a watch that cannot begin. What is too old or too new is told as an event, as a real server does.
 */
export function streamWatch(call: Call, response: ServerResponse): void {
  const list = listOptions(call.namespace, call.query)
  const initial = call.query.get('sendInitialEvents')
  checkWatch(list, initial !== null)
  const { resourceVersion = '' } = list
  if (!/^\d*$/.test(resourceVersion)) {
    const number = JSON.stringify(resourceVersion)
    const because = `Invalid value: ${number}: strconv.ParseUint: parsing ${number}: invalid syntax`
    throw new ApiError({ code: 500, reason: '', message: `resourceVersion: ${because}` })
  }
  const seconds = numberIn(call.query, 'timeoutSeconds') ?? USUAL_SECONDS * (1 + Math.random())
  const shape = shapes(call)
  const lines = new Lines(response)
  const send = ({ type, object }: WatchEvent): void => lines.push({ type, object: shape(object) })
  const tellEnd = (error: unknown): void => lines.push({ type: 'ERROR', object: statusOf(error) })
  const query = {
    ...list,
    resourceVersion,
    timeout: seconds * 1000,
    ...(call.query.get('allowWatchBookmarks') === 'true' ? {} : { bookmarks: 'none' as const }),
    ...(initial === null ? {} : { initialEvents: initial === 'true' ? ('send' as const) : ('skip' as const) }),
  }
  const watching = begin(call, query, send, tellEnd)
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  response.flushHeaders()
  if (watching === null) return lines.end()
  response.once('close', () => watching.stop())
  watching.ended.then(
    () => lines.end(),
    (error: unknown) => {
      tellEnd(error)
      lines.end()
    },
  )
}

function begin(
  call: Call,
  query: Parameters<Call['server']['watch']>[1],
  send: (event: WatchEvent) => void,
  tellEnd: (error: unknown) => void,
): Watching | null {
  try {
    return call.server.watch(call.kind, query, { manager: call.agent }, send)
  } catch (error) {
    if (!(error instanceof ApiError) || ![410, 504].includes(error.code)) throw error
    tellEnd(error)
    return null
  }
}

/** How objects are written: as they are, their metadata, or a table of one row, whose columns are defined once. */
function shapes({ form, query, resource, server }: Call): (object: WatchEvent['object']) => unknown {
  if (form.as === 'object') return object => object
  if (form.as === 'PartialObjectMetadata') return metadataOf
  const rows = rowObjectOf(query.get('includeObject') ?? '')
  let head: Head = 'head'
  return object => {
    const metadata: Json = { resourceVersion: object.metadata.resourceVersion }
    const table = tableOf(resource, [object], metadata, rows, server.clock.now(), head)
    head = 'no head'
    return table
  }
}

/** Lines of one turn of the event loop leave in one piece. */
class Lines {
  readonly #response: ServerResponse
  #waiting: string[] = []

  constructor(response: ServerResponse) {
    this.#response = response
  }

  push(event: unknown): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush())
    this.#waiting.push(`${JSON.stringify(event)}\n`)
  }

  end(): void {
    this.#flush()
    this.#response.end()
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#response.destroyed) return
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#response.write(text)
    if (this.#response.writableLength > MOST_UNREAD) this.#response.destroy()
  }
}
