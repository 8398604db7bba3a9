/**
 * The primary's autoscaler, which is kept equal to the user's, and the pause of a user's ScaledObject. A user's
 * HorizontalPodAutoscaler is never written: on a target at 0 replicas it rests.
 */
import type { KubeObject, Ref } from '../../api/object.ts'
import { isCopy, limitsOfPrimary, type Scaler, scalerKinds, scalerOf, scalersOn } from '../autoscalers/index.ts'
import { heldReplicas, isPausedByUs, type Pause, paused, resumed, isPaused } from '../autoscalers/pause.ts'
import { present } from '../json.ts'
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

/** Copies for an autoscalerRef that is another one now, or of a Canary that is deleted. */
function staleCopies(o: Observation, posture: Posture): Write[] {
  const { primaryScaler } = o.names
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

/** ScaledObjects on the target: the one that is named is paused, and what was paused before is given back. */
function renderPause(o: Observation, posture: Posture): Write[] {
  const scaler = usable(o)
  const wanted = pauseOf(o, posture)
  const named = scaler?.kind.pausable === true && posture.remove === 'nothing' ? scaler : null
  const ref = scalerOf(o)?.ref.name
  const others = scalersOn(o, o.names.target).filter(one => named === null || one.metadata.name !== ref)
  return [
    ...(named === null || wanted === null ? [] : annotated(named.ref, named.object, paused(named.object, wanted))),
    // One that cannot be used now stays as it is, while it is named: at rest it would start pods.
    ...others
      .filter(one => posture.remove === 'everything' || one.metadata.name !== ref)
      .flatMap(one => givenBack(o, one)),
  ]
}

function givenBack(o: Observation, scaler: KubeObject): Write[] {
  const kind = scalerKinds.find(one => one.pausable && one.kind.kind === scaler.kind)?.kind
  if (kind === undefined) return []
  const ref = { kind, namespace: o.names.namespace, name: scaler.metadata.name }
  return isPausedByUs(scaler) ? annotated(ref, scaler, resumed(scaler)) : disownOf(ref, scaler)
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
 * How the named autoscaler is kept from the target; null where it is not touched, or cannot be paused. Beside a primary whose
 * selector overlaps it never runs, because both would stop.
 */
export function pauseOf(o: Observation, posture: Posture): Pause | null {
  const scaler = usable(o)
  const { target } = o
  if (scaler === null || !scaler.kind.pausable || target === null || posture.remove === 'everything') return null
  if (!scales(scaler.object, o.names.target)) return null
  const overlaps = selectorsOverlap(o)
  const held = heldReplicas(scaler.object) ?? 0
  switch (posture.canaryPods) {
    case 'none':
      return { replicas: 0 }
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

/** The named ScaledObject does not act beside a primary whose selector overlaps: before there is one, it is paused. */
export function mayStartPrimary(o: Observation, posture: Posture): boolean {
  const pause = pauseOf(o, posture)
  const object = scalerOf(o)?.object
  return pause === null || object === undefined || isPaused(object, pause)
}
