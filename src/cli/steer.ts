/** The commands that steer a release: an annotation of the Canary, and the controller's answer to it in the status. */
import { type Command as CliCommand, Option } from 'commander'
import { type KubeObject, kinds, type Ref } from '../api/object.ts'
import type { CanaryStatus } from '../api/status.ts'
import { recordOf } from '../core/json.ts'
import { annotationOf, commandValue, markOf, namesRevision } from '../core/model/command.ts'
import type { CommandName } from '../core/model/command-line.ts'
import { wireStatus } from '../core/status/read-status.ts'
import type { Milliseconds } from '../core/time.ts'
import { findCanary } from './client/canaries.ts'
import { Changes } from './client/changes.ts'
import { type ClientFlags, duration, withClientFlags } from './client/flags.ts'
import { inSession, type Session } from './client/session.ts'
import { callerOf } from './client/who.ts'
import { CODES, type Ended } from './release/outcome.ts'
import { awaitRelease } from './release/wait.ts'
import { printable } from './render/paint.ts'
import { StartupError } from './startup-error.ts'
import type { Tools } from './tools.ts'

interface SteerFlags extends ClientFlags {
  readonly why?: string
  readonly full?: boolean
  readonly revision?: string
  readonly wait?: boolean
  readonly timeout?: Milliseconds
  readonly dryRun?: boolean
}

interface Steering {
  readonly name: CommandName
  readonly alias?: string
  readonly description: string
  /** How the release ends that the command asks for; null: it ends nothing, so there is no --wait. */
  readonly wanted: Ended | null
}

const steerings: readonly Steering[] = [
  {
    name: 'approve',
    alias: 'promote',
    description: 'end the wait for an approval; --full goes straight to promotion',
    wanted: 'promoted',
  },
  { name: 'pause', description: 'start no run and raise no weight; checks and rollback go on', wanted: null },
  { name: 'resume', description: 'end a pause, and the hold after a weight was lowered by hand', wanted: 'promoted' },
  { name: 'abort', description: 'roll the run back', wanted: 'rolledBack' },
  { name: 'retry', description: 'release the rejected revision again', wanted: 'promoted' },
  {
    name: 'rollback',
    alias: 'undo',
    description: 'put the previously promoted revision back on the primary',
    wanted: 'rolledBack',
  },
]

/** Who writes an annotation for a command is known by this name in managedFields. */
const MANAGER = 'kubectl-sluice'
/** How long the controller is given to answer. */
const ANSWER: Milliseconds = 30_000
/** Of one list. */
const DEADLINE: Milliseconds = 15_000

/** Adds the commands to the program. */
export function steerCommands(program: CliCommand, tools: Tools): CliCommand[] {
  return steerings.map(steering => {
    const command = program
      .command(steering.name)
      .description(steering.description)
      .argument('<name>', 'of the Canary')
      .option('--why <text>', 'the reason, for the events and for people who ask later')
      .option('--dry-run', 'ask the API server whether it would accept the command, and send nothing')
    if (steering.alias !== undefined) command.alias(steering.alias)
    if (steering.name === 'approve') command.option('--full', 'straight to promotion, without the steps that are left')
    if (namesRevision(steering.name))
      command.option('--revision <hash>', 'the revision that is meant, if it is not the one that is there now')
    if (steering.wanted !== null) {
      command.option('--wait', 'wait for the end of the release; the exit codes are those of `sluice status`')
      command.addOption(new Option('--timeout <duration>', 'of --wait, such as 30m').argParser(duration))
    }
    return withClientFlags(command).action(async (argument: string, flags: SteerFlags) => {
      await inSession(tools, flags, session => steer(tools, session, steering, argument, flags))
    })
  })
}

async function steer(
  tools: Tools,
  session: Session,
  { name, wanted }: Steering,
  argument: string,
  flags: SteerFlags,
): Promise<number> {
  const canary = await findCanary(session, argument)
  const status = statusOf(canary)
  const revision = namesRevision(name) ? (flags.revision ?? revisionFor(name, canary, status)) : null
  const id = `${Math.floor(tools.clock.now() / 1000)}-${Math.floor(tools.random() * 0x10000)
    .toString(16)
    .padStart(4, '0')}`
  const words = { id, who: await callerOf(session), full: flags.full === true, revision, why: whyOf(flags) }
  const value = commandValue(name, words)
  const annotated = `canary.sluice.dev/${canary.metadata.name}`
  if (flags.dryRun === true) {
    await send(session, canary, name, value, true)
    await tools.stdout(`${annotated} would get ${annotationOf(name)}="${printable(value)}" (server dry run)\n`)
    return 0
  }
  const sent = await send(session, canary, name, value, false)
  const { answer, since } = await answerTo(tools, session, sent, name, value)
  if (answer.outcome === 'refused') throw new StartupError(`${name} was refused: ${answer.reason}`)
  await tools.stdout(`${annotated}: ${printable(answer.reason)}\n`)
  if (flags.wait !== true || wanted === null) return 0
  const { how, sentence } = await awaitRelease(tools, session, since, {
    revision: null,
    isFollowing: false,
    isPatient: false,
    timeout: flags.timeout ?? null,
    said: line => tools.stderr(`${printable(line)}\n`),
  })
  await tools.stderr(`${printable(sentence)}\n`)
  if (wanted === 'promoted') return CODES[how]
  // A rollback that was asked for is a success, and a promotion in its place is none.
  return how === wanted ? 0 : how === 'promoted' ? CODES.error : CODES[how]
}

