/**
 * The server of the page. It has no rights: every read and every write is done with the token that the request carries, and what the
 * API server refuses is refused. Tokens are in headers alone; nothing of them, and no query, is logged.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Log, Sha256 } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { Assets } from './assets.ts'
import { type CanaryRoutes, canaryRoutes } from './canary-routes.ts'
import { isName, jsonOf } from './body.ts'
import type { DetailTiming } from './detail.ts'
import type { FeedTiming } from './feed.ts'
import { guard, type GuardOptions, SECURITY_HEADERS } from './guard.ts'
import type { CallerApi, RangeSource } from './ports.ts'
import { problemOf, Refusal, statusOf } from './problems.ts'
import type { About, Problem, StreamRequest, WhoAmI } from './protocol.ts'
import { namespacesOf } from './rights.ts'
import type { Sessions } from './sessions.ts'
import { LineStream, streamCanary, streamList, type StreamTiming } from './stream.ts'
import { type Viewer, Viewers } from './viewers.ts'
import { within } from './waits.ts'

/** Whose token a request carries: one of the API server, or one of a session on a laptop. */
export type Mode =
  | { readonly kind: 'cluster'; readonly tokenCommand: string }
  | { readonly kind: 'laptop'; readonly sessions: Sessions; readonly server: string; readonly linkUsed: () => void }

export interface PageOptions {
  readonly version: string
  readonly mode: Mode
  readonly readOnly: boolean
  readonly guard: GuardOptions
  readonly assets: Assets
  /** The API server as the caller with this token. */
  readonly callerOf: (token: string) => CallerApi
  readonly ranges: RangeSource
  /** Metrics that hold their own PromQL are charted. */
  readonly inlineQueries: boolean
  readonly sha256: Sha256
  /** The time on the wall. */
  readonly now: () => number
  readonly log: Log
  readonly timing?: { readonly feed: FeedTiming; readonly detail: DetailTiming; readonly stream: StreamTiming }
}

export interface Page {
  readonly listener: RequestListener
  /** Ends the streams with a line that says so, and all connections to the API server. */
  close(): Promise<void>
}

/** Of one call, all its reads included. */
const DEADLINE: Milliseconds = 20_000
/** Calls that are answered at once, streams aside. */
const MOST_CALLS = 100
const MOST_STREAMS = 900
const MOST_NAMESPACES = 100

export function page(options: PageOptions): Page {
  return new PageServer(options)
}

class PageServer implements Page {
  readonly listener: RequestListener
  readonly #options: PageOptions
  readonly #viewers: Viewers
  readonly #canaryRoutes: CanaryRoutes
  readonly #streams = new Set<LineStream>()
  #calls = 0

  constructor(options: PageOptions) {
    this.#options = options
    const { timing, ...others } = options
    this.#viewers = new Viewers({ ...others, ...(timing === undefined ? {} : { timing }) })
    this.#canaryRoutes = canaryRoutes(options)
    this.listener = (request, response) => {
      this.#respond(request, response).catch((error: unknown) => this.#fail(request, response, error))
    }
  }

  async close(): Promise<void> {
    const problem: Problem = { code: 'api-server', sentence: 'The server of this page is being stopped' }
    for (const stream of this.#streams) stream.end(problem, 2000)
    await this.#viewers.close()
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s)
    if (path === '/healthz' || path === '/readyz') return void response.end('ok\n')
    guard(request, path, this.#options.guard)
    if (!path.startsWith('/api/')) return this.#asset(request, response, path)
    response.setHeader('cache-control', 'no-store')
    if (this.#calls >= MOST_CALLS)
      throw new Refusal('too-many', 'The server has too many calls to answer. Try again in a moment')
    this.#calls += 1
    let isCounted = true
    const done = (): void => {
      if (isCounted) this.#calls -= 1
      isCounted = false
    }
    try {
      await this.#call(request, response, path, new URLSearchParams(search), done)
    } finally {
      done()
    }
  }

  #asset({ method, headers }: IncomingMessage, response: ServerResponse, path: string): void {
    if (method !== 'GET' && method !== 'HEAD') throw new Refusal('method', 'Only GET')
    const asset = this.#options.assets.get(path)
    if (asset === undefined) throw new Refusal('not-found', 'There is nothing here. The page is at /')
    const { type, body, etag, cacheControl } = asset
    response.setHeader('etag', etag)
    response.setHeader('cache-control', cacheControl)
    if (headers['if-none-match'] === etag) return void response.writeHead(304).end()
    response.writeHead(200, { 'content-type': type, 'content-length': body.length })
    response.end(method === 'HEAD' ? undefined : body)
  }

  async #call(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
    done: () => void,
  ): Promise<void> {
    const { mode } = this.#options
    const route = `${request.method} ${path}`
    if (route === 'GET /api/about') return send(response, 200, this.#about(request))
    if (route === 'POST /api/session' && mode.kind === 'laptop') {
      const { link } = await jsonOf(request)
      const token = mode.sessions.open(typeof link === 'string' ? link : '')
      mode.linkUsed()
      return send(response, 200, { token })
    }
    const viewer = this.#viewers.of(this.#tokenOf(request))
    if (route === 'POST /api/stream') return this.#stream(request, response, viewer, done)
    const gone = goneWith(response)
    const signal = within(DEADLINE, gone)
    if (route === 'GET /api/whoami') {
      const named = query.getAll('ns').slice(0, MOST_NAMESPACES)
      const wrong = named.find(one => !isName(one))
      if (wrong !== undefined) throw new Refusal('bad-request', 'ns has to be the name of a namespace')
      return send(response, 200, await whoAmI(viewer, named, signal))
    }
    const [, namespace, name, rest] = /^\/api\/canaries\/([^/]+)\/([^/]+)\/([a-z]+)$/.exec(path) ?? []
    if (!isName(namespace) || !isName(name) || rest === undefined) {
      throw new Refusal('not-found', 'There is no such call')
    }
    const answer = this.#canaryRoutes[`${request.method} ${rest}`]
    if (answer === undefined) throw new Refusal('not-found', 'There is no such call')
    const body = request.method === 'POST' ? await jsonOf(request) : {}
    send(response, 200, await answer({ viewer, ref: { namespace, name }, query, body, signal }))
  }

  #about({ headers }: IncomingMessage): About {
    const { version, mode, readOnly } = this.#options
    const signedIn = mode.kind === 'cluster' && headers.authorization !== undefined
    const about = { version, mode: mode.kind, readOnly, signedIn }
    return mode.kind === 'cluster' ? { ...about, tokenCommand: mode.tokenCommand } : { ...about, context: mode.server }
  }

