/** Flagger's own load tester (https://docs.flagger.app/usage/webhooks#load-testing), which runs what a webhook tells it, and has gates. */
import { dirname, join } from 'node:path'
import { findBinaries } from './binaries.ts'
import { addresses } from './network.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

const PORT = 8090
export const loadTesterUrl = `http://${addresses.node}:${PORT}`

export class LoadTester {
  readonly #program: Program

  constructor(lab: { readonly dir: string }) {
    const { loadtester, hey } = findBinaries(process.env).path
    this.#program = new Program({
      name: 'loadtester',
      command: [loadtester, '-port', String(PORT)],
      env: { PATH: `${dirname(hey)}:${process.env['PATH'] ?? ''}` },
      log: join(lab.dir, 'log', 'loadtester.log'),
    })
  }

  async start(): Promise<void> {
    this.#program.start()
    await waitFor('the load tester is ready', 30, async () => {
      this.#program.mustRun()
      return (await fetch(`${loadTesterUrl}/healthz`)).ok
    })
  }

  /** Opens or closes a gate of a Canary, or asks for its rollback. */
  async tell(path: '/gate/open' | '/gate/close' | '/rollback/open', namespace: string): Promise<void> {
    const { status } = await fetch(`${loadTesterUrl}${path}`, {
      method: 'POST',
      body: JSON.stringify({ name: 'web', namespace }),
    })
    if (status !== 202) throw new Error(`${path} answered ${status}`)
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }
}
