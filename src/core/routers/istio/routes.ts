/** What there is to be known and done about VirtualServices, whoever's they are: Sluice's own, or the user's. */
import type { Ref } from '../../../api/object.ts'
import type { Named, Router } from '../router.ts'

export type Routes = Pick<Router, 'render'> & {
  refs(o: Named): Ref[]
  /** The canary's share on each route, in percent. */
  canaryShares: (o: Parameters<Router['read']>[0]) => readonly number[]
}
