/** A Prometheus of one test, beside that of the lab: on a port of its own, with data that go when it stops. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinaries } from './binaries.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

/** Of the next one. The run has a network of its own, in which no connection takes a port below 32,768 by itself. */
let nextPort = 9191

export class LonePrometheus {
  readonly url: string
  readonly #dir: string
  readonly #program: Program

  private constructor(url: string, dir: string, program: Program) {
    this.url = url
    this.#dir = dir
    this.#program = program
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @param name its name in messages
   * @param config its configuration file
   * @param flags more flags of its command line
   * @throws Timeout when it is not ready in 30 s, Hopeless when it has ended
   */
  static async start(name: string, config: object, flags: readonly string[] = []): Promise<LonePrometheus> {
    const dir = await mkdtemp(join(tmpdir(), 'prometheus-'))
    await writeFile(join(dir, 'prometheus.json'), JSON.stringify(config))
    const port = nextPort
    nextPort += 1
    const program = new Program({
      name,
      command: [
        findBinaries(process.env).path.prometheus,
        `--config.file=${join(dir, 'prometheus.json')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        ...flags,
      ],
      env: {},
      log: join(dir, 'prometheus.log'),
    })
    const prometheus = new LonePrometheus(`http://127.0.0.1:${port}`, dir, program)
    program.start()
    try {
      await waitFor(`${name} is ready`, 30, async () => {
        prometheus.mustRun()
        return (await fetch(`${prometheus.url}/-/ready`)).ok
      })
    } catch (error) {
      await prometheus.stop()
      throw error
    }
    return prometheus
  }

  /** @throws Hopeless with the end of its log when it has ended. */
  mustRun(): void {
    this.#program.mustRun()
  }

  async stop(): Promise<void> {
    await this.#program.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }
}
