/**
 * The playground's API server over HTTP: how soon it is ready, what a core of it writes and tells in a second, what it keeps.
 * The server is a process of its own, so that its CPU and memory are its own; the figures are per second of its CPU, beside
 * what the clock on the wall says of a machine that has other work too.
 *
 * `npm run bench -- --only playground`
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Agent } from 'undici'
import { systemClock } from '../src/adapters/clock.ts'
import { startCluster } from '../playground/cluster.ts'
import { type Hour, releaseAnHour } from './hour.ts'
import { cpuSeconds, describeMachine, memoryOf } from './machine.ts'

interface Ready {
  readonly url: string
  /** From the call that starts it to its first answer, in milliseconds. */
  readonly took: number
}

async function serve(tell: (ready: Ready) => void): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const from = performance.now()
  const { url } = await startCluster({ clock: systemClock, port: 0, kubeconfig: join(dir, 'kubeconfig') })
  await fetch(`${url}/readyz`)
  tell({ url, took: performance.now() - from })
  rmSync(dir, { recursive: true })
}

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), { execArgv: ['--import', 'tsx'] })
  const { url, took } = (await once(server, 'message'))[0] as Ready
  const client = new Client(url)
  const pid = server.pid
  const rows: string[] = []
  /** Runs a part; its figure is so many of them for each second of the server's CPU. */
  const time = async (what: string, count: number, goal: string, part: () => Promise<unknown>): Promise<void> => {
    const [cpu, from] = [cpuSeconds(pid), performance.now()]
    await part()
    const perCore = count / (cpuSeconds(pid) - cpu)
    const wall = (1000 * count) / (performance.now() - from)
    rows.push(`| ${what} | ${goal} | ${Math.round(perCore)} | ${Math.round(wall)} |`)
  }

  await client.many(2000, i => client.create(i)) // the compiler's share
  await time('creations a second', 8000, '≥ 2000', () => client.many(8000, i => client.create(2000 + i)))
  await time('merge patches a second', 5000, '≥ 2000', () => client.many(5000, i => client.patch(i, 'one')))
  const stop = new AbortController()
  const watchers = await Promise.all(Array.from({ length: 5 }, () => client.watch(stop.signal)))
  await time('events a second, 5 watchers, their writes included', 20_000, '≥ 5000', async () => {
    await client.many(4000, i => client.patch(i, 'two'))
    await Promise.all(watchers.map(watcher => watcher.saw(4000)))
  })
  stop.abort()
  await time('objects a second in a list of 10,000', 10_000, '–', () => client.list())

  console.log(`Machine: ${describeMachine()}\n`)
  console.log(`Ready after ${took.toFixed(0)} ms (goal: < 500 ms).`)
  console.log(`${memoryOf(pid).now.toFixed(0)} MiB resident with 10,000 objects and their history (goal: < 300 MB).\n`)
  console.log(['| what | goal | per core | on the wall |', '| --- | --- | --- | --- |', ...rows].join('\n'))
  await client.close()
  server.kill()
  await once(server, 'exit')
  await printHour()
}

/** The first hour of a process is run by code that is not compiled yet. */
async function printHour(): Promise<void> {
  const hours: Hour[] = []
  for (let i = 0; i < 9; i += 1) hours.push(await releaseAnHour())
  const [first, ...later] = hours.map(({ took }) => took)
  const middle = later.sort((a, b) => a - b)[later.length / 2]
  const minutes = hours[0]?.minutes.toFixed(0)
  console.log(
    `\nA release of ${minutes} minutes in virtual time: ${middle?.toFixed(0)} ms, the median of ${later.length} (goal: < 1 s); ` +
      `${first?.toFixed(0)} ms for the first of a process.`,
  )
}

class Client {
  readonly #agent = new Agent({ connections: 32 })
  readonly #path: string
  readonly #origin: string

  constructor(url: string) {
    const { origin, pathname } = new URL(url)
    this.#origin = origin
    this.#path = `${pathname}/api/v1/namespaces/default/configmaps`
  }

  /** Runs so many requests, 16 at a time. */
  async many(count: number, request: (i: number) => Promise<unknown>): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      while (next < count) await request(next++)
    }
    await Promise.all(Array.from({ length: 16 }, work))
  }

  create(i: number): Promise<string> {
    const metadata = { name: `settings-${i}`, labels: { app: 'web' } }
    return this.#send('POST', '', 'application/json', { metadata, data: { a: 'zero', text: 'x'.repeat(200) } })
  }

  patch(i: number, value: string): Promise<string> {
    return this.#send('PATCH', `/settings-${i}`, 'application/merge-patch+json', { data: { a: value } })
  }

  list(): Promise<string> {
    return this.#send('GET', '', 'application/json')
  }

  /** Watches what changes from now on, and counts it. */
  async watch(signal: AbortSignal): Promise<{ saw(count: number): Promise<void> }> {
    const { metadata } = JSON.parse(await this.#send('GET', '?limit=1', 'application/json')) as {
      metadata: { resourceVersion: string }
    }
    const path = `${this.#path}?watch=1&resourceVersion=${metadata.resourceVersion}`
    const { body } = await this.#agent.request({ origin: this.#origin, path, method: 'GET', signal })
    let lines = 0
    let wanted = Number.POSITIVE_INFINITY
    let enough: () => void = () => undefined
    body.on('error', () => undefined)
    body.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines += 1
      if (lines >= wanted) enough()
    })
    return {
      saw: count =>
        new Promise(resolve => {
          wanted = count
          enough = resolve
          if (lines >= count) resolve()
        }),
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #send(method: 'GET' | 'POST' | 'PATCH', below: string, type: string, object?: object): Promise<string> {
    const { statusCode, body } = await this.#agent.request({
      origin: this.#origin,
      path: this.#path + below,
      method,
      headers: { 'content-type': type },
      body: object === undefined ? null : JSON.stringify(object),
    })
    const text = await body.text()
    if (statusCode >= 300) throw new Error(`${method} ${below}: ${statusCode} ${text}`)
    return text
  }
}

if (process.send === undefined) await measure()
else await serve(process.send.bind(process))
