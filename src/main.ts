/** argv → command; exit codes: 0 for an orderly end, 1 for what cannot be done, 2 for a wrong call. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { dashboardCommand } from './cli/dashboard.ts'
import { demoCommand, loadSimulation } from './cli/demo.ts'
import { runCommand } from './cli/flags.ts'
import { importCommand } from './cli/import.ts'
import { clientCommands } from './cli/program.ts'
import { StartupError } from './cli/startup-error.ts'
import type { Tools } from './cli/tools.ts'
import { monotonicClock, systemClock } from './adapters/clock.ts'
import { run } from './app.ts'
import { connectClient, connectHttp } from './connect.ts'

declare const SLUICE_VERSION: string | undefined

const version = typeof SLUICE_VERSION === 'string' ? SLUICE_VERSION : '0.0.0-source'

const program = new Command('sluice')
  .description('Releases Kubernetes workloads step by step on Istio, and rolls back what is bad.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(see: sluice --help)')
  // What follows a command is the command's own.
  .enablePositionalOptions()

const stop = new AbortController()
const stopBySignal = (): void => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
}

runCommand(program, async flags => {
  stopBySignal()
  await run(flags, version, stop.signal)
}).exitOverride()
demoCommand(program, import.meta.dirname).exitOverride()
// A reader such as `head` may have enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
// The exit code is the answer, whether or not the sentence is read.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
// A pipe may take the text piece by piece.
const written =
  (stream: NodeJS.WriteStream) =>
  async (text: string): Promise<void> =>
    new Promise(resolve => stream.write(text, () => resolve()))
const { env, stdout, stderr } = process
const isDumb = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
const isForced = !['', '0', undefined].includes(env['FORCE_COLOR'])
const tools: Tools = {
  stdin: process.stdin,
  stdout: written(stdout),
  stderr: written(stderr),
  version,
  terminal: {
    isInteractive: stdout.isTTY && env['TERM'] !== 'dumb',
    hasColors: isForced || (stdout.isTTY && !isDumb),
    // A terminal that was told no size has 0 columns.
    columns: () => (stdout.isTTY ? stdout.columns || null : null),
    rows: () => (stdout.isTTY ? stdout.rows || 24 : 24),
  },
  clock: systemClock,
  steady: monotonicClock,
  sha256: text => createHash('sha256').update(text).digest('hex'),
  random: Math.random,
  stop: stop.signal,
  connect: flags => {
    stopBySignal()
    return connectClient(flags, { version })
  },
  http: address => connectHttp(address, env),
  manifests: async () => {
    const file = join(import.meta.dirname, 'sluice-install.yaml')
    return readFile(file, 'utf8').catch(() => {
      throw new StartupError(`${file} cannot be read. In a checkout of Sluice, run: npm ci && npm run build`)
    })
  },
  simulate: async simulation => {
    stopBySignal()
    return (await loadSimulation(import.meta.dirname))(simulation)
  },
  exit: code => {
    process.exitCode = code
  },
}
dashboardCommand(program, async flags => {
  stopBySignal()
  // The controller neither needs nor loads it.
  const { serveDashboard } = await import('./dashboard.ts')
  const say = (line: string): void => void stdout.write(`${line}\n`)
  await serveDashboard(flags, { version, stop: stop.signal, folder: import.meta.dirname, environment: env, say })
}).exitOverride()
importCommand(program, tools, tools.exit).exitOverride()
clientCommands(program, tools)
for (const command of program.commands)
  command.exitOverride().showHelpAfterError(`(see: sluice ${command.name()} --help)`)

// By this name kubectl asks for the completion of `kubectl sluice`.
const [node = '', called = '', ...words] = process.argv
const isCompletion = basename(called).startsWith('kubectl_complete-sluice')

try {
  await program.parseAsync(isCompletion ? [node, called, '__complete', ...words] : process.argv)
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
