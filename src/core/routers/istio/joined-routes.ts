/**
 * Routes of several VirtualServices for one host at a gateway, which Istio joins: the oldest object first, those that take everything at
 * the end. Which of ours and of others' get the requests.
 */
import type { KubeObject } from '../../../api/object.ts'
import { at, type Json, recordsOf } from '../../json.ts'
import { precedes } from '../around.ts'
import { isMatchAt, type RouteDestination } from './bindings.ts'
import { isShadowed, matchesOf } from './matches.ts'
import type { MayCompare } from './once.ts'

/** Routes that carry the split, and where they are bound. */
export interface SplitBinding {
  /** null: the VirtualService is ours and was not made yet. */
  readonly object: KubeObject | null
  /** In one notation. */
  readonly hosts: ReadonlySet<string>
  /** As Istio reads them. */
  readonly istioHosts: ReadonlySet<string>
  readonly gateways: ReadonlySet<string>
  /** What its routes that carry the split match. */
  readonly matches: readonly Json[]
}

/** The bindings that come before those of another VirtualService. */
export const olderThan = (object: KubeObject, bindings: readonly SplitBinding[]): readonly SplitBinding[] =>
  bindings.filter(({ object: ours }) => ours !== null && precedes(ours, object))

/**
 * Whether ours get all requests of a route of another one for these hosts: they are older, and take at least the same requests. Where no
 * more may be compared they do not.
 *
 * @param older see `olderThan`.
 */
export function isTakenAt(
  older: readonly SplitBinding[],
  object: KubeObject,
  { protocol, route }: Pick<RouteDestination, 'protocol' | 'route'>,
  gateway: string,
  hosts: ReadonlySet<string>,
  mayCompare: MayCompare,
): boolean {
  if (protocol !== 'http') return false
  const { namespace = '' } = object.metadata
  const theirs = matchesOf(route['match']).filter(match => isMatchAt(match, gateway, namespace))
  const isTaken = (match: Json, host: string): boolean =>
    older.some(
      ours =>
        mayCompare() &&
        ours.hosts.has(host) &&
        ours.gateways.has(gateway) &&
        ours.matches.some(own => mayCompare() && isOursAt(ours, own, gateway) && isShadowed(match, own)),
    )
  return [...hosts].every(host => theirs.every(match => isTaken(match, host)))
}

/** Whether an older one gets all requests of one of ours at a gateway; where no more may be compared it does not. */
export function isShadowing(other: KubeObject, ours: SplitBinding, gateway: string, mayCompare: MayCompare): boolean {
  if (ours.object !== null && precedes(ours.object, other)) return false
  const { namespace = '' } = other.metadata
  return recordsOf(at(other.spec, 'http')).some(({ match }) =>
    matchesOf(match).some(
      their =>
        mayCompare() &&
        isMatchAt(their, gateway, namespace) &&
        ours.matches.some(own => mayCompare() && isShadowed(own, their)),
    ),
  )
}

const isOursAt = ({ object }: SplitBinding, match: Json, gateway: string): boolean =>
  isMatchAt(match, gateway, object?.metadata.namespace ?? '')
