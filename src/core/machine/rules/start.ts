/** Initialising a canary, resting between runs, and the start of a run. */
import { commandLine } from '../../model/command-line.ts'
import { FINALIZER } from '../../model/names.ts'
import type { Move } from '../../model/decision.ts'
import { carriedSince, firstWait, pausingField, podsOf, recordedOf, short, unreached } from '../../model/selectors.ts'
import { transition, hold, holdAndReport } from '../move.ts'
import type { Observation } from '../../model/observation.ts'
import { problemOf } from '../../problems/index.ts'
import { type Reason, reasons } from '../../status/reasons.ts'
import { isOurs } from '../../render/ownership.ts'
import { isForeignRevision, templateOf } from '../../model/revision.ts'
import type { RestingPhase, Revision, Run, Settled, Stage, State, StateOf } from '../../model/state.ts'
import { awaiting, waitingFor } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'
import { deadlineOf, notInEndpoints, SIGHT_RETRY } from './verdict.ts'
import { NONE } from '../../model/traffic.ts'

/** Our finalizer comes before anything else of ours: what we make can then never be left behind. */
export function ensureFinalizer(o: Observation): Move | undefined {
  if (o.canary.metadata.finalizers?.includes(FINALIZER)) return undefined
  return hold(o, 'Initializing', 'Claiming the canary with a finalizer', null)
}

/** Nothing is decided on half a view; the kinds may appear, or the rights be given, at any time. */
export function holdWhileUnwatched(o: Observation, now: Instant): Move | undefined {
  if (o.unseen === null) return undefined
  return holdAndReport(o, { reason: 'WatchUnavailable', message: o.unseen }, now + SIGHT_RETRY)
}

/** What makes no sense stops the start, with a sentence, before anything is touched. */
export function refuseToStart(o: Observation<'Initializing'>): Move | undefined {
  const problem = problemOf(o, 'start')
  if (problem === null) return undefined
  return holdAndReport(o, problem, null)
}

/** A primary of ours that exists already says what is promoted: a lost status never overwrites it. */
export function adoptExistingPrimary(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, primary, target, names } = o
  if (primary === null || !isOurs(o, primary.object))
    return state.revision === null ? undefined : cloneWhatServes(o, now)
  if (state.revision !== null) return undefined
  const { revision } = primary
  if (recordedOf(o, revision) === undefined && target !== null && target.revision !== revision) {
    const message = `Deployment ${names.primary.name} serves ${short(revision)}, of which no record is left, and Deployment ${names.target.name} holds ${short(target.revision)}. Set ${names.target.name} to the image and settings that ${names.primary.name} runs; once that is recognised, release anew.`
    return holdAndReport(o, { reason: 'Conflict', message }, null)
  }
  return hold(o, 'Initializing', `The primary already runs ${short(revision)}`, now, {
    state: { ...o.state, revision, waiting: waitingFor('primary', now) },
  })
}

/** A target that changed before its template was on record is another one to clone. */
function cloneWhatServes(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, target } = o
  if (state.revision === null || target === null || target.revision === state.revision) return undefined
  if (recordedOf(o, state.revision) !== undefined) return undefined
  const message = `Deployment ${o.names.target.name} changed before its primary was made; it is looked at anew`
  return hold(o, 'Initializing', message, now, {
    state: { ...state, revision: null, carriedAt: null, waiting: waitingFor('target', now) },
  })
}

/** A wait for pods; after the deadline it is reported. */
function awaitPods(
  o: Observation<'Initializing'>,
  state: StateOf<'Initializing'>,
  news: { reason: Reason; message: string },
  now: Instant,
): Move {
  const deadline = deadlineOf(o, state.waiting, now)
  if (deadline !== null) return hold(o, news.reason, news.message, deadline, { state })
  const message = `${news.message}. It has taken longer than spec.progressDeadlineSeconds`
  return holdAndReport(o, { severity: 'warn', reason: news.reason, message }, null, { state })
}

/** The first primary is cloned from what serves: the target once its own rollout is complete. */
export function waitForTarget(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, target } = o
  if (state.revision !== null) return undefined
  if (target === null) return hold(o, 'TargetMissing', `Deployment ${o.names.target.name} does not exist`, null)
  if (target.readiness !== 'ready') {
    const message = `Waiting for Deployment ${o.names.target.name} to be ready before its primary is made: ${target.message}`
    return awaitPods(o, awaiting(state, 'target', now), { reason: 'TargetNotReady', message }, now)
  }
  const memory = { ...o.memory, targetGeneration: target.generation }
  const message = `Making the primary of ${short(target.revision)}`
  return hold(o, 'Initializing', message, now, {
    state: { ...state, revision: target.revision, waiting: waitingFor('primary', now) },
    memory,
  })
}

