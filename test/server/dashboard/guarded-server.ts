/**
 * An API server with users and rights: before the one in memory, which knows neither. It records every request with what it bears, as
 * a proxy before a real API server would.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../../src/adapters/clock.ts'
import { listen, type Listening } from '../../../playground/http/listen.ts'
import { routeOf } from '../../../playground/http/route.ts'
import type { Hand } from '../../../playground/server/hand.ts'
import { installed } from '../../../playground/test/installed.ts'

/** Namespace (`*`: all) → `verb resource` that are allowed, each part perhaps `*`. */
export type Rights = Readonly<Record<string, readonly string[]>>

export interface User {
  readonly name: string
  rights: Rights
  /** Has no system:basic-user, which lets everyone ask about themselves. */
  readonly isNotBasic?: true
}

export interface Recorded {
  readonly method: string
  readonly path: string
  readonly authorization: string
  readonly isWatch: boolean
}

/** What happens to every request. */
export type Weather = 'well' | 'away' | 'broken' | 'garbage' | 'without Sluice'

export class GuardedServer {
  readonly user: Hand
  readonly requests: Recorded[] = []
  /** Watches that are open, by `token path`. */
  readonly watches: string[] = []
  readonly url: string
  weather: Weather = 'well'
  readonly #users: Map<string, User>
  readonly #listening: Listening
  readonly #close: () => Promise<void>

  private constructor(
    user: Hand,
    users: Map<string, User>,
    listening: Listening,
    url: string,
    close: () => Promise<void>,
  ) {
    this.user = user
    this.#users = users
    this.#listening = listening
    this.url = url
    this.#close = close
  }

  /** @param users by token. */
  static async start(users: Readonly<Record<string, User>>): Promise<GuardedServer> {
    const api = installed(systemClock)
    const listening = await listen(api.server, { port: 0, token: 'of-the-playground' })
    const holder: { guarded?: GuardedServer } = {}
    const server = createServer((request, response) => void holder.guarded?.respond(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const close = async (): Promise<void> => {
      server.close()
      server.closeAllConnections()
      await listening.close()
    }
    const known = new Map(Object.entries(users))
    holder.guarded = new GuardedServer(api.as('kubectl'), known, listening, `http://127.0.0.1:${port}`, close)
    return holder.guarded
  }

  /** The token is not accepted any more. */
  revoke(token: string): void {
    this.#users.delete(token)
  }

  /** The user of a token. */
  of(token: string): User {
    const found = this.#users.get(token)
    if (found === undefined) throw new Error(`no user has the token ${token}`)
    return found
  }

  close(): Promise<void> {
    return this.#close()
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request
    const [path = '', search = ''] = url.split(/\?(.*)/s)
    const { authorization = '' } = headers
    const isWatch = new URLSearchParams(search).has('watch')
    this.requests.push({ method, path, authorization, isWatch })
    if (this.weather === 'away') return void request.socket.destroy()
    if (this.weather === 'broken') return status(response, 503, 'ServiceUnavailable', 'etcd is away')
    if (this.weather === 'garbage')
      return void response.writeHead(401, { 'content-type': 'text/html' }).end('<h1>log in at the gateway</h1>')
    if (this.weather === 'without Sluice' && path.startsWith('/apis/sluice.dev/')) {
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n')
    }
    const token = /^Bearer (.*)$/.exec(authorization)?.[1] ?? ''
    const user = this.#users.get(token)
    if (user === undefined) return status(response, 401, 'Unauthorized', 'Unauthorized')
    const pieces: Buffer[] = []
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
    const body = Buffer.concat(pieces)
    if (user.isNotBasic && /\/selfsubject(access)?reviews$/.test(path))
      return status(response, 403, 'Forbidden', `forbidden: User "${user.name}" cannot create resource`)
    if (path.endsWith('/selfsubjectreviews')) {
      return json(response, 201, { status: { userInfo: { username: user.name, groups: ['system:authenticated'] } } })
    }
    if (path.endsWith('/selfsubjectaccessreviews')) {
      const { spec } = JSON.parse(body.toString()) as { spec: { resourceAttributes: Record<string, string> } }
      const { verb = '', resource = '', namespace = '' } = spec.resourceAttributes
      return json(response, 201, { status: { allowed: allows(user, verb, resource, namespace) } })
    }
    const route = routeOf(path)
    const verb = verbOf(method, route?.name ?? '', isWatch)
    if (route !== null && !allows(user, verb, route.plural, route.namespace)) {
      const message = `${route.plural} is forbidden: User "${user.name}" cannot ${verb} resource "${route.plural}" in namespace "${route.namespace}"`
      return status(response, 403, 'Forbidden', message)
    }
    const forwarded = await fetch(`${this.#listening.url}${url}`, {
      method,
      headers: { accept: headers.accept ?? '*/*', 'content-type': headers['content-type'] ?? '' },
      ...(body.length > 0 ? { body } : {}),
    })
    // The client may have gone meanwhile; its end is not told again.
    if (response.destroyed) return void forwarded.body?.cancel()
    response.writeHead(forwarded.status, { 'content-type': forwarded.headers.get('content-type') ?? '' })
    const watch = `${token} ${path}`
    if (isWatch) {
      response.flushHeaders()
      this.watches.push(watch)
    }
    const reader = forwarded.body?.getReader()
    response.once('close', () => {
      if (isWatch) this.watches.splice(this.watches.indexOf(watch), 1)
      void reader?.cancel().catch(() => {})
    })
    for (;;) {
      const piece = await reader?.read().catch(() => null)
      if (piece?.value === undefined) break
      response.write(piece.value)
    }
    response.end()
  }
}

function allows({ rights }: User, verb: string, resource: string, namespace: string): boolean {
  return Object.entries(rights).some(
    ([where, what]) =>
      (where === '*' || where === namespace) &&
      what.some(one => {
        const [verbs = '', resources = ''] = one.split(' ')
        return (
          (verbs === '*' || verbs.split(',').includes(verb)) &&
          (resources === '*' || resources.split(',').includes(resource))
        )
      }),
  )
}

function verbOf(method: string, name: string, isWatch: boolean): string {
  if (isWatch) return 'watch'
  if (method === 'GET') return name === '' ? 'list' : 'get'
  return { POST: 'create', PATCH: 'patch', PUT: 'update', DELETE: 'delete' }[method] ?? method
}

const status = (response: ServerResponse, code: number, reason: string, message: string): void =>
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message })

function json(response: ServerResponse, code: number, body: Record<string, unknown>): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ metadata: {}, ...body }))
}
