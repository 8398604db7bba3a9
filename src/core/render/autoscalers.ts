/**
 * The primary's autoscaler, which is kept equal to the user's, and the pause of a user's ScaledObject. A user's
 * HorizontalPodAutoscaler is never written: on a target at 0 replicas it rests.
 */
import { type KubeObject, type Ref, refKey } from '../../api/object.ts'
import {
  found,
  isCopy,
  isMadeByAnother,
  limitsOfPrimary,
  type Pausable,
  pausableOf,
  type Scaler,
  scalerKinds,
  scalerOf,
  scalersOn,
} from '../autoscalers/index.ts'
import { heldReplicas, isPaused, isPausedByUs, type Pause, paused, pausedBy, resumed } from '../autoscalers/pause.ts'
import { present } from '../json.ts'
import { isLeftAlone } from '../machine/desired-replicas.ts'
import type { Observation } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { scalerRefusal } from '../problems/autoscalers.ts'
import { leastOfPrimary, startSize } from './autoscaling.ts'
import { scales, selectorsOverlap } from './labels.ts'
import { applyOurs, deleteOurs, disownOf, inherited, isOurs, ours } from './ownership.ts'

/** Nothing is copied of an autoscaler that cannot be used: what is there stays. */
function usable(o: Observation): (Scaler & { readonly object: KubeObject }) | null {
  const scaler = scalerOf(o)
  if (scaler?.object === undefined || scalerRefusal(o) !== null) return null
  return { ...scaler, object: scaler.object }
}

export function renderAutoscalers(o: Observation, posture: Posture): Write[] {
  return [...renderCopy(o, posture), ...staleCopies(o, posture), ...renderPause(o, posture)]
}

/** The copy follows the user's from the moment at which there is something to scale. */
function renderCopy(o: Observation, posture: Posture): Write[] {
  const scaler = usable(o)
  if (scaler === null || posture.remove === 'everything') return []
  if (o.primary === null || !isOurs(o, o.primary.object)) return []
  return applyOurs(o, scaler.primaryRef, copyOf(o, scaler, scaler.object))
}

function copyOf(o: Observation, scaler: Scaler, object: KubeObject): KubeObject {
  const { kind, reference, primaryRef } = scaler
  const { max, min } = limitsOfPrimary(scaler, object)
  const limits = { min: leastOfPrimary(o) ?? min, max }
  const { target, primary } = o.names
  const { labels, annotations } = object.metadata
  const own = (entries: Readonly<Record<string, string>> | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(inherited(entries)).filter(([key]) => !kind.ownMetadata.has(key)))
  const spec = kind.copyOf(object, { reference, target, primary, limits })
  return ours(o, primaryRef, { labels: own(labels), annotations: own(annotations) }, { spec })
}

/**
 * Copies for an autoscalerRef that is another one now, or of a Canary that is deleted. While the one that is named cannot be used,
 * the last one goes on scaling the primary.
 */
function staleCopies(o: Observation, posture: Posture): Write[] {
  const { primaryScaler } = o.names
  const isReplaced = primaryScaler === null || usable(o) !== null
  if (posture.remove === 'nothing' && !isReplaced) return []
  return copiesOf(o)
    .filter(
      ref => posture.remove === 'everything' || ref.name !== primaryScaler?.name || ref.kind !== primaryScaler.kind,
    )
    .flatMap(ref => deleteOurs(o, ref))
}

const copiesOf = (o: Observation): Ref[] =>
  Object.values(o.live).flatMap(object => {
    const kind = scalerKinds.find(one => one.kind.kind === object.kind)?.kind
    return kind === undefined || !isCopy(o, object)
      ? []
      : [{ kind, namespace: o.names.namespace, name: object.metadata.name }]
  })

/** At the end of a deletion what is the user's is as it was; before that its pause goes on. */
export const isGivenBack = ({ remove, canaryPods }: Posture): boolean =>
  remove === 'everything' && canaryPods === 'untouched'

/** ScaledObjects: the one of the target is paused, and what was paused before is given back, wherever it points by now. */
function renderPause(o: Observation, posture: Posture): Write[] {
  const kept = isGivenBack(posture) ? null : pausableOf(o)
  const wanted = pauseOf(o, posture)
  const pausing =
    kept === null || wanted === null
      ? []
      : annotated(kept.ref, kept.object, paused(kept.object, wanted, o.names.canary))
  const others = touched(o).filter(({ ref }) => kept === null || refKey(ref) !== refKey(kept.ref))
  return [...pausing, ...others.flatMap(one => givenBack(o, posture, one))]
}

/** Every autoscaler that may have something of ours: on either side, or paused for this Canary. */
function touched(o: Observation): readonly Pausable[] {
  const sides = [o.names.target, o.names.primary].flatMap(side => scalersOn(o, side))
  const elsewhere = Object.values(o.live).filter(one => pausedBy(one) === o.names.canary)
  const all = [...sides, ...elsewhere].filter(one => !isCopy(o, one) && !isMadeByAnother(one))
  const known = all.flatMap(one => found(o, one) ?? []).filter(({ kind }) => kind.pausable)
  return [...new Map(known.map(one => [refKey(one.ref), one])).values()]
}

/** A primary that KEDA has set to 0 is started before KEDA acts again: without a request it would leave it there. */
function givenBack(o: Observation, posture: Posture, { ref, object }: Pausable): Write[] {
  if (!isPausedByUs(object)) return scales(object, o.names.target) ? disownOf(ref, object) : []
  const isStopped = posture.primary !== null && o.primary?.replicas === 0 && scales(object, o.names.primary)
  return isStopped ? [] : annotated(ref, object, resumed(object))
}

function annotated(
  ref: Ref,
  { metadata }: KubeObject,
  annotations: Readonly<Record<string, string | null>> | null,
): Write[] {
  if (annotations === null) return []
  const { resourceVersion } = metadata
  return [{ verb: 'merge', ref, patch: { metadata: present({ resourceVersion, annotations }) } }]
}

/**
 * How the autoscaler of the target is kept from it; null where it is not touched, or cannot be paused. Beside a primary whose
 * selector overlaps it never runs, because both would stop.
 */
export function pauseOf(o: Observation, posture: Posture): Pause | null {
  const scaler = pausableOf(o)
  const { target } = o
  if (scaler === null || target === null || isGivenBack(posture)) return null
  const isAlone = posture.remove === 'everything' && copiesOf(o).length === 0
  const overlaps = selectorsOverlap(o) && !isAlone
  const held = heldReplicas(scaler.object) ?? 0
  switch (posture.canaryPods) {
    case 'none':
      return { replicas: isLeftAlone(o) ? target.replicas : 0 }
    case 'untouched':
      return overlaps && posture.primary !== null ? { replicas: target.replicas } : null
    case 'starting':
      // Said once at the start of a run; what takes over from the primary follows its size.
      return { replicas: held > 0 && posture.target === null ? held : startSize(o) }
    case 'as desired':
      if (!overlaps) return 'grows'
      return { replicas: held > 0 ? held : Math.max(1, target.replicas) }
  }
}

/** A paused ScaledObject does not act beside a primary whose selector overlaps: before there is one, it is paused. */
export function mayStartPrimary(o: Observation, posture: Posture): boolean {
  const pause = pauseOf(o, posture)
  const object = pausableOf(o)?.object
  return pause === null || object === undefined || isPaused(object, pause)
}
