/** A deleted canary hands the workload back without losing a request: restore, route, drain, then remove. */
import { formatDuration } from '../../../api/duration.ts'
import { progressDeadline } from '../../model/plan.ts'
import { pausableOf } from '../../autoscalers/index.ts'
import { isPaused, isPausedByUs } from '../../autoscalers/pause.ts'
import { hasMinimum } from '../../autoscalers/readiness.ts'
import { kindAndName } from '../../model/names.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import { postureOf } from '../postures.ts'
import { SEEN } from '../primary-floor.ts'
import { remember } from './end-run.ts'
import { SIGHT_RETRY, deadlineOf, holdUntil, notInEndpoints } from './verdict.ts'
import { at, textsOf } from '../../json.ts'
import type { Move } from '../../model/decision.ts'
import { ENDPOINTS_LABEL } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { templateOf } from '../../model/revision.ts'
import {
  carriedSince,
  isPodOf,
  promotedOf,
  recordedOf,
  runOf,
  short,
  unlisted,
  withImage,
} from '../../model/selectors.ts'
import type { Phase, Revision, State } from '../../model/state.ts'
import { NONE } from '../../model/traffic.ts'
import { awaiting, waitingFor } from '../../model/waiting.ts'
import { targetIsAutoscaled } from '../../render/autoscaling.ts'
import { selects, templateLabels } from '../../render/labels.ts'
import { isOurs, liveOf } from '../../render/ownership.ts'
import { primaryBeforeCopies } from '../../render/policies.ts'
import { renderServices } from '../../render/services.ts'
import { routingOf } from '../../routers/index.ts'
import type { Instant } from '../../time.ts'

type Terminating = Observation<'Terminating'>

/** Deletion outranks everything else. */
export function terminate<P extends Phase>(o: Observation<P>, now: Instant): Move | undefined {
  if (o.canary.metadata.deletionTimestamp === undefined) return undefined
  const state = o.state as State
  const blind = waitForHandover(o, now)
  if (blind !== undefined) return blind
  if (isDiverting(o)) return undefined
  // A lost status knows nothing, and a primary of ours may serve all the same: what it runs is promoted.
  const own = o.primary !== null && isOurs(o, o.primary.object)
  const promoted = copied(o, state) ?? promotedOf(state) ?? (own ? (o.primary?.revision ?? null) : null)
  // Callers that were never moved need not be moved back; without a target, or in a dying namespace, there is nothing to hand over.
  const fresh = state.phase === 'Initializing' && state.stage === 'cloning'
  const untouched = fresh && (!own || ((o.target?.ready ?? 0) > 0 && o.traffic === null))
  const pointless = o.surroundings.namespaceTerminating || o.target === null || promoted === null
  const stage = untouched || pointless ? 'removing' : 'returning'
  const message =
    stage === 'removing'
      ? 'The canary is being deleted; there is nothing to hand over'
      : `The canary is being deleted; ${kindAndName(o.names.target)} takes over from ${o.names.primary.name}`
  const next: State = {
    phase: 'Terminating',
    promoted: untouched ? null : promoted,
    stage,
    carriedAt: null,
    waiting: null,
  }
  const news = { reason: 'HandingBack', message } as const
  const run = runOf(state)
  const outcome = run?.candidate === promoted ? 'Succeeded' : 'Withdrawn'
  return transition(o, next, news, now, run === null ? o.memory : remember(o.memory, run, outcome, news, now))
}

/** Nothing is handed over, and nothing removed, that cannot be seen. A namespace that is being deleted does not wait. */
export function waitForHandover(o: Observation, now: Instant): Move | undefined {
  if (o.hidden === null || o.surroundings.namespaceTerminating) return undefined
  const message = `The canary is being deleted, and nothing is handed over until its objects can be read: ${o.hidden}`
  return holdAndReport(o, { reason: 'WatchUnavailable', message }, now + SIGHT_RETRY)
}

/** What was given up is not handed back: first the promoted template goes back, for which `divert` waits no longer than a deadline. */
function isDiverting({ state, unseen, target, surroundings }: Observation): boolean {
  if (unseen !== null || target === null || surroundings.namespaceTerminating) return false
  return state.phase === 'Promoting' && state.stage === 'diverting'
}

/**
 * The candidate, once the primary was set to it: every gate has passed, and a template that is changed back just as its rollout
 * ends can leave a primary without a ready pod, for the Deployment controller counts the old pods by a status from before.
 */
export function copied(o: Observation, state: State): Revision | null {
  const promoting = state.phase === 'Promoting' && state.stage !== 'undoing'
  return promoting && o.primary?.revision === state.candidate ? state.candidate : null
}

