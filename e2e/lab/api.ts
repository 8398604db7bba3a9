/**
 * A small client of the Kubernetes API, for the harness only: the kubelet, waits and assertions. It shares no code with
 * the controller, so that a mistake there is not repeated here.
 */
import http from 'node:http'
import https from 'node:https'
import type { Kind, KubeObject } from '../../src/api/object.ts'
import type { Credentials } from './pki.ts'

/** One reason of a refusal. */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly code: number
  /** What the server said, and its reasons one by one. */
  readonly said: string
  readonly causes: readonly Cause[]

  /** @param request what was asked, as the message says it. */
  constructor(request: string, code: number, answer: string) {
    const { message = answer.slice(0, 200), details } = statusIn(answer)
    super(`${request}: ${code} ${message}`)
    this.code = code
    this.said = message
    this.causes = details?.causes ?? []
  }
}

export type PatchType = 'merge-patch' | 'strategic-merge-patch' | 'json-patch'

export interface WatchedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
}

/** The path of a kind's objects, or of one of them; an empty namespace means all. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const group = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const scope = kind.namespaced && namespace !== '' ? `/namespaces/${namespace}` : ''
  return `${group}${scope}/${kind.plural}${name === undefined ? '' : `/${name}`}`
}

export class Api {
  readonly #server: URL
  readonly #agent: https.Agent
  readonly #name: string

  constructor(server: string, credentials: Credentials, name: string) {
    this.#server = new URL(server)
    this.#name = name
    this.#agent = new https.Agent({ keepAlive: true, maxSockets: 16, ...credentials })
  }

  close(): void {
    this.#agent.destroy()
  }

  #request(method: string, path: string, headers: http.OutgoingHttpHeaders): http.ClientRequest {
    const { hostname: host, port } = this.#server
    const all = { accept: 'application/json', 'user-agent': this.#name, ...headers }
    return https.request({ host, port, method, path, agent: this.#agent, headers: all })
  }

  /** One call. @throws ApiFailure for an answer that is not a success, or what the network threw. */
  async call(method: string, path: string, body?: unknown, type?: string): Promise<KubeObject> {
    return JSON.parse(await this.text(method, path, body, type)) as KubeObject
  }

  /** As `call`, for answers that are not JSON. */
  async text(method: string, path: string, body?: unknown, type = 'application/json'): Promise<string> {
    const text = body === undefined ? '' : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const request = this.#request(method, path, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
      request.setTimeout(15_000, () => request.destroy(new Error(`${method} ${path}: no answer within 15 s`)))
      request.on('error', reject)
      request.on('response', response => {
        let answer = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
        response.on('error', reject)
        response.on('end', () => {
          const code = response.statusCode ?? 0
          if (code < 300) resolve(answer)
          else reject(new ApiFailure(`${method} ${path}`, code, answer))
        })
      })
      request.end(text)
    })
  }

  /** The object, or undefined if there is none. */
  async get(kind: Kind, namespace: string, name: string): Promise<KubeObject | undefined> {
    return this.call('GET', pathOf(kind, namespace, name)).catch((error: unknown) => {
      if (error instanceof ApiFailure && error.code === 404) return undefined
      throw error
    })
  }

  async list(kind: Kind, namespace: string, labels = ''): Promise<KubeObject[]> {
    const query = labels === '' ? '' : `?labelSelector=${encodeURIComponent(labels)}`
    const list = await this.call('GET', `${pathOf(kind, namespace)}${query}`)
    const head = { apiVersion: list.apiVersion, kind: kind.kind }
    return (list['items'] as KubeObject[]).map(item => ({ ...item, ...head }))
  }

  async create(kind: Kind, object: KubeObject): Promise<KubeObject> {
    return this.call('POST', pathOf(kind, object.metadata.namespace ?? ''), object)
  }

  async patch(path: string, patch: unknown, type: PatchType = 'merge-patch'): Promise<KubeObject> {
    return this.call('PATCH', path, patch, `application/${type}+json`)
  }

  /** Events from a list and then a watch, until `signal` aborts; lost connections are taken up again with a new list. */
  async follow(path: string, seen: (event: WatchedEvent) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const list = await this.call('GET', path)
        for (const object of list['items'] as KubeObject[]) seen({ type: 'ADDED', object })
        await this.watch(path, list.metadata.resourceVersion ?? '', seen, signal)
      } catch {
        // The API server is away: tests stop it on purpose. The next list tells what was missed.
      }
      if (!signal.aborted) await new Promise(resolve => setTimeout(resolve, 150))
    }
  }

  /** One watch: resolves when it ends, for whatever reason. */
  async watch(path: string, from: string, seen: (event: WatchedEvent) => void, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const separator = path.includes('?') ? '&' : '?'
      const request = this.#request('GET', `${path}${separator}watch=1&resourceVersion=${from}`, {})
      const end = (): void => {
        signal.removeEventListener('abort', end)
        request.destroy()
        resolve()
      }
      signal.addEventListener('abort', end)
      request.on('error', end)
      request.on('response', response => {
        let rest = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) {
            const event = JSON.parse(line) as { type: string; object: KubeObject }
            if (event.type === 'ERROR' || event.object.kind === 'Status') return end()
            if (!signal.aborted) seen(event as WatchedEvent)
          }
        })
        response.on('error', end)
        response.on('close', end)
      })
      request.end()
    })
  }
}

function statusIn(answer: string): { message?: string; details?: { causes?: readonly Cause[] } } {
  try {
    return JSON.parse(answer) as ReturnType<typeof statusIn>
  } catch {
    return {}
  }
}
