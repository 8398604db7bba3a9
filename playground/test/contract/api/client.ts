/** The hands of the API contract: plain HTTP, so that real bytes, headers and codes are seen, written down as they pass. */
import { Agent, type Dispatcher, request as send } from 'undici'
import type { KubeObject } from '../../../../src/api/object.ts'
import type { Answer, Case, Exchange, Options, Server, Talk, Watch, WatchedEvent } from './case.ts'
import { Mask } from './mask.ts'

/** Where the resources of the cases are served. */
const groups: Readonly<Record<string, string>> = {
  configmaps: '/api/v1',
  secrets: '/api/v1',
  services: '/api/v1',
  pods: '/api/v1',
  events: '/api/v1',
  serviceaccounts: '/api/v1',
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  controllerrevisions: '/apis/apps/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  horizontalpodautoscalers: '/apis/autoscaling/v2',
  leases: '/apis/coordination.k8s.io/v1',
  canaries: '/apis/sluice.dev/v1beta1',
  widgets: '/apis/contract.example/v1',
  metrictemplates: '/apis/sluice.dev/v1beta1',
}

const seconds = 30
const within = 20

/** Runs one case in a fresh namespace and returns its transcript. @throws Error when a case does not come to its end. */
export async function transcriptOf(server: Server, one: Case, namespace: string): Promise<Exchange[]> {
  const client = new Client(server, namespace)
  try {
    await client.given('POST /api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    })
    await one.run(client)
  } catch (error) {
    client.note('this case does not come to its end', (error as Error).message)
  } finally {
    await client.close()
  }
  return client.exchanges
}

/** The hands of one case. */
export class Client implements Talk {
  readonly server: Server
  readonly namespace: string
  readonly exchanges: Exchange[] = []
  readonly #mask: Mask
  readonly #agent: Agent
  readonly #open = new Set<OpenWatch>()

  constructor(server: Server, namespace: string) {
    this.server = server
    this.namespace = namespace
    this.#mask = new Mask(namespace)
    const { ca, cert, key } = server.credentials
    this.#agent = new Agent({
      connect: { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert, key: key ?? '' }) },
      headersTimeout: seconds * 1000,
      bodyTimeout: seconds * 1000,
    })
  }

  readonly ask = async (request: string, body?: unknown, options: Options = {}): Promise<Answer> => {
    const { answer, headers } = await this.#exchange(request, body, options)
    this.#keep(request, answer, headers, options)
    return answer
  }

  readonly merge = async (path: string, patch: unknown, options: Options = {}): Promise<Answer> => {
    return this.#patch('merge-patch+json', path, patch, options)
  }

  readonly strategic = async (path: string, patch: unknown, options: Options = {}): Promise<Answer> => {
    return this.#patch('strategic-merge-patch+json', path, patch, options)
  }

  readonly operations = async (path: string, patch: unknown, options: Options = {}): Promise<Answer> => {
    return this.#patch('json-patch+json', path, patch, options)
  }

  readonly apply = async (path: string, object: unknown, options: Options = {}): Promise<Answer> => {
    return this.#patch('apply-patch+yaml', path, object, options)
  }

  readonly quietly = async (request: string, body?: unknown, options: Options = {}): Promise<Answer> => {
    return (await this.#exchange(request, body, options)).answer
  }

  readonly given = async (request: string, body?: unknown, options: Options = {}): Promise<KubeObject> => {
    const answer = await this.quietly(request, body, options)
    if (answer.code >= 300) throw new Error(`given ${request}: ${answer.code} ${answer.text}`)
    return answer.object
  }

  readonly eventually = async (
    request: string,
    isSo: (answer: Answer) => boolean,
    options: Options = {},
  ): Promise<Answer> => {
    const end = Date.now() + within * 1000
    for (;;) {
      const { answer, headers } = await this.#exchange(request, undefined, options)
      if (isSo(answer)) {
        this.#keep(request, answer, headers, options)
        return answer
      }
      if (Date.now() > end) throw new Error(`${request} is not as it should be after ${within} s: ${answer.text}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  readonly watch = async (path: string, options: Options = {}): Promise<Watch> => {
    const asked = this.#mask.text(`WATCH ${path}`)
    const response = await this.#send(`GET ${path}`, undefined, options)
    if (response.statusCode !== 200) {
      this.#keep(`WATCH ${path}`, answerOf(response, await response.body.text()), response.headers, options)
      throw new Error(`${asked}: ${response.statusCode}`)
    }
    const watch = new OpenWatch(response.body, events => {
      for (const body of events) this.exchanges.push({ asked, body: this.#mask.of(options.only?.(body) ?? body) })
    })
    this.#open.add(watch)
    return watch
  }

  readonly note = (what: string, found: unknown): void => {
    this.exchanges.push({ asked: what, body: this.#mask.of(found) })
  }

  async close(): Promise<void> {
    for (const watch of this.#open) watch.close()
    await this.#agent.destroy()
  }

  async #patch(type: string, path: string, patch: unknown, options: Options): Promise<Answer> {
    return this.ask(`PATCH ${path}`, patch, { type: `application/${type}`, ...options })
  }

  async #exchange(request: string, body: unknown, options: Options) {
    const response = await this.#send(request, body, options)
    return { answer: answerOf(response, await response.body.text()), headers: response.headers }
  }

  async #send(request: string, body: unknown, options: Options): Promise<Dispatcher.ResponseData> {
    const [method = '', path = ''] = request.split(/ (.*)/s)
    const { token } = this.server.credentials
    const headers = {
      accept: options.accept ?? 'application/json',
      'user-agent': 'contract/1',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': options.type ?? 'application/json' }),
      ...options.headers,
    }
    return send(this.server.url + this.#path(path), {
      method,
      dispatcher: this.#agent,
      headers,
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    })
  }

  #path(path: string): string {
    if (path.startsWith('/')) return path.replace('NS', this.namespace)
    const [resource = ''] = path.split(/[/?]/)
    const group = groups[resource]
    if (group === undefined) throw new Error(`${path}: write the whole path, or name the group of ${resource}`)
    return `${group}/namespaces/${this.namespace}/${path}`
  }

  #keep(request: string, answer: Answer, headers: Dispatcher.ResponseData['headers'], options: Options): void {
    const type = String(headers['content-type'] ?? 'none')
    const warnings = [headers['warning'] ?? []].flat()
    const parsed = parsedOf(answer.text)
    const kept = options.only === undefined || answer.code >= 300 ? parsed : options.only(parsed)
    this.exchanges.push({
      asked: this.#mask.text(`${request}${noteOf(options)}`),
      code: answer.code,
      ...(type === 'application/json' ? {} : { type }),
      ...(warnings.length === 0 ? {} : { warnings: warnings.map(one => this.#mask.text(one)) }),
      body: this.#mask.of(kept),
    })
  }
}

const patches: Readonly<Record<string, string>> = {
  'application/merge-patch+json': ' (merge)',
  'application/strategic-merge-patch+json': ' (strategic)',
  'application/json-patch+json': ' (operations)',
  'application/apply-patch+yaml': ' (apply)',
}
const noteOf = ({ type }: Options): string => (type === undefined ? '' : (patches[type] ?? ` (${type})`))

function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function answerOf({ statusCode }: Dispatcher.ResponseData, text: string): Answer {
  return { code: statusCode, text, object: parsedOf(text) as KubeObject }
}

/** A watch that is being read. */
class OpenWatch implements Watch {
  readonly #body: Dispatcher.ResponseData['body']
  readonly #keep: (events: readonly WatchedEvent[]) => void
  readonly #waiting: WatchedEvent[] = []
  #ended = false
  #wake = (): void => undefined

  constructor(body: Dispatcher.ResponseData['body'], keep: (events: readonly WatchedEvent[]) => void) {
    this.#body = body
    this.#keep = keep
    let rest = ''
    body.setEncoding('utf8')
    body.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      this.#waiting.push(...lines.map(line => JSON.parse(line) as WatchedEvent))
      this.#wake()
    })
    const end = (): void => {
      this.#ended = true
      this.#wake()
    }
    body.on('end', end).on('error', end)
  }

  async next(count: number): Promise<readonly WatchedEvent[]> {
    return this.#kept(await this.take(count))
  }

  async end(): Promise<readonly WatchedEvent[]> {
    return this.#kept(await this.drain())
  }

  async take(count: number): Promise<readonly WatchedEvent[]> {
    await this.#until(`${count} more events of a watch`, () => this.#waiting.length >= count || this.#ended)
    return this.#waiting.splice(0, count)
  }

  async drain(): Promise<readonly WatchedEvent[]> {
    await this.#until('the end of a watch', () => this.#ended)
    return this.#waiting.splice(0)
  }

  pause(): void {
    this.#body.pause()
  }

  resume(): void {
    this.#body.resume()
  }

  close(): void {
    this.#body.destroy()
  }

  #kept(events: readonly WatchedEvent[]): readonly WatchedEvent[] {
    this.#keep(events)
    return events
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    const end = Date.now() + seconds * 1000
    while (!isSo()) {
      const left = end - Date.now()
      if (left <= 0) {
        this.#keep(this.#waiting)
        throw new Error(`${what}: not within ${seconds} s`)
      }
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}
