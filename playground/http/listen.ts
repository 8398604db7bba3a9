/** The API server over HTTP: who may ask, what is asked, and the answer on the wire. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stringify } from 'yaml'
import { ApiError } from '../../src/core/errors.ts'
import { notFound, Refusal, statusOf } from '../answers.ts'
import type { Resource } from '../resource.ts'
import type { Subresource } from '../server/request.ts'
import type { ApiServer } from '../server/server.ts'
import { bodyOf } from './body.ts'
import type { Answer, Call } from './call.ts'
import { documentOf, isHealth } from './documents.ts'
import { formOf } from './form.ts'
import { answerReview } from './reviews.ts'
import { jsonOfProtobuf, PROTOBUF } from './protobuf.ts'
import { type Route, routeOf } from './route.ts'
import { streamWatch } from './stream.ts'
import { verbOf, verbs } from './verbs.ts'

export interface HttpOptions {
  /** On the loopback address; 0 is any that is free. */
  readonly port: number
  /** What every request must carry: as a bearer token, or as the first step of its path. */
  readonly token: string
}

export interface Listening {
  /** With the token in its path: kubectl sends no credentials over plain HTTP. */
  readonly url: string
  /** Ends all connections, watches included. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'

/** Serves the API. @throws Error with a sentence when the port cannot be had. */
export async function listen(api: ApiServer, { port, token }: HttpOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    respond(api, token, request, response).catch((error: unknown) => fail(error, request, response))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(sentence(error, port))))
    server.listen(port, HOST, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return { url: `http://${HOST}:${taken}/${token}`, close: () => closed(server) }
}

function sentence({ code, message }: NodeJS.ErrnoException, port: number): string {
  const where = `${HOST}:${port}`
  if (code === 'EADDRINUSE')
    return `The port ${where} is taken. Stop what listens there, or choose another with --port.`
  if (code === 'EACCES') return `The port ${where} may not be used. Choose one above 1024 with --port.`
  return `Cannot listen on ${where}: ${message}. Choose another port with --port.`
}

async function closed(server: Server): Promise<void> {
  const done = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  server.closeAllConnections()
  await done
}

async function respond(
  api: ApiServer,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [asked = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s)
  const { accept = '', authorization } = request.headers
  const isKnown = asked.startsWith(`/${token}/`)
  const path = isKnown ? asked.slice(token.length + 1) : asked
  if (!isKnown && authorization !== `Bearer ${token}` && !isHealth(path)) {
    throw new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
  }
  const query = new URLSearchParams(search)
  const sent = await bodyOf(request)
  const document = documentOf(api, path, query, accept)
  if (document !== null) {
    if (request.method !== 'GET') throw notAllowed()
    const { text, type, etag } = document
    const headers = etag === undefined ? {} : { etag, 'cache-control': 'public', vary: 'Accept' }
    if (etag !== undefined && request.headers['if-none-match'] === etag) response.writeHead(304, headers).end()
    else response.writeHead(200, { 'content-type': type, ...headers }).end(text)
    return
  }
  const route = routeOf(path)
  if (route === null) {
    if (path.startsWith('/api/')) throw notThere()
    if (path.startsWith('/openapi/')) return void response.writeHead(404).end()
    return pageNotFound(response)
  }
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? ''
  const isProtobuf = type === PROTOBUF && sent.length > 0
  const body = isProtobuf ? jsonOfProtobuf(sent) : sent.toString()
  const review = request.method === 'POST' ? answerReview(route, body) : null
  const text = textOf(request, query)
  if (review !== null) return send(response, text, review)
  const resource = resourceAt(api, route)
  if (resource === null) return pageNotFound(response)
  const { origin } = resource
  const call: Call = {
    server: api,
    resource,
    kind: { ...resource.kind, version: route.version },
    namespace: route.namespace,
    name: route.name,
    subresource: route.subresource as Subresource,
    query,
    form: formOf(accept, { origin, isWatch: query.get('watch') === 'true' || query.get('watch') === '1' }),
    agent: request.headers['user-agent'] ?? '',
    contentType: isProtobuf ? 'application/json' : type,
    body,
    warnings: [],
  }
  const verb = verbOf(request.method ?? '', call)
  if (verb === null) {
    const isNowhere = call.kind.namespaced && call.namespace === '' && call.name === ''
    if (isNowhere && origin === 'custom') return pageNotFound(response)
    throw notAllowed()
  }
  if (verb === 'watch') return streamWatch(call, response)
  try {
    send(response, text, verbs[verb](call), call.warnings)
  } catch (error) {
    warn(response, call.warnings)
    throw error
  }
}

