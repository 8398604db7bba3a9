/**
 * The VirtualService that Sluice makes: http routes with both sides always there, weights that add up to 100, and behind them one
 * for what `match` leaves out.
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, present, recordOf, recordsOf, sameJson } from '../../json.ts'
import { CANARY_LABEL } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { applyOurs, deleteOurs, disownOf, handedBack, inherited, isOurs, liveOf, ours } from '../../render/ownership.ts'
import type { Posture } from '../../model/posture.ts'
import type { Percent } from '../../time.ts'
import type { Write } from '../../model/write.ts'
import { virtualServiceOf } from './names.ts'
import type { Routes } from './routes.ts'
import { gatewaysIn, hostsOf, MESH } from './bindings.ts'
import { destinationOf, foreignServices } from './hosts.ts'
import { canaryHosts, routesOf, writtenGateways } from './ports.ts'
import { httpRoutes, shareOf } from './shares.ts'

export const ownVirtualService: Routes = {
  refs: o => [virtualServiceOf(o.names)],

  canaryShares: o => {
    const live = liveOf(o, virtualServiceOf(o.names))
    if (live === undefined || !isOurs(o, live)) return []
    return httpRoutes(live.spec).flatMap(route => (isSplit(route) ? (shareOf(o, route) ?? []) : []))
  },

  render: (o, posture) => {
    if (posture.remove === 'everything') return remove(o, posture)
    if (posture.callers === 'target') return leadToApex(o, posture)
    if (posture.traffic === null || posture.callers === 'untouched') return []
    return write(o, posture, posture.traffic.canary)
  },
}

/** What the routes carry: the canary's share, or all of it to the apex, whose Service then selects the target. */
type Split = Percent | 'apex'

function write(o: Observation, posture: Posture, split: Split): Write[] {
  const ref = virtualServiceOf(o.names)
  const { apex } = o.canary.spec.service
  const metadata = { labels: inherited(apex?.labels), annotations: inherited(apex?.annotations) }
  const spec = specOf(o, posture, split)
  return spec === null ? [] : applyOurs(o, ref, ours(o, ref, metadata, { spec }), sameRoutes)
}

/** Where a route leads, with the port that the destinations name. */
function destinations(o: Observation, split: Split, port: number | undefined): Json[] {
  if (split === 'apex') return [{ destination: destinationOf(o, 'apex', port), weight: 100 }]
  return [
    { destination: destinationOf(o, 'primary', port), weight: 100 - split },
    { destination: destinationOf(o, 'canary', port), weight: split },
  ]
}

/** null: what the Canary says is refused, and there is nothing that it could be carried by. */
function specOf(o: Observation, posture: Posture, split: Split): Json | null {
  if (posture.service === 'as it was') {
    const live = liveOf(o, virtualServiceOf(o.names))
    return live === undefined ? null : asItWas(o, recordOf(live.spec), split)
  }
  const { service } = o.canary.spec
  const { timeout, retries, headers, corsPolicy, rewrite } = service
  const carrying = routesOf(o).map(({ match, port }) =>
    present({ match, rewrite, timeout, retries, headers, corsPolicy, route: destinations(o, split, port) }),
  )
  const http = [...carrying, ...unmatched(o, split)]
  // The VirtualService that delegates has hosts and gateways; one that has its own cannot be delegated to.
  return service.delegation ? { http } : { hosts: canaryHosts(o), gateways: writtenGateways(o), http }
}

/**
 * The route for callers in the mesh whose requests `match` leaves out: they call the Service all the same, and Envoy answers 404
 * where a VirtualService has no route for a request. At a gateway the other paths of a host are for other VirtualServices.
 */
function unmatched(o: Observation, split: Split): Json[] {
  const { match, delegation, destinationRule } = o.canary.spec.service
  const gateways = writtenGateways(o)
  if (delegation || match === undefined || match.length === 0 || !gateways.includes(MESH)) return []
  // The apex Service selects what serves, but with subsets it selects both sides.
  const side = destinationRule === undefined || split === 'apex' ? 'apex' : 'primary'
  const onlyInMesh = gateways.every(gateway => gateway === MESH) ? undefined : [{ gateways: [MESH] }]
  return [present({ match: onlyInMesh, route: [{ destination: destinationOf(o, side, undefined) }] })]
}

/** Whether a route of ours carries the split: its destinations have weights, that of `unmatched` has none. */
const isSplit = (route: Json): boolean => recordsOf(route['route']).some(entry => 'weight' in entry)

/** The live routes with other weights. */
function asItWas(o: Observation, { hosts, gateways, http }: Json, split: Split): Json {
  const portOf = (route: Json): number | undefined => {
    const named = at(recordsOf(route['route'])[0], 'destination', 'port', 'number')
    return typeof named === 'number' ? named : undefined
  }
  const routes = recordsOf(http).map(route => {
    if (isSplit(route)) return { ...route, route: destinations(o, split, portOf(route)) }
    return split === 'apex' ? { ...route, route: [{ destination: destinationOf(o, 'apex', undefined) }] } : route
  })
  return present({ hosts, gateways, http: routes })
}

/** Lists of a VirtualService are atomic: the manager that owns a weight owns the routes, to the last member. */
function sameRoutes(live: KubeObject, wanted: KubeObject): boolean {
  const { http, hosts, gateways } = recordOf(wanted.spec)
  return (
    sameJson(at(live.spec, 'http'), http) &&
    (hosts === undefined || sameJson(at(live.spec, 'hosts'), hosts)) &&
    (gateways === undefined || sameJson(at(live.spec, 'gateways'), gateways))
  )
}

function leadToApex(o: Observation, posture: Posture): Write[] {
  const live = liveOf(o, virtualServiceOf(o.names))
  return live === undefined || !isOurs(o, live) ? [] : write(o, posture, 'apex')
}

/**
 * What leads to the target stays and is the user's from here on; with revertOnDeletion there was none before. One for hosts of
 * others, which an earlier version may have made, goes in any case.
 */
function remove(o: Observation, posture: Posture): Write[] {
  const ref = virtualServiceOf(o.names)
  const live = liveOf(o, ref)
  if (live === undefined || !isOurs(o, live)) return []
  const takes = hostsOf(live).some(host => foreignServices(host, o.names.namespace)?.certain === true)
  if (o.canary.spec.revertOnDeletion || (takes && gatewaysIn(live).includes(MESH))) return deleteOurs(o, ref)
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  const spec = specOf(o, posture, 'apex')
  return spec === null ? [] : [{ verb: 'merge', ref, patch: handedBack(o, live, { http: spec['http'] }) }]
}
