/** What Istio’s router renders, and the routes that come of it. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { after, liveOne, posture } from '../given-objects.ts'

/** What is to be written for this posture. */
export const routes = (o: Observation, wanted: Posture) => istio.render(o, wanted)
export const virtualService = (o: Observation, name = 'web'): KubeObject => liveOne(o, kinds.VirtualService, name)
/** Kinds and names of all objects. */
export const names = (o: Observation): string[] => Object.values(o.live).map(one => `${one.kind} ${one.metadata.name}`)

/** The world once rendering changes nothing more. */
export function settled(o: Observation, wanted: Posture = posture()): Observation {
  const done = after(o, routes(o, wanted))
  const last = after(done, routes(done, wanted))
  expect(routes(last, wanted)).to.deep.equal([])
  return last
}

/** After the deletion of a Canary. */
export const removed = posture({ callers: 'untouched', traffic: null, primary: null, remove: 'everything' })
/** When the target takes over again. */
export const toTarget = posture({ callers: 'target', traffic: null })
/** The destinations of a split by two hosts. */
export const split = (primary: number, more: object = {}) => [
  { destination: { host: 'web-primary', ...more }, weight: primary },
  { destination: { host: 'web-canary', ...more }, weight: 100 - primary },
]
