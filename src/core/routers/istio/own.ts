/** The VirtualService that Sluice makes: one http route with both sides always there, weights that add up to 100. */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, present, recordOf, sameJson } from '../../json.ts'
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
import { needsPort } from '../../resources/ports.ts'
import type { Percent } from '../../time.ts'
import type { Write } from '../../write.ts'
import type { Routes } from './routes.ts'
import { destinationOf } from './hosts.ts'
import { httpRoutes, shareOf } from './shares.ts'

export const ownVirtualService: Routes = {
  refs: o => [o.names.virtualService],

  shares: o => {
    const live = liveOf(o, o.names.virtualService)
    if (live === undefined || !isOurs(o, live)) return []
    return httpRoutes(live.spec).flatMap(route => shareOf(o, route) ?? [])
  },

  render: (o, posture) => {
    if (posture.remove === 'everything') return remove(o)
    if (posture.callers === 'target') return leadToApex(o)
    if (posture.weight === null || posture.callers === 'untouched') return []
    return write(o, split(o, posture.weight))
  },
}

function write(o: Observation, route: readonly Json[]): Write[] {
  const ref = o.names.virtualService
  const { apex } = o.canary.spec.service
  const metadata = { labels: inherited(apex?.labels), annotations: inherited(apex?.annotations) }
  return applyOurs(o, ref, ours(o, ref, metadata, { spec: specOf(o, route) }), sameRoutes)
}

function split(o: Observation, weight: Percent): Json[] {
  const port = portOf(o)
  return [
    { destination: destinationOf(o, 'primary', port), weight: 100 - weight },
    { destination: destinationOf(o, 'canary', port), weight },
  ]
}

const portOf = (o: Observation): number | undefined => (needsPort(o) ? o.canary.spec.service.port : undefined)

function specOf(o: Observation, route: readonly Json[]): Json {
  const { service } = o.canary.spec
  const { match, timeout, retries, headers, corsPolicy, rewrite } = service
  const http = [present({ match, rewrite, timeout, retries, headers, corsPolicy, route })]
  // The VirtualService that delegates has hosts and gateways; one that has its own cannot be delegated to.
  return service.delegation ? { http } : { hosts: hostsOf(o), gateways: gatewaysOf(o), http }
}

/** The apex is always one of the hosts, or callers in the mesh would pass the split by. */
export function hostsOf({ canary, names }: Pick<Observation, 'canary' | 'names'>): string[] {
  const hosts = canary.spec.service.hosts ?? []
  const apex = names.apexService.name
  return hosts.includes(apex) || hosts.includes('*') ? [...hosts] : [...hosts, apex]
}

export function gatewaysOf({ canary }: Pick<Observation, 'canary'>): string[] {
  const gateways = canary.spec.service.gateways ?? []
  return gateways.length === 0 ? ['mesh'] : [...gateways]
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

/** Everything to the apex, whose Service then selects the target. */
function leadToApex(o: Observation): Write[] {
  const live = liveOf(o, o.names.virtualService)
  if (live === undefined || !isOurs(o, live)) return []
  return write(o, [{ destination: destinationOf(o, 'apex', portOf(o)), weight: 100 }])
}

/** What leads to the target stays and is the user's from here on; with revertOnDeletion there was none before. */
function remove(o: Observation): Write[] {
  const ref = o.names.virtualService
  const live = liveOf(o, ref)
  if (live === undefined || !isOurs(o, live)) return []
  if (o.canary.spec.revertOnDeletion) return deleteOurs(o, ref)
  if (live.metadata.labels?.[CANARY_LABEL] === undefined) return disownOf(ref, live)
  const routes = specOf(o, [{ destination: destinationOf(o, 'apex', portOf(o)), weight: 100 }])
  return [{ verb: 'merge', ref, patch: handedBack(o, live, { http: routes['http'] }) }]
}
