/** argv → command; exit codes: 0 for an orderly end, 1 for what cannot be done, 2 for a wrong call. */
import { Command, CommanderError } from 'commander'
import { demoCommand } from './cli/demo.ts'
import { runCommand } from './cli/flags.ts'
import { importCommand } from './cli/import.ts'
import { StartupError } from './cli/startup-error.ts'
import { run } from './app.ts'

declare const SLUICE_VERSION: string | undefined

const version = typeof SLUICE_VERSION === 'string' ? SLUICE_VERSION : '0.0.0-source'

const program = new Command('sluice')
  .description('Releases Kubernetes workloads step by step on Istio, and rolls back what is bad.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(see: sluice run --help)')
  // What follows a command is the command's own.
  .enablePositionalOptions()

runCommand(program, async flags => {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  await run(flags, version, stop.signal)
}).exitOverride()
demoCommand(program, import.meta.dirname).exitOverride()
// A pipe may take the text piece by piece.
const written =
  (stream: NodeJS.WriteStream) =>
  async (text: string): Promise<void> =>
    new Promise(resolve => stream.write(text, () => resolve()))
importCommand(
  program,
  { stdin: process.stdin, stdout: written(process.stdout), stderr: written(process.stderr) },
  code => (process.exitCode = code),
).exitOverride()

try {
  await program.parseAsync()
  // Sockets of a metrics server that hangs, say, must not keep an ended program.
  process.exit()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const said =
    error instanceof StartupError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  console.error(said)
  process.exit(1)
}