/** A dying namespace or a target that is gone lets go at once, at any stage. */
export function removeWhenNothingToHandOver(o: Terminating, now: Instant): Move | undefined {
  if (!o.surroundings.namespaceTerminating && o.target !== null) return undefined
  return transition(
    o,
    { ...o.state, stage: 'removing' },
    { reason: 'HandingBack', message: 'There is nothing left to hand over' },
    now,
  )
}

const handingBack = (o: Terminating): string => `${kindAndName(o.names.target)} takes over from ${o.names.primary.name}`

/** There is no route, or none that what should serve it takes up; who deletes the Canary does not wait for that for ever. */
function leadsNowhere(o: Terminating, now: Instant): boolean {
  const { unconfirmed } = o.traffic ?? {}
  return o.traffic === null || (unconfirmed !== undefined && now >= unconfirmed.since + progressDeadline(o.canary))
}

/** Whatever the target runs now, it carries nothing before its template is touched. */
export function returnToPrimary(o: Terminating, now: Instant): Move {
  const { state, target } = o
  const carriedAt = leadsNowhere(o, now) ? now : carriedSince(o, NONE, state.carriedAt, now)
  const next = { ...state, carriedAt }
  const forward = (): Move => {
    const restoring: State = { ...next, stage: 'restoring', carriedAt: null, waiting: waitingFor('target', now) }
    const message = restored(o)
    // The very pass that leads there sets the template.
    if (message !== null) return transition(o, restoring, { reason: 'TargetRestored', message }, now)
    return hold(o, 'HandingBack', handingBack(o), now, { state: restoring })
  }
  if (o.traffic === null || (carriedAt !== null && target?.running === 0)) return forward()
  if ((o.primary?.ready ?? 0) === 0 && (target?.ready ?? 0) > 0) {
    const waited = o.primary?.message ?? 'it is being recreated'
    const message = `${kindAndName(o.names.primary)} has no ready pod (${waited}); the target serves until it does`
    return holdAndReport(o, { reason: 'PrimaryNotReady', message }, null, {
      state: { ...next, carriedAt: null },
    })
  }
  if (carriedAt === null) {
    const { unconfirmed } = o.traffic
    const message = unconfirmed === undefined ? handingBack(o) : `${handingBack(o)}: ${unconfirmed.because}`
    const overAt = unconfirmed === undefined ? null : unconfirmed.since + progressDeadline(o.canary)
    return hold(o, 'HandingBack', message, overAt, { state: next })
  }
  const drainedAt = carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  return now < drainedAt ? hold(o, 'HandingBack', handingBack(o), drainedAt, { state: next }) : forward()
}

/** What is said where the target is set back to the promoted template; null where it holds that, or none is on record. */
function restored(o: Terminating): string | null {
  const { names, recorded, state, target } = o
  const { promoted } = state
  if (target === null || promoted === null || !recorded.some(one => one.revision === promoted)) return null
  // Its configuration is the user's own again; only the template can be put back.
  if (templateOf(target.revision) === templateOf(promoted)) return null
  return `${kindAndName(names.target)} held ${withImage(o, target.revision)}, which was not promoted; it is set to ${withImage(o, promoted)}`
}

/** The target runs the promoted template, with its replicas, before callers are moved to it. */
export function restoreTarget(o: Terminating, now: Instant): Move {
  const { state, target } = o
  if (target === null || state.promoted === null) return removeOurObjects(o)
  const foreign = templateOf(target.revision) !== templateOf(state.promoted)
  const recorded = recordedOf(o, state.promoted) !== undefined
  // Without a record nothing can go back to what was promoted: what the primary runs is what serves.
  if (foreign && !recorded && o.primary !== null && o.primary.revision !== state.promoted)
    return hold(o, 'HandingBack', handingBack(o), now, { state: { ...state, promoted: o.primary.revision } })
  // Another client has set it to another one again.
  const setBack = restored(o)
  if (setBack !== null) return holdAndReport(o, { reason: 'TargetRestored', message: setBack }, null)
  if (foreign && o.primary !== null) {
    const primary = o.names.primary.name
    const message = `${kindAndName(o.names.target)} holds ${withImage(o, target.revision)}, which was not promoted, and ${short(state.promoted)} is not recorded any more. Set ${kindAndName(o.names.target)} to the image and settings that ${primary} runs: it takes over then, and ${primary} serves until it does`
    return holdAndReport(o, { severity: 'error', reason: 'Conflict', message }, null)
  }
  if (target.readiness !== 'ready' || target.ready === 0) {
    const message = `Waiting for ${kindAndName(o.names.target)} before callers are moved back to it: ${target.message}`
    const next = awaiting(state, 'target', now)
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline !== null) return holdUntil(o, { reason: 'HandingBack', message }, deadline, next, now)
    // An autoscaler goes on from its minimum.
    if (!targetIsAutoscaled(o) || !hasMinimum(o, 'target'))
      return holdAndReport(
        o,
        { severity: 'error', reason: 'HandingBack', message: `${message}. Manual intervention required` },
        null,
      )
  }
  const message = `${kindAndName(o.names.target)} is ready; moving the callers back to it`
  const next: State = { ...state, stage: 'routing', carriedAt: null, waiting: waitingFor('routes', now) }
  return transition(o, next, { reason: 'HandingBack', message }, now)
}

