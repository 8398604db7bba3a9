/** Programs that are in the lab only where it was built with their group (../shared/lab/README.md). */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Lab } from './lab.ts'
import { Program } from './program.ts'

/** The file of a program beside those of the lab, or in PATH; null where it is not installed. */
export function find(name: string): string | null {
  const folders = [process.env['KUBEBUILDER_ASSETS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)]
  const file = folders
    .map(folder => join(folder, name))
    .find(one => {
      try {
        accessSync(one, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  return file ?? null
}

/** Started now; it ends at the latest with the namespace that the tests run in. */
export function startPart(
  lab: Lab,
  name: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const file = find(name)
  if (file === null) throw new Error(`${name} is not installed: build the lab with its group`)
  const program = new Program({ name, command: [file, ...flags], env, log: join(lab.dir, 'log', `${name}.log`) })
  program.start()
  return program
}
