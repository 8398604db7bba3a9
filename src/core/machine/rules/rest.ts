/** A canary at rest: the promoted revision serves, and the target is scaled to 0. */
import { kindAndName } from '../../model/names.ts'
import { hold, holdAndReport, transition } from '../move.ts'
import type { Move } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { isForeignRevision } from '../../model/revision.ts'
import { withImage } from '../../model/selectors.ts'
import type { RestingPhase, State } from '../../model/state.ts'
import { problemOf } from '../../problems/index.ts'
import { primaryIsAutoscaled } from '../../render/autoscaling.ts'
import { reasons } from '../../status/reasons.ts'
import type { Instant } from '../../time.ts'
import { givenUp, returnedSince } from '../unconfirmed.ts'

/** A revision that another version of Sluice wrote down says nothing: the present one is taken as promoted. */
export function takeNewBaseline(o: Observation<RestingPhase>, now: Instant): Move | undefined {
  if (o.target === null || !isForeignRevision(o.state.promoted)) return undefined
  const promoted = o.target.revision
  const message = `The recorded revision was written by another version of Sluice; ${withImage(o, promoted)} is taken as promoted`
  const memory = { ...o.memory, targetGeneration: o.target.generation }
  const state: State = { phase: 'Succeeded', promoted, rejected: null }
  return transition(o, state, { reason: 'BaselineTaken', message }, now, memory)
}

/** The promoted revision on the target needs no run; a rejected one that was taken out of it is forgotten. */
export function forgetRejected(o: Observation<'Failed'>, now: Instant): Move | undefined {
  if (o.target === null || o.target.revision !== o.state.promoted) return undefined
  const message = `${kindAndName(o.names.target)} is back at the promoted revision ${withImage(o, o.state.promoted)}`
  const state: State = { phase: 'Succeeded', promoted: o.state.promoted, rejected: null }
  const memory = { ...o.memory, targetGeneration: o.target.generation }
  return transition(o, state, { reason: 'Succeeded', message }, now, memory)
}

/** Traffic first; the pods of a refused candidate go once its last answers are out and the primary is healthy. */
export function drainRejected(o: Observation<'Failed'>, now: Instant): Move | undefined {
  const { state, primary } = o
  if (state.drained) return undefined
  const carriedAt = returnedSince(o, state.carriedAt, now)
  const next = { ...state, carriedAt }
  const { reason, message } = shownAtRest(o)
  if ((primary?.ready ?? 0) === 0) {
    const sentence = `${kindAndName(o.names.primary)} has no ready pod; the canary's pods keep running until it has one`
    return hold(o, 'PrimaryNotReady', sentence, null, { state: { ...next, carriedAt: null } })
  }
  const drainedAt = carriedAt === null ? null : carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  const silence = state.carriedAt === null ? givenUp(o, now) : null
  if (silence !== null) return holdAndReport(o, silence, drainedAt, { state: next })
  if (drainedAt === null || now < drainedAt) return hold(o, reason, message, drainedAt, { state: next })
  return hold(o, reason, message, now, { state: { ...next, drained: true } })
}

/** Nothing is to be done; a problem that would stop the next run is reported now. */
export function idle(o: Observation<RestingPhase>): Move {
  const problem = problemOf(o, 'rest')
  if (problem !== null) return holdAndReport(o, problem, null)
  const { ignoredManager } = o.memory.replicas
  if (ignoredManager !== null) {
    const scaling = primaryIsAutoscaled(o)
      ? ''
      : `. kubectl scale still changes how many pods ${o.names.primary.name} runs`
    const message = `${ignoredManager} keeps setting spec.replicas of ${kindAndName(o.names.target)}, which is scaled to 0 between runs; remove \`replicas\` from the manifest that it applies${scaling}`
    return holdAndReport(o, { reason: 'ReplicasPutBack', message }, null)
  }
  const primary = o.primary
  if (primary === null || (primary.ready === 0 && primary.replicas > 0)) {
    const message = `${kindAndName(o.names.primary)} has no ready pod: ${primary?.message ?? 'it is being recreated'}`
    return hold(o, 'PrimaryNotReady', message, null)
  }
  if (primary.readiness === 'stuck') {
    const message = `${kindAndName(o.names.primary)} is not ready: ${primary.message}`
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
  return { reason: 'AtRest', message: `${o.names.primary.name} serves ${withImage(o, o.state.promoted)}` }
}
