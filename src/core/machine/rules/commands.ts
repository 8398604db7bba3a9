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
  isTerm,
  markOf,
  parseCommand,
} from '../../model/command.ts'
import { commandLine, commands } from '../../model/command-line.ts'
import { COMMIT_ANNOTATION, commitOf, LONGEST_COMMIT } from '../../model/commit.ts'
import type { Move } from '../../model/decision.ts'
import { atStage, pauseOf, pausingField, withClock, withImage } from '../../model/selectors.ts'
import { fingerprint } from '../../json.ts'
import type { Memory } from '../../model/memory.ts'
import { announce, holdUnchanged, transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import type { State } from '../../model/state.ts'
import { beginning, clipped } from '../../text.ts'
import { waitingFor } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'
import { commandFactsOf, type Effect, effectOf } from './command-effects.ts'
import { rollBack } from './end-run.ts'
import { rejectWaiting } from './rollback-hooks.ts'
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

/** What a command does: a move, or a change of memory with a sentence. */
type Obeyed = { readonly move: Move } | { readonly memory: Memory; readonly state?: State; readonly said: string }

/** The first command that is new is obeyed, or refused with a sentence; the rest follow in the next passes. */
export function applyCommand(o: Observation, now: Instant): Move | undefined {
  if (o.memory.handled === null) return recordOnly(o, now)
  const [command] = fresh(o)
  if (command === undefined) return answerUnknown(o, now)
  // The rules that a command leads to see it as handled.
  const told = { ...o, memory: withAnswer(o.memory, command, 'done', '') }
  const effect =
    command.id === ''
      ? { refused: 'its value must be "<id> <why>"' }
      : isTerm(command.name, command.id)
        ? { refused: `its value must begin with an id: ${commandLine(o.names, command.name, command.value.trim())}` }
        : effectOf(commandFactsOf(told), command.name, command)
  if ('refused' in effect) {
    const message = `"${command.name}" by ${by(command)} was refused: ${effect.refused}`
    const memory = withAnswer(o.memory, command, 'refused', effect.refused)
    return kept(told, memory, announce(o, { reason: 'CommandRefused', message }, now), now)
  }
  const answer = carryOutCommand(told, command, effect, now)
  if ('move' in answer) {
    const { move } = answer
    return { ...move, memory: withAnswer(move.memory, command, 'done', move.message) }
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
  const read: readonly string[] = commitOf(o.canary) === null ? known : [...known, COMMIT_ANNOTATION]
  const unknown = Object.entries(o.canary.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(ANNOTATION_PREFIX) && !read.includes(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const { handled } = o.memory
  const mark = unknown.length === 0 ? undefined : fingerprint(unknown)
  if (handled?.['unknown']?.value === mark) return undefined
  const { unknown: _, ...others } = handled ?? {}
  if (mark === undefined) return kept(o, { ...o.memory, handled: others }, null, now)
  const named = unknown.slice(0, NAMED).map(([key]) => clipped(key, LONGEST_WHY))
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : ''
  const isCommit = unknown.some(([key]) => key === COMMIT_ANNOTATION)
  const also = isCommit ? `; ${COMMIT_ANNOTATION} takes 1 to ${LONGEST_COMMIT} characters` : ''
  const message = `Annotation ${named.join(', ')}${more} is not a command and has no effect; the commands are ${known.join(', ')}${also}`
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

/** What obeying changes. */
function carryOutCommand(o: Observation, command: Command, effect: Effect, now: Instant): Obeyed {
  switch (effect.does) {
    case 'roll back':
      return {
        move: rollBack({ ...o, state: effect.state }, effect.state, 'Aborted', `aborted by ${by(command)}`, now),
      }
    case 'undo the promotion':
      return { move: undo({ ...o, state: effect.state }, `aborted by ${by(command)}`, now) }
    case 'reject': {
      const { candidate } = effect.state
      const message = `Revision ${withImage(o, candidate)} was aborted before it started, by ${by(command)}`
      return { move: rejectWaiting({ ...o, state: effect.state }, 'Aborted', message, now) }
    }
    case 'pause':
      return { memory: { ...o.memory, paused: beginning(by(command), LONGEST_WHY) }, said: 'Paused' }
    case 'resume':
      return resume(o, effect, now)
    case 'approve': {
      const { state, full } = effect
      const approved = full ? 'full' : state.traffic.canary
      const pause = pauseOf(o)
      const once = pause === null ? '' : `, once the pause ends (${pause})`
      const said = `${full ? 'Approved, straight to promotion' : `Approved at weight ${state.traffic.canary}`}${once}`
      const next = { ...withClock(state, 'running', now), phase: 'Progressing', approved } as const
      return { memory: o.memory, state: next, said }
    }
    case 'retry': {
      const message = `Releasing rejected revision ${withImage(o, effect.rejected)} again, requested by ${by(command)}`
      const memory = { ...o.memory, retry: effect.rejected }
      return { move: transition(o, o.state, { reason: 'Retrying', message }, now, memory) }
    }
    case 'restore':
      return { move: restore(o, effect, `requested by ${by(command)}`, now) }
  }
}

function resume(o: Observation, { run, from }: Extract<Effect, { does: 'resume' }>, now: Instant): Obeyed {
  const memory = { ...o.memory, paused: null }
  const said = o.canary.spec.paused ? `Resumed, but ${pausingField(o)} is still true` : 'Resumed'
  if (run === null) return { memory, said }
  const clock = o.canary.spec.paused ? 'stopped' : 'running'
  const going = { ...withClock(run, clock, now), phase: run.phase, hold: null }
  if (from === 'here') return { memory, state: going, said }
  return {
    memory,
    state: { ...atStage(going, 'startingPods', now), blindSince: null },
    said: 'Resumed from the first step',
  }
}

function restore(
  o: Observation,
  { state, previous }: Extract<Effect, { does: 'restore' }>,
  because: string,
  now: Instant,
): Move {
  const message = `Rolling back ${kindAndName(o.names.primary)} to ${withImage(o, previous)}, ${because}`
  const next: State = {
    phase: 'Finalising',
    promoted: previous,
    rejected: o.target?.revision ?? state.promoted,
    carriedAt: null,
    outcome: 'RolledBack',
    because: clipped(because, LONGEST_WHY),
    waiting: waitingFor('primary', now),
  }
  const memory: Memory = { ...o.memory, previous: null, retry: null }
  return transition(o, next, { reason: 'RollingBack', message }, now, memory)
}
