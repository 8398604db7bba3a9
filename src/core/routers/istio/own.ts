/** The VirtualService that Sluice makes: the routes of the split, and behind them those for what `service.match` leaves out. */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, present, recordOf, recordsOf, sameJson } from '../../json.ts'
import { CANARY_LABEL } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { applyOurs, deleteOurs, disownOf, handedBack, inherited, isOurs, liveOf, ours } from '../../render/ownership.ts'
import type { Posture } from '../../model/posture.ts'
import type { Write } from '../../model/write.ts'
import { virtualServiceOf } from './names.ts'
import type { Routes } from './routes.ts'
import { gatewaysIn, MESH, writtenHosts } from './bindings.ts'
import { destinationOf, foreignServices } from './hosts.ts'
import { canaryHosts, meshPorts, routesOf, writtenGateways } from './ports.ts'
import type { Named } from '../provider.ts'
import { type BaseRoute, baseOf, isSplit, readRoutes, routesFor, withoutNamed } from './own-routes.ts'
import { httpRoutes } from './shares.ts'

export const ownVirtualService: Routes = {
  refs: o => [virtualServiceOf(o.names)],

  read: o => readRoutes(o, liveRoutes(o)),

  render: (o, posture) => {
    if (posture.remove === 'everything') return remove(o, posture)
    if (posture.callers === 'target') return leadToApex(o, posture)
    if (posture.traffic === null || posture.callers === 'untouched') return []
    return write(o, posture, posture)
  },
}

function liveRoutes(o: Named & Pick<Observation, 'live'>): readonly Json[] {
  const live = liveOf(o, virtualServiceOf(o.names))
  return live === undefined || !isOurs(o, live) ? [] : httpRoutes(live.spec)
}

/** What the routes carry: a split, or everything to the apex, whose Service then selects the target. */
type Split = Pick<Posture, 'traffic' | 'sticky' | 'retired'> | 'apex'

function write(o: Observation, posture: Posture, split: Split): Write[] {
  const ref = virtualServiceOf(o.names)
  const { apex } = o.canary.spec.service
  const metadata = { labels: inherited(apex?.labels), annotations: inherited(apex?.annotations) }
  const spec = specOf(o, posture, split)
  return spec === null ? [] : applyOurs(o, ref, ours(o, ref, metadata, { spec }), sameRoutes)
}

/** The routes that stand for a base route. */
function carrying(o: Observation, base: BaseRoute, split: Split): Json[] {
  if (split !== 'apex') return routesFor(o, base, split)
  const { match, port, terms } = base
  return [present({ match, ...terms, route: [{ destination: destinationOf(o, 'apex', port), weight: 100 }] })]
}

/** null: what the Canary says is refused, and there is nothing that it could be carried by. */
function specOf(o: Observation, posture: Posture, split: Split): Json | null {
  if (posture.service === 'as it was') {
    const live = liveOf(o, virtualServiceOf(o.names))
    return live === undefined ? null : asItWas(o, recordOf(live.spec), split)
  }
  const { service } = o.canary.spec
  const { timeout, retries, headers, corsPolicy, rewrite } = service
  const terms = present({ rewrite, timeout, retries, headers, corsPolicy })
  const routes = routesOf(o).flatMap(({ match, port }) => carrying(o, { match, port, terms }, split))
  const http = [...routes, ...unmatched(o, split)]
  // The VirtualService that delegates has hosts and gateways; one that has its own cannot be delegated to.
  return service.delegation ? { http } : { hosts: canaryHosts(o), gateways: writtenGateways(o), http }
}

/**
 * The routes for callers in the mesh whose requests `match` leaves out: they call the Service all the same, and Envoy answers 404
 * where a VirtualService has no route for a request. At a gateway the other paths of a host are for other VirtualServices.
 */
function unmatched(o: Observation, split: Split): Json[] {
  const { match, delegation, destinationRule } = o.canary.spec.service
  const gateways = writtenGateways(o)
  if (delegation || match === undefined || match.length === 0 || !gateways.includes(MESH)) return []
  // The apex Service selects what serves, but with subsets it selects both sides.
  const side = destinationRule === undefined || split === 'apex' ? 'apex' : 'primary'
  const inMesh = gateways.every(gateway => gateway === MESH) ? {} : { gateways: [MESH] }
  const ports = meshPorts(o)?.map(({ listener, port }) => ({ match: { ...inMesh, port: listener }, port }))
  return (ports ?? [{ match: inMesh, port: undefined }]).map(({ match: within, port }) => {
    const matches = Object.keys(within).length === 0 ? undefined : [within]
    return present({ match: matches, route: [{ destination: destinationOf(o, side, port) }] })
  })
}

/** The live routes with another split. */
function asItWas(o: Observation, { hosts, gateways, http }: Json, split: Split): Json {
  const routes = withoutNamed(recordsOf(http)).flatMap(route => {
    if (isSplit(route)) return carrying(o, baseOf(route), split)
    return split === 'apex'
      ? { ...route, route: [{ destination: destinationOf(o, 'apex', baseOf(route).port) }] }
      : route
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
  const inMesh = gatewaysIn(live).includes(MESH)
  const takes = writtenHosts(live).some(host => {
    const of = foreignServices(host, o.names.namespace)
    return of?.certain === true && (inMesh || of.exact)
  })
  if (o.canary.spec.revertOnDeletion || takes) return deleteOurs(o, ref)
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  const spec = specOf(o, posture, 'apex')
  return spec === null ? [] : [{ verb: 'merge', ref, patch: handedBack(o, live, { http: spec['http'] }) }]
}