/**
 * Callers are moved only to a primary that is ready, and that every proxy has heard of: its cluster is new to them, and a
 * route that arrives together with its cluster finds nobody for a moment.
 */
export function waitForPrimary(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, primary } = o
  if (state.stage !== 'cloning') return undefined
  const missing = primary === null ? 0 : unreached(o, 'primary', primary.revision)
  if (primary === null || primary.readiness !== 'ready' || missing > 0) {
    const waited =
      primary?.readiness === 'ready'
        ? `Deployment ${o.names.primary.name}: ${notInEndpoints(missing, o.names.primaryService.name)}`
        : `Deployment ${o.names.primary.name} to be ready: ${primary?.message ?? 'it is being made'}`
    const next = awaiting({ ...state, carriedAt: null }, 'primary', now)
    return awaitPods(o, next, { reason: 'WaitingForPods', message: `Waiting for ${waited}` }, now)
  }
  const since = state.carriedAt ?? now
  const knownAt = since + o.settings.settle
  if (now < knownAt) {
    const message = `Deployment ${o.names.primary.name} is ready; the mesh hears of it`
    return hold(o, 'WaitingForPods', message, knownAt, { state: { ...state, carriedAt: since } })
  }
  const next: State = { ...state, stage: 'routing', carriedAt: null, waiting: waitingFor('routes', now) }
  const message = `Deployment ${o.names.primary.name} is ready; moving the callers to it`
  return transition(o, next, { reason: 'RoutingCallers', message }, now)
}

/** Everybody is on the primary: after the last answers of the target the canary is initialised. */
export function finishInitialization(o: Observation<'Initializing'>, now: Instant): Move {
  const { state, settings } = o
  const carriedAt = carriedSince(o, NONE, state.carriedAt, now)
  const next = { ...state, carriedAt }
  if (carriedAt === null || state.revision === null) {
    return hold(o, 'RoutingCallers', 'Waiting for the routes to the primary', null, { state: next })
  }
  const drainedAt = carriedAt + settings.settle + o.canary.spec.analysis.drain
  if (now < drainedAt) {
    return hold(o, 'RoutingCallers', 'The last answers of the target drain', drainedAt, { state: next })
  }
  const initialized: State = { phase: 'Initialized', promoted: state.revision, rejected: null }
  const message = `Initialised: ${o.names.primary.name} serves ${short(state.revision)}`
  return transition(o, initialized, { reason: 'Initialized', message }, now)
}

/** A revision that another version of Sluice wrote down says nothing: the present one is taken as promoted. */
export function takeNewBaseline(o: Observation<RestingPhase>, now: Instant): Move | undefined {
  if (o.target === null || !isForeignRevision(o.state.promoted)) return undefined
  const promoted = o.target.revision
  const message = `The remembered revision is of another version of Sluice; ${short(promoted)} is taken as promoted`
  const memory = { ...o.memory, targetGeneration: o.target.generation }
  const state: State = { phase: 'Succeeded', promoted, rejected: null }
  return transition(o, state, { reason: 'BaselineTaken', message }, now, memory)
}

/** The promoted revision on the target needs no run; a rejected one that was taken out of it is forgotten. */
export function forgetRejected(o: Observation<'Failed'>, now: Instant): Move | undefined {
  if (o.target === null || o.target.revision !== o.state.promoted) return undefined
  const message = `The target is back at the promoted revision ${short(o.state.promoted)}`
  const state: State = { phase: 'Succeeded', promoted: o.state.promoted, rejected: null }
  const memory = { ...o.memory, targetGeneration: o.target.generation }
  return transition(o, state, { reason: 'Succeeded', message }, now, memory)
}

/** The candidate that the target asks for, or null: a new generation and a new hash, and not what was just refused. */
export function wantedCandidate(o: Observation<RestingPhase | 'Waiting'>): Revision | null {
  const { target, state, memory } = o
  if (target === null || target.revision === state.promoted) return null
  if (memory.retry === target.revision) return target.revision
  if (target.revision === state.rejected) return null
  const sameTemplate = templateOf(target.revision) === templateOf(state.promoted)
  if (!sameTemplate && target.generation <= memory.targetGeneration) return null
  return target.revision
}

