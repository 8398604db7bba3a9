/**
 * What people do to the two workloads with kubectl, beside the Canary: it is carried out where that is safe, and undone where
 * it is not. Either way an event names who did it, and says what to type for what was meant.
 */
import { refKey } from '../../../api/object.ts'
import type { Announcement } from '../../model/announcement.ts'
import { commandLine } from '../../model/command-line.ts'
import { candidateOf, withImage } from '../../model/selectors.ts'
import { at } from '../../json.ts'
import type { News } from '../../model/decision.ts'
import { answer } from '../move.ts'
import { kindAndName, LOCKED_ANNOTATION } from '../../model/names.ts'
import type { Observation, Workload } from '../../model/observation.ts'
import { postureOf } from '../postures.ts'
import { primaryIsAutoscaled } from '../../render/autoscaling.ts'
import { lastWriter } from '../../render/ownership.ts'
import { primaryWasChanged } from '../../render/primary.ts'
import type { Instant } from '../../time.ts'
import { FIELD_MANAGER, type Write } from '../../model/write.ts'

/**
 * @param before as it was remembered before this pass.
 * @param o with the state and memory that the move leads to.
 * @param writes of this pass: what is undone is undone by one of them.
 */
export function answersToHands(
  before: Pick<Observation, 'memory'>,
  o: Observation,
  writes: readonly Write[],
  now: Instant,
): Announcement[] {
  // A write that is refused, or withheld from a fight, undoes nothing; that is what is said then.
  if (o.writeError !== null) return []
  const found = [
    lockLifted(o, writes),
    templateChanged(o, writes),
    primaryScaledToNothing(o, writes),
    candidateScaledToNothing(o, writes),
    scaled(before, o),
  ]
  const answers = found.flatMap(one => (one === null ? [] : [answer(o, one.news, one.workload.generation, now)]))
  return answers.filter(({ key }) => !o.memory.outbox.some(told => told.key === key))
}

interface Act {
  readonly news: News
  /** What was changed. */
  readonly workload: Workload
}

/** In mid-run kubectl refuses `rollout undo` and `rollout restart`, and says to resume first. */
function lockLifted(o: Observation, writes: readonly Write[]): Act | null {
  const { target, names } = o
  if (target === null || target.paused || target.object.metadata.annotations?.[LOCKED_ANNOTATION] === undefined)
    return null
  if (!setOnTarget(o, writes, '/spec/paused')) return null
  const candidate = candidateOf(o.state)
  const carried = candidate === null ? 'its pods carry traffic' : `the pods of ${withImage(o, candidate)} are judged`
  const message = `${lastWriter(target.object)} resumed ${kindAndName(names.target)}, which Sluice keeps paused while ${carried}; it is paused again. To stop the release, set the image back, or: ${commandLine(names, 'abort', 'why')}`
  return { news: { reason: 'EditReverted', message }, workload: target }
}

/** Whether a field of the target's spec is set. */
const setOnTarget = (o: Observation, writes: readonly Write[], path: '/spec/paused' | '/spec/replicas'): boolean =>
  writes.some(
    write =>
      write.verb === 'patch' &&
      refKey(write.ref) === refKey(o.names.target) &&
      write.operations.some(operation => operation.op === 'add' && operation.path === path),
  )

const replacesPrimary = (o: Observation, writes: readonly Write[]): boolean =>
  writes.some(write => write.verb === 'replace' && refKey(write.ref) === refKey(o.names.primary))

function templateChanged(o: Observation, writes: readonly Write[]): Act | null {
  const { primary, names } = o
  const posture = postureOf(o, o.state)
  if (primary === null || posture.primary === null || !replacesPrimary(o, writes)) return null
  if (!primaryWasChanged(o, posture)) return null
  const back =
    o.memory.previous === null || candidateOf(o.state) !== null
      ? ''
      : `; to go back to the revision before: ${commandLine(names, 'rollback', 'why')}`
  const message = `${lastWriter(primary.object)} changed the pod template of ${kindAndName(names.primary)}, which runs ${withImage(o, posture.primary)}; the change is reverted. To release something else, change ${kindAndName(names.target)}${back}`
  return { news: { reason: 'EditReverted', message }, workload: primary }
}

function primaryScaledToNothing(o: Observation, writes: readonly Write[]): Act | null {
  const { primary, names } = o
  if (primary === null || primary.replicas > 0 || !replacesPrimary(o, writes)) return null
  const write = writes.find(one => one.verb === 'replace' && refKey(one.ref) === refKey(names.primary))
  const replicas = write?.verb === 'replace' ? at(write.object.spec, 'replicas') : 1
  const message = `${lastWriter(primary.object)} scaled ${kindAndName(names.primary)} to 0; it serves, so it is scaled to ${String(replicas)} again`
  return { news: { reason: 'EditReverted', message }, workload: primary }
}

/** At the start of a run Sluice scales the target up itself; from then on its pods are judged. */
function candidateScaledToNothing(o: Observation, writes: readonly Write[]): Act | null {
  const { target, state, names } = o
  if (target === null || target.replicas > 0 || target.replicasBy === '' || target.replicasBy === FIELD_MANAGER)
    return null
  const judged = state.phase === 'Promoting' || ('highest' in state && state.highest > 0)
  if (!judged || !setOnTarget(o, writes, '/spec/replicas')) return null
  const message = `${target.replicasBy} scaled ${kindAndName(names.target)} to 0 in a release; it is scaled up again. To stop the release, set the image back, or: ${commandLine(names, 'abort', 'why')}`
  return { news: { reason: 'EditReverted', message }, workload: target }
}

/** A user asked for another number of pods, of the target or of the primary. */
function scaled(before: Pick<Observation, 'memory'>, o: Observation): Act | null {
  const { desired } = o.memory.replicas
  const { primary, target, names } = o
  if (before.memory.replicas.desired === null || before.memory.replicas.desired === desired) return null
  if (primary === null || primaryIsAutoscaled(o)) return null
  const workload = primary.replicas === desired ? primary : target
  if (workload === null) return null
  const rests = workload === target && target.replicas > 0 ? `; ${names.target.name} itself runs none between runs` : ''
  const message = `${workload.replicasBy === '' ? 'Another writer' : workload.replicasBy} asked for ${desired} replicas of ${kindAndName(workload === primary ? names.primary : names.target)}: ${names.primary.name} runs as many from now on${rests}`
  return { news: { reason: 'ReplicasChanged', message }, workload }
}
