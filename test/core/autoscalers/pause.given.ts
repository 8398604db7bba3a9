/** The ScaledObject of the user, and the world once it is as a posture wants it. */
import { kinds, refKey } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import type { Write } from '../../../src/core/model/write.ts'
import { renderAutoscalers } from '../../../src/core/render/autoscalers.ts'
import { after, posture } from '../given-objects.ts'

/** The key of the ScaledObject of the user. */
export const name = refKey({ kind: kinds.ScaledObject, namespace: 'shop', name: 'web' })

/** Those of these writes that are to the object of the user. */
export const ofUser = (writes: readonly Write[]): readonly Write[] =>
  writes.filter(({ verb, ref }) => ref.name === 'web' && (verb === 'merge' || verb === 'disown'))

/** The world once it is as a posture wants the autoscaler of the user. */
export function settled(o: Observation, wanted: Posture): Observation {
  const scaler = after(o, ofUser(renderAutoscalers(o, wanted))).live[name]
  if (scaler === undefined) return o
  const surroundings = { ...o.surroundings, autoscalers: [scaler] }
  return { ...o, surroundings, live: { ...o.live, [name]: scaler } }
}

/** In a run whose candidate has traffic. */
export const carrying = posture({ canaryPods: 'as desired' })