/** @throws StartupError for a status that cannot be read, or none. */
function statusOf(canary: KubeObject): CanaryStatus {
  const status = wireStatus(recordOf(canary['status']))
  const { name } = canary.metadata
  if (status === null)
    throw new StartupError(
      `The status of Canary ${name} was written by another version of Sluice: use the sluice of that version`,
    )
  if (status.phase === undefined)
    throw new StartupError(
      `Canary ${name} has no status yet: is the controller running? See: kubectl -n sluice-system get pods`,
    )
  return status
}

/**
 * The revision that is acted upon, as it was seen: one that comes meanwhile must not be meant by mistake.
 *
 * @throws StartupError when there is none.
 */
function revisionFor(name: CommandName, canary: KubeObject, status: CanaryStatus): string {
  const { run, progress, rejectedSpec, previousSpec } = status
  const found = { approve: run?.candidate ?? progress?.candidate, retry: rejectedSpec, rollback: previousSpec }
  const revision = found[name as keyof typeof found]
  if (revision !== undefined) return revision
  const missing = {
    approve: 'no release is under way',
    retry: 'there is no rejected revision to retry',
    rollback: 'no previously promoted revision is recorded',
  }
  throw new StartupError(
    `Canary ${canary.metadata.name}: ${missing[name as keyof typeof missing]} (${status.phase}: ${status.message ?? ''})`,
  )
}

/** An annotation is one line. */
const whyOf = ({ why = '' }: SteerFlags): string => why.replaceAll(/\s+/g, ' ').trim()

const refOf = ({ metadata }: KubeObject): Ref => ({
  kind: kinds.Canary,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
})

/** Adds the annotation, whatever else is written to the Canary meanwhile. @returns the Canary as it is then. */
async function send(
  session: Session,
  canary: KubeObject,
  name: CommandName,
  value: string,
  isRehearsal: boolean,
): Promise<KubeObject> {
  const patch = { metadata: { annotations: { [annotationOf(name)]: value } } }
  const rehearsed = isRehearsal ? ({ rehearsed: true } as const) : {}
  const written = await session.api.write(
    { verb: 'merge', ref: refOf(canary), patch, manager: MANAGER, ...rehearsed },
    session.call(),
  )
  if (written === null) throw new StartupError(`Canary ${canary.metadata.name} was deleted`)
  return written
}

interface Answer {
  readonly outcome: 'done' | 'refused'
  readonly reason: string
}

/** What the controller says of the command, and the Canary since then. @throws StartupError when it says nothing in time. */
async function answerTo(
  { steady, random, stop }: Tools,
  session: Session,
  sent: KubeObject,
  name: CommandName,
  value: string,
): Promise<{ answer: Answer; since: KubeObject }> {
  const changes = new Changes(refOf(sent), {
    api: session.api,
    clock: steady,
    random,
    signal: stop,
    deadline: DEADLINE,
  })
  const due = steady.now() + ANSWER
  try {
    let canary = sent
    for (;;) {
      const answer = answerIn(canary, name, value)
      if (answer !== null) return { answer, since: canary }
      if (canary.metadata.annotations?.[annotationOf(name)] !== value)
        throw new StartupError(
          `Another ${name} came before the controller has answered this one. See: sluice get ${canary.metadata.name}`,
        )
      const left = due - steady.now()
      if (left <= 0)
        throw new StartupError(
          `The controller has not answered within ${ANSWER / 1000}s; is it running? See: kubectl -n sluice-system get pods. The command stays, and is obeyed when it does`,
        )
      const next = await changes.next(left)
      stop.throwIfAborted()
      if (next === 'gone') throw new StartupError(`Canary ${canary.metadata.name} was deleted`)
      if (next !== 'nothing') canary = next
    }
  } finally {
    changes.close()
  }
}

function answerIn(canary: KubeObject, name: CommandName, value: string): Answer | null {
  const handled = recordOf(recordOf(canary['status'])['handledCommands'])[name]
  // Earlier controllers kept the annotation alone.
  const { value: answered, outcome, reason } = typeof handled === 'string' ? { value: handled } : recordOf(handled)
  if (answered !== markOf(value)) return null
  return {
    outcome: outcome === 'refused' ? 'refused' : 'done',
    reason: typeof reason === 'string' && reason !== '' ? reason : `${name} was obeyed`,
  }
}
