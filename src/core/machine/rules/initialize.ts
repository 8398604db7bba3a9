/** From a new Canary to a primary that serves: clone what serves, wait until it is ready, move the callers to it. */
import { kinds } from '../../../api/object.ts'
import { kindAndName, SERVICE_NAME_LABEL } from '../../model/names.ts'
import { progressDeadline } from '../../model/plan.ts'
import { formatDuration } from '../../../api/duration.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { becauseOfPods, deadlineOf, notInEndpoints, SIGHT_RETRY } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { carriedSince, recordedOf, short, unreached, withImage } from '../../model/selectors.ts'
import type { State, StateOf } from '../../model/state.ts'
import { NONE } from '../../model/traffic.ts'
import { awaiting, waitingFor } from '../../model/waiting.ts'
import { problemOf } from '../../problems/index.ts'
import { mayHaveOtherPods } from '../../problems/services.ts'
import { isOurs } from '../../render/ownership.ts'
import { missingCopies } from '../../render/policies.ts'
import { apexLeftTarget } from '../../render/services.ts'
import type { Reason } from '../../status/reasons.ts'
import type { Instant } from '../../time.ts'

/** What makes no sense stops the start, with a sentence, before anything is touched. */
export function refuseToStart(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const problem = problemOf(o, 'start')
  if (problem === null) return undefined
  // Nothing tells when the endpoints change, which are not watched.
  const retryAt = o.surroundings.otherPods.length === 0 ? null : now + ENDPOINTS_RETRY
  // A target that is not ready for too long is Stalled; whatever else was in the way took none of its time.
  const awaited = o.state.revision === null ? 'target' : 'primary'
  const state = awaiting(o.state, problem.reason === 'TargetNotReady' ? awaited : null, now)
  return holdAndReport(o, problem, state.waiting === null ? retryAt : deadlineOf(o, state.waiting, now), { state })
}

/** A primary of ours that exists already says what is promoted: a lost status never overwrites it. */
export function adoptExistingPrimary(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, primary, target, names } = o
  if (primary === null || !isOurs(o, primary.object))
    return state.revision === null ? undefined : cloneWhatServes(o, now)
  if (state.revision !== null) return undefined
  const { revision } = primary
  if (recordedOf(o, revision) === undefined && target !== null && target.revision !== revision) {
    const message = `${kindAndName(names.primary)} serves ${short(revision)}, which is not recorded any more, and ${kindAndName(names.target)} holds ${withImage(o, target.revision)}. Set ${kindAndName(names.target)} to the image and settings that ${names.primary.name} runs, then release again`
    return holdAndReport(o, { reason: 'Conflict', message }, null)
  }
  return hold(o, 'Initializing', `${kindAndName(names.primary)} already runs ${withImage(o, revision)}`, now, {
    state: { ...o.state, revision, waiting: waitingFor('primary', now) },
  })
}

/** A target that changed before its template was on record is another one to clone. */
function cloneWhatServes(o: Observation<'Initializing'>, now: Instant): Move | undefined {
  const { state, target } = o
  if (state.revision === null || target === null || target.revision === state.revision) return undefined
  if (recordedOf(o, state.revision) !== undefined) return undefined
  const message = `${kindAndName(o.names.target)} changed before its primary was created; starting over with its present template`
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
  const waited = `${news.message}${becauseOfPods(o, state.waiting)}`
  if (deadline !== null) return hold(o, news.reason, waited, deadline, { state })
  const message = `${waited}, for longer than spec.progressDeadlineSeconds (${formatDuration(progressDeadline(o.canary))})`
  // Why pods are not ready changes from one check to the next; that they are not is said once.
  return holdAndReport(o, { severity: 'warn', reason: news.reason, message, about: news.message }, null, { state })
}

/** Until endpoints that hold pods of others are read again. */
const ENDPOINTS_RETRY = 30_000

/** Before the user's Service is adopted, what it leads to is read: only its endpoints tell of pods that no followed workload has. */
function readEndpoints(o: Observation<'Initializing'>, now: Instant): Move | Read | undefined {
  if (o.sight === 'endpoints' || o.sight === 'live' || !mayHaveOtherPods(o)) return undefined
  const { namespace, target, apexService } = o.names
  if (typeof o.sight === 'object') {
    const message = `No callers are moved until the endpoints of ${kindAndName(apexService)} could be read: ${o.sight.unavailable}`
    return holdAndReport(o, { reason: 'WatchUnavailable', message }, now + SIGHT_RETRY)
  }
  const slices = { kind: kinds.EndpointSlice, namespace, labels: { [SERVICE_NAME_LABEL]: apexService.name } }
  return { read: [{ ref: target }, slices], sight: 'endpoints' }
}

