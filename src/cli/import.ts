/** `sluice import flagger`: manifests on stdout, what changes and what is refused on stderr. */
import type { Command } from 'commander'
import { importFlagger } from '../import/flagger/import.ts'
import { needsWork, type Note } from '../import/flagger/notes.ts'
import { contentOf } from './read-file.ts'
import type { Streams } from './tools.ts'

const headings: Readonly<Record<Note['kind'], string>> = {
  unread: 'not read',
  refused: 'refused',
  differs: 'means something else',
  changed: 'rewritten',
}

/**
 * Adds `import` to the program. Its exit code is 1 where a user has to change the result before it can be applied.
 *
 * @param exit receives the exit code.
 */
export function importCommand(program: Command, streams: Streams, exit: (code: number) => void): Command {
  return program
    .command('import')
    .description("manifests of other tools as Sluice's")
    .command('flagger')
    .description("rewrites Flagger's Canaries, MetricTemplates and AlertProviders, and says what changes meaning")
    .requiredOption('-f, --file <file>', 'YAML or JSON, any number of documents; - is the standard input')
    .addHelpText(
      'after',
      '\nExit codes: 0 all can be applied, 1 something is refused or cannot be read (the result is written all the same), 2 a wrong call.',
    )
    .action(async ({ file }: { file: string }) => {
      const { text, notes, rewritten } = importFlagger(await contentOf(file, streams))
      await streams.stdout(text)
      await streams.stderr(reportOf(notes, rewritten))
      exit(notes.some(needsWork) ? 1 : 0)
    })
}

/** The notes by object, and at the end what is to be done. */
export function reportOf(notes: readonly Note[], rewritten: number): string {
  const lines: string[] = []
  let object = ''
  for (const note of notes) {
    if (note.object !== object) lines.push(note.object)
    object = note.object
    lines.push(`  ${headings[note.kind]}: ${note.sentence}`)
  }
  const open = notes.filter(needsWork).length
  const objects = rewritten === 1 ? '1 object' : `${rewritten} objects`
  lines.push(
    open === 0
      ? `${objects} rewritten, nothing refused`
      : `${objects} rewritten; ${open} ${open === 1 ? 'finding needs' : 'findings need'} a change before they can be applied`,
  )
  return `${lines.join('\n')}\n`
}
