/** One container of a pod: a process that is started, probed, restarted and ended as a kubelet would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { sleep } from './wait.ts'

/** The part of a container's spec that is honoured. */
export interface ContainerSpec {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[]
  readonly ports?: readonly { name?: string; containerPort: number }[]
  readonly readinessProbe?: Probe
  readonly lifecycle?: { preStop?: { sleep?: { seconds: number } } }
}

interface Probe {
  readonly httpGet?: { path?: string; port: number | string }
  readonly tcpSocket?: { port: number | string }
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

interface Terminated {
  exitCode: number
  reason: string
  startedAt: string
  finishedAt: string
}

const seconds = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z')

export class Container {
  readonly spec: ContainerSpec
  ready = false
  readonly #ip: string
  readonly #env: Readonly<Record<string, string>>
  readonly #log: string
  readonly #changed: () => void
  readonly #end = new AbortController()
  #child: ChildProcess | undefined
  #startedAt = 0
  #restarts = 0
  #last: Terminated | undefined

  /** @param changed called after every change that `status` would show. */
  constructor(
    spec: ContainerSpec,
    ip: string,
    env: Readonly<Record<string, string>>,
    log: string,
    changed: () => void,
  ) {
    this.spec = spec
    this.#ip = ip
    this.#env = env
    this.#log = log
    this.#changed = changed
  }

  /** A container without a command is ready at once and for ever. */
  start(): void {
    this.#spawn()
    if (this.spec.readinessProbe === undefined) this.ready = true
    else void this.#probe(this.spec.readinessProbe)
  }

  get status(): Record<string, unknown> {
    const running = this.#child !== undefined || this.spec.command === undefined
    const waiting = { reason: this.#restarts > 1 ? 'CrashLoopBackOff' : 'ContainerCreating' }
    return {
      name: this.spec.name,
      image: this.spec.image,
      imageID: `e2e://${this.spec.image}`,
      ready: this.ready,
      started: running,
      restartCount: this.#restarts,
      state: running ? { running: { startedAt: seconds(this.#startedAt) } } : { waiting },
      ...(this.#last === undefined ? {} : { lastState: { terminated: this.#last } }),
    }
  }

  /** preStop, SIGTERM, and SIGKILL when `grace` milliseconds are over; resolves when the process has ended. */
  async stop(grace: number): Promise<void> {
    const deadline = Date.now() + grace
    this.#end.abort()
    const pause = (this.spec.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000
    await sleep(Math.min(pause, grace))
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), Math.max(0, deadline - Date.now()))
    await ended
    clearTimeout(late)
  }

  kill(): void {
    this.#end.abort()
    this.#child?.kill('SIGKILL')
  }

  #expand(text: string): string {
    return text.replace(/\$\((\w+)\)/g, (all, name: string) => this.#env[name] ?? all)
  }

  #spawn(): void {
    this.#startedAt = Date.now()
    const command = [...(this.spec.command ?? []), ...(this.spec.args ?? [])].map(part => this.#expand(part))
    const [file, ...args] = command
    if (file === undefined) return
    const output = openSync(this.#log, 'a')
    const child = spawn(file, args, { stdio: ['ignore', output, output], env: this.#env })
    closeSync(output)
    this.#child = child
    child.once('exit', code => void this.#exited(child, code ?? 137))
    child.once('error', () => void this.#exited(child, 127))
  }

  /** Back-off: the first restart comes at once, then after 1, 2, 4 … 60 s; shorter than a real kubelet's, for tests. */
  async #exited(child: ChildProcess, exitCode: number): Promise<void> {
    if (this.#child !== child) return
    this.#child = undefined
    this.ready = false
    if (this.#end.signal.aborted) return
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    this.#last = { exitCode, reason, startedAt: seconds(this.#startedAt), finishedAt: seconds(Date.now()) }
    this.#restarts += 1
    this.#changed()
    await sleep(this.#restarts === 1 ? 100 : Math.min(60_000, 1000 * 2 ** (this.#restarts - 2)))
    if (this.#end.signal.aborted) return
    this.#spawn()
    this.ready = this.spec.readinessProbe === undefined
    this.#changed()
  }

  async #probe(probe: Probe): Promise<void> {
    let failures = 0
    while (!this.#end.signal.aborted) {
      const probed = this.#child
      const answered = probed !== undefined && (await this.#ask(probe))
      if (this.#end.signal.aborted) return
      failures = answered ? 0 : failures + 1
      const alive = probed !== undefined && this.#child === probed
      const ready = alive && (answered || (this.ready && failures < (probe.failureThreshold ?? 3)))
      if (ready !== this.ready) {
        this.ready = ready
        this.#changed()
      }
      // Fast until the first success, as a startup probe would be.
      await sleep(this.ready ? (probe.periodSeconds ?? 10) * 1000 : 100)
    }
  }

  async #ask(probe: Probe): Promise<boolean> {
    const host = this.#ip
    const timeout = (probe.timeoutSeconds ?? 1) * 1000
    const portOf = (port: number | string): number =>
      typeof port === 'number' ? port : (this.spec.ports?.find(named => named.name === port)?.containerPort ?? 0)
    return new Promise(resolve => {
      const no = (): void => resolve(false)
      if (probe.httpGet !== undefined) {
        const { path = '/', port } = probe.httpGet
        const headers = { 'user-agent': 'kube-probe/1' } // as a real kubelet's
        const request = http.get({ host, port: portOf(port), path, headers, timeout, agent: false }, response => {
          response.resume()
          const code = response.statusCode ?? 0
          resolve(code >= 200 && code < 400)
        })
        request.on('error', no).on('timeout', () => request.destroy())
      } else if (probe.tcpSocket !== undefined) {
        const socket = net.connect({ host, port: portOf(probe.tcpSocket.port), timeout })
        socket.on('connect', () => {
          socket.destroy()
          resolve(true)
        })
        socket.on('error', no).on('timeout', () => socket.destroy(new Error('timeout')))
      } else resolve(true)
    })
  }
}
