/** From a new Canary to a primary that serves: clone what serves, wait until it is ready, move the callers to it. */
import { hold, holdAndReport, transition } from '../move.ts'
import { deadlineOf, notInEndpoints } from './verdict.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { carriedSince, recordedOf, short, unreached } from '../../model/selectors.ts'
import type { State, StateOf } from '../../model/state.ts'
import { NONE } from '../../model/traffic.ts'
import { awaiting, waitingFor } from '../../model/waiting.ts'
import { problemOf } from '../../problems/index.ts'
import { isOurs } from '../../render/ownership.ts'
import type { Reason } from '../../status/reasons.ts'
import type { Instant } from '../../time.ts'

/** What makes no sense stops the start, with a sentence, before anything is touched. */
export function refuseToStart(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const problem = problemOf(o, 'start')
  if (problem === null) return undefined
  // A target that is not ready for too long is Stalled, whatever the problem with it.
  return holdAndReport(o, problem, deadlineOf(o, o.state.waiting, now))
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
export function moveCallersToPrimary(o: Observation<'Initializing'>, now: Instant): Move {
  const { state, primary } = o
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