/** How an answer is written: in YAML, in JSON, or in JSON for people. */
type Text = 'yaml' | 'json' | 'pretty'

function textOf({ headers }: IncomingMessage, query: URLSearchParams): Text {
  if (/^application\/yaml\b/.test(headers.accept ?? '')) return 'yaml'
  const isAsked = query.has('pretty') && query.get('pretty') !== 'false' && query.get('pretty') !== '0'
  return isAsked || (!query.has('pretty') && /^(curl|Wget|Mozilla)\//.test(headers['user-agent'] ?? ''))
    ? 'pretty'
    : 'json'
}

/**
 * The resource of a route.
 *
 * @returns null where there is nothing. @throws ApiError 404 for what is not among the built-in resources of its group.
 */
function resourceAt(server: ApiServer, route: Route): Resource | null {
  const { group, plural, namespace } = route
  const resource = server.resources.of({ group, plural })
  const isMisplaced = resource !== null && namespace !== '' && !resource.kind.namespaced
  const isHomeless = resource?.kind.namespaced === true && namespace === '' && route.name !== ''
  if (resource !== null && !isMisplaced && !isHomeless && isServed(resource, route)) return resource
  const isBuiltIn = server.resources.all().some(({ kind, origin }) => kind.group === group && origin === 'built-in')
  if (isBuiltIn) throw notThere()
  if (resource !== null && route.subresource !== '')
    throw notFound({ kind: resource.kind, namespace, name: route.name })
  return null
}

function isServed({ versions, subresources }: Resource, { version, name, subresource }: Route): boolean {
  if (!versions.includes(version)) return false
  if (subresource === '') return true
  const has = { status: subresources.status, scale: subresources.scale !== null }
  return name !== '' && (subresource === 'status' || subresource === 'scale') && has[subresource]
}

const notThere = (): ApiError =>
  new Refusal({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' })

const notAllowed = (): ApiError =>
  new Refusal({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  })

function pageNotFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
}

/** What the client is told beside the answer, whichever it is (RFC 7234, section 5.5). */
function warn(response: ServerResponse, warnings: readonly string[]): void {
  const quoted = (words: string): string => words.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', ' ')
  const lines = warnings.map(words => `299 - "${quoted(words)}"`)
  if (lines.length > 0) response.setHeader('warning', lines)
}

function send(response: ServerResponse, text: Text, { code, body }: Answer, warnings: readonly string[] = []): void {
  warn(response, warnings)
  const type = text === 'yaml' ? 'application/yaml' : 'application/json'
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-cache, private' })
  if (text === 'yaml') response.end(yamlOf(body))
  else response.end(text === 'pretty' ? JSON.stringify(body, null, 2) : `${JSON.stringify(body)}\n`)
}

/** As the API server writes it; only the `.` of managedFields would be quoted otherwise. */
function yamlOf(body: unknown): string {
  return stringify(body, { sortMapEntries: true, indentSeq: false, version: '1.1' }).replaceAll(/^( *)"\.":/gm, '$1.:')
}

/** An answer that began to stream can only be broken off. */
function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return void response.destroy()
  const body = statusOf(error)
  if (error instanceof ApiError && error.retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', error.retryAfterSeconds)
  }
  const [, search = ''] = (request.url ?? '').split(/\?(.*)/s)
  send(response, textOf(request, new URLSearchParams(search)), { code: body.code, body })
}
