/** What happens to a run when the target, or its pods, change under it. */
import type { Move, Read } from '../../model/decision.ts'
import {
  atStage,
  atTraffic,
  carriedSince,
  heldUntil,
  judgedOf,
  judgedReady,
  podsOf,
  short,
  standInSentence,
  standsIn,
  unreached,
  withClock,
} from '../../model/selectors.ts'
import { hold, holdAndReport, holdUnchanged, transition } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { LOCKED_ANNOTATION } from '../../model/names.ts'
import { momentOf, problemOf } from '../../problems/index.ts'
import { templateOf } from '../../model/revision.ts'
import type { AnalysisPhase, Revision, State } from '../../model/state.ts'
import { awaiting } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'
import { carriedNothing, remember, rollBack, withdraw } from './end-run.ts'
import { mustShift } from './shift.ts'
import { firstStep } from './start.ts'
import { deadlineOf, notInEndpoints, whenOverdue } from './verdict.ts'
import { NONE, isNone } from '../../model/traffic.ts'

/** Without a target there is nothing to release: the primary serves alone until the target is back. */
export function abortWhenTargetDeleted(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (o.target !== null) return undefined
  return rollBack(o, o.state, 'TargetMissing', `Deployment ${o.names.target.name} does not exist any more`, now)
}

/** The promoted revision again: weight 0 in this pass, and no run. */
export function cancelWhenTargetReverted(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  return o.target?.revision === o.state.promoted ? withdraw(o, now) : undefined
}

/** Another revision: weight 0 in this pass; its pods start once the mesh is seen at 0 and has drained. */
export function restartOnNewRevision(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state, target } = o
  if (target === null || target.revision === state.candidate) return undefined
  if (target.revision === state.rejected && o.memory.retry !== target.revision) return endForTheRejected(o, now)
  const message = `Revision ${short(target.revision)} replaces ${short(state.candidate)} at weight ${state.traffic.canary}; the release starts anew`
  const memory = {
    ...remember(o.memory, state, 'Superseded', { reason: 'Restarted', message }, now),
    targetGeneration: target.generation,
    checks: [],
  }
  const next = firstStep(
    state,
    target.revision,
    carriedNothing(state) ? stageFor({ ...o, memory }, target.revision) : 'draining',
    now,
  )
  return transition(o, next, { reason: 'Restarted', message }, now, memory)
}

/** The target went back to what was rejected: the run ends as replaced, and what it was replaced by is not tried again. */
function endForTheRejected(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  const { promoted, rejected } = state
  const message = `The target went back to ${short(rejected ?? '')}, which was rejected before and stays so until it changes or is retried; ${short(state.candidate)} is superseded at weight ${state.traffic.canary}`
  const news = { reason: 'StillRejected', message } as const
  const next: State = { phase: 'Failed', promoted, rejected, carriedAt: null, drained: carriedNothing(state) }
  return transition(o, next, news, now, remember(o.memory, state, 'Superseded', news, now))
}

/**
 * Pods read their configuration when they start: those of the same template that were started for another revision have to go
 * first, however many runs came in between.
 */
function stageFor(o: Observation, candidate: Revision): 'stoppingOldPods' | 'preparing' {
  const last = o.memory.history.find(run => templateOf(run.revision) === templateOf(candidate))
  const isOld = last === undefined ? (podsOf(o.target, candidate)?.replicas ?? 0) > 0 : last.revision !== candidate
  return isOld ? 'stoppingOldPods' : 'preparing'
}

/** Pods of the earlier candidate may still answer: nothing rolls until the mesh is seen at 0 and has drained. */
export function clear(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  if (state.stage !== 'draining') return undefined
  if (standsIn(o, judgedOf(o)))
    return hold(o, 'PrimaryNotReady', standInSentence(o), null, { state: { ...state, carriedAt: null } })
  const carriedAt = carriedSince(o, NONE, state.carriedAt, now)
  const next = { ...state, carriedAt }
  const earlier = o.memory.history[0]?.revision ?? state.promoted
  const message = `The answers of ${short(earlier)} drain before ${short(state.candidate)} starts`
  if (carriedAt === null) return hold(o, 'Restarted', message, null, { state: next })
  const drainedAt = carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  if (now < drainedAt) return hold(o, 'Restarted', message, drainedAt, { state: next })
  const stage = stageFor(o, state.candidate)
  return hold(o, 'Restarted', message, now, { state: atStage(next, stage, now) })
}

/** The last pods with the old configuration end. */
export function empty(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.stage !== 'stoppingOldPods' || target === null) return undefined
  if (target.running > 0) {
    const waited = `${target.running} pods with the earlier configuration`
    const next = awaiting(state, 'oldPods', now)
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline === null)
      return whenOverdue(o, now, () => rollBack(o, state, 'DeadlineExceeded', `${waited} did not end`, now))
    return hold(o, 'WaitingForPods', `Waiting for ${waited} to end`, deadline, { state: next })
  }
  return holdUnchanged(o, now, { state: atStage(state, 'preparing', now) })
}

