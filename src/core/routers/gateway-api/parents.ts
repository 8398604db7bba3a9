/** The parents of Sluice's own HTTPRoute: those of `service.gatewayRefs`, or the Service that callers use. */
import { type Json, present } from '../../json.ts'
import type { Named } from '../provider.ts'
import { GROUP, type Parent, parentOf } from './refs.ts'

/**
 * As they are written into the route, whole. A Service is of the core group, whether that is left out or called `core`. Without any the
 * parent is the Service, for its port alone: requests to other ports do not meet the split.
 */
export function writtenParents({ canary, names }: Named): readonly Json[] {
  const { gatewayRefs, port, routes } = canary.spec.service
  // The parents of the user's routes are the user's.
  if (routes !== undefined) return []
  if (gatewayRefs === undefined) return [{ group: '', kind: 'Service', name: names.apexService.name, port }]
  return gatewayRefs.map(({ group, kind = 'Gateway', ...rest }) => {
    const own = kind === 'Service' ? '' : GROUP
    return present({ ...rest, group: group === undefined || group === 'core' ? own : group, kind })
  })
}

export const parentsOf = (o: Named): readonly Parent[] => writtenParents(o).map(one => parentOf(one, o.names.namespace))

export const isService = ({ group, kind }: Parent): boolean => group === '' && kind === 'Service'

/** The Service that callers use is a parent: requests in the mesh meet the split. */
export function splitsMesh(o: Named): boolean {
  const { namespace, name } = o.names.apexService
  return parentsOf(o).some(one => isService(one) && one.namespace === namespace && one.name === name)
}
