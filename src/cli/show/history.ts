/** `sluice history NAME`: the last runs of a canary. */
import type { Command } from 'commander'
import { describe } from '../../core/view/describe.ts'
import { clockTime, lengthInWords } from '../../core/view/text.ts'
import { type HistoryView, VIEW_VERSION } from '../../core/view/view.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { findCanary } from '../client/canaries.ts'
import { type ClientFlags, withClientFlags } from '../client/flags.ts'
import { inSession } from '../client/session.ts'
import { dataIn, dataOutput, type Output } from '../render/output.ts'
import { type Column, tableOf } from '../render/table.ts'
import type { Tools } from '../tools.ts'
import { localZone } from './watch.ts'

const columns: readonly Column<HistoryView>[] = [
  { header: 'REVISION', of: ({ revision }) => revision },
  { header: 'OUTCOME', of: ({ outcome }) => outcome },
  { header: 'HIGHEST', of: ({ highest }) => String(highest) },
  { header: 'STARTED', of: ({ startedAt }) => `${startedAt.slice(0, 10)} ${clockTime(startedAt, localZone())}` },
  { header: 'LASTED', of: ({ durationSeconds }) => lengthInWords(durationSeconds * 1000) },
  { header: 'MESSAGE', of: ({ message }) => message },
]

/** Adds `history` to the program. */
export function historyCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('history')
    .description('list the last runs of a Canary, the latest first')
    .argument('<name>', 'of the Canary')
    .addOption(dataOutput())
    .option('--no-headers', 'only the rows')
  return withClientFlags(command).action(
    async (name: string, flags: ClientFlags & { output?: Output; headers: boolean }) => {
      await inSession(tools, flags, async session => {
        const canary = await findCanary(session, name)
        const { history } = describe(canary, await readObserved(canary, session, tools.sha256), tools.clock.now())
        const data = dataIn(flags.output, { apiVersion: VIEW_VERSION, kind: 'CanaryHistory', items: history })
        if (data !== null) await tools.stdout(data)
        else if (history.length === 0) await tools.stderr(`Canary ${canary.metadata.name} has released nothing yet\n`)
        else {
          const layout = { hasHeaders: flags.headers, columns: tools.terminal.columns() }
          await tools.stdout(`${tableOf(columns, history, layout).lines.join('\n')}\n`)
        }
        return 0
      })
    },
  )
}