/** Pods of the candidate start; the run is rolled back if they do not get ready in time. */
export function prepare(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.stage !== 'preparing' || target === null) return undefined
  const problem = problemOf(o, momentOf(o) ?? 'candidate')
  if (problem !== null) {
    const held = { ...withClock(state, 'stopped', now), phase: state.phase }
    return holdAndReport(o, problem, null, { state: held })
  }
  if (target.paused && target.object.metadata.annotations?.[LOCKED_ANNOTATION] === undefined) {
    const message = `Deployment ${o.names.target.name} is paused by its owner, so the pods of ${short(state.candidate)} do not start; resume it with kubectl rollout resume`
    const held = awaiting(state, 'owner', now)
    return holdAndReport(o, { severity: 'warn', reason: 'WaitingForPods', message }, null, { state: held })
  }
  const overdue = state.waiting?.for === 'takeUp' || deadlineOf(o, state.waiting, now) === null
  if (target.readiness === 'pending' && overdue) return whenOverdue(o, now, () => waitForTakeUp(o, now))
  if (target.readiness !== 'ready' || judgedReady(o, state.candidate) === 0) {
    // The deadline counts from the moment at which the pods could start.
    const next = awaiting(state, 'pods', now)
    const deadline = deadlineOf(o, next.waiting, now)
    const waited = `the pods of ${short(state.candidate)} are not ready: ${target.message}`
    if (target.readiness === 'stuck' || deadline === null)
      return whenOverdue(o, now, () => rollBack(o, state, 'DeadlineExceeded', waited, now))
    const message = `Waiting for the pods of ${short(state.candidate)}: ${target.message}`
    return hold(o, 'WaitingForPods', message, deadline, { state: next })
  }
  if (o.canary.spec.analysis.lockTarget && !o.canary.spec.skipAnalysis) {
    return holdUnchanged(o, now, { state: atStage(state, 'locking', now) })
  }
  return waitForHealth(o, now)
}

/** A change that the Deployment controller does not take up says nothing of the candidate: it is waited for, without an end. */
function waitForTakeUp(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { names, state, target } = o
  const message = `Waiting for Deployment ${names.target.name}: ${target?.message ?? ''}. The release of ${short(state.candidate)} goes on once it has; check kube-controller-manager`
  return holdAndReport(o, { severity: 'warn', reason: 'WaitingForPods', message }, null, {
    state: awaiting(state, 'takeUp', now),
  })
}

/** A push that comes from here on waits until what runs is judged. */
export function lock(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.stage !== 'locking' || target === null) return undefined
  if (judgedReady(o, state.candidate) === 0) {
    return holdUnchanged(o, now, { state: atStage(state, 'preparing', now) })
  }
  if (!target.paused)
    return hold(o, 'WaitingForPods', `Locking Deployment ${o.names.target.name} at the candidate`, null)
  return waitForHealth(o, now)
}

/** Nothing is judged against a primary that does not serve, and nothing is sent to pods that no Service leads to yet. */
function waitForHealth(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const carries = !o.canary.spec.skipAnalysis || mustShift(o)
  const missing = carries ? unreached(o, 'canary', o.state.candidate) : 0
  if (missing > 0) {
    const waited = notInEndpoints(missing, o.names.canaryService.name)
    const next = awaiting(o.state, 'endpoints', now)
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline === null) return whenOverdue(o, now, () => rollBack(o, o.state, 'DeadlineExceeded', waited, now))
    return hold(o, 'WaitingForPods', `Waiting for ${short(o.state.candidate)}: ${waited}`, deadline, { state: next })
  }
  // Unjudged, there is nothing to compare; and a primary that is broken is what such a release may be there to mend.
  const unjudged = o.canary.spec.skipAnalysis || o.state.approved === 'full'
  if (!unjudged && (o.primary === null || o.primary.ready === 0)) {
    const message = `Waiting for Deployment ${o.names.primary.name}: ${o.primary?.message ?? 'it is made anew'}`
    return hold(o, 'PrimaryNotReady', message, null, { state: awaiting(o.state, 'primary', now) })
  }
  return undefined
}

/** Pods of a candidate that carries are missing for too long: nothing rises onto them, and the release goes back. */
export function rollBackWhenPodsOverdue(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.stage !== 'climbing' || state.waiting?.for !== 'pods' || target === null) return undefined
  if (target.readiness === 'pending' || deadlineOf(o, state.waiting, now) !== null) return undefined
  const because = `not all pods of ${short(state.candidate)} are ready: ${target.message}`
  return whenOverdue(o, now, () => rollBack(o, state, 'DeadlineExceeded', because, now))
}

/** A canary without a ready pod carries nothing, whatever the metrics say; it counts as one failed check. */
export function dropToZeroWhenCanaryUnready(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state } = o
  if (state.stage !== 'climbing' || isNone(state.traffic) || judgedReady(o, state.candidate) > 0) return undefined
  const { threshold } = o.canary.spec.analysis
  const failedChecks = state.failedChecks + 1
  const because = `no pod of ${short(state.candidate)} is ready (${failedChecks} of ${threshold} failed checks)`
  if (failedChecks >= threshold) return rollBack(o, state, 'ThresholdReached', because, now)
  const next: State = {
    ...atStage(atTraffic(withClock(state, 'running', now), NONE, now), 'preparing', now),
    phase: 'Progressing',
    failedChecks,
    lastFailedTime: now,
    blindSince: null,
  }
  return transition(o, next, { reason: 'CanaryNotReady', message: `Weight 0: ${because}` }, now)
}

/** The primary has no ready pod: the canary carries what there is, and the run stands still. */
export function holdWhilePrimaryUnready(o: Observation<AnalysisPhase>): Move | undefined {
  const { state, primary } = o
  if (state.stage !== 'climbing' || (primary !== null && primary.ready > 0)) return undefined
  return holdAndReport(o, { reason: 'PrimaryNotReady', message: standInSentence(o) }, null, {
    state: { ...state, carriedAt: null },
  })
}

/** Not decided in time, waiting aside: back. */
export function rollBackWhenOverdue(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state } = o
  if (now - state.startedAt - heldUntil(state, now) < o.canary.spec.analysis.maxDuration) return undefined
  const because = 'the run was not decided within analysis.maxDuration'
  return whenOverdue(o, now, () => rollBack(o, state, 'Undecided', because, now))
}
