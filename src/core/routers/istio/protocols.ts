/** Which ports carry HTTP, as Istio reads their names. */
import { type Json, numberOf, textOf } from '../../json.ts'
import { apexPorts, type Asked } from '../../render/ports.ts'

/** What Istio does not read as HTTP (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/). */
const OPAQUE = new Set(['tcp', 'tls', 'https', 'udp', 'mongo', 'mysql', 'redis', 'kubernetes.io/wss'])
/** Ports that are TCP where neither name nor appProtocol says otherwise: SMTP, DNS, MySQL, MongoDB. */
const WELL_KNOWN = new Set<unknown>([25, 53, 3306, 27017])
const HTTP = new Set(['http', 'http2', 'grpc', 'http_proxy', 'kubernetes.io/h2c', 'kubernetes.io/ws'])

/** Whether the requests at a port are routed one by one; a port whose protocol is not said may carry HTTP, and Istio looks. */
export function isHttp(port: Json): boolean {
  if ((port['protocol'] ?? 'TCP') !== 'TCP') return false
  const said = textOf(port['appProtocol'] ?? port['name']).toLowerCase()
  const protocol = said.startsWith('kubernetes.io/') ? said : (said.split('-', 1)[0] ?? '')
  if (OPAQUE.has(protocol)) return false
  return HTTP.has(protocol) || !WELL_KNOWN.has(port['port'])
}

/**
 * The numbers of the ports that http routes are for, and have to name; null where the Service has one port and a route need
 * not say. Without a number Istio takes the port of the listener, which at a gateway is the gateway's own.
 */
export function routedPorts(o: Asked): readonly number[] | null {
  const ports = apexPorts(o)
  return ports.length === 1 ? null : ports.filter(isHttp).map(port => numberOf(port['port'], 0))
}
