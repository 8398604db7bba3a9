/** From the draining of an earlier candidate to pods of the new one that are ready for traffic. */
import { hold, holdAndReport, holdUnchanged } from '../move.ts'
import { rollBack } from './end-run.ts'
import { mustShift } from './shift.ts'
import { isToBeConfirmed, waitToStart } from './start-run.ts'
import { stageFor } from './target-changes.ts'
import { deadlineOf, isNotTakenUp, notInEndpoints, holdUntil, notReadyInTime, whenOverdue } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import { kindAndName, LOCKED_ANNOTATION } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import {
  atStage,
  judgedOf,
  judgedReady,
  standInSentence,
  standsIn,
  unreached,
  withClock,
  withImage,
} from '../../model/selectors.ts'
import type { AnalysisPhase } from '../../model/state.ts'
import { awaiting } from '../../model/waiting.ts'
import { momentOf, problemOf } from '../../problems/index.ts'
import type { Instant } from '../../time.ts'
import { givenUp, returnedSince } from '../unconfirmed.ts'

/** Pods of the earlier candidate may still answer: nothing rolls until the mesh is seen at 0 and has drained. */
export function drainEarlierCandidate(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  if (standsIn(o, judgedOf(o)))
    return hold(o, 'PrimaryNotReady', standInSentence(o), null, { state: { ...state, carriedAt: null } })
  const carriedAt = returnedSince(o, state.carriedAt, now)
  const next = { ...state, carriedAt }
  const earlier = o.memory.history[0]?.revision ?? state.promoted
  const message = `Waiting for in-flight requests of ${withImage(o, earlier)} before starting ${withImage(o, state.candidate)}`
  if (carriedAt === null) return hold(o, 'Restarted', message, null, { state: next })
  const drainedAt = carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  const silence = state.carriedAt === null ? givenUp(o, now) : null
  if (silence !== null) return holdAndReport(o, silence, drainedAt, { state: next })
  if (now < drainedAt) return hold(o, 'Restarted', message, drainedAt, { state: next })
  // Its pods start when that is confirmed.
  if (isToBeConfirmed(o)) return waitToStart(o, state, state.candidate, now, now)
  const stage = stageFor(o, state.candidate)
  return hold(o, 'Restarted', message, now, { state: atStage(next, stage, now) })
}

/** Pods read their configuration when they start: those that started with an earlier one end first. */
export function stopOldPods(o: Observation<AnalysisPhase>, now: Instant): Move | Read {
  const { state, target } = o
  const running = target?.running ?? 0
  if (running === 0) return holdUnchanged(o, now, { state: atStage(state, 'startingPods', now) })
  const waited = `${running} pods with the earlier configuration`
  const next = awaiting(state, 'oldPods', now)
  const deadline = deadlineOf(o, next.waiting, now)
  if (state.waiting?.for === 'takeUp' || deadline === null)
    return whenOverdue(o, now, () => waitForTakeUp(o, `${waited} to end`, now))
  return holdUntil(o, { reason: 'WaitingForPods', message: `Waiting for ${waited} to end` }, deadline, next, now)
}

/** A problem that does not stop the primary from serving stops a candidate before its pods start. */
export function holdWhileReleaseBlocked(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const problem = problemOf(o, momentOf(o) ?? 'candidate')
  if (problem === null) return undefined
  const held = { ...withClock(o.state, 'stopped', now), phase: o.state.phase }
  return holdAndReport(o, problem, null, { state: held })
}

/** A Deployment that its owner has paused starts no pods. */
export function waitForOwner(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  const { state, target } = o
  if (target?.paused !== true || target.object.metadata.annotations?.[LOCKED_ANNOTATION] !== undefined) return undefined
  const message = `${kindAndName(o.names.target)} is paused by its owner, so the pods of ${withImage(o, state.candidate)} do not start; resume it: kubectl -n ${o.names.namespace} rollout resume deployment/${o.names.target.name}`
  const held = awaiting(state, 'owner', now)
  return holdAndReport(o, { severity: 'warn', reason: 'WaitingForPods', message }, null, { state: held })
}

