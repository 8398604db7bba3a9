/** The controller as the demo runs it: the real bundle, a process of its own, that knows the cluster by its kubeconfig only. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { controller } from './files.ts'

/** SIGTERM ends it within five seconds; what takes longer is killed. */
const PATIENCE = 6000

export class ControllerProcess {
  readonly log: string
  /** Rejects when the process ends without being told to; never resolves. */
  readonly failed: Promise<never>
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #stopping = false

  /** @param folder where its log goes, after that of a controller before it. */
  constructor(folder: string, kubeconfig: string, metricsServer: string) {
    this.log = join(folder, 'sluice.log')
    const output = openSync(this.log, 'a')
    const flags = ['--kubeconfig', kubeconfig, '--metrics-server', metricsServer, '--port', '0', '--bind', '127.0.0.1']
    // The demo's receiver of webhooks is on this machine, where they lead only if it is said.
    flags.push('--webhook-allow', '127.0.0.0/8', '--leader-election-namespace', 'sluice-system')
    // Flags that the shell of the user sets for another controller must not reach this one.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SLUICE_')))
    // In a group of its own: Ctrl-C in the terminal is the demo's to answer, which then ends it in order.
    this.#child = spawn(process.execPath, [controller, 'run', ...flags], {
      env,
      stdio: ['ignore', output, output],
      detached: true,
    })
    closeSync(output)
    const ended = new Promise<string>(resolve => {
      this.#child.once('error', error => resolve(error.message))
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`))
    })
    this.#exited = ended.then(() => {})
    this.failed = ended.then(how =>
      this.#stopping ? new Promise<never>(() => {}) : Promise.reject(new Error(this.#lastWords(how))),
    )
    // Every wait of the demo races with this promise. Before the first one there may be no listener.
    this.failed.catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
    await this.#exited
    clearTimeout(late)
  }

  /** Ends it at once, as a node that fails does, or in the last moment of a process that cannot wait. */
  kill(): void {
    this.#stopping = true
    this.#child.kill('SIGKILL')
  }

  #lastWords(how: string): string {
    const last = readFileSync(this.log, 'utf8').trim().split('\n').at(-1) ?? ''
    return `The controller has ended (${how})${last === '' ? ' without a word' : `; the last line of its log is: ${last}`}`
  }
}
