/**
 * What requests at an Ingress meet, by ingress-nginx 1.x (rootfs/etc/nginx/lua/balancer.lua, `mergeAlternativeBackends`): read here from the
 * objects alone. The Service of the user's Ingress comes first, and 503 is all there is where it has no endpoint; a canary without any
 * leaves its share to it.
 */
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import type { Route } from './tiny-mesh.ts'
import type { PodGroup } from './tiny-pods.ts'
import { refTo, type TinyWorld } from './tiny-world.ts'

/** A part of the requests: those that match, or all others. */
export interface Part {
  readonly audience: 'all' | 'matched'
  readonly route: Route
}

const isServing = (main: Route): boolean => main.some(one => one.groups.some(group => group.ready > 0))

/**
 * @param found what requests to the Service of the user's Ingress may find, a route each. Pods that are not ready leave its EndpointSlices
 *   a moment later: as long as it has others, none of their requests is a dead end.
 */
export function partsOfIngress(world: TinyWorld, found: readonly Route[]): Part[] {
  const mains = found.some(isServing) ? found.filter(isServing) : found
  const asked = askedIn(world)
  if (asked === null) return mains.map(route => ({ audience: 'all', route }))
  const groups = world.selected('web-canary')
  return mains.flatMap((main): Part[] => [
    ...(asked.isMatching ? [{ audience: 'matched' as const, route: splitBy(main, groups, 100) }] : []),
    { audience: 'all', route: splitBy(main, groups, asked.weight) },
  ])
}

/** What the annotations of the canary say, in percent of all requests; null: there is no canary for the paths of the user's Ingress. */
function askedIn(world: TinyWorld): { readonly weight: number; readonly isMatching: boolean } | null {
  const canary = canaryOf(world)
  if (canary === undefined) return null
  const said = (name: string): string | undefined =>
    canary.metadata.annotations?.[`nginx.ingress.kubernetes.io/${name}`]
  const total = Math.max(100, Number(said('canary-weight-total') ?? 0))
  return {
    weight: (100 * Math.min(total, Number(said('canary-weight') ?? 0))) / total,
    isMatching: said('canary-by-header') !== undefined || said('canary-by-cookie') !== undefined,
  }
}

/** By what is written no request goes to the canary any more. */
export function isLeftByWrites(world: TinyWorld): boolean {
  const asked = askedIn(world)
  const isLeft = asked === null || (asked.weight === 0 && !asked.isMatching)
  return isLeft && world.selected('web').every(group => group.deployment !== 'web')
}

function splitBy(main: Route, groups: readonly PodGroup[], part: number): Route {
  const hasCanary = groups.some(group => group.ready > 0)
  if (!isServing(main)) return main
  const rest = main.map(one => ({ ...one, part: ((100 - part) * one.part) / 100 }))
  // What the weights say is the share, whoever answers for a canary that has nobody.
  return [{ side: 'canary', part, groups: hasCanary ? groups : main.flatMap(one => one.groups) }, ...rest]
}

/** The canary for the paths of the user's Ingress. */
function canaryOf(world: TinyWorld): KubeObject | undefined {
  const placesOf = (ingress: KubeObject | undefined): string[] =>
    recordsOf(at(ingress?.['spec'], 'rules')).flatMap(rule =>
      recordsOf(at(rule, 'http', 'paths')).map(path => `${String(rule['host'])} ${String(path['path'])}`),
    )
  const places = placesOf(world.get(refTo(kinds.Ingress, 'web')))
  const canary = world.get(refTo(kinds.Ingress, 'web-canary'))
  const isOne = canary?.metadata.annotations?.['nginx.ingress.kubernetes.io/canary'] === 'true'
  return isOne && places.length > 0 && places.every(place => placesOf(canary).includes(place)) ? canary : undefined
}
