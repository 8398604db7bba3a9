/** The command line against the playground's API server: real HTTP, a real kubeconfig, and the controller in virtual time. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as realPause } from 'node:timers/promises'
import { Command, CommanderError } from 'commander'
import { stringify } from 'yaml'
import { clientCommands } from '../../src/cli/program.ts'
import { StartupError } from '../../src/cli/startup-error.ts'
import type { Terminal, Tools } from '../../src/cli/tools.ts'
import { connectClient, connectHttp } from '../../src/connect.ts'
import { simulate } from '../../demo/simulate/simulate.ts'
import { installManifests } from '../../scripts/manifests.ts'
import { type Listening, listen } from '../../playground/http/listen.ts'
import { sha256 } from '../core/given-objects.ts'
import { World } from '../scenarios/world.ts'

/** What a program said, and how it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs beside the test. */
export interface Running {
  readonly ended: Promise<Ran>
  said(): string
  /** As Ctrl-C. */
  interrupt(): void
}

export const PIPE: Terminal = { isInteractive: false, hasColors: false, columns: () => null, rows: () => 24 }

/** How much virtual time passes between two turns in which sockets are served. */
const TURN = 200

export class CliWorld {
  readonly world: World
  readonly #folder: string
  readonly #listening: Listening

  private constructor(world: World, folder: string, listening: Listening) {
    this.world = world
    this.#folder = folder
    this.#listening = listening
  }

  static async open(): Promise<CliWorld> {
    const world = new World()
    const folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
    const listening = await listen(world.api.server, { port: 0, token: 'token-1' })
    const opened = new CliWorld(world, folder, listening)
    await opened.kubeconfig('kubeconfig', listening.url)
    return opened
  }

  get url(): string {
    return this.#listening.url
  }

  /** Writes a kubeconfig of one context, `lab`. @returns its path. */
  async kubeconfig(file: string, server: string, namespace = 'shop'): Promise<string> {
    const path = join(this.#folder, file)
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'lab',
      clusters: [{ name: 'lab', cluster: { server } }],
      users: [{ name: 'kim', user: {} }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'kim', namespace } }],
    }
    await writeFile(path, stringify(config))
    return path
  }

  /** A file with this text. @returns its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name)
    await writeFile(path, text)
    return path
  }

  /** Starts a command; time stands still until the test lets it pass. */
  start(args: readonly string[], terminal: Terminal = PIPE, stdin = ''): Running {
    const stop = new AbortController()
    const ran = { code: 0, stdout: '', stderr: '' }
    const { clock } = this.world
    const tools: Tools = {
      stdin: Readable.from([stdin]),
      stdout: async text => void (ran.stdout += text),
      stderr: async text => void (ran.stderr += text),
      version: '1.2.3',
      terminal,
      clock,
      steady: clock,
      sha256,
      random: Math.random,
      stop: stop.signal,
      connect: flags =>
        connectClient(
          { ...flags, kubeconfig: flags.kubeconfig ?? join(this.#folder, 'kubeconfig') },
          { version: '1.2.3' },
        ),
      http: address => connectHttp(address, {}),
      manifests: async () => installManifests(),
      simulate,
      exit: code => void (ran.code = code),
    }
    const program = new Command('sluice').exitOverride().configureOutput({
      writeOut: text => void (ran.stdout += text),
      writeErr: text => void (ran.stderr += text),
    })
    clientCommands(program, tools)
    const ended = program.parseAsync(args, { from: 'user' }).then(
      () => ran,
      (error: unknown) => {
        if (error instanceof CommanderError) return { ...ran, code: error.exitCode === 0 ? 0 : 2 }
        if (error instanceof StartupError) return { ...ran, code: 1, stderr: `${ran.stderr}${error.message}\n` }
        throw error
      },
    )
    return { ended, said: () => ran.stdout + ran.stderr, interrupt: () => stop.abort() }
  }

  /** Runs a command to its end while time passes. */
  async run(...args: readonly string[]): Promise<Ran> {
    return this.until(this.start(args))
  }

  /** Lets time pass until a command ends. */
  async until({ ended }: Running, turn = (): Promise<void> => this.turn()): Promise<Ran> {
    const over = new AbortController()
    const ending = ended.finally(() => over.abort())
    while (!over.signal.aborted) await turn()
    return ending
  }

  /** Lets a little time pass, virtual and real: sockets are served in between. */
  async turn(): Promise<void> {
    await realPause(2)
    await this.world.clock.advance(TURN)
  }

  async close(): Promise<void> {
    await this.world.close()
    await this.#listening.close()
    await rm(this.#folder, { recursive: true })
  }
}

/** The last line that was written to the standard error. */
export const lastLine = ({ stderr }: Ran): string => stderr.trimEnd().split('\n').at(-1) ?? ''
