/** The user's own routes (`service.routes`): of every kind of the Gateway API that has weights, and nothing but those is touched. */
import type { Kind, KubeObject } from '../../../api/object.ts'
import { type Json, recordOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import type { Posture } from '../../model/posture.ts'
import { type Carried, carriedBy } from '../../model/traffic.ts'
import type { Write } from '../../model/write.ts'
import { isOurs, liveOf } from '../../render/ownership.ts'
import type { Named } from '../provider.ts'
import {
  carryingIn,
  chosenIn,
  entriesIn,
  type Placed,
  type RouteForm,
  shiftIn,
  type Side,
  sidesIn,
  wantedOf,
} from '../users-routes.ts'
import { unconfirmedAmong } from './acceptance.ts'
import { listed, type Listed } from './listed.ts'
import { httpRouteOf } from './own.ts'
import { isService, parentsOf } from './parents.ts'
import { backendOf, type Parent, parentsIn, rulesIn } from './refs.ts'
import { shareOf } from './rules.ts'

/** The side that a backend is. The apex counts as the primary, for its Service selects the primary's pods. */
function sideOf(o: Named, entry: Json): Side | null {
  const { namespace, apexService, primaryService, canaryService } = o.names
  const to = backendOf(entry, namespace)
  if (to === null || to.namespace !== namespace) return null
  if (to.name === canaryService.name) return 'canary'
  return [apexService.name, primaryService.name].includes(to.name) ? 'primary' : null
}

const form: RouteForm = {
  routes: 'rules',
  entries: 'backendRefs',
  name: ['name'],
  unwritten: 1,
  guarded: ['parentRefs', 'hostnames'],
  sideOf,
  canaryOf: (o, primary) => ({ ...primary, name: o.names.canaryService.name }),
  apexOf: (o, primary) => (primary['name'] === o.names.primaryService.name ? o.names.apexService.name : null),
  isBySubsets: () => false,
}

export const chosenRules = (
  o: Named,
  { rules }: { readonly rules?: Listed['rules'] | undefined },
  spec: unknown,
): Placed[] => chosenIn(form, o, rules, spec)

export const entriesOf = (rule: Json): readonly Json[] => entriesIn(form, rule)

export const sidesOf = (o: Named, rule: Json): ReturnType<typeof sidesIn> => sidesIn(form, o, rule)

/**
 * Of several routes the one that has been out of effect for longest is said.
 *
 * @param http HTTPRoute in the version of the provider.
 */
export function readUsers(o: Named & Pick<Observation, 'live'>, http: Kind): Carried | null {
  const routes = listed(o, http).flatMap((one): { one: Listed; live: KubeObject }[] => {
    const live = liveOf(o, one.ref)
    return live === undefined ? [] : [{ one, live }]
  })
  const shares = routes.flatMap(({ one, live }) =>
    carryingIn(form, o, one.rules, live)
      .filter(({ route }) => entriesOf(route).some(entry => sideOf(o, entry) !== null))
      // A rule without the canary has none of it.
      .map(({ route }) => shareOf(o, route) ?? 0),
  )
  const carried = carriedBy(shares)
  const unconfirmed = unconfirmedAmong(routes.map(({ live }) => live))
  return carried === null || unconfirmed === null ? carried : { ...carried, unconfirmed }
}

export function renderUsers(o: Observation, http: Kind, posture: Posture): Write[] {
  const wanted = wantedOf(posture)
  if (wanted === null) return []
  return listed(o, http).flatMap(({ ref, rules }) => shiftIn(form, o, ref, rules, wanted))
}

/** The parents of the routes that have the split: those of ours, or those that the user's have. */
export const parentsInUse = (o: Named & Pick<Observation, 'live'>, http: Kind): readonly Parent[] => [
  ...parentsOf(o),
  ...listed(o, http).flatMap(({ ref }) => {
    const live = liveOf(o, ref)
    return live === undefined ? [] : parentsIn(live)
  }),
]

/** Listed routes without the rules in which weights are shifted: what their entries leave out. */
export const leftOut = (o: Named & Pick<Observation, 'live'>, http: Kind): readonly KubeObject[] =>
  listed(o, http).flatMap(({ ref, rules }) => {
    const live = liveOf(o, ref)
    if (live === undefined) return []
    const carrying = carryingIn(form, o, rules, live).map(({ route }) => route)
    const left = rulesIn(live.spec).filter(rule => !carrying.includes(rule))
    return left.length === 0 ? [] : [{ ...live, spec: { ...recordOf(live.spec), rules: left } }]
  })

/** The live routes that have the split: the one of ours, or the user's. */
export function splittingRoutes(o: Named & Pick<Observation, 'live'>, http: Kind): readonly KubeObject[] {
  if (o.canary.spec.service.routes !== undefined) return listed(o, http).flatMap(({ ref }) => liveOf(o, ref) ?? [])
  const own = liveOf(o, httpRouteOf(http, o.names))
  return own !== undefined && isOurs(o, own) ? [own] : []
}

/** The Service that callers use is one of them: requests in the mesh meet the split. */
export function isInMesh(o: Named & Pick<Observation, 'live'>, http: Kind): boolean {
  const { namespace, name } = o.names.apexService
  return parentsInUse(o, http).some(one => isService(one) && one.namespace === namespace && one.name === name)
}

export const inMesh =
  (http: Kind) =>
  (o: Observation): boolean =>
    isInMesh(o, http)
