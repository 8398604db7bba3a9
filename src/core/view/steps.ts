/** The steps of the plan with their times: what has passed, what has the traffic, and the earliest time of what follows. */
import type { Canary } from '../../api/canary.ts'
import type { Memory } from '../model/memory.ts'
import { audienceOf, dueAt, nextCheckAfter, type Plan, planOf, positionOf, type Step, stepAt } from '../model/plan.ts'
import { pauseOf } from '../model/selectors.ts'
import type { Analysis, State } from '../model/state.ts'
import { compare, sameTraffic } from '../model/traffic.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { isoOrNull } from './text.ts'
import type { StepState, StepView } from './view.ts'

/** What the steps are told from. */
export interface Position {
  readonly canary: Canary
  readonly state: State
  readonly memory: Memory
}

/** The steps of the present run; at rest of the last one where its revision is still the matter, else of the next. */
export function stepsOf(of: Position, now: Instant): StepView[] {
  const { analysis, skipAnalysis } = of.canary.spec
  if (skipAnalysis) return []
  const plan = planOf(analysis)
  const states = statesOf(of, plan)
  const times = earliestOf(of, plan, states, now)
  const { state } = of
  return plan.map((step, index) => {
    const is = states[index] ?? 'to come'
    const isNow = is === 'now' && 'iteration' in state
    const passed = is === 'done' ? step.iterations : isNow ? state.iteration : 0
    return {
      number: index + 1,
      weight: step.traffic.canary,
      mirror: step.traffic.mirror,
      iterations: { passed, of: step.iterations },
      holdSeconds: lengthOf(of.canary, step) / 1000,
      approve: step.approve,
      state: is,
      since: isNow ? isoOrNull(state.carriedAt) : null,
      notBefore: isoOrNull(times[index] ?? null),
    }
  })
}

/** The step that has the traffic; null: none has. */
export function presentStep({ canary, state }: Omit<Position, 'memory'>): Step | null {
  if (!('hold' in state) || state.stage !== 'advancing' || canary.spec.skipAnalysis) return null
  return stepAt(planOf(canary.spec.analysis), state.traffic) ?? null
}

function statesOf({ canary, state, memory }: Position, plan: Plan): StepState[] {
  if (!('id' in state)) return atRest({ canary, state, memory }, plan)
  const reached = positionOf(plan, state)
  const present = presentStep({ canary, state })
  const isCut = state.phase === 'Promoting' || state.approved === 'full'
  return plan.map((step, index): StepState => {
    if (present !== null && sameTraffic(step.traffic, present.traffic)) return 'now'
    if (index < reached) return 'done'
    if (isCut) return 'skipped'
    return index === reached ? 'next' : 'to come'
  })
}

/** The last run, while it is what the phase is about; else what the next one will go through. */
function atRest({ canary, state, memory }: Position, plan: Plan): StepState[] {
  const [last] = memory.history
  if (state.phase === 'Waiting') return plan.map((_, index) => (index === 0 ? 'next' : 'to come'))
  const isPromoted =
    (state.phase === 'Finalising' && state.outcome === 'Succeeded') ||
    (state.phase === 'Succeeded' && last?.outcome === 'Succeeded' && last.revision === state.promoted)
  if (isPromoted) return plan.map(() => 'done')
  if (state.phase !== 'Failed' || last?.outcome !== 'Failed' || last.revision !== state.rejected)
    return plan.map(() => 'to come')
  const highest = { canary: last.highest, among: audienceOf(canary.spec.analysis), mirror: 0 }
  const reached = plan.filter(step => step.traffic.canary > 0 && compare(step.traffic, highest) <= 0).length
  const before = plan.filter(step => step.traffic.canary === 0).length
  return plan.map((_, index): StepState => {
    if (reached === 0) return 'not reached'
    return index < before + reached - 1 ? 'done' : index === before + reached - 1 ? 'failed' : 'not reached'
  })
}

/** How long a step lasts at least, one iteration of it. */
const lengthOf = ({ spec }: Canary, { hold }: Step): Milliseconds => Math.max(spec.analysis.interval, hold)

/**
 * When each step that follows can begin, if all that is still to be checked passes at once: a lower bound. None where a person, a
 * setting or data is waited for.
 */
function earliestOf(of: Position, plan: Plan, states: readonly StepState[], now: Instant): (Instant | null)[] {
  const present = states.indexOf('now')
  const end = present < 0 ? null : endOfPresent(of, now)
  const times: (Instant | null)[] = plan.map(() => null)
  let begins = end
  for (const [index, step] of plan.entries()) {
    if (begins === null || index <= present || states[index] === 'skipped') continue
    times[index] = begins
    begins = wholeSecond(begins + step.iterations * lengthOf(of.canary, step))
  }
  return times
}

/** The earliest end of the step that has the traffic; null where it cannot be told. */
export function endOfPresent({ canary, state, memory }: Position, now: Instant): Instant | null {
  const step = presentStep({ canary, state })
  if (step === null || !('hold' in state) || isHeld({ canary, state, memory })) return null
  const { analysis } = canary.spec
  // The time at which it was carried is written a moment later; it is after the change of the weight.
  const carriedAt = state.carriedAt ?? memory.transitionAt
  const left = Math.max(0, step.iterations - state.iteration - 1)
  const due = wholeSecond(dueAt(analysis, state.traffic, carriedAt) + left * lengthOf(canary, step))
  if (due > now) return due
  const check = nextCheckAfter(analysis, state.traffic, carriedAt, state.lastCheckTime)
  return check > now ? check : null
}

/** Time alone does not bring the next step. */
function isHeld({ canary, state, memory }: Omit<Position, 'state'> & { readonly state: Analysis }): boolean {
  return (
    pauseOf({ canary, memory }) !== null ||
    state.hold !== null ||
    state.misrouted ||
    state.blindSince !== null ||
    memory.reason === 'WaitingForApproval' ||
    memory.reason === 'WaitingForWebhook'
  )
}

/** Checks fall on whole seconds. */
const wholeSecond = (instant: Instant): Instant => Math.ceil(instant / 1000) * 1000
