/** A new revision of the target, and the beginning of its run. */
import { kindAndName } from '../../model/names.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { hooksOf, runIdAt } from '../../hooks/call.ts'
import { confirmation, waitReport } from './confirm.ts'
import { commandLine } from '../../model/command-line.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { templateOf } from '../../model/revision.ts'
import { firstWait, pauseOf, podsOf, withConfiguration, withImage } from '../../model/selectors.ts'
import type { RestingPhase, Revision, Run, Settled, Stage, State, StateOf } from '../../model/state.ts'
import { NONE } from '../../model/traffic.ts'
import { waitingFor } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'

/** The candidate that the target asks for, or null: a new generation and a new hash, and not what was just refused. */
export function wantedCandidate(o: Observation<RestingPhase | 'Waiting'>): Revision | null {
  const { target, state, memory } = o
  if (target === null || target.revision === state.promoted) return null
  if (memory.retry === target.revision) return target.revision
  if (target.revision === state.rejected) return null
  // It was wanted when it began to wait. Where it replaced a release its generation is known already.
  if (state.phase === 'Waiting' && target.revision === state.candidate) return target.revision
  const sameTemplate = templateOf(target.revision) === templateOf(state.promoted)
  if (!sameTemplate && target.generation <= memory.targetGeneration) return null
  return target.revision
}

/** A new revision starts a run, or waits for the canary to be resumed. */
export function startRun(o: Observation<RestingPhase>, now: Instant): Move | undefined {
  const candidate = wantedCandidate(o)
  if (candidate === null) return undefined
  const pause = pauseOf(o)
  if (pause === null && !isToBeConfirmed(o)) return begin(o, o.state, candidate, now, now)
  return waitToStart(o, o.state, candidate, now, now)
}

/** Whether a run of this Canary starts only once a webhook has said yes. */
export const isToBeConfirmed = (o: Observation): boolean => hooksOf(o, 'confirm-rollout').length > 0

/** A revision waits to start, for a person or a webhook; there are no pods of it. @param since names its run. */
export function waitToStart(
  o: Observation,
  { promoted, rejected }: Settled,
  candidate: Revision,
  since: Instant,
  now: Instant,
): Move {
  const pause = pauseOf(o)
  const waiting = waitingFor(pause === null ? 'webhook' : 'resume', since)
  const why = pause ?? 'for webhooks of type confirm-rollout'
  const message = `Revision ${withImage(o, candidate)} is waiting${pause === null ? ' ' : ': '}${why}`
  const state: State = { phase: 'Waiting', promoted, rejected, candidate, waiting }
  return transition(o, state, { reason: 'WaitingToStart', message }, now, { ...o.memory, hooks: [] })
}

/** The wait to start ends with the pause and the yes of the webhooks, or with the revision. */
export function startWhenConfirmed(o: Observation<'Waiting'>, now: Instant): Move {
  const candidate = wantedCandidate(o)
  if (candidate === null) {
    const { promoted, rejected } = o.state
    const what =
      o.target === null
        ? `${kindAndName(o.names.target)} was deleted`
        : `${kindAndName(o.names.target)} is back at ${withImage(o, o.target.revision)}`
    const message = `${what}; no release is waiting`
    return transition(o, { phase: 'Succeeded', promoted, rejected }, { reason: 'Withdrawn', message }, now)
  }
  // Another revision has a run of its own, and is confirmed again.
  if (candidate !== o.state.candidate) return waitToStart(o, o.state, candidate, now, now)
  const { since } = o.state.waiting
  const pause = pauseOf(o)
  if (pause !== null)
    return hold(o, 'WaitingToStart', `Revision ${withImage(o, candidate)} is waiting: ${pause}`, null, {
      state: { ...o.state, waiting: waitingFor('resume', since) },
    })
  const { waited, memory } = confirmation(o, 'confirm-rollout', `start/${candidate}`, now)
  if (waited === null) return begin({ ...o, memory }, o.state, candidate, since, now)
  const report = waitReport(waited, `Revision ${withImage(o, candidate)} is `)
  return holdAndReport(o, report, null, { state: { ...o.state, waiting: waitingFor('webhook', since) }, memory })
}

/** @param since names the run. */
function begin(o: Observation, settled: Settled, candidate: Revision, since: Instant, now: Instant): Move {
  const again =
    candidate === o.memory.previous
      ? `. It was promoted before; to promote it without the steps: ${commandLine(o.names, 'approve', 'full')}`
      : ''
  const message = `New revision ${withImage(o, candidate)}${withConfiguration(candidate, settled.promoted)}: starting its pods${again}`
  const memory = {
    ...o.memory,
    targetGeneration: o.target?.generation ?? o.memory.targetGeneration,
    checks: [],
    pastWaypoint: 0,
    hooks: [],
  }
  // Pods that are still there under the same template have read another configuration.
  const stage = (podsOf(o.target, candidate)?.replicas ?? 0) > 0 ? 'stoppingOldPods' : 'startingPods'
  const state = { ...firstStep(settled, candidate, stage, now), id: runIdAt(since) }
  return transition(o, state, { reason: 'NewRevision', message }, now, memory)
}

/**
 * A run that has carried nothing yet.
 *
 * @param settled may be the run that this one replaces.
 */
export function firstStep(
  settled: Settled | Run,
  candidate: Revision,
  stage: Stage,
  now: Instant,
): StateOf<'Progressing'> {
  return {
    phase: 'Progressing',
    promoted: settled.promoted,
    rejected: settled.rejected,
    id: idOf('id' in settled ? settled.id : '', now),
    candidate,
    startedAt: now,
    highest: 0,
    traffic: NONE,
    carriedAt: null,
    waiting: firstWait(stage, now),
    stage,
    iteration: 0,
    mirrored: false,
    routedAt: null,
    lastCheckTime: null,
    lastCheckPassed: false,
    failedChecks: 0,
    lastFailedTime: null,
    noTrafficChecks: 0,
    misrouted: false,
    blindSince: null,
    hold: null,
    pausedDuration: 0,
    pausedSince: null,
    approved: null,
  }
}

/** The moment at which a run starts names it; runs of one moment are told apart. */
function idOf(earlier: string, now: Instant): string {
  const id = runIdAt(now)
  return earlier.startsWith(id) ? `${earlier}x` : id
}
