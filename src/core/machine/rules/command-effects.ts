/**
 * What a command would do now, or why it is refused: the machine obeys by it, and the view tells people what they can do. What is
 * not known, because a viewer may not read it, refuses nothing.
 */
import type { Command } from '../../model/command.ts'
import { type CommandName, commandLine } from '../../model/command-line.ts'
import { kindAndName } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { isQuoted } from '../../model/revision.ts'
import { pauseOf, pausingField, short } from '../../model/selectors.ts'
import type { AnalysisPhase, Phase, Revision, State, StateOf } from '../../model/state.ts'
import { isNone } from '../../model/traffic.ts'
import { approvalPending } from './advance.ts'
import { mustShift } from './shift.ts'

/** What cannot be told. */
export type Unknown = 'unknown'

/** All that decides whether a command is obeyed. */
export interface CommandFacts extends Pick<Observation, 'canary' | 'names' | 'state' | 'memory'> {
  /** The revision on the target; null: there is no target. */
  readonly onTarget: { readonly revision: Revision | null } | Unknown
  /** Whether the template of the previously promoted revision is recorded. */
  readonly isPreviousRecorded: boolean | Unknown
  /** Whether an update of the primary may stop all pods that serve. */
  readonly mayStopServing: boolean | Unknown
}

export function commandFactsOf(o: Observation): CommandFacts {
  const { canary, names, state, memory } = o
  return {
    canary,
    names,
    state,
    memory,
    onTarget: { revision: o.target?.revision ?? null },
    isPreviousRecorded: o.recorded.some(one => one.revision === memory.previous),
    mayStopServing: mustShift(o) && (o.primary?.ready ?? 0) > 0,
  }
}

/** Words of a command that decide, too. */
export type Terms = Pick<Command, 'full' | 'revision'>

export const NO_TERMS: Terms = { full: false, revision: null }

/** What obeying means. */
export type Effect =
  | { readonly does: 'roll back'; readonly state: StateOf<AnalysisPhase> }
  | { readonly does: 'undo the promotion'; readonly state: StateOf<'Promoting'> }
  | { readonly does: 'reject'; readonly state: StateOf<'Waiting'> }
  | { readonly does: 'pause' }
  | { readonly does: 'resume'; readonly run: StateOf<AnalysisPhase> | null; readonly from: 'here' | 'the first step' }
  | { readonly does: 'approve'; readonly state: StateOf<AnalysisPhase>; readonly full: boolean }
  | { readonly does: 'retry'; readonly state: StateOf<'Failed'>; readonly rejected: Revision }
  | {
      readonly does: 'restore'
      readonly state: StateOf<'Initialized' | 'Succeeded' | 'Failed' | 'Waiting'>
      readonly previous: Revision
    }

/** `refused` is a clause that says why. */
export type Refusal = { readonly refused: string }

/** What a command would do in this state. */
export function effectOf(facts: CommandFacts, command: CommandName, terms: Terms): Effect | Refusal {
  return effects[command](facts, terms)
}

const isOneOf = <P extends Phase>(state: State, ...phases: readonly P[]): state is Extract<State, { phase: P }> =>
  (phases as readonly Phase[]).includes(state.phase)

const ANALYSIS = ['Progressing', 'WaitingPromotion'] as const
const RESTING = ['Initialized', 'Succeeded', 'Failed'] as const
const DELETED = 'the canary is being deleted'

const effects: { readonly [N in CommandName]: (facts: CommandFacts, terms: Terms) => Effect | Refusal } = {
  abort({ state }) {
    if (isOneOf(state, ...ANALYSIS)) return { does: 'roll back', state }
    if (isOneOf(state, 'Waiting')) return { does: 'reject', state }
    if (!isOneOf(state, 'Promoting')) return { refused: 'no run is under way' }
    if (isUndone(state)) return { refused: 'the promotion is being undone already' }
    return { does: 'undo the promotion', state }
  },

  pause({ state, names }) {
    if (isOneOf(state, 'Terminating')) return { refused: DELETED }
    if (!isOneOf(state, 'Promoting') || state.stage === 'shifting') return { does: 'pause' }
    return {
      refused: isUndone(state)
        ? 'the promotion is being undone'
        : `${kindAndName(names.primary)} is being updated already; \`abort\` undoes the promotion`,
    }
  },

  resume(facts) {
    const { canary, state, memory } = facts
    const run = isOneOf(state, ...ANALYSIS) ? state : null
    const isHeld = run !== null && run.hold !== null
    if (memory.paused === null && !isHeld) {
      return {
        refused: canary.spec.paused ? `${pausingField(facts)} is true; set it to false` : 'nothing is paused',
      }
    }
    // At weight 0 the pods may be gone meanwhile: they are ready before the first step.
    return { does: 'resume', run, from: isHeld && isNone(run.traffic) ? 'the first step' : 'here' }
  },

  approve(facts, { full, revision }) {
    const { canary, state } = facts
    if (!isOneOf(state, ...ANALYSIS) || (!full && !approvalPending({ canary, state })))
      return { refused: notApprovable(facts) }
    const other = otherRevision(revision, state.candidate, 'the candidate')
    return other ?? { does: 'approve', state, full }
  },

  retry({ state, names, onTarget }, { revision }) {
    if (!isOneOf(state, 'Failed') || state.rejected === null)
      return { refused: 'there is no rejected revision to retry' }
    const { rejected } = state
    if (onTarget !== 'unknown' && onTarget.revision !== rejected)
      return { refused: `${kindAndName(names.target)} does not hold the rejected revision any more` }
    return otherRevision(revision, rejected, 'the rejected one') ?? { does: 'retry', state, rejected }
  },

  rollback({ state, names, memory, isPreviousRecorded, mayStopServing }, { revision }) {
    if (isOneOf(state, 'Terminating')) return { refused: DELETED }
    if (isOneOf(state, 'Initializing')) return { refused: 'nothing was promoted yet' }
    if (!isOneOf(state, ...RESTING, 'Waiting')) return { refused: 'a run is under way; abort it first' }
    const { previous } = memory
    if (previous === null || isPreviousRecorded === false)
      return { refused: 'no previously promoted revision is recorded' }
    if (mayStopServing === true) {
      return {
        refused: `the rollout of ${kindAndName(names.primary)} may stop all old pods first, and nothing else would serve; set the earlier image on ${kindAndName(names.target)} and promote it with ${commandLine(names, 'approve', 'full')}`,
      }
    }
    return otherRevision(revision, previous, 'the previously promoted one') ?? { does: 'restore', state, previous }
  },
}

const isUndone = ({ stage }: StateOf<'Promoting'>): boolean => stage === 'diverting' || stage === 'undoing'

/** Why there is nothing to approve; a webhook that is waited for is named. */
function notApprovable({ canary, memory, state }: CommandFacts): string {
  const waited = memory.hooks.flatMap(({ name }) => {
    const type = canary.spec.analysis.webhooks.find(hook => hook.name === name)?.type ?? ''
    return type.startsWith('confirm-') ? [`webhook ${name} (${type})`] : []
  })
  const gates = waited.length === 0 ? '' : `; ${waited.join(', ')} has to say yes`
  const pause = isOneOf(state, 'Waiting') ? pauseOf({ canary, memory }) : null
  return `no step is waiting for approval${pause === null ? '' : `; the release waits to start: ${pause}`}${gates}`
}

/** A command that names a revision is about that one alone. */
function otherRevision(named: string | null, meant: Revision, which: string): Refusal | null {
  if (named === null || isQuoted(meant, named)) return null
  return { refused: `it names revision ${named}, and ${which} is ${short(meant)}` }
}
