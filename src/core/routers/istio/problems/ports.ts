/** Ports of the Services, as far as routes for them can be written. */
import type { Analysis } from '../../../../api/canary.ts'
import { type Json, textOf } from '../../../json.ts'
import { calledHere, type FindProblem, problem } from '../../../problems/problem.ts'
import { apexPorts, isMain } from '../../../render/ports.ts'
import { writtenGateways } from '../ports.ts'
import { isHttp, routedPorts } from '../protocols.ts'

/** A VirtualService of more matches comes near to what the API server stores of one object, and to what proxies take. */
const MOST_MATCHES = 1_000
/** Of UTF-16 units. etcd takes objects of 1.5 MiB. */
const LONGEST_MATCHES = 512 * 1024

/** Each match of the Canary is written once for each port, and once more with each condition by which a release picks its requests. */
export const tooManyMatches: FindProblem = o => {
  const { analysis, service } = o.canary.spec
  if (service.virtualServices !== undefined) return null
  const own = service.match ?? []
  const audience = analysis.match ?? []
  const ports = routedPorts(o)?.length ?? 1
  const places = Math.max(1, own.length)
  const picks = audience.length + cookieRoutes(analysis.sessionAffinity)
  const matches = ports * places * (1 + picks)
  const length = ports * ((1 + picks) * lengthOf(own) + places * lengthOf(audience))
  if (matches <= MOST_MATCHES && length <= LONGEST_MATCHES) return null
  const among = audience.length === 0 ? '' : `, spec.analysis.match ${audience.length}`
  const sticky = cookieRoutes(analysis.sessionAffinity) === 0 ? '' : ', spec.analysis.sessionAffinity its routes'
  const made =
    matches > MOST_MATCHES
      ? `${matches} matches in the VirtualService; the limit is ${MOST_MATCHES}`
      : `matches of ${thousands(length)} characters in the VirtualService; the limit is ${thousands(LONGEST_MATCHES)}`
  return problem(
    'Invalid',
    `spec.service.match has ${own.length} entries${among}${sticky} and ${calledHere(o, 'Service', o.names.apexService.name)} ${ports} HTTP ports, which makes ${made}. Give the Canary a Service with fewer ports, or shorten match.`,
  )
}

/** Routes for callers that stay on either side. */
const cookieRoutes = (affinity: Analysis['sessionAffinity']): number =>
  affinity === undefined ? 0 : affinity.primaryCookieName === undefined ? 1 : 2

const thousands = (length: number): string => `${Math.floor(length / 1000)} thousand`

const lengthOf = (matches: readonly Json[]): number => matches.reduce((sum, one) => sum + JSON.stringify(one).length, 0)

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
