/** Words of the page for what the view names by keys. */
import { lengthInWords } from '../../src/core/view/text.ts'
import type { ActionView, GateView, HistoryView, StepState, Tone } from '../../src/core/view/view.ts'

type CommandName = ActionView['command']

export const toneWords: Readonly<Record<Tone, string>> = {
  good: 'At rest',
  working: 'Under way',
  waiting: 'Waiting',
  person: 'Needs a decision',
  failed: 'Rolled back',
  stalled: 'Stalled',
  unknown: 'Unknown',
}

export const stepWords: Readonly<Record<StepState, string>> = {
  done: 'done',
  now: 'now',
  next: 'next',
  'to come': 'to come',
  skipped: 'skipped',
  'not reached': 'not reached',
  failed: 'rolled back here',
}

export const verdictWords: Readonly<Record<NonNullable<GateView['verdict']>, string>> = {
  pass: 'passes',
  fail: 'fails',
  hold: 'holds',
}

export const outcomeTones: Readonly<Record<HistoryView['outcome'], Tone>> = {
  Succeeded: 'good',
  Failed: 'failed',
  Withdrawn: 'unknown',
  Superseded: 'unknown',
}

const commandWords: Readonly<Record<CommandName, string>> = {
  approve: 'Approve',
  resume: 'Resume',
  pause: 'Pause',
  retry: 'Retry',
  rollback: 'Roll back',
  abort: 'Abort',
}

/** The text of the button of a command. */
export const actionWords = ({ command, terms }: Pick<ActionView, 'command' | 'terms'>): string =>
  terms === 'full' ? 'Approve full promotion' : commandWords[command]

export const commandWord = (command: CommandName): string => commandWords[command]

/** Commands that take traffic from a revision. */
export const isStopping = (command: CommandName): boolean => command === 'abort' || command === 'rollback'

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** How far a time lies ahead: `in 12s`; `due` when it has come. */
export const aheadInWords = (time: string, now: number): string => {
  const ahead = Date.parse(time) - now
  return ahead <= 0 ? 'due' : `in ${lengthInWords(ahead)}`
}

/** Day and time, where it may not be of today: `2026-11-30 02:57`. */
export function dayAndTime(time: number): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone })
  return parts.format(time)
}
