/** What `decide` answers to an observation, in words for people: what the controller does next, and not only what it last wrote. */
import type { Decision, Question, Read } from '../model/decision.ts'
import type { Observation } from '../model/observation.ts'
import { requestedOf } from '../model/selectors.ts'
import { decisiveReason } from '../status/status-write-policy.ts'
import { isoOrNull } from './text.ts'
import type { Time } from './view.ts'

export interface DecisionView {
  /**
   * - `check`: nothing is decided before the metrics are evaluated.
   * - `move`: the next status is another one, as below. The controller writes it at once; if it stays away, the controller does not run.
   * - `hold`: the status stays as it is.
   */
  readonly does: 'check' | 'move' | 'hold'
  /** Of the next status; of a check those of the present one. */
  readonly phase: string
  readonly reason: string
  readonly message: string
  /** Percent of the requests that the canary is to get then. */
  readonly weight: number
  /** When time alone leads to another decision; null: only a change does. */
  readonly until: Time | null
}

/** @param said what `decide` answered to the observation. */
export function decisionView({ state, memory }: Observation, said: Decision | Question | Read): DecisionView {
  const present = {
    phase: state.phase,
    reason: memory.reason,
    message: memory.message,
    weight: requestedOf(state).canary,
  }
  if ('ask' in said || 'read' in said) return { does: 'check', ...present, until: null }
  const next = {
    phase: said.state.phase,
    reason: said.reason,
    message: said.message,
    weight: requestedOf(said.state).canary,
  }
  // A reason that every run passes through is written with the next news, seconds later: it is no move that is missing.
  const isSameReason = decisiveReason(next.reason) === decisiveReason(present.reason)
  const isSame = next.phase === present.phase && isSameReason && next.weight === present.weight
  return { does: isSame ? 'hold' : 'move', ...next, until: isoOrNull(said.wakeAt) }
}
