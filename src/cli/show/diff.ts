/** `sluice diff NAME`: what the candidate changes in the template that is promoted. */
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { type KubeObject, kinds } from '../../api/object.ts'
import { at, recordOf, textOf } from '../../core/json.ts'
import type { RecordedTemplate } from '../../core/model/observation.ts'
import { isQuoted } from '../../core/model/revision.ts'
import { short } from '../../core/model/selectors.ts'
import { CANARY_LABEL } from '../../core/model/names.ts'
import { recordedTemplates } from '../../core/render/revisions.ts'
import { findCanary } from '../client/canaries.ts'
import { type ClientFlags, withClientFlags } from '../client/flags.ts'
import { inSession, type Session } from '../client/session.ts'
import { painter, printable } from '../render/paint.ts'
import { unifiedDiff } from '../render/unified-diff.ts'
import { StartupError } from '../startup-error.ts'
import type { Tools } from '../tools.ts'

interface DiffFlags extends ClientFlags {
  readonly from?: string
  readonly to?: string
}

/** Adds `diff` to the program. */
export function diffCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('diff')
    .description('show what the candidate, or the rejected revision, changes in the promoted template')
    .argument('<name>', 'of the Canary')
    .option('--from <hash>', 'revision to compare with, instead of the promoted one')
    .option('--to <hash>', 'revision to compare, instead of the candidate')
  return withClientFlags(command).action(async (name: string, flags: DiffFlags) => {
    await inSession(tools, flags, async session => {
      const canary = await findCanary(session, name)
      const status = recordOf(canary['status'])
      const candidate =
        textOf(at(status, 'run', 'candidate')) ||
        textOf(at(status, 'progress', 'candidate')) ||
        (status['phase'] === 'Failed' ? textOf(status['rejectedSpec']) : '')
      const promoted = textOf(status['lastPromotedSpec'])
      const [from, to] = [flags.from ?? promoted, flags.to ?? candidate]
      if (from === '') throw new StartupError(`Nothing was promoted by Canary ${canary.metadata.name} yet`)
      if (to === '') {
        await tools.stderr(
          `No release of Canary ${canary.metadata.name} is under way: ${short(promoted)} serves. Name revisions with --from and --to\n`,
        )
        return 0
      }
      const records = await recordsOf(session, canary)
      const texts = [from, to].map(revision => templateText(records, revision))
      const lines = unifiedDiff(texts[0] ?? '', texts[1] ?? '', [short(from), short(to)])
      const paint = painter(tools.terminal.hasColors)
      const painted = lines
        .map(printable)
        .map(line => (line.startsWith('+') ? paint('green', line) : line.startsWith('-') ? paint('red', line) : line))
      await tools.stdout(painted.map(line => `${line}\n`).join(''))
      if (lines.length === 0) await tools.stderr(`${short(from)} and ${short(to)} have the same template\n`)
      return 0
    })
  })
}

async function recordsOf(session: Session, canary: KubeObject): Promise<RecordedTemplate[]> {
  const { name, namespace = '' } = canary.metadata
  const query = { namespace, labelSelector: `${CANARY_LABEL}=${name}` }
  const { items } = await session.api.list(kinds.ControllerRevision, query, session.call())
  return recordedTemplates(items, name)
}

/** The template with the hashes of its configuration, as YAML with sorted keys. @throws StartupError when it is not recorded. */
function templateText(records: readonly RecordedTemplate[], revision: string): string {
  const record = records.find(one => isQuoted(one.revision, revision))
  if (record === undefined) {
    const there = records.map(one => short(one.revision)).join(', ')
    throw new StartupError(
      `The template of revision ${short(revision)} is not recorded${there === '' ? '' : `; these are: ${there}`}. A candidate is recorded when its pods start`,
    )
  }
  const configs = Object.keys(record.configs).length === 0 ? {} : { configuration: record.configs }
  return stringify({ template: record.template, ...configs }, { sortMapEntries: true, lineWidth: 0 })
}
