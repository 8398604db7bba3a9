/** One canary's next move: rules → move → writes. Pure and total; this is all that the shell ever calls. */
import { memoryNotAhead, notAhead } from './backward-clock.ts'
import type { Decision, Handler, Move, Question } from './decision.ts'
import { noteTarget } from './known-target.ts'
import { announce } from './move.ts'
import type { Observation } from './observation.ts'
import { phases } from './phases.ts'
import { problemOf } from './problems.ts'
import type { Reason } from './reasons.ts'
import { render } from './render.ts'
import type { State } from './state.ts'
import type { Instant } from './time.ts'
import { noteReplicas } from './wishes.ts'

/** Decides, or asks; after an answer it is run again with the findings. */
export function decide(seen: Observation, now: Instant): Decision | Question {
  const o = noted(seen, now)
  const said = (phases[o.state.phase] as Handler<never>)(o as never, now)
  if ('ask' in said) return { ...said, writes: render(o, o.memory.reason) }
  const move = withTrouble(o, said, now)
  return { ...move, writes: render({ ...o, state: move.state, memory: move.memory }, said.reason) }
}

/** The observation with what every phase remembers of it, and no memory of the future. */
function noted(seen: Observation, now: Instant): Observation {
  const o = { ...seen, state: notAhead(seen.state, now), memory: memoryNotAhead(seen.memory, now) }
  return { ...o, memory: { ...o.memory, ...noteTarget(o), replicas: noteReplicas(o, now) } }
}

/** Waits of a run that something in the way may be the cause of. */
const explicable: ReadonlySet<Reason> = new Set<Reason>(['Routing', 'NotCarried', 'Blind', 'PrimaryNotReady'])

/** Writes that are refused, and what is in the way, are said in the place of what is waited for, until they are mended. */
function withTrouble(o: Observation, move: Move, now: Instant): Move {
  const { memory } = o
  // A move to another barrier is news of its own; a wait at the same one is what the trouble explains.
  if (barrierOf(move.state) !== barrierOf(o.state)) return move
  const inRun = o.state.phase === 'Progressing' || o.state.phase === 'WaitingPromotion'
  const trouble = o.trouble ?? (inRun && explicable.has(move.reason) ? problemOf(o, 'run') : null)
  if (trouble === null) return move
  const told = memory.reason === trouble.reason && memory.message === trouble.message
  const announcements = told
    ? move.announcements
    : [...move.announcements, announce(o, { severity: 'warn', ...trouble }, now)]
  return { ...move, ...trouble, announcements }
}

const barrierOf = (state: State): string =>
  [state.phase, 'stage' in state ? state.stage : '', 'weight' in state ? state.weight : ''].join('/')
