/**
 * A person's commands (model/command.ts). Each new value of an annotation acts once; what was handled, and what became of it, is in
 * the status: so neither a restart nor GitOps repeats it, and who waits for the answer reads it there.
 */
import { kindAndName } from '../../model/names.ts'
import type { Announcement } from '../../model/announcement.ts'
import {
  ANNOTATION_PREFIX,
  annotationOf,
  type Command,
  type HandledCommand,
  markOf,
  parseCommand,
} from '../../model/command.ts'
import { commandLine, type CommandName, commands } from '../../model/command-line.ts'
import type { Move } from '../../model/decision.ts'
import { atStage, pausingField, short, withClock, withImage } from '../../model/selectors.ts'
import { fingerprint } from '../../json.ts'
import type { Memory } from '../../model/memory.ts'
import { announce, holdUnchanged, transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { isQuoted } from '../../model/revision.ts'
import type { AnalysisPhase, RestingPhase, State } from '../../model/state.ts'
import { isNone } from '../../model/traffic.ts'
import { beginning, clipped } from '../../text.ts'
import { waitingFor } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'
import { approvalPending } from './advance.ts'
import { rollBack } from './end-run.ts'
import { rejectWaiting } from './rollback-hooks.ts'
import { mustShift } from './shift.ts'
import { undo } from './undo.ts'

/** The commands that were not acted upon yet. */
function fresh(o: Observation): Command[] {
  const annotations = o.canary.metadata.annotations ?? {}
  return commands.flatMap(name => {
    const value = annotations[annotationOf(name)]
    if (value === undefined || o.memory.handled?.[name]?.value === markOf(value)) return []
    return [parseCommand(name, value)]
  })
}

/** What of a pause's reason is kept. */
const LONGEST_WHY = 256

/** What of an id is kept. */
const LONGEST_ID = 64

const by = (command: Command): string =>
  `${command.who === '' ? 'a user' : command.who}${command.why === '' ? '' : `: ${command.why}`}`

/** What a command does in a phase: a move, a change of memory with a sentence, or a refusal. */
type Answer =
  | { readonly move: Move }
  | { readonly memory: Memory; readonly state?: State; readonly said: string }
  | { readonly refused: string }

/** The first command that is new is obeyed, or refused with a sentence; the rest follow in the next passes. */
export function applyCommand(o: Observation, now: Instant): Move | undefined {
  if (o.memory.handled === null) return recordOnly(o, now)
  const [command] = fresh(o)
  if (command === undefined) return answerUnknown(o, now)
  // The rules that a command leads to see it as handled.
  const told = { ...o, memory: withAnswer(o.memory, command, 'done', '') }
  const answer =
    command.id === '' ? { refused: 'its value must be "<id> <why>"' } : answers[command.name](told, command, now)
  if ('move' in answer) {
    const { move } = answer
    return { ...move, memory: withAnswer(move.memory, command, 'done', move.message) }
  }
  if ('refused' in answer) {
    const message = `"${command.name}" by ${by(command)} was refused: ${answer.refused}`
    const memory = withAnswer(o.memory, command, 'refused', answer.refused)
    return kept(told, memory, announce(o, { reason: 'CommandRefused', message }, now), now)
  }
  const reason = command.name === 'approve' ? 'Approved' : command.name === 'resume' ? 'Resumed' : 'Paused'
  const news = announce(o, { reason, message: `${answer.said} (${by(command)})` }, now)
  const memory = withAnswer(answer.memory, command, 'done', answer.said)
  return kept(answer.state === undefined ? told : { ...told, state: answer.state }, memory, news, now)
}

/** What of the answer to a command is kept: it is also an event, whole. */
const LONGEST_ANSWER = 256

function withAnswer(memory: Memory, command: Command, outcome: HandledCommand['outcome'], reason: string): Memory {
  const answer: HandledCommand = {
    id: clipped(command.id, LONGEST_ID),
    value: markOf(command.value),
    outcome,
    reason: clipped(reason, LONGEST_ANSWER),
  }
  return { ...memory, handled: { ...memory.handled, [command.name]: answer } }
}

/** So many annotations that are no commands are named. */
const NAMED = 3

/** What looks like a command and is none is answered once, for as long as it is the same. */
function answerUnknown(o: Observation, now: Instant): Move | undefined {
  const known: readonly string[] = commands.map(annotationOf)
  const unknown = Object.entries(o.canary.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(ANNOTATION_PREFIX) && !known.includes(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const { handled } = o.memory
  const mark = unknown.length === 0 ? undefined : fingerprint(unknown)
  if (handled?.['unknown']?.value === mark) return undefined
  const { unknown: _, ...others } = handled ?? {}
  if (mark === undefined) return kept(o, { ...o.memory, handled: others }, null, now)
  const named = unknown.slice(0, NAMED).map(([key]) => clipped(key, LONGEST_WHY))
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : ''
  const message = `Annotation ${named.join(', ')}${more} is not a command and has no effect; the commands are ${known.join(', ')}`
  const news = announce(o, { reason: 'CommandRefused', message }, now)
  const answer: HandledCommand = { id: '', value: mark, outcome: 'refused', reason: clipped(message, LONGEST_ANSWER) }
  return kept(o, { ...o.memory, handled: { ...others, unknown: answer } }, news, now)
}

/** Commands that a canary has when it is first seen are old: they are recorded, not run. */
function recordOnly(o: Observation, now: Instant): Move {
  const early = 'it is older than the Canary'
  const none: Memory = { ...o.memory, handled: {} }
  const memory = fresh(o).reduce((told, command) => withAnswer(told, command, 'refused', early), none)
  return { ...kept(o, memory, null, now) }
}

/** The sentence on show stays; the next pass goes on from the new memory. */
function kept(o: Observation, memory: Memory, news: Announcement | null, now: Instant): Move {
  return { ...holdUnchanged(o, now, { memory }), announcements: news === null ? [] : [news] }
}

const isAnalysis = (o: Observation): o is Observation<AnalysisPhase> =>
  o.state.phase === 'Progressing' || o.state.phase === 'WaitingPromotion'
const isResting = (o: Observation): o is Observation<RestingPhase> =>
  o.state.phase === 'Initialized' || o.state.phase === 'Succeeded' || o.state.phase === 'Failed'
const isWaiting = (o: Observation): o is Observation<'Waiting'> => o.state.phase === 'Waiting'
const isPromoting = (o: Observation): o is Observation<'Promoting'> => o.state.phase === 'Promoting'

const answers: { readonly [N in CommandName]: (o: Observation, command: Command, now: Instant) => Answer } = {
  abort(o, command, now) {
    if (isAnalysis(o)) return { move: rollBack(o, o.state, 'Aborted', `aborted by ${by(command)}`, now) }
    if (isPromoting(o)) {
      if (o.state.stage === 'diverting' || o.state.stage === 'undoing')
        return { refused: 'the promotion is being undone already' }
      return { move: undo(o, `aborted by ${by(command)}`, now) }
    }
    if (isWaiting(o)) {
      const { candidate } = o.state
      const message = `Revision ${withImage(o, candidate)} was aborted before it started, by ${by(command)}`
      return { move: rejectWaiting(o, 'Aborted', message, now) }
    }
    return { refused: 'no run is under way' }
  },

  pause(o, command) {
    if (o.state.phase === 'Terminating') return { refused: 'the canary is being deleted' }
    if (isPromoting(o) && o.state.stage !== 'shifting') {
      const undone = o.state.stage === 'diverting' || o.state.stage === 'undoing'
      return {
        refused: undone
          ? 'the promotion is being undone'
          : `${kindAndName(o.names.primary)} is being updated already; \`abort\` undoes the promotion`,
      }
    }
    return { memory: { ...o.memory, paused: beginning(by(command), LONGEST_WHY) }, said: 'Paused' }
  },

  resume(o, _command, now) {
    const held = isAnalysis(o) && o.state.hold !== null
    if (o.memory.paused === null && !held) {
      const still = o.canary.spec.paused ? `${pausingField(o)} is true; set it to false` : 'nothing is paused'
      return { refused: still }
    }
    const memory = { ...o.memory, paused: null }
    const said = o.canary.spec.paused ? `Resumed, but ${pausingField(o)} is still true` : 'Resumed'
    if (!isAnalysis(o)) return { memory, said }
    const clock = o.canary.spec.paused ? 'stopped' : 'running'
    const going = { ...withClock(o.state, clock, now), phase: o.state.phase, hold: null }
    // At weight 0 the pods may be gone meanwhile: they are ready before the first step.
    if (o.state.hold === null || !isNone(o.state.traffic)) return { memory, state: going, said }
    return {
      memory,
      state: { ...atStage(going, 'startingPods', now), blindSince: null },
      said: 'Resumed from the first step',
    }
  },

  approve(o, command, now) {
    const { full, revision } = command
    if (!isAnalysis(o) || (!full && !approvalPending(o))) return { refused: notApprovable(o) }
    if (isOther(o.state.candidate, command)) {
      return { refused: `it names revision ${revision}, and the candidate is ${short(o.state.candidate)}` }
    }
    const approved = full ? 'full' : o.state.traffic.canary
    const state = { ...withClock(o.state, 'running', now), phase: 'Progressing', approved } as const
    const said = full ? 'Approved, straight to promotion' : `Approved at weight ${o.state.traffic.canary}`
    return { memory: o.memory, state, said }
  },

  retry(o, command, now) {
    if (o.state.phase !== 'Failed' || o.state.rejected === null)
      return { refused: 'there is no rejected revision to retry' }
    if (o.target?.revision !== o.state.rejected)
      return { refused: `${kindAndName(o.names.target)} does not hold the rejected revision any more` }
    if (isOther(o.state.rejected, command)) {
      return {
        refused: `it names revision ${command.revision}, and the rejected one is ${short(o.state.rejected)}`,
      }
    }
    const message = `Releasing rejected revision ${withImage(o, o.state.rejected)} again, requested by ${by(command)}`
    const memory = { ...o.memory, retry: o.state.rejected }
    return { move: transition(o, o.state, { reason: 'Retrying', message }, now, memory) }
  },

  rollback(o, command, now) {
    if (o.state.phase === 'Terminating') return { refused: 'the canary is being deleted' }
    if (o.state.phase === 'Initializing') return { refused: 'nothing was promoted yet' }
    if (!isResting(o) && o.state.phase !== 'Waiting') return { refused: 'a run is under way; abort it first' }
    const { previous } = o.memory
    if (previous === null || !o.recorded.some(one => one.revision === previous)) {
      return { refused: 'no previously promoted revision is recorded' }
    }
    if (isOther(previous, command)) {
      return {
        refused: `it names revision ${command.revision}, and the previously promoted one is ${short(previous)}`,
      }
    }
    if (mustShift(o) && (o.primary?.ready ?? 0) > 0) {
      return {
        refused: `the rollout of ${kindAndName(o.names.primary)} may stop all old pods first, and nothing else would serve; set the earlier image on ${kindAndName(o.names.target)} and promote it with ${commandLine(o.names, 'approve', 'full')}`,
      }
    }
    const because = `requested by ${by(command)}`
    const message = `Rolling back ${kindAndName(o.names.primary)} to ${withImage(o, previous)}, ${because}`
    const next: State = {
      phase: 'Finalising',
      promoted: previous,
      rejected: o.target?.revision ?? o.state.promoted,
      carriedAt: null,
      outcome: 'RolledBack',
      because: clipped(because, LONGEST_WHY),
      waiting: waitingFor('primary', now),
    }
    const memory: Memory = { ...o.memory, previous: null, retry: null }
    return { move: transition(o, next, { reason: 'RollingBack', message }, now, memory) }
  },
}

/** Why there is nothing to approve; a webhook that is waited for is named. */
function notApprovable(o: Observation): string {
  const waited = o.memory.hooks.flatMap(({ name }) => {
    const type = o.canary.spec.analysis.webhooks.find(hook => hook.name === name)?.type ?? ''
    return type.startsWith('confirm-') ? [`webhook ${name} (${type})`] : []
  })
  const gates = waited.length === 0 ? '' : `; ${waited.join(', ')} has to say yes`
  return `no step is waiting for approval${gates}`
}

/** The command names a revision, and not this one. */
const isOther = (revision: string, command: Command): boolean =>
  command.revision !== null && !isQuoted(revision, command.revision)