/** Callers are moved; the primary answers what is still under way. */
export function routeToTarget(o: Terminating, now: Instant): Move {
  const { state } = o
  const waited = isWritten(o) ? waitedInEndpoints(o) : handingBack(o)
  if (waited !== null) return hold(o, 'HandingBack', waited, null, { state: { ...state, carriedAt: null } })
  const carriedAt = state.carriedAt ?? now
  const next = { ...state, carriedAt }
  const drainedAt = carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  if (now < drainedAt) return hold(o, 'HandingBack', handingBack(o), drainedAt, { state: next })
  const scaler = pausableOf(o)
  const stage = scaler?.kind.stopsIdle(scaler.object) === true && isPausedByUs(scaler.object) ? 'resuming' : 'removing'
  return hold(o, 'HandingBack', handingBack(o), now, { state: { ...next, stage, carriedAt: null } })
}

/**
 * KEDA that finds no load takes the target to 0 within seconds of the end of a pause, and where the metric comes from the target's own
 * pods it never starts them again: first the traffic that has just moved has to be seen.
 */
export function watchAutoscaler(o: Terminating, now: Instant): Move {
  const { state } = o
  const scaler = pausableOf(o)
  if (scaler === null || !isPausedByUs(scaler.object))
    return hold(o, 'HandingBack', handingBack(o), now, { state: { ...state, stage: 'removing' } })
  const name = kindAndName(scaler.ref)
  if (!isPaused(scaler.object, 'grows')) {
    const message = `Removing the objects that Sluice created, before the pause of ${name} is lifted`
    return hold(o, 'HandingBack', message, null, { state: { ...state, carriedAt: null } })
  }
  const since = state.carriedAt ?? now
  if (now - since >= SEEN)
    return hold(o, 'HandingBack', handingBack(o), now, { state: { ...state, stage: 'removing', carriedAt: null } })
  const message = `${kindAndName(o.names.target)} serves; waiting ${formatDuration(SEEN)} for the metrics of ${name} to show its traffic before ${name} may take pods away again`
  return hold(o, 'HandingBack', message, since + SEEN, { state: { ...state, carriedAt: since } })
}

/** Nothing is left to write before every caller is led to the target. */
function isWritten(o: Terminating): boolean {
  const posture = postureOf(o, o.state)
  return [...routingOf(o).render(o, posture), ...renderServices(o, posture)].every(write => write.verb === 'disown')
}

/**
 * What the EndpointSlices of the Service lack, in words; null where nothing, or where they are not followed. They follow a selector
 * a moment later. Where the Service selects the primary's pods as well, as with labels `keep`, those are listed until they end.
 */
function waitedInEndpoints(o: Terminating): string | null {
  const service = liveOf(o, o.names.apexService)
  if (o.endpoints === null || service?.metadata.labels?.[ENDPOINTS_LABEL] === undefined) return null
  const missing = unlisted(o, 'apex', o.target, o.state.promoted ?? '')
  const { name } = o.names.apexService
  if (missing > 0) return `${handingBack(o)}: ${notInEndpoints(missing, name)}`
  const selectsPrimary = selects(textsOf(at(service.spec, 'selector')), templateLabels(o.primary?.object))
  if (selectsPrimary || !o.endpoints.apex.some(pod => isPodOf(o.primary, pod))) return null
  return `${handingBack(o)}: the endpoints of Service ${name} still have pods of Deployment ${o.names.primary.name}`
}

/** What we made goes; the finalizer last. */
export function removeOurObjects(o: Terminating): Move {
  const primary = primaryBeforeCopies(o)
  if (primary !== null) {
    const finalizers = primary.metadata.finalizers ?? []
    const kept = finalizers.length === 0 ? '' : `, which its finalizers keep (${finalizers.join(', ')})`
    const message = `Waiting until ${kindAndName(o.names.primary)} is deleted${kept}: the copies of policies for its pods are removed after it`
    return hold(o, 'HandingBack', message, null)
  }
  return hold(o, 'HandingBack', 'Removing the objects that Sluice created', null)
}
