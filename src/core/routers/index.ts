/** Which router splits the traffic of a canary: a provider without one does not compile. */
import type { Ref } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import type { Carried } from '../model/traffic.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { istio } from './istio.ts'
import type { Named, Router } from './router.ts'

/** The providers that work; the schema refuses the others with a sentence. */
type Provider = 'istio'

const routers: Readonly<Record<Provider, Router>> = { istio }

/** The only one yet; the provider of the spec will choose. */
const router: Router = routers.istio

export function routerRefs(o: Named): Ref[] {
  return router.refs(o)
}

/** What the mesh carries; null before there is a route to read. */
export function readTraffic(o: Named & Pick<Observation, 'live'>): Carried | null {
  return router.read(o)
}

export function renderRoutes(o: Observation, posture: Posture): Write[] {
  return router.render(o, posture)
}
