/**
 * HTTPRoutes of others at the listeners of ours, for the same host. Their rules are merged: the most specific match takes a request,
 * and of two equal ones that of the older route (tried with istiod).
 */
import type { Kind, KubeObject } from '../../../api/object.ts'
import { at, type Json, listOf, recordsOf, sameJson, textOf } from '../../json.ts'
import type { Find, Named } from '../provider.ts'
import { EVERYTHING } from './matches.ts'
import { isService, parentsOf } from './parents.ts'
import { type Parent, parentKey, parentsIn, rulesIn } from './refs.ts'
import { baseOf } from './rules.ts'

/** Those that have a match of ours, whatever their age; none where the routes are the user's. */
export function routesWithOurMatch(o: Named, kind: Kind, find: Find): readonly KubeObject[] {
  const keys = new Set(parentsAtGateways(o).map(parentKey))
  return [...keys].flatMap(key => find(kind, 'parent', key)).filter(route => hasOurMatch(o, route))
}

export function hasOurMatch(o: Named, route: KubeObject): boolean {
  const hosts = listOf(at(route.spec, 'hostnames')).map(textOf)
  return sharedHosts(o, hosts) && sharedParent(o, route) !== undefined && hasEqual(baseOf(o).matches, route)
}

/** The parent of ours whose requests such a route takes, too. */
export function sharedParent(o: Named, route: KubeObject): Parent | undefined {
  return parentsAtGateways(o).find(one => parentsIn(route).some(other => meet(one, other)))
}

/** Requests in the mesh are for the Service: routes there are rivals whatever they match. */
const parentsAtGateways = (o: Named): readonly Parent[] => parentsOf(o).filter(one => !isService(one))

const meet = (one: Parent, other: Parent): boolean =>
  parentKey(one) === parentKey(other) &&
  (one.sectionName === '' || other.sectionName === '' || one.sectionName === other.sectionName) &&
  (one.port === null || other.port === null || one.port === other.port)

/** Without hosts a route is for those of the listener; of two hosts the more specific one comes first, so they are no rivals. */
function sharedHosts({ canary }: Named, theirs: readonly string[]): boolean {
  const { hosts = [] } = canary.spec.service
  return hosts.length === 0 ? theirs.length === 0 : hosts.some(host => theirs.includes(host))
}

function hasEqual(ours: readonly Json[], route: KubeObject): boolean {
  return rulesIn(route.spec).some(rule => {
    const written = recordsOf(rule['matches'])
    const theirs = written.length === 0 ? [EVERYTHING] : written.map(one => ({ ...EVERYTHING, ...one }))
    return theirs.some(one => ours.some(own => sameJson(own, one)))
  })
}
