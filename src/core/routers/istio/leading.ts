/** VirtualServices with a route of any protocol to a Service. */
import type { KubeObject, Ref } from '../../../api/object.ts'
import { at, recordsOf, textOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { liveOf } from '../../render/ownership.ts'
import { isHost } from './hosts.ts'
import { virtualServiceOf } from './names.ts'

export function leadingTo(o: Observation, service: Ref): KubeObject[] {
  const own = liveOf(o, virtualServiceOf(o.names))
  const routes = new Set([...(own === undefined ? [] : [own]), ...o.surroundings.routes])
  return [...routes].filter(one => leadsTo(one, service))
}

/** Whether a route of any protocol has this Service as a destination. */
export function leadsTo(routes: KubeObject, service: Ref): boolean {
  const namespace = routes.metadata.namespace ?? ''
  return ['http', 'tls', 'tcp'].some(protocol =>
    recordsOf(at(routes.spec, protocol)).some(route =>
      recordsOf(route['route']).some(entry => isHost(textOf(at(entry, 'destination', 'host')), namespace, service)),
    ),
  )
}
