/** A shell in a pseudoterminal, as a person has one: what is typed is echoed, and programs find a terminal of 100 columns. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Of one command; a release of the demo takes less than a minute. */
const LATE = 180_000
/** Shows how the last command ended. */
const PROMPT = '<<$?>> '
const PROMPTED = /<<(\d+)>> /

export interface Typed {
  /** Exit code of the command. */
  readonly code: number
  /** All that the terminal showed, the echo of the command included. */
  readonly shown: string
}

export class Pty {
  readonly #child: ChildProcess
  #shown = ''
  #heard: () => void = () => {}

  private constructor(child: ChildProcess) {
    this.#child = child
    const hear = (text: string): void => {
      this.#shown += text
      this.#heard()
    }
    child.stdout?.setEncoding('utf8').on('data', hear)
    child.once('exit', () => this.#heard())
  }

  /** Starts a shell, and waits for its prompt. */
  static async open(env: Readonly<Record<string, string>>): Promise<Pty> {
    // `script` of util-linux makes the terminal. Without line editing, the shell draws no line again.
    const shell = 'stty cols 100 rows 40; exec bash --norc --noprofile --noediting -i'
    const child = spawn('script', ['--quiet', '--flush', '--return', '--command', shell, '/dev/null'], {
      env: { ...env, PS1: PROMPT, TERM: 'xterm-256color' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const pty = new Pty(child)
    await pty.until(PROMPTED, 0)
    return pty
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.#shown
  }

  /** Types a command, and waits for the prompt after it. */
  async type(line: string): Promise<Typed> {
    const from = this.#shown.length
    this.begin(line)
    const found = await this.until(PROMPTED, from)
    return { code: Number(found[1]), shown: this.#shown.slice(from, from + found.index) }
  }

  /** Types a command that goes on. */
  begin(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Ctrl-C, and the prompt after it. */
  async interrupt(): Promise<Typed> {
    const from = this.#shown.length
    this.#child.stdin?.write('\u0003')
    const found = await this.until(PROMPTED, from)
    return { code: Number(found[1]), shown: this.#shown.slice(from) }
  }

  /** @param from how much was shown before. @throws Error with what is shown when it does not come. */
  async until(what: RegExp, from: number): Promise<RegExpExecArray> {
    const due = AbortSignal.timeout(LATE)
    due.addEventListener('abort', () => this.#heard(), { once: true })
    for (;;) {
      const found = what.exec(this.#shown.slice(from))
      if (found !== null) return found
      if (due.aborted || this.#child.exitCode !== null)
        throw new Error(`The terminal did not show ${String(what)}, but: ${this.#shown.slice(from)}`)
      await new Promise<void>(resolve => {
        this.#heard = resolve
      })
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