/** The first primary is cloned from what serves: the target once its own rollout is complete. */
export function waitForTarget(o: Observation<'Initializing'>, now: Instant): Move | Read | undefined {
  const { state, target } = o
  if (state.revision !== null) return undefined
  if (target === null) {
    const message = `${kindAndName(o.names.target)} does not exist`
    return hold(o, 'TargetMissing', message, null, { state: awaiting(state, null, now) })
  }
  if (target.readiness !== 'ready') {
    const message = `Waiting for ${kindAndName(o.names.target)} before its primary is created: ${target.message}`
    return awaitPods(o, awaiting(state, 'target', now), { reason: 'TargetNotReady', message }, now)
  }
  const read = readEndpoints(o, now)
  if (read !== undefined) return read
  const memory = { ...o.memory, targetGeneration: target.generation }
  const message = `Creating ${kindAndName(o.names.primary)} from ${withImage(o, target.revision)}`
  return hold(o, 'Initializing', message, now, {
    state: { ...state, revision: target.revision, waiting: waitingFor('primary', now) },
    memory,
  })
}

/**
 * Callers are moved only to a primary that is ready, and that every proxy has heard of: its cluster is new to them, and a
 * route that arrives together with its cluster finds no endpoint for a moment.
 */
export function moveCallersToPrimary(o: Observation<'Initializing'>, now: Instant): Move | Read {
  const { state, primary } = o
  const missing = primary === null ? 0 : unreached(o, 'primary', primary.revision)
  if (primary === null || primary.readiness !== 'ready' || missing > 0) {
    const waited =
      primary?.readiness === 'ready'
        ? `${kindAndName(o.names.primary)}: ${notInEndpoints(missing, o.names.primaryService.name)}`
        : `${kindAndName(o.names.primary)}: ${primary?.message ?? notCreated(o)}`
    const next = awaiting({ ...state, carriedAt: null }, 'primary', now)
    return awaitPods(o, next, { reason: 'WaitingForPods', message: `Waiting for ${waited}` }, now)
  }
  const since = state.carriedAt ?? now
  const knownAt = since + o.settings.settle
  if (now < knownAt) {
    const message = `${kindAndName(o.names.primary)} is ready; waiting ${formatDuration(o.settings.settle)} for proxies to receive its endpoints`
    return hold(o, 'WaitingForPods', message, knownAt, { state: { ...state, carriedAt: since } })
  }
  // Pods of others may have come meanwhile.
  const read = readEndpoints(o, now)
  if (read !== undefined) return read
  const next: State = { ...state, stage: 'routing', carriedAt: null, waiting: waitingFor('routes', now) }
  const message = `${kindAndName(o.names.primary)} is ready; moving the callers to it`
  return transition(o, next, { reason: 'RoutingCallers', message }, now)
}

/** Why there is no primary yet. */
function notCreated(o: Observation): string {
  const [copy] = missingCopies(o)
  if (copy === undefined) return 'it is being created'
  return `${kindAndName(copy.ref)}, the copy of ${kindAndName({ ...copy.ref, name: copy.original.metadata.name })} for its pods, is being created first`
}

/** Everybody is on the primary: after the last answers of the target the canary is initialised. */
export function finishInitialization(o: Observation<'Initializing'>, now: Instant): Move {
  const { state, settings } = o
  const isServed = apexLeftTarget(o) && o.traffic?.unconfirmed === undefined
  const carriedAt = isServed ? carriedSince(o, NONE, state.carriedAt, now) : null
  const next = { ...state, carriedAt }
  if (carriedAt === null || state.revision === null) {
    return hold(o, 'RoutingCallers', `Waiting for the routes to lead to ${kindAndName(o.names.primary)}`, null, {
      state: next,
    })
  }
  const drainedAt = carriedAt + settings.settle + o.canary.spec.analysis.drain
  if (now < drainedAt) {
    return hold(o, 'RoutingCallers', `Waiting for in-flight requests of ${kindAndName(o.names.target)}`, drainedAt, {
      state: next,
    })
  }
  const initialized: State = { phase: 'Initialized', promoted: state.revision, rejected: null }
  const message = `Ready: ${o.names.primary.name} serves ${withImage(o, state.revision)}; ${o.names.target.name} is scaled to 0`
  return transition(o, initialized, { reason: 'Initialized', message }, now)
}
