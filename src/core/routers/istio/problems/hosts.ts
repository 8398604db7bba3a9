/** Hosts and gateways that `spec.service` names: whose they are, and whether the flags allow them. */
import type { Allowance, Observation } from '../../../model/observation.ts'
import { gatewayOf, MESH } from '../bindings.ts'
import { coversHost, type ForeignServices, foreignServices, serviceOfHost } from '../hosts.ts'
import { canaryGateways } from '../ports.ts'
import { type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'

const written = (o: Observation): readonly string[] => o.canary.spec.service.hosts ?? []

/** The traffic of a Service belongs to who owns its namespace; a Canary never takes that of another one. */
export const hostOfOthers: FindProblem = o => findHostOfOthers(o, canaryGateways(o).includes(MESH))

/** The same where hosts mean nothing in the mesh. */
export const hostOfOthersAtGateways: FindProblem = o => findHostOfOthers(o, false)

function findHostOfOthers(o: Observation, inMesh: boolean): ReturnType<FindProblem> {
  for (const [index, host] of written(o).entries()) {
    const taken = foreignServices(host, o.names.namespace)
    if (taken === null || !isRefused(o, host, taken, inMesh)) continue
    const whose = taken.namespace === null ? 'Services of other namespaces' : `Services of namespace ${taken.namespace}`
    const doubt = taken.certain
      ? ''
      : ` (in the mesh a host of two labels is read as Service and namespace; a public one has to be among --allowed-hosts, or bound to gateways without mesh)`
    return problem(
      'HostNotAllowed',
      `spec.service.hosts[${index}] is ${host}, which stands for ${whose}${doubt}. A Canary takes only requests for its own namespace: remove the host.`,
    )
  }
  return null
}

function isRefused(o: Observation, host: string, { certain, exact }: ForeignServices, inMesh: boolean): boolean {
  if (!certain) return inMesh && !allowances(o, o.settings.allowedHosts).some(pattern => isSame(pattern, host))
  // At a gateway a wildcard covers only what the Gateway opens; the full name of a Service is never its own.
  return inMesh || exact
}

const isSame = (one: string, other: string): boolean => coversHost(one, other) && coversHost(other, one)

/** The patterns for the namespace of the Canary. */
function allowances(o: Observation, all: readonly Allowance[]): string[] {
  return all
    .filter(({ namespace }) => namespace === null || namespace === o.names.namespace)
    .map(({ pattern }) => pattern)
}

/** Where tenants do not trust each other, who runs Sluice says which public hosts each may have. */
export const hostNotAllowed: FindProblem = o => {
  if (o.settings.allowedHosts.length === 0) return null
  const patterns = allowances(o, o.settings.allowedHosts)
  for (const [index, host] of written(o).entries()) {
    const own = serviceOfHost(host, o.names.namespace)?.namespace === o.names.namespace
    if (own || patterns.some(pattern => coversHost(pattern, host))) continue
    return problem(
      'HostNotAllowed',
      `spec.service.hosts[${index}] is ${host}, which the controller does not allow in namespace ${o.names.namespace}. ${instead(o, o.settings.allowedHosts)}, or have it added with --allowed-hosts.`,
    )
  }
  return null
}

export const gatewayNotAllowed: FindProblem = o => {
  if (o.settings.allowedGateways.length === 0) return null
  for (const [index, gateway] of (o.canary.spec.service.gateways ?? []).entries()) {
    const canonical = canaryGateways(o)[index] ?? gateway
    if (canonical === MESH || isGatewayAllowed(o, canonical)) continue
    return problem(
      'GatewayNotAllowed',
      `spec.service.gateways[${index}] is ${gateway}, which the controller does not allow in namespace ${o.names.namespace}. ${instead(o, o.settings.allowedGateways)}, or have it added with --allowed-gateways.`,
    )
  }
  return null
}

/** @param gateway as `namespace/name`. */
export const isGatewayAllowed = (o: Observation, gateway: string): boolean =>
  allowances(o, o.settings.allowedGateways).some(pattern => coversGateway(pattern, gateway, o.names.namespace))

/** @param pattern in any notation of a gateway, without a namespace of the Canary's own. */
function coversGateway(pattern: string, gateway: string, namespace: string): boolean {
  if (pattern === '*') return true
  const [space = '', name = ''] = gatewayOf(pattern, namespace).split('/', 2)
  const [its, called] = gateway.split('/', 2)
  return (space === '*' || its === space) && (name === '*' || name === called)
}

/** The patterns of hosts that a Canary of this namespace may take; null: every host. */
export function hostPatterns(o: Observation): readonly string[] | null {
  const patterns = allowances(o, o.settings.allowedHosts)
  return o.settings.allowedHosts.length === 0 || patterns.includes('*') ? null : patterns
}

/** What may be written in the place of what is not allowed. */
export function instead(o: Observation, all: readonly Allowance[]): string {
  const patterns = allowances(o, all)
  return patterns.length === 0 ? 'Remove it' : `Write one that matches ${listedInWords(patterns)}`
}
