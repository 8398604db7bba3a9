/** The server of the page, without a cluster: it answers by the protocol what a test says, with the real bundle and the real headers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Assets, readAssets } from '../../src/server/dashboard/assets.ts'
import { SECURITY_HEADERS } from '../../src/server/dashboard/guard.ts'
import type {
  About,
  CanaryEvents,
  Charts,
  ManagedObjects,
  Pods,
  Problem,
  Rights,
  StreamLine,
  TemplateDiff,
  WhoAmI,
} from '../../src/server/dashboard/protocol.ts'

/** What the server answers; a Problem for a call that it refuses. */
export interface Answers {
  readonly about: About
  readonly session: { readonly token: string } | Problem
  readonly whoami: WhoAmI | Problem
  /** The lines after `hello`. The stream stays open, unless the last one is `end`. `lost`: the connection is cut after them. */
  readonly stream: readonly StreamLine[] | Problem | 'lost'
  readonly charts: Charts | Problem
  readonly pods: Pods | Problem
  readonly objects: ManagedObjects | Problem
  readonly diff: TemplateDiff | Problem
  readonly events: CanaryEvents | Problem
  readonly commands: { readonly id: string } | Problem
}

export const mayAll: Rights = { commands: ['abort', 'pause', 'rollback', 'retry', 'resume', 'approve'] }

const statuses: Readonly<Partial<Record<Problem['code'], number>>> = {
  'no-token': 401,
  'token-refused': 401,
  forbidden: 403,
  'not-found': 404,
  'link-used': 410,
  'api-server': 502,
}

const isProblem = (answer: object): answer is Problem => 'code' in answer && 'sentence' in answer

export interface Sent {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

export class FakeServer {
  /** Everything that was asked, in order. */
  readonly sent: Sent[] = []
  answers: Answers
  readonly #assets: Assets
  readonly #now: () => number
  readonly #streams = new Set<ServerResponse>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  /** @param folder of `npm run build`. @param now the time that the server tells. */
  constructor(folder: string, answers: Answers, now: () => number) {
    this.#assets = readAssets(folder)
    this.answers = answers
    this.#now = now
  }

  async listen(): Promise<string> {
    await new Promise<void>(resolve => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => {
      this.#server.close(resolve)
    })
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#streams.size
  }

  /** Sends a line on every open stream. */
  tell(line: StreamLine): void {
    for (const stream of this.#streams) stream.write(`${JSON.stringify(line)}\n`)
  }

  /** Cuts every stream, as a network does. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    const asset = request.method === 'GET' ? this.#assets.get(url.pathname) : undefined
    if (asset !== undefined) {
      response.writeHead(200, { 'content-type': asset.type, 'cache-control': asset.cacheControl }).end(asset.body)
      return
    }
    const body = await textOf(request)
    const { method = 'GET' } = request
    this.sent.push({ method, path: request.url ?? '', authorization: request.headers.authorization, body })
    if (url.pathname === '/api/stream') return this.#stream(response)
    const [, , part = '', , , detail] = url.pathname.split('/')
    const key = (part === 'canaries' ? detail : part) as Exclude<keyof Answers, 'stream'>
    const answer: object | undefined = this.answers[key]
    if (answer === undefined) return json(response, 404, { code: 'not-found', sentence: 'There is no such path' })
    json(response, isProblem(answer) ? (statuses[answer.code] ?? 400) : 200, answer)
  }

  #stream(response: ServerResponse): void {
    const { stream } = this.answers
    if (stream === 'lost') {
      response.destroy()
      return
    }
    if (!Array.isArray(stream)) {
      const problem = stream as Problem
      return json(response, statuses[problem.code] ?? 400, problem)
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const hello: StreamLine = { kind: 'hello', version: '0.0.0', beat: 5000, now: this.#now() }
    for (const line of [hello, ...(stream as readonly StreamLine[])]) {
      response.write(`${JSON.stringify(line)}\n`)
      if (line.kind === 'end') {
        response.end()
        return
      }
    }
    this.#streams.add(response)
    const beat = setInterval(() => response.write(`${JSON.stringify({ kind: 'beat', now: this.#now() })}\n`), 4000)
    response.once('close', () => {
      clearInterval(beat)
      this.#streams.delete(response)
    })
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text
}
