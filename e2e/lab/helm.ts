/** The real Helm, as users drive it. Plugins, caches and settings of the machine are not read. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from './lab.ts'
import { run } from './program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The chart of this repository. */
export const chart = join(root, 'charts/sluice')

export class Helm {
  readonly #binary: string
  readonly #env: Record<string, string>

  constructor(lab: Lab) {
    this.#binary = lab.helm
    const home = join(lab.dir, 'home')
    this.#env = {
      HOME: home,
      HELM_CACHE_HOME: join(home, 'helm/cache'),
      HELM_CONFIG_HOME: join(home, 'helm/config'),
      HELM_DATA_HOME: join(home, 'helm/data'),
      KUBECONFIG: lab.pki.kubeconfig('admin'),
      PATH: [dirname(lab.helm), dirname(lab.kubectl.binary), process.env['PATH'] ?? ''].join(':'),
    }
  }

  /** Runs `helm …` and returns what it printed. @throws Error with what it said on stderr. */
  async run(...args: string[]): Promise<string> {
    return run([this.#binary, ...args], { env: this.#env })
  }

  /** Runs a block of the documentation, from the root of the repository. @param env what the text before the block names. */
  async shell(script: string, env: Readonly<Record<string, string>>): Promise<string> {
    const command = `cd '${root}' && ${script}`
    return run(['bash', '-euo', 'pipefail', '-c', command], { env: { ...this.#env, ...env } })
  }

  /** The chart's objects for values, as YAML. @throws Error with what the schema, or a template, says of the values. */
  async template(values: object = {}, ...args: string[]): Promise<string> {
    const command = ['template', 'sluice', chart, '--namespace', 'sluice-system', '--values', '-', '--skip-tests']
    return run([this.#binary, ...command, ...args], { env: this.#env, input: JSON.stringify(values) })
  }

  /** What Helm says when it fails, or undefined when it does not. */
  async refusal(values: object): Promise<string | undefined> {
    return this.template(values).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  }
}
