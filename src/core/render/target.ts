/**
 * The target: the user's own Deployment. Sluice scales it, keeps it from rolling while it carries traffic, and touches
 * nothing else; only a canary that is deleted sets it to the promoted template first, for it takes over.
 */
import { LOCKED_ANNOTATION } from '../model/names.ts'
import type { Observation, Workload } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import { isPaused } from '../autoscalers/pause.ts'
import { pausableOf } from '../autoscalers/index.ts'
import { pauseOf } from './autoscalers.ts'
import { primaryIsAutoscaled, startSize, targetIsAutoscaled } from './autoscaling.ts'
import { templateOf } from '../model/revision.ts'
import { isLeftAlone } from '../machine/desired-replicas.ts'
import type { PatchOperation, Write } from '../model/write.ts'

export function renderTarget(o: Observation, posture: Posture): Write[] {
  const { target } = o
  if (target === null || target.object.metadata.deletionTimestamp !== undefined) return []
  return posture.target === null || templateOf(posture.target) === templateOf(target.revision)
    ? scaleAndLock(o, target, posture)
    : setTemplate(o, target, posture)
}

/** Replicas, lock and its mark in one patch, guarded: what another client has just written is read first. */
function scaleAndLock(o: Observation, target: Workload, posture: Posture): Write[] {
  const replicas = wantedReplicas(o, target, posture)
  const lock = wantedLock(target, posture)
  if (replicas === target.replicas && lock === null) return []
  const operations: PatchOperation[] = [
    ...(replicas === target.replicas ? [] : [{ op: 'add', path: '/spec/replicas', value: replicas } as const]),
    ...(lock ?? []),
  ]
  return [{ verb: 'patch', ref: o.names.target, ...guardOf(target), operations }]
}

/**
 * What was read. The mark of a lock can be added to annotations that are there; where there are none, what another client
 * has added meanwhile is not in the generation.
 */
function guardOf({
  object: { metadata },
}: Workload): Pick<Extract<Write, { verb: 'patch' }>, 'resourceVersion' | 'generation'> {
  const { resourceVersion = '', generation, annotations } = metadata
  return { resourceVersion, ...(generation === undefined || annotations === undefined ? {} : { generation }) }
}

function wantedReplicas(o: Observation, target: Workload, posture: Posture): number {
  const { desired } = o.memory.replicas
  if (posture.canaryPods === 'untouched') return target.replicas
  if (targetIsAutoscaled(o)) return scaledReplicas(o, target, posture)
  if (posture.canaryPods === 'none') return isLeftAlone(o) ? target.replicas : 0
  const asked = desired ?? Math.max(1, target.replicas)
  // An autoscaler knows better than the last desired number how many pods the load needs; what carries traffic is not made smaller.
  return primaryIsAutoscaled(o) ? Math.max(asked, target.replicas, o.primary?.replicas ?? 0) : asked
}

/**
 * How many pods a target has that an autoscaler is on. From 0 it is started with as many as the primary has; from then on its
 * autoscaler decides, or the pause. An HPA that finds idle pods is not contradicted, before a target takes over neither: its minimum
 * is what holds them, and a number that is written against it at each of its checks would be ready at none.
 */
function scaledReplicas(o: Observation, target: Workload, posture: Posture): number {
  const pause = pauseOf(o, posture)
  const object = pausableOf(o)?.object
  if (pause !== null && object !== undefined) {
    // Written before KEDA is paused, it would be written back.
    if (!isPaused(object, pause)) return target.replicas
    if (pause !== 'grows') return pause.replicas
  }
  if (posture.canaryPods === 'none') return isLeftAlone(o) ? target.replicas : 0
  return target.replicas === 0 ? startSize(o) : target.replicas
}

const MARK = `/metadata/annotations/${LOCKED_ANNOTATION.replace('/', '~1')}`

/** A pause without our mark is the user's: it is neither claimed nor lifted. null: the lock is as it should be. */
function wantedLock(target: Workload, posture: Posture): readonly PatchOperation[] | null {
  const { annotations } = target.object.metadata
  const marked = annotations?.[LOCKED_ANNOTATION] !== undefined
  if (posture.lock) {
    if (target.paused) return null
    const mark: PatchOperation =
      annotations === undefined
        ? { op: 'add', path: '/metadata/annotations', value: { [LOCKED_ANNOTATION]: 'true' } }
        : { op: 'add', path: MARK, value: 'true' }
    return [mark, { op: 'add', path: '/spec/paused', value: true }]
  }
  if (!marked) return null
  return [{ op: 'remove', path: MARK }, ...(target.paused ? [{ op: 'remove', path: '/spec/paused' } as const] : [])]
}

/** The recorded template, as a whole; an unknown one is left to the rules to speak about. */
function setTemplate(o: Observation, target: Workload, posture: Posture): Write[] {
  const recorded = o.recorded.find(one => one.revision === posture.target)
  if (recorded === undefined) return []
  const operations: PatchOperation[] = [
    { op: 'replace', path: '/spec/template', value: recorded.template },
    { op: 'add', path: '/spec/replicas', value: wantedReplicas(o, target, posture) },
    ...(wantedLock(target, posture) ?? []),
  ]
  return [{ verb: 'patch', ref: o.names.target, ...guardOf(target), operations }]
}
