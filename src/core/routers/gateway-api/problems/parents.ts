/** The parents that `service.gatewayRefs` names, and the hosts at them: whose they are, and whether the routes can be there. */
import { listedInWords, type FindProblem, problem } from '../../../problems/problem.ts'
import { numberOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { apexPorts, isMain } from '../../../render/ports.ts'
import { hostPatterns, instead, isGatewayAllowed } from '../../istio/problems/hosts.ts'
import { isHttp } from '../../istio/protocols.ts'
import { isService, parentsOf, splitsMesh } from '../parents.ts'
import { calledParent, type Parent } from '../refs.ts'

const at = (index: number): string => `spec.service.gatewayRefs[${index}]`

/** The traffic of a Service belongs to who owns it; a Canary splits that of its own, and a route at another one would take its callers. */
export const parentServiceOfOthers: FindProblem = o => {
  const { namespace, name } = o.names.apexService
  const index = parentsOf(o).findIndex(one => isService(one) && (one.namespace !== namespace || one.name !== name))
  const other = parentsOf(o)[index]
  if (other === undefined) return null
  return problem(
    'Invalid',
    `${at(index)} is ${calledParent(other)}, and a Canary takes only requests for its own Service: write {kind: Service, name: ${name}, port: ${o.canary.spec.service.port}}, or remove it.`,
  )
}

/** A Service accepts a route for a port that it does not have, and then nothing happens (tried with istiod). */
export const parentPortThatIsNone: FindProblem = o => {
  const ports = apexPorts(o).map(port => numberOf(port['port'], 0))
  const { port: main } = o.canary.spec.service
  const said = (index: number, parent: Parent): string => `${at(index)} names ${calledParent(parent)}`
  for (const [index, parent] of parentsOf(o).entries()) {
    if (!isService(parent) || o.canary.spec.service.gatewayRefs === undefined) continue
    const { port } = parent
    if (port !== null && !ports.includes(port)) {
      return problem(
        'Invalid',
        `${said(index, parent)}, which the Service does not have; it has ${listedInWords(ports.map(String))}. The route would be accepted and do nothing: write port: ${main}.`,
      )
    }
    if (port === null ? ports.length > 1 : port !== main) {
      const led = port === null ? 'all its ports' : `port ${port}`
      return problem(
        'Invalid',
        `${said(index, parent)}, so requests to ${led} would be led to port ${main}, which is spec.service.port: write port: ${main}.`,
      )
    }
  }
  return null
}

/** Where tenants do not trust each other, who runs Sluice says which gateways each may have. */
export const parentNotAllowed: FindProblem = o => {
  const { allowedGateways } = o.settings
  if (allowedGateways.length === 0) return null
  for (const [index, parent] of parentsOf(o).entries()) {
    if (isService(parent) || isGatewayAllowed(o, `${parent.namespace}/${parent.name}`)) continue
    return problem(
      'GatewayNotAllowed',
      `${at(index)} is ${calledParent(parent)}, which the controller does not allow in namespace ${o.names.namespace}. ${instead(o, allowedGateways)}, or have it added with --allowed-gateways.`,
    )
  }
  return null
}

/** A route without hosts is for every host of the listeners that take it, those of other tenants too. */
export const everyHostNotAllowed: FindProblem = o => {
  const patterns = hostPatterns(o)
  if (patterns === null || (o.canary.spec.service.hosts ?? []).length > 0) return null
  const index = parentsOf(o).findIndex(parent => !isService(parent))
  const parent = parentsOf(o)[index]
  if (parent === undefined) return null
  const advice =
    patterns.length === 0
      ? `Remove ${at(index)}, or have hosts of ${o.names.namespace} added with --allowed-hosts`
      : `Write hosts that match ${listedInWords(patterns)}`
  return problem(
    'HostNotAllowed',
    `spec.service.hosts is left out, which is every host of ${calledParent(parent)}, and the controller does not allow that in namespace ${o.names.namespace}. ${advice}.`,
  )
}

/** Hosts of an HTTPRoute as its CRD takes them. */
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

export const hostThatIsNone: FindProblem = o => {
  const { hosts = [] } = o.canary.spec.service
  const index = hosts.findIndex(host => !HOSTNAME.test(host))
  const host = hosts[index]
  if (host === undefined) return null
  const advice =
    host === '*'
      ? 'Leave hosts out, which is every host of the parents'
      : 'Write a name such as shop.example.com or *.example.com'
  return problem('Invalid', `spec.service.hosts[${index}] is ${host}, which no HTTPRoute can have. ${advice}.`)
}

/** Requests in the mesh that no rule takes get 404; and a rule for them would take what is for other routes at a gateway. */
export const meshCallersLeftOut: FindProblem = o => {
  const { match = [] } = o.canary.spec.service
  if (match.length === 0 || !splitsMesh(o) || parentsOf(o).every(isService)) return null
  return problem(
    'Conflict',
    `spec.service.match leaves out some requests to Service ${o.names.apexService.name}, whose callers in the mesh would get 404: remove match, or the Service from spec.service.gatewayRefs.`,
  )
}

/** In the mesh Istio routes requests one by one only where it reads the port as HTTP. */
export const portThatIsNotHttp: FindProblem = o => {
  const main = apexPorts(o).find(port => isMain(o, port))
  if (!splitsMesh(o) || main === undefined || isHttp(main)) return null
  return problem(
    'Conflict',
    `Port ${o.canary.spec.service.port} of Service ${called(o)} is not read as HTTP, by its name or appProtocol, so its requests in the mesh cannot be split. Write spec.service.appProtocol: http in the Canary if HTTP is spoken there.`,
  )
}

const called = ({ names: { namespace, apexService } }: Observation): string => `${namespace}/${apexService.name}`
