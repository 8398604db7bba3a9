/** Commands without a cluster, or with one of the test's own: what they write, and their exit codes. */
import { Readable } from 'node:stream'
import { Command, CommanderError } from 'commander'
import { simulate } from '../../demo/simulate/simulate.ts'
import { installManifests } from '../../scripts/manifests.ts'
import { clientCommands } from '../../src/cli/program.ts'
import { StartupError } from '../../src/cli/startup-error.ts'
import type { Terminal, Tools } from '../../src/cli/tools.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { sha256 } from '../core/given-objects.ts'

/** What a program said, and how it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export const PIPE: Terminal = { isInteractive: false, hasColors: false, columns: () => null, rows: () => 24 }

/** Made once: parsing the definitions takes longer than any command. */
let manifests: string | null = null

/** Runs a command to its end. @param tools in place of those that reach nothing. */
export async function runIn(args: readonly string[], tools: Partial<Tools> = {}): Promise<Ran> {
  const ran = { code: 0, stdout: '', stderr: '' }
  const clock = new VirtualClock()
  const program = new Command('sluice').exitOverride().configureOutput({
    writeOut: text => void (ran.stdout += text),
    writeErr: text => void (ran.stderr += text),
  })
  clientCommands(program, {
    stdin: Readable.from(['']),
    stdout: async text => void (ran.stdout += text),
    stderr: async text => void (ran.stderr += text),
    version: '1.2.3',
    terminal: PIPE,
    clock,
    steady: clock,
    sha256,
    random: () => 0.5,
    stop: new AbortController().signal,
    connect: () => {
      throw new StartupError('this test has no cluster')
    },
    http: () => {
      throw new StartupError('this test has no network')
    },
    manifests: async () => (manifests ??= installManifests()),
    simulate,
    exit: code => void (ran.code = code),
    ...tools,
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) ran.code = error.exitCode === 0 ? 0 : 2
    else if (error instanceof StartupError) {
      ran.code = 1
      ran.stderr += `${error.message}\n`
    } else throw error
  }
  return ran
}