/** Pods of the candidate start; the run is rolled back if they do not get ready in time. */
export function startCandidatePods(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (target === null) return undefined
  const { message: rolling } = target
  if (isNotTakenUp(o, target, state.waiting, now))
    return whenOverdue(o, now, () => waitForTakeUp(o, `${kindAndName(o.names.target)}: ${rolling}`, now))
  if (target.readiness === 'ready' && judgedReady(o, state.candidate) > 0) return undefined
  // The deadline counts from the moment at which the pods could start.
  const next = awaiting(state, 'pods', now)
  const deadline = deadlineOf(o, next.waiting, now)
  if (target.readiness === 'stuck' || deadline === null)
    return whenOverdue(o, now, () => rollBack(o, state, 'DeadlineExceeded', notReadyInTime(o, 'target'), now))
  const message = `Waiting for ${kindAndName(o.names.target)}: ${rolling}`
  return holdUntil(o, { reason: 'WaitingForPods', message }, deadline, next, now)
}

/** What the controllers of Kubernetes do not do says nothing of the candidate: it is waited for, without an end. */
function waitForTakeUp(o: Observation<AnalysisPhase>, what: string, now: Instant): Move {
  const { state } = o
  const message = `Waiting for ${what}. The release of ${withImage(o, state.candidate)} continues when it does; check kube-controller-manager`
  return holdAndReport(o, { severity: 'warn', reason: 'WaitingForPods', message }, null, {
    state: awaiting(state, 'takeUp', now),
  })
}

/** Pods that are judged are kept: a push that comes from here on waits until they are. */
export function pauseTargetRollout(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (!o.canary.spec.analysis.lockTarget || o.canary.spec.skipAnalysis) return undefined
  return holdUnchanged(o, now, { state: atStage(o.state, 'pausingRollout', now) })
}

/** Pods that are gone before the rollout is paused are started again. */
export function startPodsAgain(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (judgedReady(o, o.state.candidate) > 0) return undefined
  return holdUnchanged(o, now, { state: atStage(o.state, 'startingPods', now) })
}

/** No pod carries anything before the Deployment is seen to be paused. */
export function waitUntilTargetPaused(o: Observation<AnalysisPhase>): Move | undefined {
  if (o.target?.paused === true) return undefined
  return hold(
    o,
    'WaitingForPods',
    `Pausing the rollout of ${kindAndName(o.names.target)} so that the pods under test stay`,
    null,
  )
}

/** No traffic goes to pods that are not in the endpoints of the canary's Service yet. */
export function waitForCanaryEndpoints(o: Observation<AnalysisPhase>, now: Instant): Move | Read | undefined {
  const carries = !o.canary.spec.skipAnalysis || mustShift(o)
  const missing = carries ? unreached(o, 'canary', o.state.candidate) : 0
  if (missing === 0) return undefined
  const waited = notInEndpoints(missing, o.names.canaryService.name)
  const next = awaiting(o.state, 'endpoints', now)
  const deadline = deadlineOf(o, next.waiting, now)
  if (deadline === null) return whenOverdue(o, now, () => rollBack(o, o.state, 'DeadlineExceeded', waited, now))
  return holdUntil(
    o,
    { reason: 'WaitingForPods', message: `Waiting for ${withImage(o, o.state.candidate)}: ${waited}` },
    deadline,
    next,
    now,
  )
}

/** Nothing is judged against a primary that does not serve. */
export function waitForPrimary(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  // Without a check there is nothing to compare; and a primary that is broken may be what the release repairs.
  const unjudged = o.canary.spec.skipAnalysis || o.state.approved === 'full'
  if (unjudged || (o.primary !== null && o.primary.ready > 0)) return undefined
  const message = `Waiting for ${kindAndName(o.names.primary)}: ${o.primary?.message ?? 'it is being recreated'}`
  return hold(o, 'PrimaryNotReady', message, null, { state: awaiting(o.state, 'primary', now) })
}
