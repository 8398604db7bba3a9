/** The real kubectl, as users drive the cluster. Its discovery cache is keyed by address: every run has its own HOME. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { run } from './program.ts'

export class Kubectl {
  readonly binary: string
  readonly kubeconfig: string
  readonly #env: Record<string, string>

  constructor(binary: string, kubeconfig: string, home: string) {
    this.binary = binary
    this.kubeconfig = kubeconfig
    this.#env = {
      HOME: home,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join(home, 'cache'),
      PATH: process.env['PATH'] ?? '',
    }
  }

  /** Runs `kubectl …` and returns what it printed. @throws Error with what it said on stderr. */
  async run(...args: string[]): Promise<string> {
    return run([this.binary, ...args], { env: this.#env })
  }

  /** `kubectl apply --server-side -f -` of objects or of YAML text. */
  async apply(manifests: string | readonly object[]): Promise<string> {
    const input =
      typeof manifests === 'string' ? manifests : manifests.map(object => JSON.stringify(object)).join('\n---\n')
    return run([this.binary, 'apply', '--server-side', '-f', '-'], { env: this.#env, input })
  }

  /** What the API server says of objects, of which none is written. @throws Error with a refusal, an unknown field or a warning. */
  async dryRun(manifests: string): Promise<string> {
    const flags = [
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
    ]
    return run([this.binary, 'apply', ...flags, '-f', '-'], { env: this.#env, input: manifests })
  }

  /** Client-side `kubectl apply -f -`, as most people do it. */
  async applyClientSide(manifests: readonly object[]): Promise<string> {
    const input = manifests.map(object => JSON.stringify(object)).join('\n---\n')
    return run([this.binary, 'apply', '-f', '-'], { env: this.#env, input })
  }

  /** A command that goes on by itself, such as `get -w`; `said` is what it has printed, `end` stops it and gives all of that. */
  follow(...args: string[]): { said(): string; end(): Promise<string> } {
    const child = spawn(this.binary, args, { env: this.#env, stdio: ['ignore', 'pipe', 'ignore'] })
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
    })
    const ended = once(child, 'close')
    return {
      said: () => printed,
      end: async () => {
        child.kill()
        await ended
        return printed
      },
    }
  }

  /** What kubectl says when it fails, or undefined when it does not. */
  async refusal(...args: string[]): Promise<string | undefined> {
    return this.run(...args).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  }
}
