/** A program of the lab as a child process. Its output goes to a file; it can be stopped, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { Hopeless, PATIENCE, sleep } from './wait.ts'

export interface ProgramOptions {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** File that receives stdout and stderr, appended over restarts. */
  readonly log: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class Program {
  readonly name: string
  readonly log: string
  readonly #options: ProgramOptions
  #child: ChildProcess | undefined
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null })

  constructor(options: ProgramOptions) {
    this.name = options.name
    this.log = options.log
    this.#options = options
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  /** Its process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How the latest run of the program ended, once it has. */
  get exit(): Promise<Exit> {
    return this.#exit
  }

  start(): void {
    if (this.running) throw new Error(`${this.name} is already running`)
    const { command, env, log } = this.#options
    const [file, ...args] = command
    const output = openSync(log, 'a')
    const child = spawn(file, args, { stdio: ['ignore', output, output], env })
    closeSync(output)
    this.#child = child
    this.#exit = new Promise(resolve => {
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.#child === child) this.#child = undefined
        resolve({ code, signal })
      }
      child.once('exit', ended)
      child.once('error', () => ended(127, null))
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** SIGTERM, and SIGKILL if that was not enough within `grace` milliseconds. */
  async stop(grace = 5_000): Promise<Exit> {
    const child = this.#child
    if (child === undefined) return this.#exit
    child.kill('SIGTERM')
    const timer = new AbortController()
    const late = sleep(grace, undefined, { signal: timer.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    )
    const exit = await this.#exit
    timer.abort()
    await late
    return exit
  }

  /** SIGKILL, at once. */
  async kill(): Promise<Exit> {
    this.#child?.kill('SIGKILL')
    return this.#exit
  }

  /** The end of its log, for people. */
  tail(lines: number): string {
    try {
      return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    } catch {
      return ''
    }
  }

  /** @throws Hopeless with the end of the log if the program has ended. */
  mustRun(): void {
    if (!this.running) throw new Hopeless(`${this.name} has ended; its last words were:\n${this.tail(15)}`)
  }
}

/** Seconds of a command on an idle machine: more than any that waits by itself is told to wait. */
const LONGEST = 130

/** Runs a command to its end and returns its stdout. @throws Error that quotes the command and its stderr. */
export async function run(
  command: readonly [string, ...string[]],
  options: { input?: string; env?: Readonly<Record<string, string>>; seconds?: number } = {},
): Promise<string> {
  const [file, ...args] = command
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    timeout: (options.seconds ?? LONGEST) * PATIENCE * 1000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin.on('error', () => undefined) // a command that does not read its input closes it
  child.stdin.end(options.input ?? '')
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code !== 0) {
    const name = file.slice(file.lastIndexOf('/') + 1)
    throw new Error(`${name} ${args.join(' ')} ended with ${code ?? signal}: ${stderr.trim() || stdout.trim()}`)
  }
  return stdout
}