/** A new revision starts a run, or waits for the canary to be resumed. */
export function startRun(o: Observation<RestingPhase>, now: Instant): Move | undefined {
  const candidate = wantedCandidate(o)
  if (candidate === null) return undefined
  const pause = pauseOf(o)
  if (pause === null) return begin(o, o.state, candidate, now)
  const { promoted, rejected } = o.state
  const message = `Revision ${short(candidate)} waits: ${pause}`
  const state: State = { phase: 'Waiting', promoted, rejected, candidate, waiting: waitingFor('resume', now) }
  return transition(o, state, { reason: 'WaitingToStart', message }, now)
}

/** The wait to start ends with the pause, or with the revision. */
export function startWhenResumed(o: Observation<'Waiting'>, now: Instant): Move {
  const candidate = wantedCandidate(o)
  if (candidate === null) {
    const { promoted, rejected } = o.state
    const what =
      o.target === null
        ? `Deployment ${o.names.target.name} is gone`
        : `The target is back at ${short(o.target.revision)}`
    const message = `${what}; nothing waits any more`
    return transition(o, { phase: 'Succeeded', promoted, rejected }, { reason: 'Withdrawn', message }, now)
  }
  const pause = pauseOf(o)
  if (pause === null) return begin(o, o.state, candidate, now)
  return hold(o, 'WaitingToStart', `Revision ${short(candidate)} waits: ${pause}`, null, {
    state: { ...o.state, candidate },
  })
}

/** Why no run may start or rise, in words; null when it may. */
export function pauseOf(o: Observation): string | null {
  if (o.canary.spec.paused) return `${pausingField(o)} is true`
  return o.memory.paused === null ? null : `paused by command: ${o.memory.paused}`
}

function begin(o: Observation, settled: Settled, candidate: Revision, now: Instant): Move {
  const again =
    candidate === o.memory.previous
      ? `. It was promoted before; to promote it without the steps: ${commandLine(o.names, 'approve', 'full')}`
      : ''
  const message = `New revision ${short(candidate)}: starting its pods${again}`
  const memory = { ...o.memory, targetGeneration: o.target?.generation ?? o.memory.targetGeneration, checks: [] }
  // Pods that are still there under the same template have read another configuration.
  const stage = (podsOf(o.target, candidate)?.replicas ?? 0) > 0 ? 'stoppingOldPods' : 'preparing'
  const state = firstStep(settled, candidate, stage, now)
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
  const id = now.toString(36)
  return earlier.startsWith(id) ? `${earlier}x` : id
}

/** Nothing is to be done; what stands in the way of the next run is said now. */
export function idle(o: Observation<RestingPhase>): Move {
  const problem = problemOf(o, 'rest')
  if (problem !== null) return holdAndReport(o, problem, null)
  const { ignoredManager } = o.memory.replicas
  if (ignoredManager !== null) {
    const message = `${ignoredManager} keeps setting spec.replicas of Deployment ${o.names.target.name}, which rests between runs; remove \`replicas\` from the manifest that it applies. kubectl scale still changes how many pods ${o.names.primary.name} runs`
    return holdAndReport(o, { reason: 'ReplicasPutBack', message }, null)
  }
  const primary = o.primary
  if (primary === null || (primary.ready === 0 && primary.replicas > 0)) {
    const message = `Deployment ${o.names.primary.name} has no ready pod: ${primary?.message ?? 'it is made anew'}`
    return hold(o, 'PrimaryNotReady', message, null)
  }
  if (primary.readiness === 'stuck') {
    const message = `Deployment ${o.names.primary.name} does not get ready: ${primary.message}`
    return holdAndReport(o, { reason: 'PrimaryNotReady', message }, null)
  }
  const { reason, message } = shownAtRest(o)
  return hold(o, reason, message, null)
}

/** How the canary came to rest stays on show until something else happens; trouble is on show while there is any. */
export function shownAtRest(o: Observation<RestingPhase>): Pick<Move, 'reason' | 'message'> {
  const { reason, message, transitionAt, history } = o.memory
  if (reasons[reason].shown === 'until the next') return { reason, message }
  const [ended] = history
  if (ended !== undefined && ended.endedAt >= transitionAt) return ended
  return { reason: 'AtRest', message: `${o.names.primary.name} serves ${short(o.state.promoted)}` }
}
