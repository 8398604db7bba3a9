/** After a look: wait for what is still missing, then the next step of the plan, or promotion. */
import type { Ask, Handler, Move, Read, Rule } from '../../model/decision.ts'
import { firstOf } from '../../model/decision.ts'
import { atStage, atTraffic, firstWait, short, withClock } from '../../model/selectors.ts'
import { hold, holdAndReport, holdUnchanged, transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { problemOf } from '../../problems/index.ts'
import { dueAt, planOf, nextCheckAfter, nextStep, stepAt, lastStep } from '../../model/plan.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import type { Instant } from '../../time.ts'
import { mustShift, shiftSentence } from './shift.ts'
import { pauseOf } from './start.ts'
import { ALL, isNone, sameTraffic } from '../../model/traffic.ts'

type AnalysisRule = Rule<AnalysisPhase>

const wake = (o: Observation<AnalysisPhase>): Instant | null =>
  isNone(o.state.traffic) || o.state.carriedAt === null
    ? null
    : nextCheckAfter(o.canary.spec.analysis, o.state.traffic, o.state.carriedAt, o.state.lastCheckTime)

/** A step ends when its time is over and the last look has passed. */
const waitUntilDue: AnalysisRule = (o, now) => {
  const { state } = o
  if (state.stage !== 'climbing' || isNone(state.traffic)) return undefined
  const due = dueAt(o.canary.spec.analysis, state.traffic, state.carriedAt ?? now)
  if (state.lastCheckPassed && (state.lastCheckTime ?? 0) >= due) return undefined
  // What the last check said stays on show until the next one.
  if (state.lastCheckTime === null || !state.lastCheckPassed) return holdUnchanged(o, wake(o))
  const checks = o.memory.checks.map(check => check.message).join('; ')
  return hold(o, 'Analysing', `Weight ${state.traffic.canary}: ${checks}`, wake(o))
}

/** A hand lowered the weight: it stays there, judged as ever. */
const waitForTheHand: AnalysisRule = o => {
  const { state } = o
  if (state.hold?.by !== 'override') return undefined
  return hold(
    o,
    'WeightOverridden',
    `Held at weight ${state.traffic.canary} by hand since it was lowered from ${state.hold.from}; the \`resume\` command lets it go on`,
    wake(o),
  )
}

/** Paused: nothing rises; looks go on, and a bad canary still goes back. */
const waitWhilePaused: AnalysisRule = o => {
  const { state } = o
  const pause = pauseOf(o)
  if (pause === null) return undefined
  const message = `Holding at weight ${state.traffic.canary}: ${pause}`
  return holdAndReport(o, { reason: 'Paused', message }, wake(o))
}

/** Something in the way of a run holds it where it is; looks go on, and a bad canary still goes back. */
const waitForProblems: AnalysisRule = (o, now) => {
  const problem = problemOf(o, 'run')
  if (problem === null) return undefined
  const state = { ...withClock(o.state, 'stopped', now), phase: o.state.phase }
  return holdAndReport(o, problem, wake(o), { state })
}

/** Nothing rises onto pods that are missing. */
const waitForAllPods: AnalysisRule = o => {
  const { state, target } = o
  if (state.stage !== 'climbing' || isNone(state.traffic) || target === null || target.readiness === 'ready')
    return undefined
  return hold(o, 'WaitingForPods', `Holding at weight ${state.traffic.canary}: ${target.message}`, wake(o))
}

/** A person has to say yes; at the top that is the promotion itself. */
const waitForApproval: AnalysisRule = (o, now) => {
  const { state } = o
  if (state.stage !== 'climbing' || !approvalPending(o)) return undefined
  const last = lastStep(planOf(o.canary.spec.analysis))
  const phase: AnalysisPhase = sameTraffic(state.traffic, last.traffic) ? 'WaitingPromotion' : 'Progressing'
  const what = phase === 'WaitingPromotion' ? 'The promotion' : `The step after weight ${state.traffic.canary}`
  const message = `${what} of ${short(state.candidate)} waits for the \`approve\` command`
  const next = { ...withClock(state, 'stopped', now), phase } as const
  return holdAndReport(o, { reason: 'WaitingForApproval', message }, wake(o), { state: next })
}

/** Whether the present step has an approval that is not given yet. */
export function approvalPending(o: Observation<AnalysisPhase>): boolean {
  const { state } = o
  const step = stepAt(planOf(o.canary.spec.analysis), state.traffic)
  return step?.approve === true && state.approved !== 'full' && state.approved !== state.traffic.canary
}

/** Pods that are ready unjudged are promoted where the analysis is skipped; an approval may ask for the same at once. */
const promoteAtOnce: AnalysisRule = (o, now) => {
  const { state } = o
  if (o.canary.spec.skipAnalysis && state.stage === 'preparing') return promote(o, now)
  return state.approved === 'full' ? promote(o, now) : undefined
}

/** A full approval does not wait for looks, for traffic or for the primary: a hotfix may be there to mend it. */
export function promoteOnFullApproval(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | Read | undefined {
  const { state, target } = o
  if (state.approved !== 'full' || state.stage !== 'climbing') return undefined
  if (pauseOf(o) !== null || problemOf(o, 'run') !== null || target?.readiness !== 'ready') return undefined
  return promote(o, now)
}

/** The next step. */
const advance: AnalysisRule = (o, now) => {
  const { state } = o
  const step = nextStep(planOf(o.canary.spec.analysis), state.traffic)
  if (step === undefined) return undefined
  const run = atTraffic(withClock(state, 'running', now), step.traffic, now)
  const next = { ...atStage(run, 'climbing', now), phase: 'Progressing' } as const
  const message = `Weight ${state.traffic.canary} → ${step.traffic.canary}`
  return transition(o, next, { reason: 'Advancing', message }, now)
}

/** The top was judged: the template that was judged, and no other, goes to the primary. */
const promote: Handler<AnalysisPhase> = (o, now) => {
  const { state } = o
  const shifts = mustShift(o)
  const traffic = shifts ? ALL : state.traffic
  const message = shifts ? shiftSentence(o) : `Copying ${short(state.candidate)} to Deployment ${o.names.primary.name}`
  const next = {
    phase: 'Promoting',
    stage: shifts ? 'shifting' : 'copying',
    because: '',
    promoted: state.promoted,
    rejected: state.rejected,
    id: state.id,
    candidate: state.candidate,
    startedAt: state.startedAt,
    highest: Math.max(state.highest, traffic.canary),
    traffic,
    carriedAt: null,
    waiting: firstWait(shifts ? 'shifting' : 'copying', now),
  } as const
  return transition(o, next, { reason: 'Promoting', message }, now)
}

const chain: Handler<AnalysisPhase> = firstOf<AnalysisPhase>(
  waitUntilDue,
  waitForTheHand,
  waitWhilePaused,
  waitForProblems,
  waitForAllPods,
  waitForApproval,
  promoteAtOnce,
  advance,
  promote,
)

/** What follows when no look is due, or the one that was has passed. */
export function afterChecks(o: Observation<AnalysisPhase>, now: Instant): Move | Ask | Read {
  return chain(o, now)
}
