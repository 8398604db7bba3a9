/** What the sides still say of a user's Service that was deleted: their ports and traffic settings are its. */
import { traitsOf } from '../../api/providers.ts'
import { at, type Json, present, recordsOf, sameJson } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs, liveOf } from './ownership.ts'

/** What the user says of the Service, whatever we wrote to it. */
export interface UsersService {
  readonly spec: Json
  readonly ports: readonly Json[]
  readonly labels: Entries
  readonly annotations: Entries
}

type Entries = Readonly<Record<string, string>>

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

/** What the API server fills in. */
const DEFAULTS: Json = { internalTrafficPolicy: 'Cluster', sessionAffinity: 'None' }

export const fieldsOf = (spec: unknown, names: readonly string[]): Json =>
  present(Object.fromEntries(names.map(name => [name, at(spec, name)])))

/** By what these say kube-proxy sends traffic to a Service. */
const ROUTING_KEYS = new Set(['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'])

/** Labels and annotations by which requests to a Service are routed. */
export function meaningful(o: Pick<Observation, 'canary'>, entries: Entries): Record<string, string> {
  const traits = traitsOf(o.canary.spec)
  return Object.fromEntries(Object.entries(entries).filter(([key]) => ROUTING_KEYS.has(key) || traits.routesBy(key)))
}

/**
 * null where the Canary itself says all that the sides have: such a Service is made from it. At the start the sides are there first, and
 * what they have beside the Canary is what it said before it was edited.
 */
export function deletedService(o: Pick<Observation, 'canary' | 'names' | 'live' | 'state'>): UsersService | null {
  const side = liveOf(o, o.names.primaryService)
  if (side === undefined || !isOurs(o, side) || o.state.phase === 'Initializing') return null
  const { service } = o.canary.spec
  const unsaid = (entries: Entries | undefined, said: Entries | undefined): Record<string, string> => {
    const own = { ...service.apex?.labels, ...service.apex?.annotations, ...said }
    return Object.fromEntries(Object.entries(meaningful(o, entries ?? {})).filter(([key]) => !Object.hasOwn(own, key)))
  }
  const labels = unsaid(side.metadata.labels, service.primary?.labels)
  const annotations = unsaid(side.metadata.annotations, service.primary?.annotations)
  const { trafficDistribution, ...fields } = fieldsOf(side.spec, TRAFFIC_FIELDS)
  const spec = {
    ...fields,
    ...present({ trafficDistribution: service.trafficDistribution === undefined ? trafficDistribution : undefined }),
  }
  const ports = recordsOf(at(side.spec, 'ports'))
  const isSaid =
    ports.every(port => saysPort(o, port)) &&
    Object.entries(spec).every(([name, value]) => sameJson(value, DEFAULTS[name])) &&
    Object.keys({ ...labels, ...annotations }).length === 0
  return isSaid ? null : { spec: { ...spec, ...fieldsOf(side.spec, FAMILY_FIELDS) }, ports, labels, annotations }
}

/** Whether the Canary makes a port like this one: its own, or one that it discovers. */
function saysPort({ canary }: Pick<Observation, 'canary'>, port: Json): boolean {
  const { port: main, targetPort, portName = 'http', appProtocol, portDiscovery } = canary.spec.service
  const number = port['port']
  if (number !== main || port['protocol'] === 'UDP') return portDiscovery && port['targetPort'] === number
  const own = present({ name: portName, port: main, targetPort: targetPort ?? main, protocol: 'TCP', appProtocol })
  return sameJson(own, { ...port, name: portName })
}
