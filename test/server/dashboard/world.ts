/** The page's server before an API server with users, and what a browser would send. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monotonicClock } from '../../../src/adapters/clock.ts'
import { CallerTransport, TokenCredentials } from '../../../src/adapters/kubernetes/caller.ts'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { templateRevision } from '../../../src/core/model/revision.ts'
import { assetOf } from '../../../src/server/dashboard/assets.ts'
import type { RangeAnswer, RangeQuery } from '../../../src/server/dashboard/ports.ts'
import type { StreamLine } from '../../../src/server/dashboard/protocol.ts'
import { type Page, page, type PageOptions } from '../../../src/server/dashboard/server.ts'
import { GuardedServer } from './guarded-server.ts'

const READ = 'get,list,watch'
const releases = `${READ} canaries,deployments,pods,controllerrevisions,services,virtualservices,destinationrules,events,metrictemplates`

/** Tokens, by what their users may do. */
export const TOKENS = {
  admin: 'token-of-admin',
  editor: 'token-of-editor',
  viewer: 'token-of-viewer',
  nobody: 'token-of-nobody',
  lister: 'token-of-lister',
  stranger: 'token-of-stranger',
} as const

export interface World {
  readonly api: GuardedServer
  readonly url: string
  readonly server: Server
  readonly page: Page
  /** All that was logged, as text. */
  readonly log: string[]
  readonly asked: RangeQuery[]
  /** What the metrics server answers. */
  answer: (query: RangeQuery) => RangeAnswer
  close(): Promise<void>
}

/** Everything fast enough for a test, and slow enough to be told apart. */
export const TIMING = {
  feed: { review: 40, firstPause: 20, longestPause: 40 },
  detail: { soon: 20, late: 200, rights: 60 },
  stream: { gather: 5, beat: 200, patience: 400 },
}

export async function world(changes: Partial<PageOptions> = {}): Promise<World> {
  const api = await GuardedServer.start({
    [TOKENS.admin]: { name: 'admin', rights: { '*': ['* *'] } },
    [TOKENS.editor]: { name: 'system:serviceaccount:shop:ci', rights: { shop: [releases, 'patch canaries'] } },
    [TOKENS.viewer]: { name: 'vera', rights: { shop: [`${READ} canaries`] } },
    [TOKENS.nobody]: { name: 'nemo', rights: {} },
    [TOKENS.lister]: { name: 'lisa', rights: { shop: ['get,list canaries'] } },
    [TOKENS.stranger]: { name: 'sam', rights: { shop: [`${READ} canaries`] }, isNotBasic: true },
  })
  api.user.namespace('shop')
  api.user.namespace('other')
  const log: string[] = []
  const line = (message: string, pairs?: object): void => void log.push(`${message} ${JSON.stringify(pairs ?? {})}`)
  const credentials = new TokenCredentials(api.url, '', monotonicClock)
  const asked: RangeQuery[] = []
  const given: { answer: World['answer'] } = { answer: () => ({ kind: 'points', points: new Map() }) }
  const served = page({
    version: '1.2.3',
    mode: { kind: 'cluster', tokenCommand: 'kubectl create token NAME --duration 1h' },
    readOnly: false,
    guard: { allowedHosts: ['sluice.example.com'], plainHttp: 'on loopback' },
    assets: new Map([
      ['/', assetOf('index.html', Buffer.from('<!doctype html>'))],
      ['/assets/main-ABCDEFGH.js', assetOf('main-ABCDEFGH.js', Buffer.from('1'))],
    ]),
    callerOf: token =>
      new CallerTransport({
        credentials: credentials.of(token),
        clock: monotonicClock,
        random: Math.random,
        userAgent: 'sluice-dashboard/test',
      }),
    ranges: {
      ask: async query => {
        asked.push(query)
        return given.answer(query)
      },
    },
    inlineQueries: true,
    sha256,
    now: () => Date.now(),
    log: { debug: line, info: line, warn: line, error: line },
    timing: TIMING,
    ...changes,
  })
  const server = createServer(served.listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    api,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    page: served,
    log,
    asked,
    get answer() {
      return given.answer
    },
    set answer(answer) {
      given.answer = answer
    },
    async close() {
      await served.close()
      server.close()
      server.closeAllConnections()
      await api.close()
    },
  }
}

