/** Which requests meet the split, as far as that is known: what telemetry may be expected of the two sides depends on it. */
import type { Observation } from '../../model/observation.ts'
import { leadsToSide, serviceReached } from '../gateway-api/surroundings.ts'
import { ingressesPast } from '../outside.ts'
import { MESH } from './bindings.ts'
import { canonicalHost } from './hosts.ts'
import { isCatchAll } from './matches.ts'
import { splitBindings, waysPast } from './ways-past.ts'

/** Routes that carry the split are evaluated at callers in the mesh. */
export const splitsMesh = (o: Observation): boolean => splitBindings(o).some(one => one.gateways.has(MESH))

/** The routes between the two sides are ours and bind the mesh. Only then can shares add up. */
function splitsInMesh(o: Observation): boolean {
  const { virtualServices, gateways = [], delegation } = o.canary.spec.service
  if (delegation) return splitsMesh(o)
  return virtualServices === undefined && (gateways.length === 0 || gateways.includes('mesh'))
}

/** Every request that the primary gets meets the split: only then does its rate say what the canary should have had. */
export function splitsAll(o: Observation): boolean {
  const { match = [], delegation } = o.canary.spec.service
  if (delegation && !isDelegatedWhole(o)) return false
  return (
    splitsInMesh(o) &&
    match.length === 0 &&
    waysPast(o).length === 0 &&
    ingressesPast(o).length === 0 &&
    o.surroundings.otherApiRoutes.every(route => serviceReached(o, route) === null)
  )
}

/** Whether another VirtualService delegates every request in the mesh to the Service: what it leaves out reaches the primary by the Service itself. */
function isDelegatedWhole(o: Observation): boolean {
  const apex = canonicalHost(o.names.apexService.name, o.names.namespace)
  return splitBindings(o).some(
    ({ gateways, hosts, matches }) => gateways.has(MESH) && hosts.has(apex) && matches.some(isCatchAll),
  )
}

/**
 * Whether the requests that callers sent to the two sides all met the split. Those that bypass it go to the apex, which is counted
 * by another name; but with subsets there is one Service for everything, and some routes lead to a side.
 */
export function sharesAddUp(o: Observation): boolean {
  const { match = [], destinationRule } = o.canary.spec.service
  const { otherApiRoutes } = o.surroundings
  if (!splitsInMesh(o)) return false
  if (destinationRule !== undefined) {
    const reaching = otherApiRoutes.filter(route => serviceReached(o, route) !== null)
    return match.length === 0 && waysPast(o).length + reaching.length === 0
  }
  const { name } = o.names.apexService
  return waysPast(o).every(way => way.service === name) && otherApiRoutes.every(route => !leadsToSide(o, route))
}
