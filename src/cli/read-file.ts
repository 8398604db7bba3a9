/** Files that commands are given. */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { StartupError } from './startup-error.ts'
import type { Streams } from './tools.ts'

/** The text of a file; `-` is the standard input. @throws StartupError where it cannot be read. */
export async function contentOf(file: string, { stdin }: Pick<Streams, 'stdin'>): Promise<string> {
  if (file === '-') return textOf(stdin as NodeJS.ReadStream)
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`${file} cannot be read: ${error.code ?? error.message}`)
  })
}
