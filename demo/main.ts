/**
 * `sluice demo`: a cluster, a mesh and a Prometheus in this process, the real controller beside it, and releases that one can
 * watch. Exits with 0 only if each ended as it should; 1 if not, or if the demo cannot go on; 2 for a wrong call; 130 after Ctrl-C.
 */
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { perform } from './perform.ts'
import { type Options, readOptions, usage } from './options.ts'
import { inWords } from './trouble.ts'

// Of `sluice simulate`, which loads this bundle and starts no demo.
export { simulate } from './simulate/simulate.ts'

/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED = 130

function optionsOf(args: readonly string[]): Options {
  try {
    const options = readOptions(args)
    if (options !== 'help') return options
    console.log(usage)
    process.exit(0)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2))
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  try {
    const well = await perform(options, process.stdout, stop.signal)
    process.exitCode = well ? 0 : stop.signal.aborted ? INTERRUPTED : 1
  } catch (error) {
    console.error(`\n${inWords(error)}`)
    process.exitCode = 1
  }
}

/** Whether this file is the program, and not loaded by another one. */
const [, program = ''] = process.argv
if (realpathSync(program) === realpathSync(fileURLToPath(import.meta.url))) await main()
