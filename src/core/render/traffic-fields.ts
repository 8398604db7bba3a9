/** What of a Service says how its traffic is sent: the Services of the two sides say the same. */
import { traitsOf } from '../../api/providers.ts'
import { at, type Json, present } from '../json.ts'
import type { Observation } from '../model/observation.ts'

/**
 * Fields of a Service by which its traffic is sent. externalTrafficPolicy is for traffic that comes in from outside of the
 * cluster, and a side is a Service without a way in.
 */
export const TRAFFIC_FIELDS = [
  'internalTrafficPolicy',
  'trafficDistribution',
  'publishNotReadyAddresses',
  'sessionAffinity',
  'sessionAffinityConfig',
] as const

export const FAMILY_FIELDS = ['ipFamilyPolicy', 'ipFamilies'] as const

export const fieldsOf = (spec: unknown, names: readonly string[]): Json =>
  present(Object.fromEntries(names.map(name => [name, at(spec, name)])))

/** By what these say kube-proxy sends traffic to a Service. */
const ROUTING_KEYS = new Set(['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'])

/** Labels and annotations by which requests to a Service are routed. */
export function meaningful(
  o: Pick<Observation, 'canary'>,
  entries: Readonly<Record<string, string>>,
): Record<string, string> {
  const traits = traitsOf(o.canary.spec)
  return Object.fromEntries(Object.entries(entries).filter(([key]) => ROUTING_KEYS.has(key) || traits.routesBy(key)))
}
