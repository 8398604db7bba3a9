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
import { answer, answerToDeletion } from '../move.ts'
import { kindAndName, LOCKED_ANNOTATION } from '../../model/names.ts'
import type { Observation, Workload } from '../../model/observation.ts'
import { postureOf } from '../postures.ts'
import { primaryIsAutoscaled } from '../../render/autoscaling.ts'
import { lastWriteOfOthers, lastWriter } from '../../render/ownership.ts'
import { changedOfPrimary } from '../../render/primary.ts'
import type { Revision } from '../../model/state.ts'
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
    primaryChanged(o, writes),
    primaryScaledToNothing(o, writes),
    candidateScaledToNothing(o, writes),
    scaled(before, o),
  ]
  const acts = found.flatMap(one => (one === null ? [] : [answer(o, one.news, versionOf(one), now)]))
  const answers = [...acts, ...primaryDeleted(o, writes, now)]
  return answers.filter(({ key }) => !o.memory.outbox.some(told => told.key === key))
}

interface Act {
  readonly news: News
  /** What was changed. */
  readonly workload: Workload
  /** Beside its generation, which labels do not change. */
  readonly version?: string
}

const versionOf = ({ workload: { generation }, version }: Act): number | string =>
  version === undefined ? generation : `${generation}/${version}`

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

function primaryChanged(o: Observation, writes: readonly Write[]): Act | null {
  const { primary, names } = o
  const posture = postureOf(o, o.state)
  if (primary === null || posture.primary === null || !replacesPrimary(o, writes)) return null
  const changed = changedOfPrimary(o, posture)
  if (changed === null) return null
  const by = lastWriter(primary.object)
  const message = says[changed]({ o, by, name: kindAndName(names.primary), runs: posture.primary })
  return {
    news: { reason: 'EditReverted', message },
    workload: primary,
    ...(changed === 'other fields' ? { version: lastWriteOfOthers(primary.object) ?? '' } : {}),
  }
}

interface Change {
  readonly o: Observation
  /** Who changed it. */
  readonly by: string
  /** Of the primary. */
  readonly name: string
  readonly runs: Revision
}

const says: Readonly<Record<NonNullable<ReturnType<typeof changedOfPrimary>>, (change: Change) => string>> = {
  template({ o, by, name, runs }) {
    const { names } = o
    const back =
      o.memory.previous === null || candidateOf(o.state) !== null
        ? ''
        : `; to go back to the revision before: ${commandLine(names, 'rollback', 'why')}`
    return `${by} changed the pod template of ${name}, which runs ${withImage(o, runs)}; the change is reverted. To release something else, change ${kindAndName(names.target)}${back}`
  },
  pause: ({ o, by, name }) =>
    `${by} paused the rollout of ${name}, which then takes no promotion; it is resumed. To hold releases: ${commandLine(o.names, 'pause', 'why')}`,
  'other fields': ({ o, by, name }) =>
    `${by} changed ${name}; the change is reverted. It follows ${kindAndName(o.names.target)}: change that`,
}

/** Between the first primary and the deletion of the Canary. */
function primaryDeleted(o: Observation, writes: readonly Write[], now: Instant): Announcement[] {
  const { primary, names, state } = o
  const creates = writes.some(write => write.verb === 'create' && refKey(write.ref) === refKey(names.primary))
  if (primary !== null || !creates || state.phase === 'Initializing') return []
  const message = `${kindAndName(names.primary)} was deleted; it is created again`
  return [answerToDeletion(o, { reason: 'EditReverted', message }, now)]
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
