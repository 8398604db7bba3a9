/** The user's own VirtualServices: http routes whose destinations are hosts, or subsets of one. */
import { type KubeObject, kinds, type Ref } from '../../../api/object.ts'
import { at, type Json, recordOf, textOf } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import { carriedBy } from '../../model/traffic.ts'
import { liveOf } from '../../render/ownership.ts'
import type { Named } from '../provider.ts'
import {
  carryingIn,
  chosenIn,
  entriesIn,
  type Placed,
  type RouteForm,
  shiftIn,
  sidesIn,
  wantedOf,
} from '../users-routes.ts'
import { destinationOf, isHost, renamedHost, sideOf } from './hosts.ts'
import type { Routes } from './routes.ts'
import { shareOf } from './shares.ts'

/** One entry of `service.virtualServices`. */
export type Listed = NonNullable<Observation['canary']['spec']['service']['virtualServices']>[number]

const hostOf = (entry: Json): string => textOf(at(entry, 'destination', 'host'))

const form: RouteForm = {
  routes: 'http',
  entries: 'route',
  name: ['destination', 'host'],
  unwritten: 0,
  guarded: ['hosts'],
  sideOf: (o, entry) => sideOf(o, entry['destination']),
  canaryOf: (o, primary) => {
    const side = destinationOf(o, 'canary', undefined)
    const host = renamedHost(hostOf(primary), textOf(side['host']))
    return { ...primary, destination: { ...recordOf(primary['destination']), ...side, host } }
  },
  apexOf: (o, primary) =>
    isHost(hostOf(primary), o.names.namespace, o.names.primaryService)
      ? renamedHost(hostOf(primary), o.names.apexService.name)
      : null,
  isBySubsets: o => o.canary.spec.service.destinationRule !== undefined,
}

export const usersVirtualServices: Routes = {
  refs: o => listed(o).map(one => refOfListed(o, one)),

  read: o =>
    carriedBy(
      listed(o).flatMap(one => {
        const live = liveOf(o, refOfListed(o, one))
        if (live === undefined) return []
        return carryingIn(form, o, one.routes, live).flatMap(({ route }) => shareOf(o, route) ?? [])
      }),
    ),

  render: (o, posture) => {
    const wanted = wantedOf(posture)
    if (wanted === null) return []
    return listed(o).flatMap(one => shiftIn(form, o, refOfListed(o, one), one.routes, wanted))
  },
}

export function listed(o: Named): readonly Listed[] {
  return o.canary.spec.service.virtualServices ?? []
}

export function refOfListed(o: Named, { name }: Listed): Ref {
  return { kind: kinds.VirtualService, namespace: o.names.namespace, name }
}

/** The routes that are named; else all that lead to either side. */
export const chosenRoutes = (o: Named, { routes }: Listed, spec: unknown): Placed[] => chosenIn(form, o, routes, spec)

/** Those, and what has a weight of ours although it is chosen no more. */
export const carryingRoutes = (o: Named, { routes }: Listed, live: KubeObject): Placed[] =>
  carryingIn(form, o, routes, live)

export const entriesOf = (route: Json): readonly Json[] => entriesIn(form, route)

/** The two sides of a route that can be split: one primary, at most one canary, and no other destination; null for any other. */
export const sidesOf = (o: Named, route: Json): ReturnType<typeof sidesIn> => sidesIn(form, o, route)
