/** `sluice explain NAME`: what a canary does, waits for, does next, and what would roll it back. */
import type { Command } from 'commander'
import { describe } from '../../core/view/describe.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { findCanary } from '../client/canaries.ts'
import { type ClientFlags, withClientFlags } from '../client/flags.ts'
import { inSession } from '../client/session.ts'
import { explanationOf, paragraphsOf } from '../render/explanation.ts'
import { dataIn, dataOutput, type Output } from '../render/output.ts'
import { painter, printable, wrapped } from '../render/paint.ts'
import type { Tools } from '../tools.ts'
import { decidedFor } from './decided.ts'
import { localZone } from './watch.ts'

const inWords = (kind: string): string => (kind === 'Secret' ? 'Secret (never read)' : `${kind} (forbidden)`)

/** Adds `explain` to the program. */
export function explainCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('explain')
    .description('say in four paragraphs what a Canary does, waits for, does next, and what would roll it back')
    .argument('<name>', 'of the Canary')
    .addOption(dataOutput())
  return withClientFlags(command).action(async (name: string, flags: ClientFlags & { output?: Output }) => {
    await inSession(tools, flags, async session => {
      const canary = await findCanary(session, name)
      const now = tools.clock.now()
      const view = describe(canary, await readObserved(canary, session, tools.sha256), now)
      const decided = await decidedFor(session, canary, tools.sha256, now)
      const explanation = explanationOf(view, decided, now, localZone())
      const columns = tools.terminal.columns()
      const paint = painter(tools.terminal.hasColors)
      const paragraphs = paragraphsOf(explanation).map(([heading, sentences]) =>
        [
          paint('bold', heading),
          ...sentences.flatMap(one =>
            wrapped(printable(one), columns === null ? null : columns - 2).map(line => `  ${line}`),
          ),
        ].join('\n'),
      )
      const unread =
        explanation.unread.length === 0
          ? []
          : [`Not read: ${explanation.unread.map(inWords).join(', ')}. What depends on them is left out`]
      await tools.stdout(dataIn(flags.output, explanation) ?? `${[...paragraphs, ...unread].join('\n\n')}\n`)
      return 0
    })
  })
}
