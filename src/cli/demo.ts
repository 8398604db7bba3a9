/** `sluice demo`, and the simulation of `sluice simulate`: the demo is a bundle of its own beside `sluice.js`. The image has the controller alone. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { StartupError } from './startup-error.ts'
import type { Tools } from './tools.ts'

const BUNDLE = 'sluice-demo.js'

/**
 * Adds `demo` to the program. The demo reads its own flags; it sets `process.exitCode`, and ends when its action does.
 *
 * @param folder where the bundle of the demo is looked for: the folder of the running program.
 */
export function demoCommand(program: Command, folder: string): Command {
  return program
    .command('demo')
    .description('a cluster, a mesh and callers in this process, and releases to watch; see: sluice demo --help')
    .argument('[flags...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (flags: readonly string[]) => {
      const file = bundleIn(folder)
      // The bundle is a program: it finds its flags where it would if it had been called by itself.
      process.argv = [process.execPath, file, ...flags]
      await import(pathToFileURL(file).href)
    })
}

/** The simulation of the same bundle. @throws StartupError where it is not installed. */
export async function loadSimulation(folder: string): Promise<Tools['simulate']> {
  const { simulate } = (await import(pathToFileURL(bundleIn(folder)).href)) as Pick<Tools, 'simulate'>
  return simulate
}

function bundleIn(folder: string): string {
  const file = join(folder, BUNDLE)
  if (existsSync(file)) return file
  throw new StartupError(
    `${BUNDLE} is not in ${folder}: this installation has the controller only. In a checkout of Sluice, run: npm ci && npm run demo`,
  )
}
