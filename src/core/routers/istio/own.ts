/** The VirtualService that Sluice makes: http routes with both sides always there, weights that add up to 100. */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, present, recordOf, recordsOf, sameJson } from '../../json.ts'
import { CANARY_LABEL } from '../../names.ts'
import type { Observation } from '../../observation.ts'
import {
  applyOurs,
  deleteOurs,
  disownOf,
  handedBack,
  inherited,
  isOurs,
  liveOf,
  ours,
} from '../../resources/ownership.ts'
import type { Posture } from '../../posture.ts'
import type { Percent } from '../../time.ts'
import type { Write } from '../../write.ts'
import type { Routes } from './routes.ts'
import { destinationOf } from './hosts.ts'
import { gatewaysOf, hostsOf, routesOf } from './ports.ts'
import { httpRoutes, shareOf } from './shares.ts'

export const ownVirtualService: Routes = {
  refs: o => [o.names.virtualService],

  shares: o => {
    const live = liveOf(o, o.names.virtualService)
    if (live === undefined || !isOurs(o, live)) return []
    return httpRoutes(live.spec).flatMap(route => shareOf(o, route) ?? [])
  },

  render: (o, posture) => {
    if (posture.remove === 'everything') return remove(o, posture)
    if (posture.callers === 'target') return leadToApex(o, posture)
    if (posture.weight === null || posture.callers === 'untouched') return []
    return write(o, posture, posture.weight)
  },
}

/** What the routes carry: the canary's share, or all of it to the apex, whose Service then selects the target. */
type Split = Percent | 'apex'

function write(o: Observation, posture: Posture, split: Split): Write[] {
  const ref = o.names.virtualService
  const { apex } = o.canary.spec.service
  const metadata = { labels: inherited(apex?.labels), annotations: inherited(apex?.annotations) }
  return applyOurs(o, ref, ours(o, ref, metadata, { spec: specOf(o, posture, split) }), sameRoutes)
}

/** Where a route leads, with the port that the destinations name. */
function destinations(o: Observation, split: Split, port: number | undefined): Json[] {
  if (split === 'apex') return [{ destination: destinationOf(o, 'apex', port), weight: 100 }]
  return [
    { destination: destinationOf(o, 'primary', port), weight: 100 - split },
    { destination: destinationOf(o, 'canary', port), weight: split },
  ]
}

function specOf(o: Observation, posture: Posture, split: Split): Json {
  const live = liveOf(o, o.names.virtualService)
  if (posture.service === 'as it was' && live !== undefined) return asItWas(o, recordOf(live.spec), split)
  const { service } = o.canary.spec
  const { timeout, retries, headers, corsPolicy, rewrite } = service
  const http = routesOf(o).map(({ match, port }) =>
    present({ match, rewrite, timeout, retries, headers, corsPolicy, route: destinations(o, split, port) }),
  )
  // The VirtualService that delegates has hosts and gateways; one that has its own cannot be delegated to.
  return service.delegation ? { http } : { hosts: hostsOf(o), gateways: gatewaysOf(o), http }
}

/** The live routes with other weights. */
function asItWas(o: Observation, { hosts, gateways, http }: Json, split: Split): Json {
  const portOf = (route: Json): number | undefined => {
    const named = at(recordsOf(route['route'])[0], 'destination', 'port', 'number')
    return typeof named === 'number' ? named : undefined
  }
  const routes = recordsOf(http).map(route => ({ ...route, route: destinations(o, split, portOf(route)) }))
  return present({ hosts, gateways, http: routes })
}

/** Lists of a VirtualService are atomic: whoever owns a weight owns the routes, to the last member. */
function sameRoutes(live: KubeObject, wanted: KubeObject): boolean {
  const { http, hosts, gateways } = recordOf(wanted.spec)
  return (
    sameJson(at(live.spec, 'http'), http) &&
    (hosts === undefined || sameJson(at(live.spec, 'hosts'), hosts)) &&
    (gateways === undefined || sameJson(at(live.spec, 'gateways'), gateways))
  )
}

function leadToApex(o: Observation, posture: Posture): Write[] {
  const live = liveOf(o, o.names.virtualService)
  return live === undefined || !isOurs(o, live) ? [] : write(o, posture, 'apex')
}

/** What leads to the target stays and is the user's from here on; with revertOnDeletion there was none before. */
function remove(o: Observation, posture: Posture): Write[] {
  const ref = o.names.virtualService
  const live = liveOf(o, ref)
  if (live === undefined || !isOurs(o, live)) return []
  if (o.canary.spec.revertOnDeletion) return deleteOurs(o, ref)
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  const { http } = specOf(o, posture, 'apex')
  return [{ verb: 'merge', ref, patch: handedBack(o, live, { http }) }]
}