/** A Canary in the middle of a release, with what is around it. */
export function release(of: World, name = 'web', namespace = 'shop'): void {
  const { user } = of.api
  const labels = { app: name }
  const deployment = (called: string, image: string): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: called, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: called } },
      template: { metadata: { labels: { app: called } }, spec: { containers: [{ name: 'web', image }] } },
    },
  })
  const target = user.create(deployment(name, 'web:2.0.0'))
  user.create(deployment(`${name}-primary`, 'web:1.0.0'))
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1.0.0' }] } }
  user.create({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-aaaaaaaaaa`,
      namespace,
      labels: { 'sluice.dev/canary': name },
      annotations: { 'sluice.dev/revision': `h1:${'a'.repeat(64)}` },
    },
    data: { template },
    revision: 1,
  })
  user.create(canary(name, namespace))
  user.mergeStatus(kinds.Canary, namespace, name, { status: statusOf(target) })
}

/** Of a release of what the target holds. */
export function statusOf({ spec }: KubeObject): Record<string, unknown> {
  const candidate = templateRevision((spec as { template: unknown }).template, sha256)
  return { ...STATUS, lastAppliedSpec: candidate, run: { ...STATUS.run, candidate } }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const canary = (name: string, namespace = 'shop'): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'Canary',
  metadata: { name, namespace },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    service: { port: 80 },
    analysis: {
      interval: '1m',
      threshold: 3,
      stepWeights: [10, 50],
      metrics: [{ name: 'request-success-rate', thresholdRange: { min: 99 } }],
    },
  },
})

export const STARTED = '2026-01-01T10:00:00.000Z'
export const STATUS = {
  phase: 'Progressing',
  reason: 'Advancing',
  message: 'Advanced to weight 10',
  canaryWeight: 10,
  failedChecks: 0,
  observedGeneration: 1,
  lastPromotedSpec: `h1:${'a'.repeat(64)}`,
  lastAppliedSpec: `h1:${'b'.repeat(64)}`,
  provider: 'istio',
  vantage: 'destination',
  run: {
    id: 'run-1',
    candidate: `h1:${'b'.repeat(64)}`,
    startedAt: STARTED,
    stage: 'advancing',
    highest: 10,
    carriedAt: STARTED,
    routedAt: STARTED,
  },
}

/** A call as the page makes it. */
export async function call(
  { url }: World,
  route: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const [method = 'GET', path = '/'] = route.split(' ')
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
    headers: response.headers,
  }
}

/** A stream of one tab. */
export interface Tab {
  readonly lines: StreamLine[]
  /** The first line that fits, which may have come before. @throws Error when the stream ends before. */
  until(fits: (line: StreamLine) => boolean): Promise<StreamLine>
  close(): void
}

export async function tab({ url }: World, token: string, body: unknown): Promise<Tab> {
  const stop = new AbortController()
  const response = await fetch(`${url}/api/stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: stop.signal,
  })
  if (response.status !== 200) throw new Error(`the stream was refused: ${response.status} ${await response.text()}`)
  const lines: StreamLine[] = []
  let isOver = false
  let wake = (): void => {}
  const read = async (): Promise<void> => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const piece of response.body ?? []) {
      const parts = (rest + decoder.decode(piece as Uint8Array, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts.map(one => JSON.parse(one) as StreamLine))
      wake()
    }
  }
  void read()
    .catch(() => {})
    .finally(() => {
      isOver = true
      wake()
    })
  return {
    lines,
    async until(fits) {
      for (;;) {
        const found = lines.find(fits)
        if (found !== undefined) return found
        if (isOver) throw new Error(`the stream ended with ${JSON.stringify(lines.slice(-2))}`)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    close: () => stop.abort(),
  }
}
