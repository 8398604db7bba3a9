/** After a check that passed: wait for what is still missing, then the next step of the plan, or promotion. */
import { kindAndName } from '../../model/names.ts'
import { isReady } from '../../autoscalers/readiness.ts'
import { commandLine } from '../../model/command-line.ts'
import { hold, holdAndReport, holdUnchanged, transition } from '../move.ts'
import { mustShift, shiftSentence } from './shift.ts'
import { becauseOfPods } from './verdict.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { dueAt, isChecked, lastStep, nextCheckAfter, nextStep, planOf, type Step, stepAt } from '../../model/plan.ts'
import { atStage, atTraffic, firstWait, pauseOf, withClock, withImage } from '../../model/selectors.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { ALL, inWords, isNone, NONE, sameTraffic, type Traffic } from '../../model/traffic.ts'
import { problemOf } from '../../problems/index.ts'
import type { Instant } from '../../time.ts'

/** When metrics are checked next; null where none are. */
export const nextWake = (o: Observation<AnalysisPhase>): Instant | null =>
  !isChecked(o.canary.spec.analysis, o.state) || o.state.carriedAt === null
    ? null
    : nextCheckAfter(o.canary.spec.analysis, o.state.traffic, o.state.carriedAt, o.state.lastCheckTime)

/** A step ends when its time is over and the last check has passed. */
export function waitUntilDue(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  if (!isChecked(o.canary.spec.analysis, state) || state.approved === 'full') return undefined
  const due = dueAt(o.canary.spec.analysis, state.traffic, state.carriedAt ?? now)
  if (state.lastCheckPassed && (state.lastCheckTime ?? 0) >= due) return undefined
  // What the last check said stays on show until the next one.
  if (state.lastCheckTime === null || !state.lastCheckPassed) return holdUnchanged(o, nextWake(o))
  const checks = o.memory.checks.map(check => check.message).join('; ')
  return hold(o, 'Analysing', `Weight ${inWords(state.traffic)}: ${checks}`, nextWake(o))
}

/** The weight was lowered by a manual edit: it stays there, and checks continue. */
export function holdWhileOverridden(o: Observation<AnalysisPhase>): Move | undefined {
  const { state } = o
  if (state.hold?.by !== 'override') return undefined
  return hold(
    o,
    'WeightOverridden',
    `Holding at weight ${inWords(state.traffic)}, set by hand in the routes (was ${state.hold.from}); \`resume\` continues the run`,
    nextWake(o),
  )
}

/** Paused: no weight rises; checks continue, and a bad canary is still rolled back. */
export function holdWhilePaused(o: Observation<AnalysisPhase>): Move | undefined {
  const { state } = o
  const pause = pauseOf(o)
  if (pause === null) return undefined
  const message = `Holding at weight ${inWords(state.traffic)}: ${pause}`
  return holdAndReport(o, { reason: 'Paused', message }, nextWake(o))
}

/** A problem holds a run where it is; checks continue, and a bad canary is still rolled back. */
export function holdWhileBlocked(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const problem = problemOf(o, 'run')
  if (problem === null) return undefined
  const state = { ...withClock(o.state, 'stopped', now), phase: o.state.phase }
  return holdAndReport(o, problem, nextWake(o), { state })
}

/** Nothing rises onto pods that are missing. */
export function holdWhilePodsMissing(o: Observation<AnalysisPhase>): Move | undefined {
  const { state, target } = o
  if (!isChecked(o.canary.spec.analysis, state)) return undefined
  if (target === null || isReady(o, 'target')) return undefined
  const why = becauseOfPods(o, state.waiting)
  return hold(o, 'WaitingForPods', `Holding at weight ${inWords(state.traffic)}: ${target.message}${why}`, nextWake(o))
}

