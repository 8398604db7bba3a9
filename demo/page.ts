/** The page as the demo serves it: `sluice dashboard`, a process of its own, with the demo's kubeconfig and Prometheus. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { controller } from './files.ts'

/** Longer than it takes to start; without the page the demo goes on. */
const PATIENCE = 10_000

export class PageProcess {
  readonly #child: ChildProcess | null
  readonly #first: Promise<void>
  #link: string | null = null
  #told: (link: string) => void = () => {}

  constructor(kubeconfig: string, metricsServer: string) {
    // An installation without the page shows releases in the terminal alone.
    if (!existsSync(join(dirname(controller), 'dashboard', 'index.html'))) {
      this.#child = null
      this.#first = Promise.resolve()
      return
    }
    const flags = ['--kubeconfig', kubeconfig, '--metrics-server', metricsServer]
    const child = spawn(process.execPath, [controller, 'dashboard', ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // In a group of its own: Ctrl-C in the terminal is the demo's to answer.
      detached: true,
    })
    this.#child = child
    this.#first = new Promise(resolve => {
      const late = setTimeout(resolve, PATIENCE)
      const done = (): void => {
        clearTimeout(late)
        resolve()
      }
      child.once('error', done)
      child.once('exit', done)
      createInterface({ input: child.stdout }).on('line', line => {
        const link = /http:\S+#link=\S+/.exec(line)?.[0]
        if (link === undefined) return
        this.#link = link
        this.#told(link)
        done()
      })
    })
  }

  /** The address that works now; null: there is no page. */
  async link(): Promise<string | null> {
    await this.#first
    return this.#link
  }

  /** @param told receives each new link: the one before it was used. */
  follow(told: (link: string) => void): void {
    this.#told = told
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }
}