  /** @throws Refusal where there is none, or no session of it. */
  #tokenOf({ headers }: IncomingMessage): string {
    const { mode } = this.#options
    // What a header can carry, and no more: a line break would be another header.
    const token = /^Bearer ([\w\-.~+/=]+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) throw new Refusal('no-token', 'This call needs a token, as Authorization: Bearer')
    if (mode.kind === 'cluster') return token
    if (!mode.sessions.has(token)) {
      throw new Refusal(
        'token-refused',
        'This session is over: `sluice dashboard` was started again. Open the link that it printed',
      )
    }
    // All sessions are those of one person, who shares one watch among them.
    return 'laptop'
  }

  async #stream(request: IncomingMessage, response: ServerResponse, viewer: Viewer, done: () => void): Promise<void> {
    const wanted = streamRequestOf(await jsonOf(request))
    if (this.#streams.size >= MOST_STREAMS)
      throw new Refusal('too-many', 'The server has too many streams. Run `sluice dashboard` on your own machine')
    const leave = viewer.enter()
    // Before the first line: a token that is not accepted is an answer of its own.
    try {
      await viewer.whoAmI()
    } catch (error) {
      leave()
      throw error
    }
    if (response.destroyed) return leave()
    const { version, now, timing } = this.#options
    let end = (): void => {}
    const stream = new LineStream(response, {
      version,
      now,
      ...(timing === undefined ? {} : { timing: timing.stream }),
      ended: () => {
        this.#streams.delete(stream)
        end()
        leave()
      },
    })
    this.#streams.add(stream)
    done()
    const leaveFeeds =
      'canary' in wanted
        ? streamCanary(stream, viewer.detail(wanted.canary))
        : streamList(
            stream,
            (wanted.namespaces === 'all' ? [''] : wanted.namespaces).map(one => viewer.feed(one)),
          )
    end = leaveFeeds
    if (stream.isOver) leaveFeeds()
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const problem = problemOf(error, 'this call')
    const status = statusOf(problem)
    const [path = ''] = (request.url ?? '').split('?', 1)
    const { log } = this.#options
    // Who leaves aborts what is asked of the API server: that is no trouble of it.
    if (response.destroyed && problem.code === 'api-server')
      log.debug('a caller left before the answer', { method: request.method, path: path.slice(0, 300) })
    else if (status >= 500)
      log.warn('a call failed', {
        method: request.method,
        path: path.slice(0, 300),
        code: problem.code,
        because: problem.sentence,
      })
    else log.debug('a call was refused', { method: request.method, path: path.slice(0, 300), code: problem.code })
    if (response.headersSent) return void response.destroy()
    response.removeHeader('etag')
    response.setHeader('cache-control', 'no-store')
    if (status === 401) response.setHeader('www-authenticate', 'Bearer')
    // What is left of a body that was too large is not read.
    if (problem.code === 'too-large' || problem.code === 'content-type') response.setHeader('connection', 'close')
    send(response, status, problem)
  }
}

async function whoAmI(viewer: Viewer, named: readonly string[], signal: AbortSignal): Promise<WhoAmI> {
  const { user, groups } = await viewer.whoAmI()
  return { user, groups, namespaces: await namespacesOf(viewer.api, named, signal) }
}

/** @throws Refusal with what to write instead. */
function streamRequestOf(body: Readonly<Record<string, unknown>>): StreamRequest {
  const { namespaces, canary } = body
  if (namespaces === 'all') return { namespaces }
  if (
    Array.isArray(namespaces) &&
    namespaces.length > 0 &&
    namespaces.length <= MOST_NAMESPACES &&
    namespaces.every(isName)
  ) {
    return { namespaces: [...new Set(namespaces)] }
  }
  const { namespace, name } = (typeof canary === 'object' && canary !== null ? canary : {}) as Record<string, unknown>
  if (isName(namespace) && isName(name)) return { canary: { namespace, name } }
  throw new Refusal(
    'bad-request',
    `Send {"namespaces": "all"}, {"namespaces": [names, at most ${MOST_NAMESPACES}]} or {"canary": {"namespace": …, "name": …}}`,
  )
}

/** Aborts when the caller does not wait any longer. */
function goneWith(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Error('the caller has gone')))
  return gone.signal
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
