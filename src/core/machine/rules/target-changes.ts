/** A run whose target changes: it ends, or starts over with the newer revision. */
import { kindAndName } from '../../model/names.ts'
import { announce, transition } from '../move.ts'
import { carriedNothing, remember, rollBack, withdraw } from './end-run.ts'
import { firstStep, isToBeConfirmed, waitToStart } from './start-run.ts'
import { commandLine } from '../../model/command-line.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { templateOf } from '../../model/revision.ts'
import { podsOf, withConfiguration, withImage } from '../../model/selectors.ts'
import type { AnalysisPhase, Revision, State } from '../../model/state.ts'
import { inWords } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'

/** Without a target there is nothing to release: the primary serves alone until the target is back. */
export function abortWhenTargetDeleted(o: Observation<AnalysisPhase>, now: Instant): Move | undefined {
  if (o.target !== null) return undefined
  const { name } = o.names.target
  const retry = commandLine(o.names, 'retry', 'why')
  const because = `${kindAndName(o.names.target)} was deleted. The revision stays rejected; to release it once ${name} is back: ${retry}`
  return rollBack(o, o.state, 'TargetDeleted', because, now)
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
  const message = `Revision ${withImage(o, target.revision)}${withConfiguration(target.revision, state.candidate)} replaces ${withImage(o, state.candidate)} at weight ${inWords(state.traffic)}; the release starts over`
  const memory = {
    ...remember(o.memory, state, 'Superseded', { reason: 'Restarted', message }, now),
    targetGeneration: target.generation,
    checks: [],
    pastWaypoint: 0,
    hooks: [],
  }
  if (carriedNothing(o, state) && isToBeConfirmed(o)) {
    const move = waitToStart({ ...o, memory }, state, target.revision, now, now)
    return { ...move, announcements: [announce(o, { reason: 'Restarted', message }, now), ...move.announcements] }
  }
  const next = firstStep(
    state,
    target.revision,
    carriedNothing(o, state) ? stageFor({ ...o, memory }, target.revision) : 'draining',
    now,
  )
  return transition(o, next, { reason: 'Restarted', message }, now, memory)
}

/** The target went back to what was rejected: the run ends as replaced, and what it was replaced by is not tried again. */
function endForTheRejected(o: Observation<AnalysisPhase>, now: Instant): Move {
  const { state } = o
  const { promoted, rejected } = state
  const message = `${kindAndName(o.names.target)} went back to ${withImage(o, rejected ?? '')}, which was rejected before and stays rejected until it changes or is retried; ${withImage(o, state.candidate)} is superseded at weight ${inWords(state.traffic)}`
  const news = { reason: 'StillRejected', message } as const
  const next: State = { phase: 'Failed', promoted, rejected, carriedAt: null, drained: carriedNothing(o, state) }
  return transition(o, next, news, now, remember(o.memory, state, 'Superseded', news, now))
}

/**
 * Pods read their configuration when they start: those of the same template that were started for another revision have to go
 * first, however many runs came in between.
 */
export function stageFor(o: Observation, candidate: Revision): 'stoppingOldPods' | 'startingPods' {
  const last = o.memory.history.find(run => templateOf(run.revision) === templateOf(candidate))
  const isOld = last === undefined ? (podsOf(o.target, candidate)?.replicas ?? 0) > 0 : last.revision !== candidate
  return isOld ? 'stoppingOldPods' : 'startingPods'
}
