/** `sluice status NAME`: waits for the end of a release, and says by its exit code how it ended. For CI. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { findCanary } from './client/canaries.ts'
import { type ClientFlags, duration, withClientFlags } from './client/flags.ts'
import { inSession } from './client/session.ts'
import { CODES } from './release/outcome.ts'
import { printable } from './render/paint.ts'
import { quoted } from './release/target.ts'
import { awaitRelease } from './release/wait.ts'
import type { Tools } from './tools.ts'

interface StatusFlags extends ClientFlags {
  readonly timeout?: number
  readonly revision?: string
  readonly follow?: boolean
  readonly waitApproval?: boolean
  readonly quiet?: boolean
}

const EXIT_CODES = `
Exit codes:
  ${CODES.promoted}    promoted: the revision serves
  ${CODES.error}    error: no cluster, no right, no such Canary, or it was deleted meanwhile
  ${CODES.usage}    wrong flags
  ${CODES.rolledBack}    rolled back, or replaced by another revision
  ${CODES.person}    manual action required: approval, pause, a weight that was lowered by hand
  ${CODES.stalled}    stalled for 10s: manual intervention required
  ${CODES.timeout}  the timeout is over

The last line on the standard error says it in a sentence.`

/** An empty or short one, as of a variable that is not set, would never be found. @throws InvalidArgumentError with a sentence. */
function revision(text: string): string {
  if (!/^(h1:)?[0-9a-f]{6,64}(\+[0-9a-f]{64})?$/.test(text))
    throw new InvalidArgumentError('Write the hash of a revision, or six or more of its first digits.')
  return text
}

/** Adds `status` to the program. */
export function statusCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('status')
    .description('wait for the end of a release; the exit code says how it ended')
    .argument('<name>', 'of the Canary')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait, such as 30m; 0: read once (default: no limit)').argParser(
        duration,
      ),
    )
    .addOption(
      new Option(
        '--revision <hash>',
        'revision to wait for, as `sluice get` shows it; without it the one that is on the target now',
      ).argParser(revision),
    )
    .option('--follow', 'wait for another revision that comes meanwhile, too')
    .option('--wait-approval', 'wait for people, too')
    .option('-q, --quiet', 'only the last sentence')
    .addHelpText('after', EXIT_CODES)
  return withClientFlags(command).action(async (name: string, flags: StatusFlags) => {
    await inSession(tools, flags, async session => {
      const canary = await findCanary(session, name)
      const { how, sentence } = await awaitRelease(tools, session, canary, {
        revision: flags.revision === undefined ? null : quoted(flags.revision),
        isFollowing: flags.follow === true,
        isPatient: flags.waitApproval === true,
        timeout: flags.timeout ?? null,
        said: async line => (flags.quiet === true ? undefined : tools.stderr(`${printable(line)}\n`)),
      })
      await tools.stderr(`${printable(sentence)}\n`)
      return CODES[how]
    })
  })
}
