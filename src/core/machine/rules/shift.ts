/** Before a primary whose old pods may all go first takes a template, the canary carries all traffic. */
import { kindAndName } from '../../model/names.ts'
import { hold, holdAndReport } from '../move.ts'
import { undo } from './undo.ts'
import { deadlineOf, whenOverdue, holdUntil } from './verdict.ts'
import type { Move, Read } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import { atStage, carriedSince, judgedReady, pauseOf, withImage } from '../../model/selectors.ts'
import { awaiting } from '../../model/waiting.ts'
import { inWords } from '../../model/traffic.ts'
import type { Instant } from '../../time.ts'
import { workloadKindOf } from '../../workloads/index.ts'

/** Whether copying a template to the primary may leave it without a pod: it takes the target's strategy with the template. */
export function mustShift({ canary, target, primary }: Observation): boolean {
  const source = target ?? primary
  return source !== null && workloadKindOf(canary).surgeless(source.object, primary?.replicas ?? source.replicas)
}

export function shiftSentence({ names }: Observation): string {
  return `Shifting all traffic to the canary before ${kindAndName(names.primary)} is updated: its rollout may stop all old pods first`
}

/** The copy waits until the mesh carries the canary alone, and the last answers of the primary's old pods are out. */
export function shiftAllTraffic(o: Observation<'Promoting'>, now: Instant): Move | Read {
  const { state } = o
  // Without a ready pod of the canary the routes are about to lead to the primary, whatever they were last read at.
  const isServing = judgedReady(o, state.candidate) > 0
  const carriedAt = isServing ? carriedSince(o, state.traffic, state.carriedAt, now) : null
  const pause = pauseOf(o)
  if (pause !== null) {
    const message = `Holding before ${withImage(o, state.candidate)} is copied to ${kindAndName(o.names.primary)}: ${pause}`
    const held = awaiting({ ...state, carriedAt }, 'resume', now)
    return holdAndReport(o, { reason: 'Paused', message }, null, { state: held })
  }
  const next = awaiting({ ...state, carriedAt }, 'routes', now)
  if (carriedAt === null) {
    const missing = isServing
      ? `the routes do not carry weight ${inWords(state.traffic)} yet`
      : `no pod of ${withImage(o, state.candidate)} is ready to serve all traffic`
    const deadline = deadlineOf(o, next.waiting, now)
    if (deadline === null) return whenOverdue(o, now, () => undo(o, missing, now))
    return holdUntil(o, { reason: 'Promoting', message: `${shiftSentence(o)}; ${missing}` }, deadline, next, now)
  }
  const drainedAt = carriedAt + o.settings.settle + o.canary.spec.analysis.drain
  if (now < drainedAt) return hold(o, 'Promoting', shiftSentence(o), drainedAt, { state: next })
  const copying = { ...atStage(next, 'copying', now), carriedAt: null }
  const message = `Copying ${withImage(o, state.candidate)} to ${kindAndName(o.names.primary)}`
  return hold(o, 'Promoting', message, now, { state: copying })
}