/** A user has to approve; at the last step that is the promotion itself. */
export function waitForApproval(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  if (!approvalPending(o)) return undefined
  const last = lastStep(planOf(o.canary.spec.analysis))
  const phase: AnalysisPhase = sameTraffic(state.traffic, last.traffic) ? 'WaitingPromotion' : 'Progressing'
  const what = phase === 'WaitingPromotion' ? 'approval of the promotion' : 'approval'
  const message = `Weight ${inWords(state.traffic)} passed; waiting for ${what}: ${commandLine(o.names, 'approve', '')}`
  const next = { ...withClock(state, 'stopped', now), phase } as const
  return holdAndReport(o, { reason: 'WaitingForApproval', message }, nextWake(o), { state: next })
}

/** Whether the present step has an approval that is not given yet. */
export function approvalPending({ canary, state }: Pick<Observation<AnalysisPhase>, 'canary' | 'state'>): boolean {
  const step = stepAt(planOf(canary.spec.analysis), state.traffic)
  return step?.approve === true && state.approved !== 'full' && state.approved !== state.traffic.canary
}

/** Ready pods are promoted without a check where the analysis is skipped. */
export function promoteWithoutAnalysis(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  return o.canary.spec.skipAnalysis ? promote(o, now) : undefined
}

/** An iteration is an interval whose last check passed; the next one begins with that check. */
export function countIteration(o: Observation<AnalysisPhase>): Move | undefined {
  const { state } = o
  const { iterations = 1 } = stepAt(planOf(o.canary.spec.analysis), state.traffic) ?? {}
  const iteration = state.iteration + 1
  if (iteration >= iterations || state.approved === 'full') return undefined
  const next = { ...state, iteration, carriedAt: state.lastCheckTime, lastCheckPassed: false }
  const message = `Weight ${inWords(state.traffic)}: iteration ${iteration} of ${iterations} passed`
  return hold(o, 'Analysing', message, nextWake({ ...o, state: next }), { state: next })
}

/** The step that follows; undefined at the last. */
export function stepAfter({ canary, state }: Pick<Observation<AnalysisPhase>, 'canary' | 'state'>): Step | undefined {
  const plan = planOf(canary.spec.analysis)
  // Before the first step the weight is 0, which may be a step too.
  const first = plan.find(step => !(state.mirrored && step.traffic.mirror > 0))
  return state.stage === 'advancing' ? nextStep(plan, state) : first
}

/** The next step. */
export function advance(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  const step = stepAfter(o)
  if (step === undefined) return undefined
  if (state.traffic.mirror > 0) return endMirroring(o, now)
  const run = atTraffic(withClock(state, 'running', now), step.traffic, now)
  const routedAt = state.routedAt ?? now
  const next = { ...atStage(run, 'advancing', now), phase: 'Progressing', routedAt } as const
  const message = isNone(step.traffic)
    ? `Checking ${withImage(o, state.candidate)} at weight 0: ${step.iterations} iterations`
    : `Weight ${inWords(state.traffic)} → ${inWords(step.traffic)}${keptIn(o, step.traffic)}`
  return transition(o, next, { reason: 'Advancing', message }, now)
}

/** Callers that stay are said once, with what their share leaves unknown. */
function keptIn({ canary, state }: Observation<AnalysisPhase>, next: Traffic): string {
  const { sessionAffinity } = canary.spec.analysis
  return sessionAffinity === undefined || state.highest > 0 || next.canary === 0
    ? ''
    : `; callers that it answers stay by the cookie ${sessionAffinity.cookieName}, so shares are not compared with telemetry`
}

/** Copies are seen to end before the first share: destinations report them like requests of callers, and no window has both. */
function endMirroring(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  const message = `Mirroring to ${withImage(o, state.candidate)} passed and ends before the first weight`
  const next = {
    ...atTraffic(withClock(state, 'running', now), NONE, now),
    phase: 'Progressing',
    mirrored: true,
  } as const
  return transition(o, next, { reason: 'Advancing', message }, now)
}

/** The top was judged: the template that was judged, and no other, goes to the primary. */
export function promote(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  const shifts = mustShift(o)
  // Copies are judged no longer.
  const traffic = shifts ? ALL : state.traffic.mirror > 0 ? NONE : state.traffic
  const message = shifts
    ? shiftSentence(o)
    : `Copying ${withImage(o, state.candidate)} to ${kindAndName(o.names.primary)}`
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
