/** What there is to be known and done about VirtualServices, Sluice's own and the user's. */
import type { Ref } from '../../../api/object.ts'
import type { Observation } from '../../model/observation.ts'
import type { Carried } from '../../model/traffic.ts'
import type { Named, RoutingProvider } from '../provider.ts'

export type Routes = Pick<RoutingProvider, 'render'> & {
  refs(o: Named): Ref[]
  read(o: Named & Pick<Observation, 'live'>): Carried | null
}
