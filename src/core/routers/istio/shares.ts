/** The canary's share of one route, from the weights of its destinations. */
import { at, type Json, numberOf, recordsOf } from '../../json.ts'
import { shareOfSum } from '../../shares.ts'
import type { Percent } from '../../time.ts'
import type { Named } from '../provider.ts'
import { sideOf } from './hosts.ts'

/**
 * The destinations of a route with the part of each. A single destination takes everything, whatever its weight says; of
 * several, one without a weight takes nothing.
 */
function parts(route: unknown): { destination: unknown; part: number }[] {
  const entries = recordsOf(at(route, 'route'))
  return entries.map(entry => ({
    destination: entry['destination'],
    part: entries.length === 1 ? 100 : numberOf(entry['weight'], 0),
  }))
}

/** @returns null where the route leads to neither side, or nowhere. */
export function shareOf(o: Named, route: unknown): Percent | null {
  const all = parts(route)
  const sides = all.filter(({ destination }) => sideOf(o, destination) !== null)
  const sum = all.reduce((total, { part }) => total + part, 0)
  if (sides.length === 0 || sum === 0) return null
  const canary = sides.reduce(
    (total, { destination, part }) => total + (sideOf(o, destination) === 'canary' ? part : 0),
    0,
  )
  return shareOfSum(canary, sum)
}

/** The http routes of a VirtualService. */
export function httpRoutes(spec: unknown): readonly Json[] {
  return recordsOf(at(spec, 'http'))
}
