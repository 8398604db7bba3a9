/** Ports of the Services, as far as routes for them can be written. */
import { textOf } from '../../../json.ts'
import { calledHere, type FindProblem, problem } from '../../../problems/problem.ts'
import { apexPorts, isMain } from '../../../render/ports.ts'
import { writtenGateways } from '../ports.ts'
import { isHttp, routedPorts } from '../protocols.ts'

/** A VirtualService of more matches comes near to what the API server stores of one object, and to what proxies take. */
const MOST_MATCHES = 1_000

/** Each match of the Canary is written once for each port, and again for what is matched or kept of its requests. */
export const tooManyMatches: FindProblem = o => {
  const { match = [], virtualServices } = o.canary.spec.service
  const ports = routedPorts(o)?.length ?? 1
  const { match: matched = [], sessionAffinity } = o.canary.spec.analysis
  const again = sessionAffinity === undefined ? matched.length : 2
  const matches = ports * Math.max(1, match.length) * (1 + again)
  if (virtualServices !== undefined || matches <= MOST_MATCHES) return null
  return problem(
    'Invalid',
    `spec.service.match has ${match.length} entries${matched.length === 0 ? '' : `, spec.analysis.match ${matched.length},`} and ${calledHere(o, 'Service', o.names.apexService.name)} ${ports} HTTP ports, which makes ${matches} matches in the VirtualService; the limit is ${MOST_MATCHES}. Give the Canary a Service with fewer ports, or shorten match.`,
  )
}

/** In the mesh Istio routes requests one by one only where it reads the port as HTTP. */
export const portThatIsNotHttp: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.delegation || service.virtualServices !== undefined || !writtenGateways(o).includes('mesh')) return null
  const main = apexPorts(o).find(port => isMain(o, port))
  if (main === undefined || isHttp(main)) return null
  const apex = calledHere(o, 'Service', o.names.apexService.name)
  const { appProtocol, name } = main
  const because =
    appProtocol !== undefined
      ? `has appProtocol ${textOf(appProtocol)}`
      : name === undefined
        ? 'says no protocol'
        : `is named ${textOf(name)}`
  return problem(
    'Conflict',
    `Port ${service.port} of ${apex} ${because}, so Istio does not read it as HTTP, and its requests in the mesh cannot be split. Write spec.service.appProtocol: http in the Canary if HTTP is spoken there, or list only gateways in spec.service.gateways.`,
  )
}
