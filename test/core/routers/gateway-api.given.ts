/** A Canary of provider gatewayapi:v1, and the HTTPRoute that is rendered for it. */
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { after, canary, liveOne, observation, posture } from '../given-objects.ts'

export const v1 = gatewayApi('v1')

/** The plainest Canary of provider gatewayapi:v1, with these fields of its service and of its spec. */
export const given = (service: Record<string, unknown> = {}, spec: Record<string, unknown> = {}): Observation =>
  observation({ canary: canary({ provider: 'gatewayapi:v1', ...spec }, service) })

/** The world after what the router renders for this posture. */
export const rendered = (o: Observation, wanted: Partial<Posture> = {}): Observation =>
  after(o, v1.render(o, posture(wanted)))

/** The HTTPRoute of the Canary. */
export const route = (o: Observation): KubeObject => liveOne(o, kinds.HTTPRoute, 'web')
